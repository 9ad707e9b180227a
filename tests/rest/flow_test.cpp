#include "tests/rest/server_fixture.hpp"

using namespace sweepd::test;

TEST_CASE("rest: a sweep goes from its file to a finished run, and every step is in the log") {
  rest_server server;
  const auto made = server.post("/api/v1/sweeps", {{"yaml", grid_yaml}, {"project", "team/mnist"}});
  REQUIRE_MESSAGE(made.status == 201, made.text);
  const auto sweep = made.str("id");
  CHECK(made.str("project") == "team/mnist");
  CHECK(made.str("method") == "grid");
  CHECK(made.str("metric.name") == "loss");
  CHECK(made.num("size") == 12);
  CHECK(made.at("best").is_null());

  const auto joined =
      server.post("/api/v1/sweeps/" + sweep + "/agents", {{"name", "gpu"}, {"host", "n1"}, {"pid", 3}});
  REQUIRE_MESSAGE(joined.status == 201, joined.text);
  CHECK(joined.str("heartbeat_every") == "5s");
  CHECK(joined.str("run_heartbeat_every") == "15s");
  const auto agent = joined.str("agent");

  const auto run = server.claim(sweep, agent);
  const std::string id(run.at("id").get_string());
  CHECK(run.at("epoch").to_number<int>() == 1);
  CHECK(run.at("config").at("lr").at("value").to_number<double>() == 0.1);

  auto told = server.post("/api/v1/runs/" + id + "/start", {{"epoch", 1}, {"host", "n1"}, {"pid", 9}});
  CHECK(told.str("state") == "running");
  bj::array rows{{{"_step", 0}, {"loss", 0.5}}, {{"_step", 1}, {"loss", "NaN"}}, {{"_step", 2}, {"loss", 0.25}}};
  told = server.post("/api/v1/runs/" + id + "/report",
                     {{"epoch", 1}, {"history_offset", 0}, {"history", rows}, {"log_offset", 0},
                      {"log", "epoch 1\nepoch 2\n"}, {"summary", {{"note", "x"}}}});
  REQUIRE_MESSAGE(told.status == 200, told.text);
  CHECK(told.num("history_lines") == 3);
  CHECK(told.num("log_bytes") == 16);

  const auto beat = server.post("/api/v1/agents/" + agent + "/heartbeat", {{"alive", {id}}});
  CHECK(beat.at("stop").get_array().empty());
  CHECK(beat.at("exit").get_bool() == false);

  told = server.post("/api/v1/runs/" + id + "/finish", {{"epoch", 1}, {"exit_code", 0}});
  CHECK(told.str("state") == "finished");

  const auto shown = server.get("/api/v1/runs/" + id);
  CHECK(shown.str("state") == "finished");
  CHECK(shown.at("metric.best").to_number<double>() == 0.25);
  CHECK(shown.num("metric.count") == 2);
  CHECK(shown.at("metric.nan_seen").get_bool());
  CHECK(shown.str("summary.note") == "x");
  CHECK(shown.str("host") == "n1");

  const auto after = server.get("/api/v1/sweeps/" + sweep);
  CHECK(after.at("best.value").to_number<double>() == 0.25);
  CHECK(after.str("best.run") == id);
  CHECK(after.num("runs.finished") == 1);
  CHECK(after.num("trials.done") == 1);

  const auto events = server.get("/api/v1/events?run=" + id);
  const auto& items = events.at("items").get_array();
  REQUIRE(items.size() == 4);  // offered, running, finished, and its trial closed
  CHECK(items[0].at("type").get_string() == "run_offered");
  CHECK(items[1].at("body").at("to").get_string() == "running");
  CHECK(server.get("/api/v1/runs/" + id + "/events").at("items") == events.at("items"));
}

TEST_CASE("rest: history, log and trials are read back in parts") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto agent = server.join(sweep);
  const auto id = server.start_run(sweep, agent);
  const auto at = "/api/v1/runs/" + id;
  server.post(at + "/report", {{"epoch", 1}, {"history_offset", 0}, {"history", {{{"loss", 1}}, {{"loss", 2}}}},
                               {"log_offset", 0}, {"log", "0123456789"}});
  server.post(at + "/report", {{"epoch", 1}, {"history_offset", 2}, {"history", {{{"loss", 3}}}}});

  const auto history = server.get(at + "/history?from=1&limit=1");
  CHECK(history.num("from") == 1);
  CHECK(history.num("total") == 3);
  REQUIRE(history.at("items").get_array().size() == 1);
  CHECK(history.num("items.0.loss") == 2);

  CHECK(server.get(at + "/log").text == "0123456789");
  const auto tail = server.get(at + "/log?tail=3");
  CHECK(tail.text == "789");
  CHECK(tail.headers.at("x-log-from") == "7");
  CHECK(tail.headers.at("x-log-size") == "10");
  CHECK(server.get(at + "/log?from=2&limit=4").text == "2345");

  const auto trials = server.get("/api/v1/sweeps/" + sweep + "/trials");
  REQUIRE(trials.at("items").get_array().size() >= 1);
  CHECK(trials.str("items.0.state") == "held");
  CHECK(trials.str("items.0.runs.0") == id);
}

TEST_CASE("rest: a resent report changes nothing and a gap names the offset that is expected") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto id = server.start_run(sweep, server.join(sweep));
  const auto at = "/api/v1/runs/" + id + "/report";
  const bj::value body{{"epoch", 1}, {"history_offset", 0}, {"history", {{{"loss", 1}}}}};
  CHECK(server.post(at, body).num("history_lines") == 1);
  CHECK(server.post(at, body).num("history_lines") == 1);
  const auto gap = server.post(at, {{"epoch", 1}, {"history_offset", 5}, {"history", {{{"loss", 1}}}}});
  CHECK(gap.status == 409);
  CHECK(gap.str("detail").find('1') != std::string::npos);
  CHECK(server.post(at, {{"epoch", 2}}).status == 409);  // a stale or foreign epoch
}

TEST_CASE("rest: the four verbs, limits and the file itself") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto at = "/api/v1/sweeps/" + sweep;
  auto r = server.post(at + "/pause", {{"reason", "lunch"}});
  CHECK(r.str("state") == "paused");
  CHECK(r.str("paused_reason") == "operator");
  CHECK(server.get(at + "/explain").str("summary").find("lunch") != std::string::npos);
  CHECK(server.send("POST", at + "/resume", "").str("state") != "paused");  // an empty body counts as {}
  r = server.send("PATCH", at, R"({"max_concurrent_runs": 2, "run_cap": 5})");
  CHECK(r.num("max_concurrent_runs") == 2);
  CHECK(r.num("run_cap") == 5);
  CHECK(server.get(at + "/yaml").str("yaml") == grid_yaml);
  CHECK(server.post(at + "/cancel").str("state") == "canceled");
  CHECK(server.post(at + "/resume").status == 409);
}

TEST_CASE("rest: a dry run and validate say what a file means, and store nothing") {
  rest_server server;
  const auto dry = server.post("/api/v1/sweeps", {{"yaml", patient_yaml}, {"dry_run", true}});
  REQUIRE_MESSAGE(dry.status == 200, dry.text);
  CHECK(dry.num("size") == 12);
  CHECK(dry.str("policy.fail_after") == "1h");
  CHECK(dry.str("policy.rules.0.do") == "fail");
  CHECK(server.post("/api/v1/validate", {{"yaml", grid_yaml}}).at("ok").get_bool());
  CHECK(server.get("/api/v1/sweeps").num("total") == 0);
}

TEST_CASE("rest: agents are listed, leave, and a claim answers wait or over with the reason") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto agent = server.join(sweep);
  CHECK(server.get("/api/v1/agents?sweep=" + sweep).str("items.0.id") == agent);
  server.post("/api/v1/sweeps/" + sweep + "/pause");
  const auto at = "/api/v1/sweeps/" + sweep + "/claims";
  auto r = server.post(at, {{"agent", agent}, {"request_id", "w1"}});
  CHECK(r.str("status") == "wait");
  CHECK(r.str("code") == "paused");
  server.post("/api/v1/sweeps/" + sweep + "/cancel");
  r = server.post(at, {{"agent", agent}, {"request_id", "w2"}});
  CHECK(r.str("status") == "over");
  CHECK(server.post("/api/v1/agents/" + agent + "/heartbeat", {{"alive", bj::array()}}).at("exit").get_bool());
  r = server.post("/api/v1/agents/" + agent + "/leave", {{"reason", "done"}});
  CHECK(r.str("state") == "left");
}
