// The agent's ordinary life against a scripted server: runs, orders, signals, refusals. Real programs, real
// sockets; nothing waits for time to pass, every step waits for something that the other side did.
#include "controller/agent/agent.hpp"
#include "tests/agent/bench.hpp"

using namespace sweepd;
using namespace sweepd::agent;
using namespace sweepd::agent::test;

namespace {

constexpr const char* trainer =
    "echo start $1; echo '{\"loss\": 0.5}' >> $SWEEPD_METRICS_FILE;"
    "echo '{\"loss\": NaN}' >> $SWEEPD_METRICS_FILE;"
    "echo '{\"_summary\": {\"best\": 0.25}}' >> $SWEEPD_METRICS_FILE;"
    "cat $SWEEPD_PARAMS_FILE; echo $SWEEPD_RUN_ID $SWEEPD_SWEEP_ID $SWEEPD_EPOCH $WANDB_RUN_ID;"
    "echo kept > $SWEEPD_RUN_DIR/files/model.txt; printf end";

}  // namespace

TEST_CASE("agent: takes every run of a sweep, ships all that they say, and leaves") {
  bench b;
  b.script(trainer, 3);
  b.conf.jobs = 2;
  CHECK(b.run() == 0);
  REQUIRE(b.server.runs.size() == 3);
  int n = 0;
  for (const auto& [id, r] : b.server.runs) {
    const auto number = std::to_string(++n);
    CHECK(r.state == "finished");
    CHECK(r.history == std::vector<std::string>{"{\"loss\":5E-1}", "{\"loss\":\"NaN\"}"});
    CHECK(r.summary.at("best").as_double() == 0.25);
    CHECK(r.log == "start --n=" + number + "\n{\"n\": " + number + "}\n" + id + " sweep1 1 " + id + "\nend");
    CHECK(r.files.at("output.log") == r.log);
    CHECK(r.files.at("model.txt") == "kept\n");
    CHECK(r.starts >= 1);
  }
  CHECK(b.server.left == 1);
  CHECK(b.said("the first command is: /bin/sh -c"));
  CHECK(b.lines.back() == "agent: 3 runs, 3 finished");
}

TEST_CASE("agent: obeys a stop order from the heartbeat's answer with TERM first") {
  bench b;
  b.script("trap 'echo told; exit 9' TERM; echo ready; sleep 1000 & wait");
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
  b.server.instead = [](const call& c) -> std::optional<reply> {
    if (!c.is("/report")) return std::nullopt;
    return problem(503, "unavailable", "reports do not get through");  // only the heartbeat can tell it
  };
  b.server.only().stop = true;
  b.until([&] { return b.said("is being stopped"); }, "the stop");
  b.server.instead = {};
  CHECK(b.finish() == 0);
  CHECK(b.server.only().finish->at("exit_code") == 9);
  CHECK(b.server.only().log == "ready\ntold\n");
  CHECK(evidence_of(b.server.only()).find("the server asks for it: an operator asked") != std::string::npos);
  CHECK(b.lines.back() == "agent: 1 run, 0 finished, 1 killed");
}

TEST_CASE("agent: obeys a stop order in a report's answer, and kills who does not listen") {
  bench b;
  b.conf.grace = milliseconds{50};
  b.server.heartbeat_every = "1h";
  b.script("trap '' TERM; echo ready; while :; do sleep 1000; done");
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
  b.server.only().stop = true;
  CHECK(b.finish() == 0);
  CHECK(b.server.only().finish->at("signal") == SIGKILL);
}

TEST_CASE("agent: after SIGTERM nothing new is taken and a running program may end well") {
  bench b;
  gate go(b.dir / "go");
  b.script("echo ready; read x < go; echo done", 5);
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
  b.loop->on_signal(SIGTERM);
  go.open_once();
  CHECK(b.finish() == 0);
  CHECK(b.server.only().state == "finished");
  CHECK(b.server.only().log == "ready\ndone\n");
  CHECK(b.server.configs.size() == 4);
  CHECK(b.server.left == 1);
}

TEST_CASE("agent: after SIGINT a program that goes on gets TERM when the grace is over; exit code 130") {
  bench b;
  b.conf.grace = milliseconds{50};
  b.script("echo ready; sleep 1000");
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
  b.loop->on_signal(SIGINT);
  CHECK(b.finish() == 130);
  CHECK(b.server.only().finish->at("signal") == SIGTERM);
  CHECK(evidence_of(b.server.only()).find("told to leave by SIGINT") != std::string::npos);
  CHECK_FALSE(b.server.only().preempting);
}

TEST_CASE("agent: the second signal ends programs at once, the third kills them") {
  for (const int signals : {2, 3}) {
    bench b;
    b.conf.grace = std::chrono::hours{1};
    b.conf.time.impatient_grace = std::chrono::hours{1};
    b.script(signals == 2 ? "echo ready; sleep 1000" : "trap '' TERM; echo ready; while :; do sleep 1000; done");
    b.start();
    b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
    for (int i = 0; i < signals; ++i) b.loop->on_signal(SIGTERM);
    if (signals == 2) {
      CHECK(b.finish() == 0);
      CHECK(b.server.only().finish->at("signal") == SIGTERM);
    } else {
      const auto code = b.finish();  // it may leave before the last word was taken: then it is kept
      CHECK((code == 0 || code == 69));
      CHECK(b.said(code == 0 ? "killed by SIGKILL" : "could not be delivered"));
    }
  }
}

TEST_CASE("agent: SIGTERM to a preemptible agent is told to the server before the program's end") {
  bench b;
  b.conf.preemptible = true;
  b.script("trap 'echo saving; exit 1' TERM; echo ready; sleep 1000 & wait");
  std::vector<std::string> order;
  b.server.seen = [&](const call& c) {
    if (c.is("/preempting")) order.push_back("preempting");
    if (c.is("/finish")) order.push_back("finish");
  };
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
  b.loop->on_signal(SIGTERM);
  CHECK(b.finish() == 0);
  CHECK(b.server.only().preempting);
  CHECK(order == std::vector<std::string>{"preempting", "finish"});
  CHECK(b.server.only().log == "ready\nsaving\n");
}

TEST_CASE("agent: a program that is not allowed here is refused before any run is taken") {
  bench b;
  b.script("true");
  b.conf.allow_program = {"train/*.py"};
  CHECK(b.run() == exit_code(errc::forbidden));
  CHECK(b.server.count("/claims") == 0);
  CHECK(b.said("matches no --allow-program pattern"));
}

TEST_CASE("agent: a command that asks for a secret variable is refused unless it is allowed") {
  for (const bool allow : {false, true}) {
    ::setenv("AGENT_TEST_TOKEN", "t0k", 1);
    bench b;
    b.script("echo $2");
    b.server.command = {"/bin/sh", "-c", "echo $1", "x", "${envvar:AGENT_TEST_TOKEN}"};
    if (allow) b.conf.allow_env = {"AGENT_TEST_TOKEN"};
    CHECK(b.run() == (allow ? 0 : exit_code(errc::forbidden)));
    if (allow) CHECK(b.server.only().log == "t0k\n");
    ::unsetenv("AGENT_TEST_TOKEN");
  }
}

TEST_CASE("agent: an unknown sweep and a refused key end it with a message and a code of their own") {
  for (const int status : {404, 401}) {
    bench b;
    b.server.instead = [status](const call&) -> std::optional<reply> {
      return status == 404 ? problem(404, "not_found", "no sweep 'sweep1'")
                           : problem(401, "unauthorized", "no such key");
    };
    CHECK(b.run() == (status == 404 ? 5 : 4));
    CHECK(b.said(status == 404 ? "no sweep 'sweep1'" : "--api-key-file"));
  }
}

TEST_CASE("agent: the key travels with every request") {
  bench b;
  b.conf.api_key = "local-secret";
  b.script(trainer);
  CHECK(b.run() == 0);
  for (const auto& c : b.server.calls) CHECK(c.authorization == "Bearer local-secret");
  for (const auto& line : b.lines) CHECK(line.find("local-secret") == std::string::npos);
}

TEST_CASE("agent: --count ends it after so many runs; the sweep's end lets a running program finish") {
  {
    bench b;
    b.script("true", 5);
    b.conf.count = 2;
    CHECK(b.run() == 0);
    CHECK(b.server.runs.size() == 2);
    CHECK(b.said("--count 2 is reached"));
  }
  bench b;
  gate go(b.dir / "go");
  b.script("echo ready; read x < go; echo done");
  b.server.over_when_empty = false;
  b.start();
  b.until([&] { return b.server.runs.size() == 1 && b.server.only().log == "ready\n"; }, "the program");
  b.server.exit = true;
  b.until([&] { return b.said("no more runs: the sweep is finished"); }, "the order to leave");
  go.open_once();
  CHECK(b.finish() == 0);
  CHECK(b.server.only().log == "ready\ndone\n");
}

TEST_CASE("agent: the command line explains itself and refuses what makes no sense") {
  const auto call_main = [](std::vector<std::string> words) {
    std::vector<char*> argv;
    for (auto& w : words) argv.push_back(w.data());
    return sweepd::agent::main(static_cast<int>(argv.size()), argv.data());
  };
  CHECK(call_main({"agent"}) == 2);
  CHECK(call_main({"agent", "s1", "--no-such-flag"}) == 2);
  CHECK(call_main({"agent", "s1", "--grace", "30"}) == 2);
  CHECK(call_main({"agent", "s1", "--workdir", "/no/such/folder"}) == 2);
  CHECK(call_main({"agent", "a b"}) == 2);
  CHECK(call_main({"agent", "s1", "-j", "0"}) == 2);
}

TEST_CASE("agent: gives a program what wandb agent gives it, for the same server unless told otherwise") {
  bench b;
  b.script("echo $WANDB_RUN_ID $WANDB_SWEEP_ID $WANDB_ENTITY/$WANDB_PROJECT $WANDB_CONSOLE;"
           "echo $WANDB_BASE_URL $WANDB_API_KEY; cat $WANDB_SWEEP_PARAM_PATH");
  CHECK(b.run() == 0);
  const auto& r = b.server.only();
  const auto id = b.server.runs.begin()->first;
  CHECK(r.log.starts_with(id + " sweep1 "));
  CHECK(r.log.find(" off\n" + b.conf.url + " local-") != std::string::npos);
  CHECK_MESSAGE(r.log.ends_with("wandb_version: 1\n\n\"n\":\n  value: 1\n"), r.log);  // n: a boolean to some YAML readers
}
