// Commands against a scripted server: what is asked, what is printed, how it exits.
#include "tests/cli/scripted_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace sweepd::cli::test;
namespace json = boost::json;

namespace {

const std::string sweep_k3 =
    R"({"id":"k3f9ab12","project":"local/default","name":"digits","method":"grid","state":"running",)"
    R"("trials":{"drawn":40,"waiting":3,"done":37},"size":240,"run_cap":null,)"
    R"("runs":{"pending":0,"running":4,"crashed":1,"failed":2,"finished":30},)"
    R"("best":{"value":0.931,"run":"ab12cd34"},"metric":{"name":"accuracy","goal":"maximize"},)"
    R"("policy":{"hash":"aaaa1111","version":1,"mode":"enforce"},"slots_used":4,)"
    R"("created":"2026-11-22T17:30:00Z","created_by":"local"})";
const std::string sweep_k4 =
    R"({"id":"k4xxxx00","name":"other","state":"paused","method":"random","trials":{"done":1},"runs":{}})";

std::string list_of(const std::string& items, const std::string& next = "null") {
  return R"({"items":[)" + items + R"(],"next":)" + next + R"(,"total":2})";
}

void has_sweeps(scripted_server& server) {
  server.on("GET /api/v1/sweeps", list_of(sweep_k3 + "," + sweep_k4));
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_k3);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("sweeps: a table of what the server lists") {
  scripted_server server;
  has_sweeps(server);
  session s;
  CHECK(s.run(server, {"sweeps", "--state", "running,paused"}) == 0);
  CHECK(s.out ==
        "ID        NAME    METHOD  STATE      DONE  RUNNING  CRASHED  FAILED   BEST  AGE\n"
        "k3f9ab12  digits  grid    running  37/240        4        1       2  0.931  30m\n"
        "k4xxxx00  other   random  paused        1\n");
  CHECK(s.err.empty());
  CHECK(server.requests().front().target == "/api/v1/sweeps?state=running%2Cpaused&limit=1000");
}

TEST_CASE("lists: pages are followed by their cursor") {
  scripted_server server;
  server.on("GET /api/v1/sweeps?limit=1000", list_of(sweep_k3, R"("c1")"));
  server.on("GET /api/v1/sweeps?limit=999&cursor=c1", list_of(sweep_k4));
  session s;
  CHECK(s.run(server, {"sweeps", "-q"}) == 0);
  CHECK(s.out == "k3f9ab12\nk4xxxx00\n");
  CHECK(s.run(server, {"sweeps", "-q", "--limit", "1"}) == 5);  // limit=1 is not scripted: asked so
}

TEST_CASE("lists: what was left out is said on stderr") {
  scripted_server server;
  server.on("GET /api/v1/sweeps?limit=1", list_of(sweep_k3, R"("c1")"));
  session s;
  CHECK(s.run(server, {"sweeps", "--limit", "1"}) == 0);
  CHECK(s.err == "showing 1 of 2; --limit 0 shows all\n");
}

TEST_CASE("requests: the key is sent as Bearer, and reading carries no idempotency key") {
  scripted_server server;
  has_sweeps(server);
  session s;
  s.env["SWEEPD_API_KEY"] = "local-secret";
  CHECK(s.run(server, {"sweeps"}) == 0);
  const auto request = server.requests().front();
  CHECK(request.headers.at("authorization") == "Bearer local-secret");
  CHECK_FALSE(request.headers.contains("idempotency-key"));
}

TEST_CASE("show: a sweep by a unique beginning of its id, or by the path W&B prints") {
  scripted_server server;
  has_sweeps(server);
  server.on("GET /api/v1/runs", list_of(""));
  session s;
  CHECK(s.run(server, {"show", "k3"}) == 0);
  CHECK(contains(s.out, "k3f9ab12"));
  CHECK(contains(s.out, "accuracy 0.931 (run ab12cd34)"));
  CHECK(s.run(server, {"show", "local/default/k3f9ab12", "-o", "json"}) == 0);
  CHECK(json::parse(s.out) == json::parse(sweep_k3));
}

TEST_CASE("prefixes: several candidates are a usage error that lists them") {
  scripted_server server;
  has_sweeps(server);
  session s;
  CHECK(s.run(server, {"explain", "k"}) == 2);
  CHECK(contains(s.err, "k3f9ab12 (digits, running), k4xxxx00 (other, paused)"));
  CHECK(contains(s.err, "write more of the id"));
}

TEST_CASE("prefixes: nothing found is exit 5 and says what lists them") {
  scripted_server server;
  has_sweeps(server);
  session s;
  CHECK(s.run(server, {"pause", "zz"}) == 5);
  CHECK(s.err ==
        "error: cannot pause sweep zz — no sweep has an id that begins with 'zz' — "
        "'sweepd sweeps' lists them\n");
}

TEST_CASE("errors: what, why, what to do next, and the request id") {
  scripted_server server;
  has_sweeps(server);
  server.refuse("POST /api/v1/sweeps/k3f9ab12/pause", 409, "conflict", "the sweep is finished");
  session s;
  CHECK(s.run(server, {"pause", "k3f9ab12"}) == 6);
  CHECK(s.out.empty());
  CHECK(s.err ==
        "error: cannot pause sweep k3f9ab12 — the sweep is finished — look at it with "
        "'sweepd show k3f9ab12' [request req-77]\n");
}

TEST_CASE("errors: with -o json they are one JSON object on stderr") {
  scripted_server server;
  server.refuse("GET /api/v1/sweeps", 403, "forbidden", "the role viewer does not allow it");
  session s;
  CHECK(s.run(server, {"sweeps", "-o", "json"}) == 4);
  const auto e = json::parse(s.err).at("error");
  CHECK(e.at("code") == "forbidden");
  CHECK(e.at("request_id") == "req-77");
  CHECK(e.at("exit_code") == 4);
  CHECK(s.out.empty());
}

TEST_CASE("errors: each kind of refusal has its exit code and advice") {
  struct row {
    int status;
    const char* code;
    int exit;
    const char* advice;
  };
  for (const auto& r :
       {row{401, "unauthorized", 4, "set SWEEPD_API_KEY"}, row{403, "forbidden", 4, "higher role"},
        row{429, "busy", 69, "try again"}, row{507, "disk_full", 69, "free space"},
        row{503, "unavailable", 69, "sweepd serve"}, row{500, "internal", 1, "server's log"},
        row{400, "invalid", 65, "sweepd help sweeps"}}) {
    scripted_server server;
    server.refuse("GET /api/v1/sweeps", r.status, r.code, "because");
    session s;
    INFO(r.code);
    CHECK(s.run(server, {"sweeps"}) == r.exit);
    CHECK(contains(s.err, "error: cannot list sweeps — because — "));
    CHECK(contains(s.err, r.advice));
  }
}

TEST_CASE("errors: nobody listening is exit 69, with the address and where it came from") {
  std::string url;
  {
    const scripted_server gone;
    url = gone.url();
  }
  session s;
  s.env["SWEEPD_URL"] = url;
  CHECK(s.run({"sweeps"}) == 69);
  CHECK(contains(s.err, url + " from SWEEPD_URL"));
}

TEST_CASE("errors: an answer that is not ours does not crash and is named") {
  scripted_server server;
  server.on("GET /api/v1/sweeps", canned{200, "<html>a proxy's page</html>"});
  server.on("GET /api/v1/agents", canned{502, "<html>bad gateway</html>"});
  session s;
  CHECK(s.run(server, {"sweeps"}) == 1);
  CHECK(contains(s.err, "not JSON"));
  CHECK(s.run(server, {"agents"}) == 69);
  CHECK(contains(s.err, "502"));
}

TEST_CASE("pause: says the state before and after, sends the reason, repeats safely") {
  scripted_server server;
  has_sweeps(server);
  auto paused = json::parse(sweep_k3).as_object();
  paused["state"] = "paused";
  paused["paused_reason"] = "operator";
  server.on("POST /api/v1/sweeps/k3f9ab12/pause", canned{200, "", {}, false, true});
  server.on("POST /api/v1/sweeps/k3f9ab12/pause", json::serialize(paused));
  session s;
  CHECK(s.run(server, {"pause", "k3f9ab12", "--reason", "night"}) == 0);
  CHECK(s.out == "k3f9ab12  running → paused (operator)\n");
  const auto posts = server.requests("POST /api/v1/sweeps/k3f9ab12/pause");
  REQUIRE(posts.size() == 2);  // the connection was lost: asked once more, under the same key
  CHECK(json::parse(posts[0].body).at("reason") == "night");
  CHECK(posts[0].headers.at("idempotency-key").size() == 32);
  CHECK(posts[0].headers.at("idempotency-key") == posts[1].headers.at("idempotency-key"));
}

TEST_CASE("cancel: live runs need a yes, which nobody gives without a terminal") {
  scripted_server server;
  has_sweeps(server);
  server.on("POST /api/v1/sweeps/k3f9ab12/cancel", sweep_k3);
  session s;
  CHECK(s.run(server, {"cancel", "k3f9ab12"}) == 2);
  CHECK(contains(s.err, "repeat it with --yes"));
  s.terminal = true;
  s.input = "n\n";
  CHECK(s.run(server, {"cancel", "k3f9ab12"}) == 1);
  CHECK(contains(s.err, "cancel sweep k3f9ab12 and kill 4 live runs? [y/N]"));
  CHECK(server.requests("POST /api/v1/sweeps/k3f9ab12/cancel").empty());
  s.input = "y\n";
  CHECK(s.run(server, {"cancel", "k3f9ab12"}) == 0);
  CHECK(server.requests("POST /api/v1/sweeps/k3f9ab12/cancel").size() == 1);
}

TEST_CASE("dry runs change nothing") {
  scripted_server server;
  has_sweeps(server);
  session s;
  CHECK(s.run(server, {"stop", "k3f9ab12", "--dry-run"}) == 0);
  CHECK(contains(s.out, "would stop k3f9ab12"));
  CHECK(s.run(server, {"tune", "k3f9ab12", "--run-cap", "50", "--dry-run"}) == 0);
  CHECK(s.out == "k3f9ab12  run_cap none → 50\n");
  for (const auto& r : server.requests()) CHECK(r.method == "GET");
}

TEST_CASE("tune: sends the limits as numbers") {
  scripted_server server;
  has_sweeps(server);
  server.on("PATCH /api/v1/sweeps/k3f9ab12", sweep_k3);
  session s;
  CHECK(s.run(server, {"tune", "k3f9ab12", "--max-concurrent-runs", "8"}) == 0);
  const auto body = json::parse(server.requests("PATCH /api/v1/sweeps/k3f9ab12").at(0).body);
  CHECK(body == json::parse(R"({"max_concurrent_runs":8})"));
}

TEST_CASE("launch: creates, prints the id and the agent lines") {
  scripted_server server;
  server.on("POST /api/v1/sweeps", canned{201, sweep_k3});
  session s;
  s.input = "method: grid\n";
  CHECK(s.run(server, {"launch", "-", "--project", "team/x", "--name", "digits"}) == 0);
  CHECK(s.out ==
        "sweep k3f9ab12 created (grid, 240 configurations)\n"
        "agents: sweepd agent k3f9ab12\n");
  const auto body = json::parse(server.requests("POST /api/v1/sweeps").at(0).body);
  CHECK(body.at("yaml") == "method: grid\n");
  CHECK(body.at("project") == "team/x");
  CHECK(body.at("name") == "digits");
  CHECK(s.run(server, {"launch", "-", "-q"}) == 0);
  CHECK(s.out == "k3f9ab12\n");
}

TEST_CASE("launch: a very large grid is asked about first; without a terminal it needs --yes") {
  scripted_server server;
  server.refuse("POST /api/v1/sweeps", 400, "invalid", "the grid has 5000000 configurations",
                R"(,"where":"/confirm")");
  session s;
  s.input = "method: grid\n";
  CHECK(s.run(server, {"launch", "-"}) == 2);
  CHECK(contains(s.err, "--yes"));
  CHECK(server.requests("POST /api/v1/sweeps").size() == 1);

  scripted_server asking;
  asking.refuse("POST /api/v1/sweeps", 400, "invalid", "the grid has 5000000 configurations",
                R"(,"where":"/confirm")");
  asking.on("POST /api/v1/sweeps", canned{201, sweep_k3});
  const auto path = std::filesystem::temp_directory_path() / ("sweepd-large-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << "method: grid\n";
  session person;
  person.terminal = true;
  person.input = "y\n";
  CHECK(person.run(asking, {"launch", path.string()}) == 0);
  CHECK(contains(person.err, "the grid has 5000000 configurations\nlaunch it all the same? [y/N]"));
  const auto posts = asking.requests("POST /api/v1/sweeps");
  REQUIRE(posts.size() == 2);
  CHECK(!json::parse(posts[0].body).as_object().contains("confirm"));
  CHECK(json::parse(posts[1].body).at("confirm") == true);

  scripted_server refused;
  refused.refuse("POST /api/v1/sweeps", 400, "invalid", "large", R"(,"where":"/confirm")");
  person.input = "n\n";
  CHECK(person.run(refused, {"launch", path.string()}) != 0);
  CHECK(contains(person.err, "nothing was created"));
  CHECK(refused.requests("POST /api/v1/sweeps").size() == 1);

  scripted_server trusting;
  trusting.on("POST /api/v1/sweeps", canned{201, sweep_k3});
  CHECK(s.run(trusting, {"launch", path.string(), "--yes"}) == 0);
  CHECK(json::parse(trusting.requests("POST /api/v1/sweeps").at(0).body).at("confirm") == true);
  std::filesystem::remove(path);
}

TEST_CASE("launch: every problem of a refused file is listed, exit 65") {
  scripted_server server;
  server.refuse(
      "POST /api/v1/sweeps", 400, "invalid", "unknown method",
      R"(,"where":"sweep.yaml:1:9","problems":[{"where":"sweep.yaml:1:9","message":"method: 'gird' is unknown"},{"where":"sweep.yaml:4:3","message":"parameters: is empty"}])");
  session s;
  s.input = "method: gird\n";
  CHECK(s.run(server, {"launch", "-"}) == 65);
  CHECK(s.err ==
        "sweep.yaml:1:9: method: 'gird' is unknown\n"
        "sweep.yaml:4:3: parameters: is empty\n"
        "error: cannot launch - — 2 problems — mend the file and repeat [request req-77]\n");
}

TEST_CASE("show: a sweep with early termination has its rung table, a run its place in it") {
  scripted_server server;
  server.on("GET /api/v1/sweeps/k3f9ab12",
            R"({"id":"k3f9ab12","state":"running","early_terminate":"asha","trials":{},"runs":{}})");
  server.on("GET /api/v1/sweeps/k3f9ab12/rungs",
            R"({"sweep":"k3f9ab12","rule":"asha","resource":"epoch","stopped":5,"rungs":[)"
            R"({"rung":1,"runs":8,"provisional":1,"judged":2,"threshold":0.52,"decides":true},)"
            R"({"rung":3,"runs":1,"provisional":0,"judged":0,"threshold":0.4,"decides":false}]})");
  session s;
  CHECK(s.run(server, {"show", "k3f9ab12"}) == 0);
  CHECK(contains(s.out, "Early termination: asha, 5 stopped"));
  CHECK(contains(s.out, "8 runs and 1 crashed, threshold 0.52, judges 2 running"));
  CHECK(contains(s.out, "1 run, threshold 0.4 (too few runs to judge by)"));
}

TEST_CASE("explain: holds with what they keep and when they let go") {
  scripted_server server;
  has_sweeps(server);
  server.on(
      "GET /api/v1/sweeps/k3f9ab12/explain",
      R"({"sweep":"k3f9ab12","state":"running","summary":"1 configuration is held by a crashed run",)"
      R"("holds":[{"run":"ab12cd34","trial":7,"agent":"ag000001","state":"crashed","health":"ok",)"
      R"("what":["slot","configuration"],"why":"no signal","release_at":"2026-11-22T18:04:00Z","release_in":"4m"}],)"
      R"("waiting":[{"trial":9,"why":"backoff","ready_at":"2026-11-22T18:00:30Z"}],"notes":["grace is over"]})");
  session s;
  CHECK(s.run(server, {"explain", "k3f9ab12"}) == 0);
  CHECK(contains(s.out, "1 configuration is held by a crashed run"));
  CHECK(contains(s.out, "slot, configuration"));
  CHECK(contains(s.out, "in 4m"));
  CHECK(contains(s.out, "trial 9: backoff, ready in 30s"));
  CHECK(contains(s.out, "note: grace is over"));
}

TEST_CASE("policy set: sends the file, says old and new; a changed policy is a conflict") {
  scripted_server server;
  has_sweeps(server);
  server.on("PUT /api/v1/sweeps/k3f9ab12/policy",
            R"({"hash":"bbbb2222","version":2,"mode":"enforce","yaml":"x"})");
  session s;
  s.input = "crash_policy: {fail_after: 5m}\n";
  CHECK(s.run(server, {"policy", "set", "k3", "-", "--if-hash", "aaaa1111", "--reason", "spot"}) ==
        0);
  CHECK(s.out == "k3f9ab12  policy aaaa1111 → bbbb2222, version 2, mode enforce\n");
  const auto body = json::parse(server.requests("PUT /api/v1/sweeps/k3f9ab12/policy").at(0).body);
  CHECK(body.at("if_hash") == "aaaa1111");
  CHECK(body.at("reason") == "spot");
}
