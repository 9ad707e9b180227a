// What W&B's clients do around a sweep, asked of the whole schema in their own words.
#include "controller/service/file_parts.hpp"
#include "tests/wandb/bench.hpp"

namespace sweepd::test {
namespace {

constexpr const char* upsert_sweep =
    "mutation UpsertSweep($id: ID, $config: String, $entityName: String, $projectName: String, $state: String) {"
    " upsertSweep(input: {id: $id, config: $config, entityName: $entityName, projectName: $projectName, state: $state}) {"
    " sweep { id name state project { id name entity { id name } } } configValidationWarnings } }";
constexpr const char* create_agent =
    "mutation CreateAgent($host: String!, $projectName: String, $entityName: String, $sweep: String!) {"
    " createAgent(input: {host: $host, projectName: $projectName, entityName: $entityName, sweep: $sweep})"
    " { agent { id } } }";
constexpr const char* beat =
    "mutation Heartbeat($id: ID!, $metrics: JSONString, $runState: JSONString) {"
    " agentHeartbeat(input: {id: $id, metrics: $metrics, runState: $runState}) { agent { id } commands } }";
constexpr const char* upsert_run =
    "mutation UpsertBucket($name: String, $project: String, $entity: String, $sweep: String, $host: String, $config: JSONString,"
    " $tags: [String!], $displayName: String) { upsertBucket(input: {name: $name, modelName: $project, entityName: $entity,"
    " sweep: $sweep, host: $host, config: $config, tags: $tags, displayName: $displayName}) {"
    " bucket { id name displayName config sweepName state tags historyLineCount project { name entity { name } } } inserted } }";

/// A sweep of two configurations with one agent.
struct two_runs : bench {
  two_runs() {
    const auto made = data(upsert_sweep, {{"config", "{method: grid, program: train.py, parameters: {lr: {values: [1, 2]}}}"},
                                          {"projectName", "p"}});
    const auto& row = made.at("upsertSweep").at("sweep");
    CHECK(row.at("state") == "PENDING");
    CHECK(text(row.at("project")).find(R"("entity":{"id":"RW50aXR5OnYxOmxvY2Fs","name":"local"})") != std::string::npos);
    sweep = row.at("name").as_string().c_str();
    id = row.at("id");
    agent = data(create_agent, {{"host", "h"}, {"projectName", "p"}, {"entityName", "local"}, {"sweep", sweep}})
                .at("createAgent").at("agent").at("id");
  }
  bj::value commands(const std::string& run_state) {
    const auto told = data(beat, {{"id", agent}, {"metrics", "{}"}, {"runState", run_state}});
    return bj::parse(told.at("agentHeartbeat").at("commands").as_string());
  }
  std::string sweep;
  bj::value id, agent;
};

}  // namespace

TEST_CASE_FIXTURE(two_runs, "wandb: a heartbeat hands out a run, and the same one while the agent does not list it") {
  const auto first = commands("{}");
  REQUIRE(first.as_array().size() == 1);
  CHECK(first.at(0).at("type") == "run");
  CHECK(first.at(0).at("program") == "train.py");
  CHECK(text(first.at(0).at("args")) == R"({"lr":{"value":1}})");
  CHECK(commands("{}") == first);  // the answer was lost
  const std::string run(first.at(0).at("run_id").as_string());
  CHECK(text(commands("{\"" + run + "\": true}")) == "[]");  // it is at work: nothing beside it
}

TEST_CASE_FIXTURE(two_runs, "wandb: a run starts with upsertBucket, and a later one only describes it") {
  const auto first = commands("{}");
  const std::string run(first.at(0).at("run_id").as_string());
  auto row = data(upsert_run, {{"name", run}, {"project", "p"}, {"sweep", sweep}, {"host", "h"}, {"config", "{}"}})
                 .at("upsertBucket");
  CHECK(row.at("inserted") == false);
  CHECK(row.at("bucket").at("state") == "running");
  CHECK(row.at("bucket").at("sweepName") == bj::value(sweep));
  row = data(upsert_run, {{"name", run}, {"project", "p"}, {"entity", "local"}, {"tags", bj::array{"a"}},
                          {"displayName", "shown"}, {"config", R"({"x":{"value":NaN}})"}})
            .at("upsertBucket");
  CHECK(row.at("bucket").at("tags") == bj::array{"a"});
  CHECK(row.at("bucket").at("displayName") == "shown");
  CHECK(row.at("bucket").at("config") == R"({"x":{"value":"NaN"}})");
  const auto asked = data("query($f: JSONString) { project(name: \"p\", entityName: \"local\") { runCount(filters: $f)"
                          " runs(filters: $f) { edges { node { name state } cursor } pageInfo { hasNextPage } } } }",
                          {{"f", R"({"$and":[{"sweep":")" + sweep + R"("},{"config.x":"NaN"}]})"}});
  CHECK(asked.at("project").at("runCount") == 1);
  CHECK(asked.at("project").at("runs").at("edges").at(0).at("node").at("name") == bj::value(run));
}

TEST_CASE_FIXTURE(two_runs, "wandb: the four verbs move a sweep, and a canceled one sends its agents home") {
  const std::string run(commands("{}").at(0).at("run_id").as_string());
  data(upsert_run, {{"name", run}, {"project", "p"}, {"sweep", sweep}, {"host", "h"}});
  const auto move = [&](const char* state) {
    return data(upsert_sweep, {{"id", id}, {"state", state}}).at("upsertSweep").at("sweep").at("state");
  };
  CHECK(move("PAUSED") == "PAUSED");
  CHECK(move("RUNNING") == "RUNNING");
  CHECK(move("CANCELED") == "CANCELED");
  CHECK(text(commands("{\"" + run + "\": true}")) == R"([{"type":"stop","run_id":")" + run + R"("}])");
  CHECK(text(commands("{}")) == R"([{"type":"exit"}])");
}

TEST_CASE_FIXTURE(two_runs, "wandb: an updated file is what the next runs come from, and a stopped sweep resumes") {
  const auto one = commands("{}").at(0);
  const auto tried = text(one.at("args"));
  CHECK(tried == R"({"lr":{"value":1}})");
  const std::string run(one.at("run_id").as_string());
  data(upsert_run, {{"name", run}, {"project", "p"}, {"sweep", sweep}, {"host", "h"}});
  data(upsert_sweep, {{"id", id}, {"config", "{method: grid, program: other.py, parameters: {lr: {values: [3, 1]}}}"}});
  auto refused = ask(wandb::the_engine(), upsert_sweep, {{"id", id}, {"config", "{method: random, parameters: {lr: {values: [3]}}}"}});
  CHECK(refused.status == 409);
  CHECK(text(refused.body).find("/config/method") != std::string::npos);
  core::cmd::finish_run finish;
  finish.run = run_id{run};
  finish.exit_code = 0;
  core::command command = finish;
  service::caller caller;
  REQUIRE(wait_for(controller.submit(std::move(command), std::move(caller))));
  CHECK(data(upsert_sweep, {{"id", id}, {"state", "FINISHED"}}).at("upsertSweep").at("sweep").at("state") == "FINISHED");
  CHECK(text(commands("{}")) == R"([{"type":"exit"}])");
  CHECK(data(upsert_sweep, {{"id", id}, {"state", "RUNNING"}}).at("upsertSweep").at("sweep").at("state") == "RUNNING");
  const auto next = commands("{}");
  REQUIRE(next.as_array().size() == 1);
  CHECK(text(next.at(0).at("args")) == R"({"lr":{"value":3}})");  // 1 was tried under the file before
  CHECK(next.at(0).at("program") == "other.py");
}

TEST_CASE_FIXTURE(two_runs, "wandb: a sweep file that is wrong is refused with the place and the word") {
  const auto got = ask(wandb::the_engine(), upsert_sweep, {{"config", "method: gird\nparameters: {lr: {values: [1]}}\n"}});
  CHECK(got.status == 400);
  CHECK(text(got.body).find("sweep.yaml:1:9") != std::string::npos);
}

TEST_CASE_FIXTURE(two_runs, "wandb: an agent of a sweep or of an id that is not there gets 404") {
  CHECK(ask(wandb::the_engine(), create_agent, {{"host", "h"}, {"projectName", "p"}, {"sweep", "nothing"}}).status == 404);
  CHECK(ask(wandb::the_engine(), beat, {{"id", wandb::global_id("Agent", "gone")}}).status == 404);
}

TEST_CASE_FIXTURE(two_runs, "wandb: an agent's key may work on runs, and neither make nor move sweeps") {
  who.role = core::role::agent;
  CHECK(commands("{}").as_array().size() == 1);
  CHECK(ask(wandb::the_engine(), upsert_sweep, {{"id", id}, {"state", "PAUSED"}}).status == 403);
  who.role = core::role::viewer;
  CHECK(ask(wandb::the_engine(), beat, {{"id", agent}}).status == 403);
  who.project = "other/project";
  const auto seen = data("{ project(name: \"p\", entityName: \"local\") { name } viewer { entity } }");
  CHECK(text(seen) == R"({"project":null,"viewer":{"entity":"other"}})");
}

TEST_CASE_FIXTURE(bench, "wandb: a run without a sweep lives in its project, and again under the next epoch") {
  auto row = data(upsert_run, {{"name", "mine"}, {"project", "alone"}, {"host", "h"}, {"config", R"({"a":{"value":1}})"}})
                 .at("upsertBucket");
  CHECK(row.at("inserted") == true);
  CHECK(row.at("bucket").at("sweepName").is_null());
  CHECK(row.at("bucket").at("state") == "running");
  row = data(upsert_run, {{"name", "mine"}, {"project", "elsewhere"}, {"host", "h"}}).at("upsertBucket");
  CHECK(row.at("inserted") == true);  // the same name in another project is another run
  CHECK(row.at("bucket").at("name") == "mine");
  core::cmd::finish_run finish;
  finish.run = run_id{"mine"};
  finish.exit_code = 0;
  core::command command = finish;
  service::caller caller;
  REQUIRE(wait_for(controller.submit(std::move(command), std::move(caller))));
  row = data(upsert_run, {{"name", "mine"}, {"project", "alone"}, {"host", "h"}}).at("upsertBucket");
  CHECK(row.at("inserted") == false);
  CHECK(row.at("bucket").at("state") == "running");
  const auto sweeps = data("{ project(name: \"alone\") { totalSweeps runCount } }");
  CHECK(text(sweeps) == R"({"project":{"totalSweeps":0,"runCount":1}})");
}

TEST_CASE_FIXTURE(bench, "wandb: a run's files are deleted by their ids, whatever is in their names, and only by an operator") {
  data(upsert_run, {{"name", "r"}, {"project", "p"}, {"host", "h"}});
  for (const auto* name : {"a", "a:b/c.txt"}) {
    auto parts = service::cut_file(run_id{"r"}, name, "bytes", clock.now());
    REQUIRE(wait_for(controller.put_files(std::move(parts))));
  }
  const auto files = [&] {
    return data("query { project(name: \"p\", entityName: \"local\") { run(name: \"r\") { files { edges { node { id name } } } } } }")
        .at("project").at("run").at("files").at("edges");
  };
  REQUIRE(files().as_array().size() == 2);
  REQUIRE(files().at(1).at("node").at("name") == "a:b/c.txt");
  constexpr const char* remove = "mutation($ids: [ID!]!) { deleteFiles(input: {files: $ids}) { success } }";
  const bj::array ids{files().at(1).at("node").at("id")};
  who.role = core::role::agent;
  CHECK(ask(wandb::the_engine(), remove, {{"ids", ids}}).status == 403);
  who.role = core::role::operator_;
  CHECK(data(remove, {{"ids", ids}}).at("deleteFiles").at("success") == true);
  REQUIRE(files().as_array().size() == 1);
  CHECK(files().at(0).at("node").at("name") == "a");
  CHECK(ask(wandb::the_engine(), remove, {{"ids", ids}}).status == 404);
  CHECK(services.reader.file(run_id{"r"}, "a", 0, 9).value() == "bytes");
}

TEST_CASE_FIXTURE(bench, "wandb: old clients find every type that they ask for") {
  for (const auto* name : {"Query", "Mutation", "ServerInfo", "ServerSettings", "UpsertBucketInput", "CreateArtifactInput",
                           "PushToRunQueueInput", "LaunchAgent", "Project", "Run", "Sweep"}) {
    const auto got = data("query($n: String!) { __type(name: $n) { name fields { name } inputFields { name } } }", {{"n", name}});
    CHECK(got.at("__type").at("name") == name);
  }
  CHECK(data("{ serverInfo { cliVersionInfo features { name isEnabled } latestLocalVersionInfo { outOfDate } } }")
            .at("serverInfo").at("cliVersionInfo").at("max_cli_version") == "99.0.0");
}

}  // namespace sweepd::test
