#include "tests/rest/server_fixture.hpp"

using namespace sweepd::test;

TEST_CASE("rest: the rung table and the run say why a run was stopped early") {
  rest_server server;
  const auto sweep = server.create_sweep(
      "program: t.py\nmethod: grid\nmetric: {name: loss, target: 0.01}\n"
      "early_terminate: {type: median, resource: epoch, min_runs: 1}\nparameters: {lr: {values: [1, 2, 3, 4]}}\n");
  const auto agent = server.join(sweep);
  std::vector<std::string> runs;
  const auto report = [&](const std::string& run, int epoch, double loss) {
    return server.post("/api/v1/runs/" + run + "/report",
                       {{"epoch", 1}, {"history_offset", epoch - 1}, {"history", {{{"epoch", epoch}, {"loss", loss}}}}});
  };
  for (int i = 0; i < 2; ++i) {
    bj::array knows;
    for (const auto& r : runs) knows.push_back(bj::value(r));
    server.post("/api/v1/agents/" + agent + "/heartbeat", {{"alive", knows}});
    runs.emplace_back(server.claim(sweep, agent).at("id").get_string());
    server.post("/api/v1/runs/" + runs.back() + "/start", {{"epoch", 1}});
  }
  const auto empty = server.get("/api/v1/sweeps/" + sweep + "/rungs");
  CHECK(empty.str("rule") == "median");
  CHECK(empty.str("resource") == "epoch");
  CHECK(empty.at("rungs").get_array().empty());
  CHECK(server.get("/api/v1/runs/" + runs[0]).at("early_stop").is_null());

  CHECK_FALSE(report(runs[0], 1, 0.5).at("stop").get_bool());
  CHECK(report(runs[1], 1, 0.75).at("stop").get_bool());
  const auto bad = server.get("/api/v1/runs/" + runs[1]);
  CHECK(bad.str("state") == "killed");
  CHECK(bad.str("cause") == "early_stop");
  CHECK(bad.str("early_stop.text") == "rung 1 (epoch): 0.75 is worse than the threshold 0.5 of 2 runs");
  CHECK(bad.str("early_stop.seat") == "counted");
  CHECK(bad.str("evidence.0.source") == "rung table");
  CHECK(bad.at("metric.worst").to_number<double>() == 0.75);

  const auto table = server.get("/api/v1/sweeps/" + sweep + "/rungs");
  CHECK(table.num("stopped") == 1);
  CHECK(table.num("rungs.0.runs") == 2);
  CHECK(table.num("rungs.0.judged") == 1);
  CHECK(table.at("rungs.0.threshold").to_number<double>() == 0.5);
  CHECK(table.at("rungs.0.decides").get_bool());

  report(runs[0], 2, 0.005);
  const auto after = server.get("/api/v1/sweeps/" + sweep);
  CHECK(after.at("target_reached").get_bool());
  CHECK(after.str("early_terminate") == "median");
  CHECK(after.str("state") == "running");
  const auto events = server.get("/api/v1/events?type=target_reached&sweep=" + sweep);
  CHECK(events.str("items.0.body.reason") == "run " + runs[0] + " logged loss 0.005, the target is 0.01");
}

TEST_CASE("rest: a sweep without early termination has an empty rung table") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto table = server.get("/api/v1/sweeps/" + sweep + "/rungs");
  CHECK(table.status == 200);
  CHECK(table.at("rule").is_null());
  CHECK(server.get("/api/v1/sweeps/nope/rungs").status == 404);
}
