// Actions on many runs: the plan first, then the deed, with a token that binds the two.
#include "tests/cli/scripted_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

using namespace sweepd::cli::test;
namespace json = boost::json;

namespace {

const std::string actions = "POST /api/v1/runs/actions";
const std::string plan =
    R"({"would":2,"action":"mark_failed","confirm":"tok-1","items":[)"
    R"({"run":"ab12cd34","sweep":"k3f9ab12","state":"crashed","cause":"silent","holds":["slot","configuration"],"releases":["slot","configuration"]},)"
    R"({"run":"cd34ef56","sweep":"k4xxxx00","state":"crashed","cause":"oom","holds":["slot"],"releases":["slot"]},)"
    R"({"run":"ee00ee00","sweep":"k4xxxx00","state":"finished","cause":"none","holds":[],"releases":[],"refused":"it is finished"}]})";
const std::string outcome =
    R"({"done":2,"failed":0,"items":[{"run":"ab12cd34","ok":true,"message":"x"},{"run":"cd34ef56","ok":true,"message":"x"}]})";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("mark-failed: --dry-run shows the plan and changes nothing") {
  scripted_server server;
  server.on(actions, plan);
  session s;
  CHECK(s.run(server, {"mark-failed", "--older-than", "30m", "--dry-run"}) == 0);
  CHECK(contains(s.out, "ab12cd34  k3f9ab12"));
  CHECK(contains(s.out, "slot, configuration"));
  CHECK(contains(s.out, "it is finished"));
  CHECK(s.err == "would mark 2 runs in 2 sweeps as failed; nothing has changed\n");
  REQUIRE(server.requests(actions).size() == 1);
  const auto body = json::parse(server.requests(actions)[0].body);
  CHECK(body ==
        json::parse(R"({"action":"mark_failed","filter":{"older_than":"30m","state":"crashed"}})"));
}

TEST_CASE("mark-failed: without a terminal and without --yes nothing happens, exit 2") {
  scripted_server server;
  server.on(actions, plan);
  session s;
  CHECK(s.run(server, {"mark-failed", "--older-than", "30m"}) == 2);
  CHECK(contains(s.out, "ab12cd34"));
  CHECK(contains(s.err, "would mark 2 runs in 2 sweeps as failed"));
  CHECK(contains(s.err, "repeat it with --yes"));
  CHECK(server.requests(actions).size() == 1);
}

TEST_CASE("mark-failed: --yes confirms exactly what was planned") {
  scripted_server server;
  server.on(actions, plan);
  server.on(actions, outcome);
  session s;
  CHECK(s.run(server, {"mark-failed", "--older-than", "30m", "--yes", "--reason", "rack down",
                       "--force"}) == 0);
  CHECK(s.out == "2 runs marked as failed\n");
  const auto sent = server.requests(actions);
  REQUIRE(sent.size() == 2);
  auto first = json::parse(sent[0].body).as_object();
  const auto second = json::parse(sent[1].body).as_object();
  CHECK(second.at("confirm") == "tok-1");
  first["confirm"] = "tok-1";
  CHECK(first == second);
  CHECK(second.at("reason") == "rack down");
  CHECK(second.at("force") == json::value(true));
  CHECK(sent[0].headers.at("idempotency-key") != sent[1].headers.at("idempotency-key"));
}

TEST_CASE("mark-failed: on a terminal it asks, and no is no") {
  scripted_server server;
  server.on(actions, plan);
  session s;
  s.terminal = true;
  s.input = "\n";
  CHECK(s.run(server, {"mark-failed", "--older-than", "30m"}) == 1);
  CHECK(contains(s.err, "go on? [y/N]"));
  CHECK(contains(s.err, "nothing done"));
  CHECK(server.requests(actions).size() == 1);
}

TEST_CASE("mark-failed: runs are named by a beginning, or listed on standard input") {
  scripted_server server;
  server.on("GET /api/v1/runs", R"({"items":[{"id":"ab12cd34"},{"id":"cd34ef56"}],"next":null})");
  server.on("GET /api/v1/runs/cd34ef56", R"({"id":"cd34ef56"})");
  server.on(actions, plan);
  session s;
  s.input = "cd34ef56\n";
  CHECK(s.run(server, {"mark-failed", "ab", "-", "--dry-run"}) == 0);
  const auto body = json::parse(server.requests(actions).at(0).body);
  CHECK(body.at("ids") == json::parse(R"(["ab12cd34","cd34ef56"])"));
}

TEST_CASE("mark-failed: ids and filters exclude each other") {
  scripted_server server;
  session s;
  CHECK(s.run(server, {"mark-failed", "ab12", "--state", "crashed"}) == 2);
  CHECK(contains(s.err, "not both"));
}

TEST_CASE("actions: a set that changed meanwhile is a conflict that says so") {
  scripted_server server;
  server.on(actions, plan);
  server.refuse(actions, 409, "conflict", "the runs are not those of the preview");
  session s;
  CHECK(s.run(server, {"mark-failed", "--older-than", "30m", "--yes"}) == 6);
  CHECK(contains(s.err, "repeat the command to see them as they are"));
}

TEST_CASE("actions: when every run is refused it is a conflict with the reason") {
  scripted_server server;
  server.on(
      actions,
      R"({"would":0,"action":"requeue","confirm":"t","items":[{"run":"ee00ee00","sweep":"k","state":"running","refused":"it is running"}]})");
  session s;
  CHECK(s.run(server, {"requeue", "--state", "running", "--yes"}) == 6);
  CHECK(contains(s.err, "1 run refused; run ee00ee00: it is running"));
}

TEST_CASE("actions: no match is no error") {
  scripted_server server;
  server.on(actions, R"({"would":0,"action":"requeue","confirm":"t","items":[]})");
  session s;
  CHECK(s.run(server, {"requeue", "--cause", "oom"}) == 0);
  CHECK(s.err == "no run matches; nothing to do\n");
}

TEST_CASE("actions: runs that failed to change are named, exit 6; json prints the outcome") {
  scripted_server server;
  const std::string half =
      R"({"done":1,"failed":1,"items":[{"run":"ab12cd34","ok":true,"message":""},{"run":"cd34ef56","ok":false,"message":"it came back"}]})";
  server.on(actions, plan);
  server.on(actions, half);
  server.on(actions, plan);
  server.on(actions, half);
  session s;
  CHECK(s.run(server, {"mark-failed", "--older-than", "30m", "-y"}) == 6);
  CHECK(s.out == "1 run marked as failed\n");
  CHECK(s.err == "run cd34ef56 not changed: it came back\n");
  CHECK(s.run(server, {"mark-failed", "--older-than", "30m", "-y", "-o", "json"}) == 6);
  CHECK(json::parse(s.out) == json::parse(half));
}

TEST_CASE("actions: each command sends its own action") {
  for (const auto& [command, action] :
       {std::pair{"mark-failed", "mark_failed"}, std::pair{"requeue", "requeue"},
        std::pair{"stop-run", "stop"}, std::pair{"infeasible", "infeasible"},
        std::pair{"undo", "undo"}}) {
    scripted_server server;
    server.on(actions, plan);
    session s;
    CHECK(s.run(server, {command, "--cause", "oom", "--dry-run"}) == 0);
    CHECK(json::parse(server.requests(actions).at(0).body).at("action") == action);
  }
}
