#include "controller/base/duration.hpp"
#include "tests/rest/server_fixture.hpp"

using namespace std::chrono_literals;
using namespace sweepd::test;

namespace {

sent with_key(std::string idempotency_key) {
  sent how;
  how.idempotency_key = std::move(idempotency_key);
  return how;
}

}  // namespace

TEST_CASE("rest: a repeated request with the same Idempotency-Key happens once") {
  rest_server server;
  const bj::value body{{"yaml", grid_yaml}};
  const auto first = server.post("/api/v1/sweeps", body, with_key("k1"));
  const auto again = server.post("/api/v1/sweeps", body, with_key("k1"));
  CHECK(first.status == 201);
  CHECK(again.status == 201);
  CHECK(first.str("id") == again.str("id"));
  CHECK(server.get("/api/v1/sweeps").num("total") == 1);
  const auto other = server.post("/api/v1/sweeps", {{"yaml", patient_yaml}}, with_key("k1"));
  CHECK(other.status == 409);  // the same key for another request
  CHECK(server.post("/api/v1/sweeps", body, with_key("k2")).str("id") != first.str("id"));

  const auto at = "/api/v1/sweeps/" + first.str("id") + "/agents";
  const auto a = server.post(at, {{"name", "n"}}, with_key("join"));
  const auto b = server.post(at, {{"name", "n"}}, with_key("join"));
  CHECK(a.str("agent") == b.str("agent"));
}

TEST_CASE("rest: the same claim gives the same run") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto agent = server.join(sweep);
  const bj::value body{{"agent", agent}, {"request_id", "once"}, {"wait", "30s"}};
  const auto at = "/api/v1/sweeps/" + sweep + "/claims";
  CHECK(server.post(at, body).str("run.id") == server.post(at, body).str("run.id"));
}

TEST_CASE("rest: one run is marked failed, undone and requeued, and says what comes next") {
  rest_server server;
  const auto sweep = server.create_sweep(patient_yaml);
  const auto run = server.crash_run(sweep, server.join(sweep));
  const auto at = "/api/v1/runs/" + run;
  auto r = server.get(at);
  CHECK(r.str("cause") == "signal");
  CHECK(r.str("next.what").find("failed by rule 1") != std::string::npos);
  r = server.post(at + "/mark-failed", {{"reason", "node is gone"}});
  CHECK(r.str("state") == "failed");
  CHECK(r.str("reason") == "node is gone");
  CHECK(r.at("can_undo").get_bool());
  r = server.post(at + "/undo");
  CHECK(r.str("state") == "crashed");
  CHECK(!r.at("can_undo").get_bool());
  r = server.post(at + "/stop");
  CHECK(r.status == 409);
  r = server.post(at + "/requeue", {{"reason", "again"}});
  CHECK(r.str("state") == "failed");
  const auto trial = server.get("/api/v1/sweeps/" + sweep + "/trials?state=waiting");
  CHECK(trial.num("total") == 1);
  CHECK(trial.num("items.0.requeues.free") == 1);
}

TEST_CASE("rest: a deleted run is in no list, can be looked at, and comes back by undo") {
  rest_server server;
  const auto sweep = server.create_sweep(patient_yaml);
  const auto run = server.crash_run(sweep, server.join(sweep));
  const auto at = "/api/v1/runs/" + run;
  const auto plan = server.post("/api/v1/runs/actions", {{"action", "delete"}, {"ids", {run}}});
  CHECK(plan.num("would") == 1);
  auto r = server.post(at + "/delete", {{"reason", "no use"}});
  CHECK(r.status == 200);
  CHECK(r.at("deleted").get_bool());
  CHECK(r.str("state") == "failed");
  CHECK(server.get("/api/v1/runs?sweep=" + sweep).num("total") == 0);
  CHECK(server.get("/api/v1/sweeps/" + sweep + "/runs").num("total") == 0);
  CHECK(server.get(at).str("next.what").find("removed") != std::string::npos);
  CHECK(server.post(at + "/requeue").status == 409);
  sent raw;
  raw.content_type = "application/octet-stream";
  CHECK(server.send("PUT", at + "/file?name=late.txt&epoch=1", "late", raw).status == 404);  // they would never be purged
  r = server.post(at + "/undo");
  CHECK(!r.at("deleted").get_bool());
  CHECK(server.get("/api/v1/runs?sweep=" + sweep).num("total") == 1);
}

TEST_CASE("rest: a bulk action shows what it would do, and does that or nothing") {
  rest_server server;
  const auto sweep = server.create_sweep(patient_yaml + "max_concurrent_runs: 5\n");
  const auto agent = server.join(sweep);
  const auto first = server.crash_run(sweep, agent);
  const auto second = server.crash_run(sweep, agent);
  const auto alive = server.start_run(sweep, agent);
  const bj::object filter{{"sweep", sweep}, {"state", "crashed,running"}};
  bj::object ask{{"action", "mark_failed"}, {"filter", filter}, {"reason", "cleaning"}};

  const auto preview = server.post("/api/v1/runs/actions", ask);
  REQUIRE_MESSAGE(preview.status == 200, preview.text);
  CHECK(preview.num("would") == 2);
  const auto& rows = preview.at("items").get_array();
  REQUIRE(rows.size() == 3);
  for (const auto& row : rows) {
    const bool is_alive = row.at("run").get_string() == alive;
    CHECK(row.get_object().contains("refused") == is_alive);
    CHECK(row.at("releases").get_array().empty() == is_alive);
  }
  CHECK(server.get("/api/v1/runs/" + first).str("state") == "crashed");  // nothing happened

  ask["confirm"] = preview.at("confirm");
  auto forced = ask;
  forced["force"] = true;
  CHECK(server.post("/api/v1/runs/actions", forced).status == 409);  // not what was shown
  auto other = ask;
  other["action"] = "requeue";
  CHECK(server.post("/api/v1/runs/actions", other).status == 409);

  const auto third = server.crash_run(sweep, agent);
  const auto changed = server.post("/api/v1/runs/actions", ask);
  CHECK(changed.status == 409);
  CHECK(changed.str("where") == "/confirm");
  CHECK(server.get("/api/v1/runs/" + first).str("state") == "crashed");

  ask.erase("confirm");
  ask["confirm"] = server.post("/api/v1/runs/actions", ask).at("confirm");
  const auto done = server.post("/api/v1/runs/actions", ask);
  REQUIRE_MESSAGE(done.status == 200, done.text);
  CHECK(done.num("done") == 3);
  CHECK(done.num("failed") == 1);
  for (const auto& id : {first, second, third})
    CHECK(server.get("/api/v1/runs/" + id).str("state") == "failed");
  CHECK(server.get("/api/v1/runs/" + alive).str("state") == "running");
  CHECK(server.post("/api/v1/runs/actions", ask).status == 409);  // a confirmation is used up
}

TEST_CASE("rest: a bulk action by ids, and what its body must say") {
  rest_server server;
  const auto sweep = server.create_sweep(patient_yaml);
  const auto run = server.crash_run(sweep, server.join(sweep));
  bj::object ask{{"action", "infeasible"}, {"ids", {run, run}}};
  const auto preview = server.post("/api/v1/runs/actions", ask);
  CHECK(preview.num("would") == 1);
  ask["confirm"] = preview.at("confirm");
  CHECK(server.post("/api/v1/runs/actions", ask).num("done") == 1);
  CHECK(server.get("/api/v1/sweeps/" + sweep + "/trials").str("items.0.state") == "infeasible");
  const auto at = "/api/v1/runs/actions";
  CHECK(server.post(at, {{"ids", {run}}}).str("where") == "/action");
  CHECK(server.post(at, {{"action", "stop"}}).status == 400);
  CHECK(server.post(at, {{"action", "stop"}, {"ids", {"nope"}}}).status == 404);
  CHECK(server.post(at, {{"action", "stop"}, {"filter", {{"state", "dead"}}}}).str("where") == "/filter/state");
}

TEST_CASE("rest: runs are filtered by state, cause, agent and time in their state") {
  rest_server server;
  const auto sweep = server.create_sweep(patient_yaml);
  const auto agent = server.join(sweep);
  const auto run = server.crash_run(sweep, agent);
  server.start_run(sweep, agent);
  const auto total = [&](const std::string& filter) {
    return server.get("/api/v1/runs?" + filter).num("total");
  };
  CHECK(total("sweep=" + sweep) == 2);
  CHECK(total("state=crashed") == 1);
  CHECK(total("state=crashed,running") == 2);
  CHECK(total("cause=signal") == 1);
  CHECK(total("agent=" + agent) == 2);
  CHECK(total("trial=1") == 1);
  CHECK(total("health=ok") == 2);
  CHECK(total("project=other/one") == 0);
  CHECK(total("state=crashed&older_than=1h") == 0);
  CHECK(total("state=crashed&older_than=0s") == 1);
}

TEST_CASE("rest: explain lists what a crashed run holds and when it lets go") {
  rest_server server;
  const auto sweep = server.create_sweep(patient_yaml + "max_concurrent_runs: 1\n");
  const auto run = server.crash_run(sweep, server.join(sweep));
  const auto r = server.get("/api/v1/sweeps/" + sweep + "/explain");
  CHECK(r.str("holds.0.run") == run);
  CHECK(!r.at("holds.0.what").get_array().empty());
  CHECK(r.at("holds.0.release_at").is_string());
  CHECK(!r.str("summary").empty());
}

TEST_CASE("rest: a policy is shown whole, previewed, replaced under its hash, and replayed") {
  rest_server server;
  const auto sweep = server.create_sweep(patient_yaml);
  const auto run = server.crash_run(sweep, server.join(sweep));
  const auto at = "/api/v1/sweeps/" + sweep + "/policy";
  const auto before = server.get(at);
  CHECK(before.num("version") == 1);
  CHECK(before.str("policy.fail_after") == "1h");
  CHECK(before.str("yaml").find("crash_after: 5m") != std::string::npos);
  REQUIRE(before.at("versions").get_array().size() == 1);

  const std::string quick = "crash_policy:\n  fail_after: 1m\n  rules:\n    - {when: {}, do: fail, after: 1m}\n";
  const auto due = [](const reply& r) { return *sweepd::parse_duration(r.str("actions.0.due_in")); };
  const auto far = server.post(at + "/preview", {{"at", "30m"}});
  CHECK(due(far) > 30min);
  const auto near = server.post(at + "/preview", {{"yaml", quick}, {"at", "30m"}});
  REQUIRE_MESSAGE(near.at("actions").get_array().size() == 1, near.text);
  CHECK(due(near) <= 1min);
  CHECK(near.str("actions.0.run") == run);
  CHECK(near.str("actions.0.to") == "failed");
  CHECK(server.get(at).str("hash") == before.str("hash"));

  const auto stale = server.send("PUT", at, bj::serialize(bj::value{{"yaml", quick}, {"if_hash", "0123"}}));
  CHECK(stale.status == 409);
  const auto set = server.send(
      "PUT", at,
      bj::serialize(bj::value{{"yaml", quick}, {"reason", "faster"}, {"if_hash", before.str("hash")}}));
  REQUIRE_MESSAGE(set.status == 200, set.text);
  CHECK(set.num("version") == 2);
  CHECK(set.str("versions.0.reason") == "faster");
  CHECK(set.str("versions.1.hash") == before.str("hash"));
  const auto bad = server.send("PUT", at, R"({"yaml": "crash_policy: {fail_aftr: 1m}"})");
  CHECK(bad.status == 400);
  CHECK(bad.str("problems.0.where").starts_with("policy.yaml:1:"));

  const auto replayed = server.post(at + "/replay", {{"yaml", quick}});
  REQUIRE_MESSAGE(replayed.status == 200, replayed.text);
  CHECK(replayed.num("runs") == 1);
  CHECK(replayed.str("policy_hash") == set.str("hash"));
}

TEST_CASE("rest: configurations can be pushed, are handed out in order, and their outcomes read") {
  rest_server server;
  const auto made = server.post(
      "/api/v1/sweeps",
      {{"yaml", "method: custom\nmetric: {name: loss}\nparameters:\n  lr: {min: 0.0, max: 1.0}\n  c: {value: 2}\n"}});
  REQUIRE_MESSAGE(made.status == 201, made.text);
  const auto trials = "/api/v1/sweeps/" + made.str("id") + "/trials";
  const auto pushed = server.post(trials, {{"configs", {{{"lr", 0.25}}, {{"lr", {{"value", 0.5}}}}}}});
  REQUIRE_MESSAGE(pushed.status == 201, pushed.text);
  CHECK(bj::serialize(pushed.at("trials")) == "[1,2]");
  const auto list = server.get(trials + "?state=waiting");
  CHECK(list.num("total") == 2);
  CHECK(bj::serialize(list.at("items").get_array()[1].at("config")) == R"({"c":{"value":2},"lr":{"value":5E-1}})");
  const auto wrong = server.post(trials, {{"configs", {{{"lr", 0.25}}, {{"lrr", 0.5}}}}});
  CHECK(wrong.status == 400);
  CHECK(wrong.text.find("/configs/1/lrr") != std::string::npos);
  CHECK(server.get(trials).num("total") == 2);  // all or nothing
  CHECK(server.post(trials, {{"configs", bj::array()}}).status == 400);
  CHECK(server.post(trials, {{"configs", bj::array()}, {"end", true}}).status == 201);
  CHECK(server.post(trials, {{"configs", {{{"lr", 0.25}}}}}).status == 409);
}
