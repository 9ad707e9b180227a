#include "controller/base/base64.hpp"
#include "controller/base/digest.hpp"
#include "controller/base/duration.hpp"
#include "controller/base/instant.hpp"
#include "controller/base/json_document.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

using namespace sweepd;
using namespace std::chrono_literals;

namespace {

enum class colour { red, operator_ };
BOOST_DESCRIBE_ENUM(colour, red, operator_)

struct inner {
  static constexpr const char* name = "inner";
  int n = 0;
  std::optional<double> x;
};
BOOST_DESCRIBE_STRUCT(inner, (), (n, x))

struct other {
  static constexpr const char* name = "other";
  std::string text;
};
BOOST_DESCRIBE_STRUCT(other, (), (text))

struct outer {
  run_id id;
  std::vector<inner> items;
  std::map<std::string, colour> colours;
  std::variant<inner, other> either;
  mono at;
};
BOOST_DESCRIBE_STRUCT(outer, (), (id, items, colours, either, at))

struct row {
  static constexpr bool has_defaults = true;
  run_id id;
  bool done = false;
  int attempt = 1;
  std::uint64_t lines = 0;
  colour shade = colour::red;
  std::vector<inner> items;
  std::optional<double> x;
  inner whole;
};
BOOST_DESCRIBE_STRUCT(row, (), (id, done, attempt, lines, shade, items, x, whole))

}  // namespace

TEST_CASE("duration: reads what people write, and writes the shortest exact form") {
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("2h30m") == 2h + 30min);
  CHECK(parse_duration("7d") == 168h);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("0s") == 0s);
  CHECK(to_string(90s) == "1m30s");
  CHECK(to_string(milliseconds{0}) == "0s");
  CHECK(to_string(milliseconds{-1500}) == "-1s500ms");
}

TEST_CASE("duration: refuses bare numbers, unknown or repeated units, and what would overflow") {
  for (const auto* bad : {"", "90", "s", "1.5h", "-5s", "5x", "5s5s", "5s1m", "3651d", "99999999999999999999s", "5 s"})
    CHECK_MESSAGE(!parse_duration(bad).has_value(), bad);
  CHECK(parse_duration("90").error().message.find("unit is missing") != std::string::npos);
}

TEST_CASE("instant: RFC 3339 round trip, and nothing but UTC") {
  const auto t = parse_rfc3339("2026-11-22T17:18:41.25Z");
  REQUIRE(t.has_value());
  CHECK(to_rfc3339(*t) == "2026-11-22T17:18:41.250Z");
  for (const auto* bad : {"", "2026-02-30T00:00:00Z", "2026-11-22 17:18:41", "2026-11-22T17:18:41+01:00", "2026-11-22T25:00:00Z"})
    CHECK_MESSAGE(!parse_rfc3339(bad).has_value(), bad);
}

TEST_CASE("json: a struct comes back as it was written") {
  outer in{run_id{"r1"}, {{1, 2.5}, {2, {}}}, {{"a", colour::operator_}}, other{"hi"}, mono{5s}};
  const auto text = json::to_text(in);
  CHECK(text == R"({"id":"r1","items":[{"n":1,"x":2.5},{"n":2}],"colours":{"a":"operator"},"either":{"type":"other","text":"hi"},"at":5000})");
  const auto back = json::parse<outer>(text);
  REQUIRE(back.has_value());
  CHECK(json::to_text(*back) == text);
}

TEST_CASE("json: a document is the text of the value") {
  outer in{run_id{"r\"1"}, {{1, 2.5}, {-2, {}}, {3, std::nan("")}}, {{"a\n", colour::operator_}, {"b", colour::red}}, inner{7, 1e300}, mono{5s}};
  CHECK(json::document(in) == json::to_text(in));
  CHECK(json::document(outer{}) == json::to_text(outer{}));
  const std::vector<std::pair<std::string, std::optional<bool>>> pairs{{"x", true}, {"y", {}}};
  CHECK(json::document(pairs) == R"([["x",true],["y",null]])");
  CHECK(json::document(boost::json::object{{"n", 2.0}}) == R"({"n":2.0})");
}

TEST_CASE("json: a sparse document leaves out what is blank by default, and comes back as it was") {
  CHECK(json::sparse_document(row{}) == R"({"attempt":1,"whole":{"n":0}})");
  row r;
  r.id = run_id{"ab"};
  r.attempt = 0;  // blank, but not the default: must be written
  r.shade = colour::operator_;
  r.items = {inner{2, 0.5}};
  const auto text = json::sparse_document(r);
  CHECK(text == R"({"id":"ab","attempt":0,"shade":"operator","items":[{"n":2,"x":0.5}],"whole":{"n":0}})");
  CHECK(json::sparse_document(r, "items") == R"({"id":"ab","attempt":0,"shade":"operator","whole":{"n":0}})");
  const auto back = json::parse<row>(text).value();
  CHECK(json::to_text(back) == json::to_text(r));
}

TEST_CASE("json: an error names the place and what is expected there") {
  const auto where = [](const char* text, json::unknown_keys u = json::unknown_keys::ignore) {
    const auto r = json::parse<outer>(text, u);
    REQUIRE_FALSE(r.has_value());
    return to_string(r.error());
  };
  CHECK(where(R"({"id":"r","items":[{"n":1},{"n":"x"}]})") == "/items/1/n: must be a whole number in range");
  CHECK(where(R"({"id":"r","items":[{}]})") == "/items/0/n: is required");
  CHECK(where(R"({"id":"r","items":[],"colours":{"a":"blue"}})") == "/colours/a: must be one of: red, operator");
  CHECK(where(R"({"id":"r","items":[],"colours":{},"either":{"type":"third"}})") == "/either/type: is not a known type: third");
  CHECK(where(R"({"id":"r","items":[{"n":1,"m":2}]})", json::unknown_keys::refuse) == "/items/0/m: is not a known key");
  CHECK(where("[1") .find("not valid JSON") != std::string::npos);
}

TEST_CASE("json: NaN and infinities travel as texts, both ways") {
  const auto r = json::parse<inner>(R"({"n":1,"x":"-Infinity"})");
  REQUIRE(r.has_value());
  CHECK(*r->x == -HUGE_VAL);
  CHECK(json::to_text(*r) == R"({"n":1,"x":"-Infinity"})");
}

TEST_CASE("error: every code has its own name, an HTTP status and an exit code") {
  std::set<std::string_view> names;
  for (const auto c : {errc::invalid, errc::not_found, errc::conflict, errc::unauthorized, errc::forbidden, errc::too_large,
                       errc::busy, errc::unavailable, errc::disk_full, errc::internal}) {
    names.insert(name(c));
    CHECK(http_status(c) >= 400);
    CHECK(exit_code(c) > 0);
  }
  CHECK(names.size() == 10);
}

TEST_CASE("digest: SHA-256 of a known text") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("base64: the examples of RFC 4648, with padding and without it, and nothing else") {
  for (const auto& [plain, text] : {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}}) {
    CHECK(base64(plain) == text);
    CHECK(unbase64(text) == plain);
  }
  CHECK(unbase64("Zg") == "f");
  CHECK_FALSE(unbase64("Zm9-"));
}
