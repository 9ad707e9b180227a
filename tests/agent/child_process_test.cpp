// Real programs: their output, their ends, their groups. Every wait is for an event of the process.
#include "controller/agent/child_process.hpp"
#include "controller/agent/process_facts.hpp"
#include "controller/agent/spawn.hpp"
#include "tests/agent/temp_dir.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <set>

using namespace sweepd;
using namespace sweepd::agent;
using sweepd::agent::test::slurp;
using sweepd::agent::test::spit;
using sweepd::agent::test::temp_dir;

namespace {

spawn_spec spec_of(std::vector<std::string> argv) {
  spawn_spec s;
  s.argv = std::move(argv);
  s.env = {"PATH=/usr/local/bin:/usr/bin:/bin"};
  return s;
}

spawn_spec shell(const std::string& script) { return spec_of({"/bin/sh", "-c", script}); }

struct ending {
  exit_status status;
  std::string output;
};

/// Runs a program to its end. `act` is called whenever output has come.
ending run(const spawn_spec& spec,
           const std::function<void(child_process&, const std::string&)>& act = {}) {
  asio::io_context io;
  ending out;
  std::weak_ptr<child_process> weak;
  auto child = child_process::start(io.get_executor(), spec, [&](std::string_view bytes) {
    out.output += bytes;
    const auto self = weak.lock();
    if (self && act) act(*self, out.output);
  });
  REQUIRE_MESSAGE(child, (child ? "" : child.error().message));
  weak = *child;
  bool done = false;
  asio::co_spawn(io, (*child)->wait(), [&](const std::exception_ptr& e, const exit_status& s) {
    REQUIRE(!e);
    out.status = s;
    done = true;
  });
  io.run_for(std::chrono::seconds(300));
  REQUIRE(done);
  return out;
}

bool alive(pid_t pid) {
  const int fd = open_pidfd(pid);
  if (fd < 0) return false;
  pollfd p{fd, POLLIN, 0};
  const bool gone = ::poll(&p, 1, 0) == 1;
  ::close(fd);
  return !gone;
}

/// Waits until a process that is not our child is gone.
bool gone_within(pid_t pid, int ms) {
  const int fd = open_pidfd(pid);
  if (fd < 0) return true;
  pollfd p{fd, POLLIN, 0};
  const bool gone = ::poll(&p, 1, ms) == 1;
  ::close(fd);
  return gone;
}

}  // namespace

TEST_CASE("child_process: exit codes come back as they were given") {
  for (const int code : {0, 1, 3, 42, 255}) {
    const auto end = run(shell("exit " + std::to_string(code)));
    CHECK(end.status.exit_code == code);
    CHECK_FALSE(end.status.signal);
  }
}

TEST_CASE("child_process: a death by signal is told as a signal") {
  for (const int signal : {SIGKILL, SIGTERM, SIGSEGV}) {
    const auto end = run(shell("kill -" + std::to_string(signal) + " $$"));
    CHECK(end.status.signal == signal);
    CHECK_FALSE(end.status.exit_code);
  }
}

TEST_CASE("child_process: stdout and stderr come as one stream, in order, with or without a newline") {
  CHECK(run(shell("echo a; echo b >&2; printf c")).output == "a\nb\nc");
  CHECK(run(shell("true")).output.empty());
  CHECK(run(shell("printf 'x\\000y\\377'")).output == std::string("x\0y\377", 4));
}

TEST_CASE("child_process: ten megabytes of output arrive whole") {
  const auto end = run(spec_of({"/usr/bin/env", "python3", "-c",
                                "import sys\nfor i in range(10*1024): sys.stdout.write('%1023d\\n' % i)"}));
  REQUIRE(end.output.size() == 10u * 1024 * 1024);
  CHECK(end.output.substr(1024 * 5000 + 1019, 4) == "5000");
  CHECK(end.output.ends_with("10239\n"));
  CHECK(end.status.exit_code == 0);
  CHECK(end.status.max_rss_kib > 1'000);
}

TEST_CASE("child_process: environment and working folder are exactly those that were given") {
  const temp_dir dir;
  auto spec = spec_of({"/bin/sh", "-c", "env | sort; pwd"});
  spec.env = {"A=b c", "PATH=/usr/bin:/bin", "Z=$(id)"};
  spec.cwd = dir.path().string();
  const auto out = run(spec).output;
  CHECK(out.find("A=b c\n") != std::string::npos);
  CHECK(out.find("Z=$(id)\n") != std::string::npos);
  CHECK(out.find("HOME=") == std::string::npos);
  CHECK(out.ends_with(dir.path().string() + "\n"));
}

TEST_CASE("child_process: words are handed over as they are, no shell looks at them") {
  const std::vector<std::string> words{"$(id)", ";", "a\nb", "--flag", "*", "`x`", "", "é"};
  auto argv = std::vector<std::string>{"/usr/bin/env", "python3", "-c",
                                       "import sys\nsys.stdout.write('|'.join(sys.argv[1:]))"};
  argv.insert(argv.end(), words.begin(), words.end());
  CHECK(run(spec_of(argv)).output == "$(id)|;|a\nb|--flag|*|`x`||é");
}

TEST_CASE("child_process: stdin is empty and no descriptor leaks into the program") {
  const int leak = ::fcntl(0, F_DUPFD, 77);  // without close-on-exec, on purpose
  REQUIRE(leak >= 77);
  const auto out = run(shell("cat; for f in /proc/self/fd/*; do echo ${f##*/}; done")).output;
  ::close(leak);
  CHECK(out.find(std::to_string(leak) + "\n") == std::string::npos);
  CHECK(out.starts_with("0\n1\n2\n"));
}

TEST_CASE("child_process: a program that is not there, or cannot be run, is an error with a reason") {
  asio::io_context io;
  const temp_dir dir;
  const auto start = [&](std::vector<std::string> argv) {
    auto spec = spec_of(std::move(argv));
    const auto child = child_process::start(io.get_executor(), spec, {});
    REQUIRE_FALSE(child);
    return child.error();
  };
  CHECK(start({"no-such-program-anywhere"}).code == errc::not_found);
  CHECK(start({"no-such-program-anywhere"}).message.find("looked in /usr/local/bin") != std::string::npos);
  CHECK(start({"/no/such/file"}).code == errc::not_found);
  const auto script = dir / "script";
  spit(script, "echo hi\n");
  CHECK(start({script.string()}).code == errc::forbidden);
  ::chmod(script.c_str(), 0755);
  CHECK(start({script.string()}).message.find("#! line") != std::string::npos);
  auto spec = shell("true");
  spec.cwd = "/no/such/folder";
  const auto child = child_process::start(io.get_executor(), spec, {});
  REQUIRE_FALSE(child);
  CHECK(child.error().message.find("/no/such/folder") != std::string::npos);
}

TEST_CASE("child_process: stop reaches grandchildren in the group") {
  pid_t grandchild = 0;
  const auto end = run(shell("sleep 1000 & echo $!; wait"), [&](child_process& c, const std::string& out) {
    if (!out.ends_with("\n")) return;
    grandchild = std::stoi(out);
    c.stop(std::chrono::seconds(30));
  });
  CHECK(end.status.signal == SIGTERM);
  REQUIRE(grandchild > 0);
  CHECK(gone_within(grandchild, 100'000));
}

TEST_CASE("child_process: who ignores TERM is killed after the grace, also when stopped") {
  const auto end = run(shell("trap '' TERM; echo ready; kill -STOP $$; while :; do read x; done"),
                       [&](child_process& c, const std::string&) { c.stop(milliseconds{50}); });
  CHECK(end.status.signal == SIGKILL);
}

TEST_CASE("child_process: a program may end well after TERM") {
  const auto end = run(shell("trap 'echo bye; exit 7' TERM; echo ready; sleep 1000 & wait"),
                       [&](child_process& c, const std::string& out) {
                         if (out == "ready\n") c.stop(std::chrono::seconds(30));
                       });
  CHECK(end.status.exit_code == 7);
  CHECK(end.output == "ready\nbye\n");
}

TEST_CASE("child_process: what a program leaves in its group is ended, its own exit code kept") {
  pid_t left = 0;
  const auto end = run(shell("sleep 1000 >/dev/null 2>&1 & echo $!; exit 5"),
                       [&](child_process&, const std::string& out) {
                         if (out.ends_with("\n")) left = std::stoi(out);
                       });
  CHECK(end.status.exit_code == 5);
  CHECK(end.status.left_behind == 1);
  REQUIRE(left > 0);
  CHECK(gone_within(left, 100'000));
}

TEST_CASE("child_process: output may go to a file, and nothing is read then") {
  const temp_dir dir;
  auto spec = shell("echo to the file; echo and more >&2");
  spec.output_fd = ::open((dir / "out").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const auto end = run(spec);
  ::close(spec.output_fd);
  CHECK(end.output.empty());
  CHECK(slurp(dir / "out") == "to the file\nand more\n");
}

TEST_CASE("child_process: a program dies with its agent unless it is to be kept") {
  for (const bool die : {true, false}) {
    CAPTURE(die);
    int pipe_ends[2];
    REQUIRE(::pipe2(pipe_ends, O_CLOEXEC) == 0);
    const pid_t agent = ::fork();
    if (agent == 0) {  // plays the agent: starts a program, tells its pid, waits to be killed
      auto spec = spec_of({"/bin/sleep", "1000"});
      spec.die_with_parent = die;
      const auto made = spawn(spec);
      const pid_t pid = made ? made->pid : -1;
      [[maybe_unused]] const auto n = ::write(pipe_ends[1], &pid, sizeof pid);
      for (;;) ::pause();
    }
    pid_t program = -1;
    REQUIRE(::read(pipe_ends[0], &program, sizeof program) == sizeof program);
    REQUIRE(program > 0);
    CHECK(alive(program));
    ::kill(agent, SIGKILL);
    ::waitpid(agent, nullptr, 0);
    if (die) {
      CHECK(gone_within(program, 100'000));
    } else {
      CHECK_FALSE(gone_within(program, 0));
      ::kill(program, SIGKILL);
    }
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
  }
}

TEST_CASE("child_process: a process of an earlier agent can be watched and stopped, its status unknown") {
  const auto orphan = spawn(spec_of({"/bin/sleep", "1000"}));
  REQUIRE(orphan);
  ::close(orphan->output_fd);
  asio::io_context io;
  const auto ticks = process_start_ticks(orphan->pid);
  REQUIRE(ticks);
  CHECK_FALSE(child_process::adopt(io.get_executor(), orphan->pid, *ticks + 1));
  const auto child = child_process::adopt(io.get_executor(), orphan->pid, *ticks);
  REQUIRE(child);
  (*child)->stop(std::chrono::seconds(30));
  std::optional<exit_status> end;
  asio::co_spawn(io, (*child)->wait(), [&](const std::exception_ptr&, const exit_status& s) { end = s; });
  io.run_for(std::chrono::seconds(300));
  REQUIRE(end);
  CHECK_FALSE(end->exit_code);
  CHECK_FALSE(end->signal);
  ::waitpid(orphan->pid, nullptr, 0);
}

TEST_CASE("child_process: of many short programs that come and go together, every end is seen") {
  // Others end all the time while the list of processes is read, which once lost the end of a run.
  constexpr int programs = 300;
  constexpr int at_once = 12;
  const auto churn = spawn(shell("while :; do (:); (:); (:); (:); done"));
  REQUIRE(churn);
  ::close(churn->output_fd);
  asio::io_context io;
  int started = 0;
  int wrong = 0;
  std::set<int> open;
  std::function<void()> next = [&] {
    if (started == programs) return;
    const int number = started++;
    open.insert(number);
    auto output = std::make_shared<std::string>();
    const auto script = "echo " + std::to_string(number) + "; exit " + std::to_string(number % 7);
    auto child = child_process::start(io.get_executor(), shell(script), [output](std::string_view bytes) {
      *output += bytes;
    });
    REQUIRE(child);
    auto waiting = (*child)->wait();
    asio::co_spawn(io, std::move(waiting), [&, number, output](const std::exception_ptr& e, const exit_status& s) {
      if (e || s.exit_code != number % 7 || *output != std::to_string(number) + "\n") ++wrong;
      open.erase(number);
      next();
    });
  };
  for (int i = 0; i < at_once; ++i) next();
  io.run_for(std::chrono::seconds(240));
  ::kill(-churn->pid, SIGKILL);
  ::waitpid(churn->pid, nullptr, 0);
  CHECK(started == programs);
  CHECK(open.empty());
  CHECK(wrong == 0);
}

TEST_CASE("process_facts: processes that end while they are looked at are no error") {
  const auto churn = spawn(shell("while :; do (:); (:); (:); (:); done"));
  REQUIRE(churn);
  ::close(churn->output_fd);
  for (int i = 0; i < 1'500; ++i) CHECK_NOTHROW(living_group_members(churn->pid, churn->pid));
  ::kill(-churn->pid, SIGKILL);
  ::waitpid(churn->pid, nullptr, 0);
}

TEST_CASE("process_facts: signals have names, limits have reasons, groups have members") {
  CHECK(signal_name(SIGKILL) == "SIGKILL");
  CHECK(signal_name(40) == "signal 40");
  CHECK(limit_note(SIGKILL).empty());
  CHECK(limit_note(SIGXCPU).find("RLIMIT_CPU") != std::string::npos);
  CHECK(process_start_ticks(::getpid()));
  CHECK_FALSE(process_start_ticks(0x7ffffff0));
  CHECK_FALSE(boot_id().empty());
}

TEST_CASE("process_facts: processes that end while they are looked at do no harm") {
  const auto churn = ::fork();
  REQUIRE(churn >= 0);
  if (churn == 0) {
    for (int i = 0; i < 3'000; ++i) {
      const auto pid = ::fork();
      if (pid == 0) ::_exit(0);
      ::waitpid(pid, nullptr, 0);
    }
    ::_exit(0);
  }
  std::size_t looks = 0;
  do {
    CHECK_NOTHROW(living_group_members(::getpgrp(), ::getpid()));
    ++looks;
  } while (::waitpid(churn, nullptr, WNOHANG) == 0);
  CHECK(looks > 1);
}

TEST_CASE("process_facts: a program over a limit is seen as such") {
  const temp_dir dir;
  auto spec = shell("ulimit -f 1; exec yes > big");
  spec.cwd = dir.path().string();
  const auto end = run(spec);
  CHECK(end.status.signal == SIGXFSZ);
  CHECK(limit_note(*end.status.signal).find("RLIMIT_FSIZE") != std::string::npos);
}

TEST_CASE("child: a sink that throws loses output, never the program") {
  const auto out = run(shell("yes sweep | head -c 400000; exit 3"), [](child_process&, const std::string&) {
    throw std::runtime_error("no room");
  });
  CHECK(out.status.exit_code == 3);  // it wrote more than a pipe holds, and ended
  CHECK(out.status.output_lost == "no room");
}
