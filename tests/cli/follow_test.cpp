// Commands that go on for a while: the event stream, wait, watch, agent processes.
#include "controller/cli/follow.hpp"
#include "controller/cli/launch_agents.hpp"
#include "tests/cli/scripted_server.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace sweepd;
using namespace sweepd::cli;
using namespace sweepd::cli::test;

namespace {

std::string sweep_in(const std::string& state) {
  return R"({"id":"k3f9ab12","name":"digits","state":")" + state +
         R"(","trials":{"done":6},"size":6,"runs":{"finished":6}})";
}

std::string sse(std::uint64_t seq, const std::string& to) {
  const auto n = std::to_string(seq);
  return "id: " + n + "\nevent: sweep_moved\ndata: {\"seq\":" + n +
         R"(,"at":"2026-11-22T17:59:00Z","actor":{"what":"system","id":""},"type":"sweep_moved","sweep":"k3f9ab12","body":{"from":"running","to":")" +
         to + "\"}}\n\n";
}

canned stream_of(const std::string& text, bool hold = true) {
  return canned{200, text, {"Content-Type: text/event-stream"}, hold};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("event_parser: events in any portions, comments dropped, lines joined") {
  const std::string text =
      ": hello\r\nretry: 2000\r\n\r\nid: 7\nevent: run_moved\ndata: one\ndata: two\n\n"
      ": nothing new\n\ndata:{}\n\nid: 9\n\n";
  for (std::size_t step = 1; step < text.size(); ++step) {
    event_parser parser;
    std::vector<sent_event> all;
    for (std::size_t at = 0; at < text.size(); at += step)
      for (auto& e : parser.feed(std::string_view(text).substr(at, step))) all.push_back(e);
    REQUIRE(all.size() == 2);
    CHECK(all[0].id == "7");
    CHECK(all[0].type == "run_moved");
    CHECK(all[0].data == "one\ntwo");
    CHECK(all[1].type == "");
    CHECK(all[1].data == "{}");
  }
}

TEST_CASE("event_parser: a line without end does not fill the memory") {
  event_parser parser;
  const std::string piece(1u << 20, 'x');
  CHECK(parser.feed("data: ").empty());
  for (int i = 0; i < 8; ++i) CHECK(parser.feed(piece).empty());
  CHECK(parser.feed("\n\n").empty());
  REQUIRE(parser.feed("data: good\n\n").size() == 1);
}

TEST_CASE("wait: what is so already is reached at once") {
  scripted_server server;
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("finished"));
  server.on("GET /api/v1/status", R"({"durable_seq":5})");
  server.on("GET /api/v1/events", stream_of(": hello\n\n"));
  session s;
  CHECK(s.run(server, {"wait", "k3f9ab12", "--for", "finished"}) == 0);
  CHECK(contains(s.out, "k3f9ab12  finished  6/6 trials"));
}

TEST_CASE("wait: an event makes it look again, from the place where it began") {
  scripted_server server;
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));  // resolved
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));  // first look
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("finished"));
  server.on("GET /api/v1/status", R"({"durable_seq":41})");
  server.on("GET /api/v1/events", stream_of(": hello\n\n" + sse(42, "finished")));
  session s;
  CHECK(s.run(server, {"wait", "k3f9ab12", "--timeout", "60s"}) == 0);
  const auto streams = server.requests("GET /api/v1/events");
  REQUIRE(streams.size() == 1);
  CHECK(streams[0].target == "/api/v1/events?sweep=k3f9ab12&after=41");
  CHECK(contains(streams[0].headers.at("accept"), "text/event-stream"));
}

TEST_CASE("wait: a stream that is cut is opened again behind the last event seen") {
  scripted_server server;
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("canceled"));
  server.on("GET /api/v1/status", R"({"durable_seq":41})");
  server.on("GET /api/v1/events", stream_of(sse(42, "running"), false));
  server.on("GET /api/v1/events", stream_of(sse(42, "running") + sse(43, "canceled")));
  session s;
  CHECK(s.run(server, {"wait", "k3f9ab12", "--for", "finished", "--timeout", "60s"}) == 6);
  const auto streams = server.requests("GET /api/v1/events");
  REQUIRE(streams.size() == 2);
  CHECK(contains(streams[1].target, "after=42"));
  CHECK(contains(s.err, "trying again"));
}

TEST_CASE("wait: the timeout is exit 3, a refused key ends it with 4") {
  scripted_server server;
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));
  server.on("GET /api/v1/status", R"({"durable_seq":1})");
  server.on("GET /api/v1/events", stream_of(": hello\n\n"));
  session s;
  CHECK(s.run(server, {"wait", "k3f9ab12", "--for", "paused", "--timeout", "50ms"}) == 3);

  scripted_server refusing;
  refusing.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));
  refusing.on("GET /api/v1/status", R"({"durable_seq":1})");
  refusing.refuse("GET /api/v1/events", 401, "unauthorized", "the key has expired");
  CHECK(s.run(refusing, {"wait", "k3f9ab12", "--for", "paused", "--timeout", "60s"}) == 4);
  CHECK(contains(s.err, "the key has expired"));
}

TEST_CASE("watch: off a terminal, one plain line an event, until the sweep is over") {
  scripted_server server;
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("running"));
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("finished"));
  server.on("GET /api/v1/status", R"({"durable_seq":41})");
  server.on("GET /api/v1/events", stream_of(sse(42, "finished")));
  session s;
  CHECK(s.run(server, {"watch", "k3f9ab12"}) == 0);
  CHECK(s.out == "2026-11-22T17:59:00.000Z  sweep k3f9ab12  running → finished\n");
}

TEST_CASE("watch: on a terminal it draws on the other screen and leaves the last picture behind") {
  scripted_server server;
  server.on("GET /api/v1/sweeps/k3f9ab12", sweep_in("finished"));
  server.on("GET /api/v1/runs", R"({"items":[],"next":null})");
  server.on("GET /api/v1/status", R"({"durable_seq":41})");
  server.on("GET /api/v1/events", stream_of(": hello\n\n"));
  session s;
  s.terminal = true;
  s.env["NO_COLOR"] = "1";
  CHECK(s.run(server, {"watch", "k3f9ab12"}) == 0);
  const auto entered = s.out.find("\x1B[?1049h");
  const auto left = s.out.find("\x1B[?1049l");
  REQUIRE(entered != std::string::npos);
  REQUIRE(left != std::string::npos);
  CHECK(entered < left);
  const auto after = s.out.substr(left);
  CHECK(contains(after, "digits  k3f9ab12  ✔ finished  6/6 trials"));
  CHECK(contains(s.out, "\x1B[?25h"));
}

TEST_CASE("agent_children: ends are told with exit code or signal, in any order") {
  agent_children children("/bin/sh", {"-c", "exit ${CODE:-9}"}, {{"CODE", "3"}});
  loop waiting;
  std::vector<child_end> ends;
  waiting.on_signal({SIGCHLD}, [&](int) {
    for (const auto& e : children.reap()) ends.push_back(e);
    if (children.running() == 0) waiting.stop();
  });
  REQUIRE(children.start());
  REQUIRE(children.start());
  waiting.run();
  REQUIRE(ends.size() == 2);
  for (const auto& e : ends) {
    CHECK(e.exit_code == 3);
    CHECK(e.signal == 0);
  }
}

TEST_CASE("agent_children: a signal reaches the whole group of every child") {
  agent_children children("/bin/sh", {"-c", "trap 'exit 7' TERM; kill -STOP $$; exit 1"}, {});
  loop waiting;
  std::vector<child_end> ends;
  waiting.on_signal({SIGCHLD}, [&](int) {
    // The first SIGCHLD says that the trap is set and the child stopped; then TERM, and go on.
    children.signal_all(SIGTERM);
    children.signal_all(SIGCONT);
    for (const auto& e : children.reap()) ends.push_back(e);
    if (children.running() == 0) waiting.stop();
  });
  REQUIRE(children.start());
  waiting.run();
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].exit_code == 7);
}

TEST_CASE("agent_children: nothing is left behind when its owner goes") {
  pid_t pid = 0;
  {
    agent_children children("/bin/sh", {"-c", "exec sleep 1000"}, {});
    REQUIRE(children.start());
    pid = children.pids().at(0);
    CHECK(kill(pid, 0) == 0);
  }
  CHECK(kill(pid, 0) != 0);
}
