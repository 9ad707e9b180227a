// Searches that run in a client: the local controller, the scheduler, prior runs.
#include "tests/wandb/bench.hpp"

namespace sweepd::test {
namespace {

constexpr const char* upsert =
    "mutation($id: ID, $config: String, $controller: JSONString, $state: String, $prior: JSONString) {"
    " upsertSweep(input: {id: $id, config: $config, projectName: \"p\", controller: $controller, state: $state,"
    " priorRunsFilters: $prior}) { sweep { id name state controllerRunName } } }";
constexpr const char* read_sweep =
    "query($sweep: String!) { project(name: \"p\", entityName: \"local\") { sweep(sweepName: $sweep) { state controller"
    " scheduler runs { edges { node { name state displayName shouldStop config } } } priorRuns { edges { node { name } } } } } }";

struct outside : bench {
  bj::value made(const char* config, const char* prior = nullptr) {
    bj::object v{{"config", config}};
    if (prior != nullptr) v["prior"] = prior;
    return data(upsert, v).at("upsertSweep").at("sweep");
  }
  bj::value seen(const bj::value& sweep) {
    return data(read_sweep, {{"sweep", sweep.at("name")}}).at("project").at("sweep");
  }
  std::string agent_of(const bj::value& sweep) {
    const auto got = data("mutation($s: String!) { createAgent(input: {host: \"h\", projectName: \"p\", sweep: $s}) { agent { id } } }",
                          {{"s", sweep.at("name")}});
    return std::string(got.at("createAgent").at("agent").at("id").as_string());
  }
  bj::value commands(const std::string& agent, const std::string& alive = "{}") {
    const auto got = data("mutation($id: ID!, $r: JSONString) { agentHeartbeat(input: {id: $id, runState: $r}) { commands } }",
                          {{"id", agent}, {"r", alive}});
    return bj::parse(got.at("agentHeartbeat").at("commands").as_string());
  }
  void begin(const std::string& run, const bj::value& sweep) {
    data("mutation($n: String, $s: String) { upsertBucket(input: {name: $n, modelName: \"p\", sweep: $s, host: \"h\"})"
         " { bucket { id } } }", {{"n", run}, {"s", sweep.at("name")}});
  }
};

constexpr const char* local = "{method: custom, program: t.py, controller: {type: local}, parameters: {x: {values: [1, 2]}}}";

}  // namespace

TEST_CASE_FIXTURE(outside, "outside: a local controller's entry becomes a pending run at once, and the agent's next") {
  const auto sweep = made(local);
  const auto id = sweep.at("id");
  const auto agent = agent_of(sweep);
  const char* wrote = R"({"schedule":[{"id":"abc","data":{"args":{"x":{"value":2}}}}],"earlystop":[]})";
  data(upsert, {{"id", id}, {"controller", wrote}});
  auto got = seen(sweep);
  CHECK(got.at("controller") == bj::value(wrote));
  const auto scheduled = bj::parse(got.at("scheduler").as_string());
  const std::string run(scheduled.at("scheduled").at(0).at("runid").as_string());
  CHECK(scheduled.at("scheduled").at(0).at("id") == "abc");
  CHECK(got.at("runs").at("edges").at(0).at("node").at("name") == bj::value(run));
  CHECK(got.at("runs").at("edges").at(0).at("node").at("state") == "pending");
  const auto told = commands(agent);
  CHECK(told.at(0).at("run_id") == bj::value(run));
  CHECK(text(told.at(0).at("args")) == R"({"x":{"value":2}})");
  begin(run, sweep);
  data(upsert, {{"id", id}, {"controller", R"({"schedule":[],"earlystop":[")" + run + R"("]})"}});
  got = seen(sweep);
  CHECK(got.at("runs").at("edges").at(0).at("node").at("shouldStop") == true);
  CHECK(commands(agent, "{\"" + run + "\":true}").at(0).at("type") == "stop");
  data(upsert, {{"id", id}, {"controller", R"({"schedule":[{"id":"end","data":{"args":null}}]})"}});
  CHECK(text(commands(agent)) == R"([{"type":"exit"}])");
  CHECK(seen(sweep).at("state") == "FINISHED");
}

TEST_CASE_FIXTURE(outside, "outside: a schedule that is none is refused with the place; so is one for a sweep searched here") {
  const auto sweep = made(local);
  const auto refused = ask(wandb::the_engine(), upsert, {{"id", sweep.at("id")}, {"controller", R"({"schedule":[{"id":"a","data":{"args":{"x":2}}}]})"}});
  CHECK(text(refused.body).find("controller.schedule[0].data.args.x") != std::string::npos);
  const auto own = made("{method: random, program: t.py, parameters: {x: {values: [1, 2]}}}");
  CHECK(ask(wandb::the_engine(), upsert, {{"id", own.at("id")}, {"controller", R"({"schedule":[{"id":"a","data":{"args":null}}]})"}}).status == 409);
}

TEST_CASE_FIXTURE(outside, "outside: a scheduler's enqueued run is found by its name, and goes to the next agent") {
  const auto sweep = made("{method: random, program: t.py, scheduler: {engine: wandb}, metric: {name: loss}, parameters: {x: {min: 0.0, max: 1.0}}}");
  const std::string log(sweep.at("controllerRunName").as_string());
  CHECK(data("query($r: String!) { project(name: \"p\", entityName: \"local\") { run(name: $r) { state sweepName } } }", {{"r", log}})
            .at("project").at("run").at("state") == "pending");
  const auto put = data("mutation($id: ID!) { enqueueSweepRun(input: {id: $id, config: \"{\\\"x\\\":{\\\"value\\\":0.5}}\", displayName: \"trial 0\"})"
                        " { id runQueueItemId } }", {{"id", sweep.at("id")}}).at("enqueueSweepRun");
  const std::string run(put.at("id").as_string());
  const auto found = data("query($f: JSONString, $r: String!) { project(name: \"p\", entityName: \"local\") { runs(filters: $f) { edges {"
                          " node { name state displayName config } } } run(name: $r) { state } } }",
                          {{"f", R"({"name":{"$in":[")" + run + R"("]}})"}, {"r", run}}).at("project");
  CHECK(found.at("run").at("state") == "pending");
  REQUIRE(found.at("runs").at("edges").as_array().size() == 1);
  CHECK(found.at("runs").at("edges").at(0).at("node").at("displayName") == "trial 0");
  CHECK(commands(agent_of(sweep)).at(0).at("run_id") == bj::value(run));
  data(upsert, {{"id", sweep.at("id")}, {"state", "FINISHED"}});
  CHECK(data("query($r: String!) { project(name: \"p\", entityName: \"local\") { run(name: $r) { state } } }", {{"r", log}})
            .at("project").at("run").at("state") == "finished");
}

TEST_CASE_FIXTURE(outside, "outside: prior runs are known to the search, by name; one that is not there is refused") {
  data("mutation { upsertBucket(input: {name: \"old\", modelName: \"p\", host: \"h\", config: \"{\\\"x\\\":{\\\"value\\\":3}}\","
       " summaryMetrics: \"{\\\"loss\\\":0.25}\"}) { bucket { id } } }");
  constexpr const char* file = "{method: random, program: t.py, metric: {name: loss}, parameters: {x: {min: 1, max: 9}}}";
  const auto sweep = made(file, R"({"$or":[{"name":"old"}]})");
  const auto got = seen(sweep);
  CHECK(got.at("priorRuns").at("edges").at(0).at("node").at("name") == "old");
  CHECK(text(got.at("runs").at("edges")) == "[]");
  CHECK(ask(wandb::the_engine(), upsert, {{"config", file}, {"prior", R"({"$or":[{"name":"gone"}]})"}}).status == 404);
}

}  // namespace sweepd::test
