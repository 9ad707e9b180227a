#include "tests/rest/server_fixture.hpp"

#include <algorithm>

using namespace sweepd::test;

namespace {

/// The shape that every error has.
void check_problem(const reply& r, int status, std::string_view code) {
  CHECK_MESSAGE(r.status == status, r.text);
  CHECK(r.headers.at("content-type") == "application/problem+json");
  CHECK(r.num("status") == status);
  CHECK(r.str("code") == code);
  CHECK(r.str("request_id") == r.headers.at("x-request-id"));
  CHECK(!r.str("detail").empty());
  CHECK(r.str("type").starts_with("urn:"));
}

}  // namespace

TEST_CASE("rest: a wrong sweep file is refused with every problem and its line and column") {
  rest_server server;
  const std::string yaml = "program: train.py\nmethod: grid\nparameters:\n  lr: {values: []}\n  depth: {mim: 1, max: 3}\n";
  const auto r = server.post("/api/v1/sweeps", {{"yaml", yaml}, {"source", "my.yaml"}});
  check_problem(r, 400, "invalid");
  const auto& problems = r.at("problems").get_array();
  REQUIRE(problems.size() >= 2);
  CHECK(r.str("where") == r.str("problems.0.where"));
  CHECK(r.str("problems.0.where").starts_with("my.yaml:4:"));
  const auto checked = server.post("/api/v1/validate", {{"yaml", yaml}, {"source", "my.yaml"}});
  CHECK(checked.status == 200);
  CHECK(!checked.at("ok").get_bool());
  CHECK(checked.at("problems").get_array() == problems);
}

TEST_CASE("rest: bodies are read strictly") {
  rest_server server;
  const auto id = server.create_sweep(grid_yaml);
  const auto at = "/api/v1/sweeps/" + id + "/pause";
  auto r = server.send("POST", at, R"({"reson": "typo"})");
  check_problem(r, 400, "invalid");
  CHECK(r.str("where") == "/reson");
  r = server.send("POST", at, R"({"reason": "a", "reason": "b"})");
  check_problem(r, 400, "invalid");
  CHECK(r.str("where") == "/reason");
  r = server.send("POST", at, R"({"reason": 5})");
  CHECK(r.str("where") == "/reason");
  check_problem(server.send("POST", at, R"({"reason": )"), 400, "invalid");
  check_problem(server.send("POST", at, "[]"), 400, "invalid");
  check_problem(server.send("POST", at, std::string(40, '[')), 400, "invalid");
  r = server.send("POST", at, "{\"reason\": \"a\\u202eb\"}");
  check_problem(r, 400, "invalid");
  CHECK(r.str("where") == "/reason");
  sent plain;
  plain.content_type = "text/plain";
  CHECK(server.send("POST", at, "{}", plain).status == 415);
  CHECK(server.get("/api/v1/sweeps/" + id).str("state") != "paused");
}

TEST_CASE("rest: state, epoch and owner cannot be set by extra fields") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto run = server.start_run(sweep, server.join(sweep));
  for (const char* extra : {"state", "owner", "project", "created", "marked_by_policy", "trial"}) {
    bj::object body{{"epoch", 1}};
    body[extra] = "x";
    const auto r = server.post("/api/v1/runs/" + run + "/report", body);
    CHECK(r.status == 400);
    CHECK(r.str("where") == "/" + std::string(extra));
  }
}

TEST_CASE("rest: queries are read strictly") {
  rest_server server;
  auto r = server.get("/api/v1/runs?stat=crashed");
  check_problem(r, 400, "invalid");
  CHECK(r.str("where") == "?stat");
  CHECK(r.str("detail").find("state") != std::string::npos);
  CHECK(server.get("/api/v1/runs?state=crashed&state=failed").str("where") == "?state");
  r = server.get("/api/v1/runs?state=crashed,crushed");
  CHECK(r.str("where") == "?state");
  CHECK(r.str("detail").find("preempted") != std::string::npos);  // says what there is
  for (const char* limit : {"0", "1001", "-1", "ten"})
    CHECK(server.get("/api/v1/runs?limit=" + std::string(limit)).str("where") == "?limit");
  CHECK(server.get("/api/v1/runs?limit=1000").status == 200);
  for (const char* cursor : {"x", "12", "12.", "9999999999999999999999.a"})
    CHECK(server.get("/api/v1/runs?cursor=" + std::string(cursor)).str("where") == "?cursor");
  CHECK(server.get("/api/v1/runs?older_than=30").str("where") == "?older_than");
  CHECK(server.get("/api/v1/events?since=yesterday").str("where") == "?since");
  CHECK(server.get("/api/v1/events?since=2026-01-01T00:00:00Z").status == 200);
}

TEST_CASE("rest: what is not there is 404, a wrong method 405") {
  rest_server server;
  for (const char* path : {"sweeps/nope", "runs/nope", "sweeps/nope/explain", "sweeps/nope/trials",
                           "sweeps/nope/policy", "sweeps/nope/yaml", "runs/nope/history",
                           "runs/nope/log", "runs/nope/files", "runs/nope/events",
                           "runs/nope/file?name=a", "runs?sweep=nope", "agents?sweep=nope",
                           "events?sweep=nope", "keys/nope"})
    check_problem(server.get("/api/v1/" + std::string(path)), 404, "not_found");
  check_problem(server.post("/api/v1/agents/nope/heartbeat", {{"alive", bj::array()}}), 404, "not_found");
  check_problem(server.post("/api/v1/runs/nope/report", {{"epoch", 1}}), 404, "not_found");
  CHECK(server.get("/api/v1/nothing").status == 404);
  const auto r = server.send("DELETE", "/api/v1/sweeps", "");
  CHECK(r.status == 405);
  CHECK(r.headers.at("allow").find("POST") != std::string::npos);
}

TEST_CASE("rest: reports are held to their limits, row by row") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto at = "/api/v1/runs/" + server.start_run(sweep, server.join(sweep)) + "/report";
  auto r = server.send("POST", at, R"({"epoch": 1, "history_offset": 0, "history": [{"a": 1}, 2]})");
  CHECK(r.str("where") == "/history/1");
  r = server.send("POST", at, R"({"epoch": 1, "history_offset": 0, "history": [{"a": 1e999}]})");
  check_problem(r, 400, "invalid");
  r = server.send("POST", at, R"({"epoch": 1, "history": [{"a": 1}]})");
  CHECK(r.str("where") == "/history_offset");
  bj::object big;
  big["x"] = std::string((1u << 20) + 1, 'x');
  r = server.post(at, {{"epoch", 1}, {"history_offset", 0}, {"history", {big}}});
  check_problem(r, 413, "too_large");
  CHECK(r.str("where") == "/history/0");
  // Deep and repeated keys are the run's own affair.
  r = server.send("POST", at,
                  R"({"epoch": 1, "history_offset": 0, "history": [{"a": {"b": [1, {"c": 2}]}, "d": 1, "d": 2}]})");
  CHECK_MESSAGE(r.status == 200, r.text);
  r = server.send("POST", at, R"({"epoch": 1, "epoch": 2})");
  CHECK(r.status == 400);
  r = server.post("/api/v1/runs/nope/finish", {{"epoch", 1}, {"exit_code", 1}, {"signal", 9}});
  CHECK(r.str("where") == "/signal");
}

TEST_CASE("rest: pages neither repeat nor leave out a row, though rows are added meanwhile") {
  rest_server server;
  std::vector<std::string> made;
  for (int i = 0; i < 7; ++i) made.push_back(server.create_sweep(grid_yaml));
  std::vector<std::string> seen;
  std::string cursor;
  for (int pages = 0; pages < 3; ++pages) {
    const auto r = server.get("/api/v1/sweeps?limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor));
    CHECK(r.num("total") == 7 + pages);
    for (const auto& s : r.at("items").get_array()) seen.emplace_back(s.at("id").get_string());
    CHECK(r.at("next").is_null() == (pages == 2));
    if (pages < 2) cursor = r.str("next");
    server.create_sweep(grid_yaml);
  }
  std::sort(made.begin(), made.end());
  std::sort(seen.begin(), seen.end());
  CHECK(seen == made);
}
