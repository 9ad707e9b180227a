// One agent, one scripted server, one folder: what every test of the loop begins with.
#pragma once

#include "controller/agent/agent_loop.hpp"
#include "tests/agent/fake_server.hpp"
#include "tests/agent/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

namespace sweepd::agent::test {

/// One agent, one server, one folder; `sh -c SCRIPT` as the sweep's command.
struct bench {
  temp_dir dir;
  asio::io_context io;
  fake_server server{io};
  std::vector<std::string> lines;
  console out{[this](std::string_view text) { lines.emplace_back(text); }};
  settings conf;
  std::shared_ptr<agent_loop> loop;
  std::optional<int> code;

  bench() {
    ::signal(SIGPIPE, SIG_IGN);
    conf.sweep = "sweep1";
    conf.name = "tester";
    conf.host = "here";
    conf.workdir = dir.path();
    conf.time.batch = milliseconds{20};
    conf.time.retry_first = milliseconds{10};
    conf.time.retry_most = milliseconds{40};
    conf.time.idle_claim = milliseconds{20};
    conf.time.claim_wait = milliseconds{200};
  }
  ~bench() { CHECK(server.vanished.empty()); }

  void script(const std::string& text, int runs = 1) {
    server.command.clear();
    for (const std::string word : {"/bin/sh", "-c"}) server.command.emplace_back(word);
    server.command.emplace_back(text);
    server.command.emplace_back("program");
    server.command.emplace_back("${args}");
    for (int i = 0; i < runs; ++i) {
      bj::object value;
      value["value"] = i + 1;
      bj::object config;
      config["n"] = value;
      server.configs.push_back(config);
    }
  }

  void start() {
    conf.url = server.url();
    loop = std::make_shared<agent_loop>(io.get_executor(), conf, out);
    asio::co_spawn(io, loop->run(), [this](const std::exception_ptr& e, int result) {
      CHECK_FALSE(e);
      code = result;
    });
  }

  /// Runs everything until `what` is true; five minutes are a failure, not a delay.
  void until(const std::function<bool()>& what, const char* name) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (!what() && std::chrono::steady_clock::now() < limit) io.run_one_for(std::chrono::seconds(1));
    if (what()) return;
    for (const auto& line : lines) MESSAGE(line);
    FAIL("never came: ", name);
  }

  int finish() {
    until([this] { return code.has_value(); }, "the agent's end");
    return *code;
  }
  int run() {
    start();
    return finish();
  }

  [[nodiscard]] bool said(const std::string& what) const {
    for (const auto& line : lines)
      if (line.find(what) != std::string::npos) return true;
    return false;
  }
};

/// A named pipe that lets a program go on when the test says so.
class gate {
 public:
  explicit gate(const std::filesystem::path& path) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    fd_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(fd_ >= 0);
  }
  ~gate() { ::close(fd_); }
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;
  void open_once() { REQUIRE(::write(fd_, "go\n", 3) == 3); }

 private:
  int fd_ = -1;
};

/// The evidence that came with a run's final record, as text.
inline std::string evidence_of(const fake_run& r) {
  REQUIRE(r.finish);
  const auto* why = r.finish->if_contains("evidence");
  return why == nullptr ? "" : bj::serialize(*why);
}

}  // namespace sweepd::agent::test
