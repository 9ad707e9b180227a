#include "controller/base/base64.hpp"
#include "controller/wandb/json_lines.hpp"
#include "controller/wandb/run_rows.hpp"
#include "controller/wandb/ticket.hpp"
#include "tests/wandb/bench.hpp"

namespace sweepd::test {

TEST_CASE("json_lines: bare NaN and infinities become texts, within texts they stay as they are") {
  using wandb::with_quoted_nan;
  CHECK(with_quoted_nan(R"({"a":NaN,"b":[-Infinity,Infinity],"NaN":"NaN \" NaN"})") ==
        R"({"a":"NaN","b":["-Infinity","Infinity"],"NaN":"NaN \" NaN"})");
  CHECK(wandb::stored_line("{\"x\":-1,\"y\":1.79e+09}\n") == R"({"x":-1,"y":1.79e+09})");
  CHECK(wandb::stored_line("{\"x\":") == R"({"_unreadable":"{\"x\":"})");
  CHECK(wandb::stored_line("[1]") == R"({"_unreadable":"[1]"})");
}

TEST_CASE("json_lines: half a surrogate pair and bytes that are no UTF-8 are put right, all else stays") {
  CHECK(wandb::repaired(R"({"a":"\\ud800 \ud83d\ude00 \udcff é"})") == R"({"a":"\\ud800 \ud83d\ude00 \ufffd é"})");
  CHECK(wandb::repaired("\"\xFF\xC3\xA9\xED\xA0\x80\"") == "\"\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(json::parse(wandb::repaired("\"\xE2\x82\"")));
}

TEST_CASE("ids: base64 goes both ways, and an id of another kind is refused") {
  for (const std::string s : {"", "a", "ab", "abc", "Run:v1:x:p:e"}) CHECK(unbase64(base64(s)) == s);
  CHECK(base64("ab") == "YWI=");
  CHECK(wandb::name_in("Run", wandb::global_id("Run", "abc", "e/p")).value() == "abc");
  CHECK(!wandb::name_in("Sweep", wandb::global_id("Run", "abc", "e/p")));
  CHECK(!wandb::name_in("Run", "%%%"));
}

TEST_CASE("ticket: a link holds for one file, one way, one key and its time") {
  wandb::ticket t{wandb::access::upload, run_id{"r1"}, "media/a b.png", "local", instant{milliseconds{5}}};
  const auto link = wandb::link_of(t, "secret");
  CHECK(link.starts_with("/storage/runs/r1/media/a%20b.png?key=local&until=5&mark="));
  const auto mark = link.substr(link.find("mark=") + 5);
  CHECK(wandb::genuine(t, "secret", mark));
  CHECK(!wandb::genuine(t, "other", mark));
  CHECK(!wandb::genuine(t, "secret", mark + "0"));
  auto other = t;
  other.what = wandb::access::download;
  CHECK(!wandb::genuine(other, "secret", mark));
  other = t;
  other.file = "media/b.png";
  CHECK(!wandb::genuine(other, "secret", mark));
  other = t;
  other.until += milliseconds{1};
  CHECK(!wandb::genuine(other, "secret", mark));
}

TEST_CASE("run_rows: rows are chosen by step and keys, and thinned to the ends and evenly between") {
  std::vector<std::string> lines;
  for (int i = 0; i < 10; ++i)
    lines.push_back("{\"_step\":" + std::to_string(i) + ",\"x\":" + std::to_string(i) + (i % 2 == 0 ? ",\"y\":1}" : "}"));
  wandb::row_query q;
  q.min_step = 2;
  q.max_step = 5;
  CHECK(wandb::choose_rows(lines, q).size() == 4);
  q.max_inclusive = false;
  CHECK(wandb::choose_rows(lines, q).size() == 3);
  wandb::row_query keyed;
  keyed.keys = {"y", "_step"};
  const auto rows = wandb::choose_rows(lines, keyed);
  REQUIRE(rows.size() == 5);
  CHECK(bj::serialize(rows[1]) == R"({"y":1,"_step":2})");
  wandb::row_query few;
  few.samples = 3;
  const auto three = wandb::choose_rows(lines, few);
  CHECK(three.front().at("x") == 0);
  CHECK(three.back().at("x") == 9);
  const auto keys = wandb::key_summary(lines);
  CHECK(keys.at("lastStep") == 9);
  CHECK(keys.at("keys").at("x").at("monotonic") == true);
  const std::vector<std::string> nested{R"({"_step":0,"d":{"a":1,"b":{"c":2}}})"};
  CHECK(wandb::key_summary(nested).at("keys").at("d.b.c").at("previousValue") == 2.0);
  keyed.keys = {"_step", "x"};
  keyed.min_step = 1;
  CHECK(bj::serialize(wandb::choose_rows({R"({"x":1})", R"({"x":2})", "{}"}, keyed).at(0)) == R"({"_step":1,"x":2})");
  keyed.min_step.reset();
  keyed.keys = {"d.b.c"};
  CHECK(bj::serialize(wandb::choose_rows(nested, keyed).at(0)) == R"({"d.b.c":2})");
}

}  // namespace sweepd::test
