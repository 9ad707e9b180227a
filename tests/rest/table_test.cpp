#include "controller/rest/run_ranges.hpp"
#include "tests/rest/openapi_check.hpp"
#include "tests/rest/server_fixture.hpp"

using namespace sweepd::test;
namespace rest = sweepd::rest;

namespace {

/// Three finished runs of the grid, the n-th with loss 1/n, and one that crashed without a value.
struct table_server {
  rest_server server;
  std::string sweep = server.create_sweep(patient_yaml);
  std::string agent = server.join(sweep);
  std::vector<std::string> runs;

  table_server() {
    for (int n = 1; n <= 3; ++n) {
      runs.push_back(server.start_run(sweep, agent));
      const auto at = "/api/v1/runs/" + runs.back();
      server.post(at + "/report", {{"epoch", 1}, {"summary", {{"loss", 1.0 / n}, {"note", "n" + std::to_string(n)}}}});
      server.post(at + "/finish", {{"epoch", 1}, {"exit_code", 0}});
    }
    runs.push_back(server.crash_run(sweep, agent));
  }
  std::vector<std::string> ids(const std::string& query) {
    const auto answer = server.get("/api/v1/sweeps/" + sweep + "/runs?" + query);
    REQUIRE_MESSAGE(answer.status == 200, answer.text);
    std::vector<std::string> out;
    for (const auto& r : answer.at("items").get_array()) out.emplace_back(r.at("id").get_string());
    return out;
  }
};

using ids = std::vector<std::string>;

}  // namespace

TEST_CASE("run table: sorts by fields, parameters and summaries, what has no value last both ways") {
  table_server t;
  const auto& r = t.runs;
  CHECK(t.ids("sort=metric") == ids{r[2], r[1], r[0], r[3]});
  CHECK(t.ids("sort=-metric") == ids{r[0], r[1], r[2], r[3]});
  CHECK(t.ids("sort=trial") == r);
  CHECK(t.ids("sort=-summary.note") == ids{r[2], r[1], r[0], r[3]});
  CHECK(t.ids("sort=state").front() == r[3]);  // crashed, then finished
  const auto by_lr = t.ids("sort=config.lr");
  CHECK(by_lr.size() == 4);
  double last = 0;
  for (const auto& id : by_lr) {
    const auto lr = t.server.get("/api/v1/runs/" + id).at("config.lr.value").to_number<double>();
    CHECK(lr >= last);
    last = lr;
  }
}

TEST_CASE("run table: filters by state and ranges, and pages by offset") {
  table_server t;
  const auto& r = t.runs;
  CHECK(t.ids("state=crashed") == ids{r[3]});
  CHECK(t.ids("sort=trial&offset=1&limit=2") == ids{r[1], r[2]});
  CHECK(t.ids("offset=9").empty());
  // {"@metric": [0.4, 0.6]}
  CHECK(t.ids("ranges=%7B%22%40metric%22%3A%5B0.4%2C0.6%5D%7D") == ids{r[1]});
  const auto page = t.server.get("/api/v1/sweeps/" + t.sweep + "/runs?limit=1&state=finished");
  CHECK(page.num("total") == 3);
  CHECK(page.num("offset") == 0);
  for (const auto* bad : {"sort=nothing", "sort=config.api_key", "ranges=x", "ranges=%7B%22lr%22%3A1%7D",
                          "ranges=%7B%22api_key%22%3A%5B1%2C2%5D%7D", "limit=0", "cursor=1"})
    CHECK_MESSAGE(t.server.get("/api/v1/sweeps/" + t.sweep + "/runs?" + bad).status == 400, bad);
  CHECK(t.server.get("/api/v1/sweeps/nobody/runs").status == 404);
}

TEST_CASE("points: one column a parameter, in the order of creation; a sample keeps the best run") {
  table_server t;
  const auto at = "/api/v1/sweeps/" + t.sweep + "/points";
  const auto all = t.server.get(at);
  REQUIRE_MESSAGE(all.status == 200, all.text);
  CHECK(answer_problems("GET", "/api/v1/sweeps/{sweep}/points", 200, "application/json", all.text).empty());
  CHECK(all.num("total") == 4);
  CHECK(all.num("shown") == 4);
  const auto& columns = all.json.at("columns").get_object();
  for (const auto& [name, column] : columns) CHECK_MESSAGE(column.get_array().size() == 4, std::string(name));
  CHECK(columns.at("id").get_array()[0].get_string() == t.runs[0]);
  CHECK(columns.at("state").get_array()[3].get_string() == "crashed");
  CHECK(columns.at("value").get_array()[2].to_number<double>() == 1.0 / 3);
  CHECK(columns.at("value").get_array()[3].is_null());
  CHECK(all.json.at("config").at("lr").get_array().size() == 4);
  const auto few = t.server.get(at + "?limit=1");
  CHECK(few.num("total") == 4);
  bool best = false;
  for (const auto& id : few.json.at("columns").at("id").get_array()) best = best || id.get_string() == t.runs[2];
  CHECK(best);
  CHECK(t.server.get(at + "?limit=100001").status == 400);
  CHECK(t.server.get("/api/v1/sweeps/nobody/points").status == 404);
}

TEST_CASE("ranges: numbers lie between, texts are one of, and what is of another kind does not match") {
  const auto config = bj::parse(R"({"lr": {"value": 0.1}, "opt": {"value": "adam"}, "layers": {"value": [1, 2]}, "on": {"value": true}})");
  const auto match = [&](const char* text) {
    const auto r = rest::ranges::parse(text);
    REQUIRE(r);
    return r->match(config, 2.0);
  };
  CHECK(match(R"({"lr": [0.1, 0.2]})"));
  CHECK(!match(R"({"lr": [0.11, 0.2]})"));
  CHECK(!match(R"({"lr": ["0.1"], "opt": ["sgd"]})"));
  CHECK(match(R"({"opt": ["sgd", "adam"]})"));
  CHECK(!match(R"({"opt": [0, 1]})"));
  CHECK(match(R"({"layers": ["[1,2]"], "on": ["true"]})"));
  CHECK(!match(R"({"missing": [0, 1]})"));
  CHECK(match(R"({"@metric": [2, 3]})"));
  CHECK(!match(R"({"@metric": [2.5, 3]})"));
  CHECK(rest::ranges::parse("")->empty());
  for (const auto* bad : {"[]", R"({"a": []})", R"({"a": [1, "b"]})", R"({"a": [1]})", R"({"a": [1, 2], "a": [1, 3]})"})
    CHECK_MESSAGE(!rest::ranges::parse(bad), bad);
}

TEST_CASE("events: newest first is one page") {
  table_server t;
  const auto newest = t.server.get("/api/v1/events?order=newest&limit=3&sweep=" + t.sweep);
  const auto& items = newest.at("items").get_array();
  REQUIRE(items.size() == 3);
  CHECK(items[0].at("seq").to_number<int>() > items[1].at("seq").to_number<int>());
  CHECK(newest.at("next").is_null());
  CHECK(t.server.get("/api/v1/events?order=upwards").status == 400);
}
