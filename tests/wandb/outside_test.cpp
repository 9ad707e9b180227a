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
  // One that says nothing of the space is listed all the same; so is any by a grid, which tries every cell.
  for (const auto* other : {"{method: random, program: t.py, parameters: {y: {min: 1, max: 9}}}",
                            "{method: grid, program: t.py, parameters: {x: {values: [3]}}}"}) {
    const auto more = made(other, R"({"$or":[{"name":"old"}]})");
    CHECK(seen(more).at("priorRuns").at("edges").as_array().size() == 1);
    CHECK(commands(agent_of(more)).at(0).at("type") == "run");
  }
}

TEST_CASE_FIXTURE(outside, "outside: an enqueued run that is sent again under its name is the same run") {
  const auto sweep = made("{method: random, program: t.py, scheduler: {engine: wandb}, parameters: {x: {min: 0.0, max: 1.0}}}");
  const auto enqueue = [&](const char* config, const char* shown) {
    bj::object v{{"id", sweep.at("id")}, {"config", config}};
    if (shown != nullptr) v["shown"] = shown;
    return data("mutation($id: ID!, $config: JSONString!, $shown: String) { enqueueSweepRun(input: {id: $id, config: $config,"
                " displayName: $shown}) { id } }", v).at("enqueueSweepRun").at("id");
  };
  const auto first = enqueue(R"({"x":{"value":0.5}})", "trial 0");
  CHECK(enqueue(R"({"x":{"value":0.5}})", "trial 0") == first);
  CHECK(enqueue(R"({"x":{"value":0.5}})", "trial 1") != first);
  CHECK(enqueue(R"({"x":{"value":0.25}})", "trial 0") != first);
  CHECK(enqueue(R"({"x":{"value":0.5}})", nullptr) != enqueue(R"({"x":{"value":0.5}})", nullptr));
  CHECK(seen(sweep).at("runs").at("edges").as_array().size() == 5);
}

TEST_CASE_FIXTURE(outside, "outside: a run started by hand is the sweep's, with its own configuration, and may be stopped like any") {
  const auto sweep = made("{method: random, program: t.py, metric: {name: loss}, parameters: {x: {min: 1, max: 9}}}");
  const std::string name(sweep.at("name").as_string());
  const char* open = "mutation($n: String, $s: String, $c: JSONString) { upsertBucket(input: {name: $n, modelName: \"p\", sweep: $s,"
                     " config: $c, host: \"h\"}) { inserted bucket { id sweepName state } } }";
  auto row = data(open, {{"n", "mine"}, {"s", name}, {"c", R"({"x":{"value":3},"y":{"value":1},"_wandb":{"value":{}}})"}}).at("upsertBucket");
  CHECK(row.at("inserted") == true);
  CHECK(row.at("bucket").at("sweepName") == bj::value(name));
  CHECK(row.at("bucket").at("state") == "running");
  CHECK(seen(sweep).at("state") == "RUNNING");
  const auto listed = seen(sweep).at("runs").at("edges");
  REQUIRE(listed.as_array().size() == 1);
  CHECK(listed.at(0).at("node").at("config") == R"({"x":{"value":3},"y":{"value":1},"_wandb":{"value":{}}})");
  data("mutation($id: ID!) { stopRun(input: {id: $id}) { success } }", {{"id", row.at("bucket").at("id")}});
  CHECK(seen(sweep).at("runs").at("edges").at(0).at("node").at("shouldStop") == true);
  CHECK(ask(wandb::the_engine(), open, {{"n", "other"}, {"s", "nosweep"}}).status == 404);
  const auto elsewhere = data("mutation($s: String) { upsertBucket(input: {name: \"bare\", sweep: $s, host: \"h\"}) {"
                              " bucket { project { name } sweepName } } }", {{"s", name}}).at("upsertBucket").at("bucket");
  CHECK(text(elsewhere) == R"({"project":{"name":"p"},"sweepName":")" + name + "\"}");  // the sweep says where it is
  data("mutation { upsertBucket(input: {name: \"loose\", modelName: \"p\", host: \"h\"}) { bucket { id } } }");
  const auto refused = ask(wandb::the_engine(), open, {{"n", "loose"}, {"s", name}});
  CHECK(refused.status == 409);
  CHECK(text(refused.body).find("use another run id") != std::string::npos);
  const auto again = data(open, {{"n", "mine"}, {"s", name}, {"c", "{}"}}).at("upsertBucket");
  CHECK(again.at("inserted") == false);
  CHECK(again.at("bucket").at("sweepName") == bj::value(name));
}

TEST_CASE_FIXTURE(outside, "outside: displayName renames a sweep that is there, and its file stays as it was") {
  const auto sweep = made("{method: random, program: t.py, name: first, parameters: {x: {min: 1, max: 9}}}");
  const auto renamed = data("mutation($id: ID) { upsertSweep(input: {id: $id, displayName: \"second\", description: \"why\"}) {"
                            " sweep { displayName description config } } }", {{"id", sweep.at("id")}}).at("upsertSweep").at("sweep");
  CHECK(renamed.at("displayName") == "second");
  CHECK(renamed.at("description") == "why");
  CHECK(renamed.at("config").as_string().find("name: first") != std::string::npos);
}

}  // namespace sweepd::test
