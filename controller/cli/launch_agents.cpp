#include "controller/cli/launch_agents.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace sweepd::cli {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& t : texts) out.push_back(const_cast<char*>(t.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Between fork and exec: system calls only, since other threads' locks are frozen here.
[[noreturn]] void become(const char* program, char* const* args, char* const* env, pid_t parent) {
  setpgid(0, 0);
  // An agent must not go on after its launcher was killed with SIGKILL; TERM lets it end its runs.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  if (null >= 0) dup2(null, STDIN_FILENO);
  // Our standard output is data (the sweep's id); what the agents say are messages.
  dup2(STDERR_FILENO, STDOUT_FILENO);
  execve(program, args, env);
  _exit(127);
}

}  // namespace

agent_children::agent_children(std::string program, std::vector<std::string> args,
                               std::map<std::string, std::string> env)
    : program_(std::move(program)), args_(std::move(args)) {
  args_.insert(args_.begin(), "sweepd");
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry(*e);
    if (!env.contains(entry.substr(0, entry.find('=')))) env_.push_back(entry);
  }
  for (const auto& [name, value] : env) env_.push_back(name + "=" + value);
}

agent_children::~agent_children() {
  signal_all(SIGKILL);
  for (const auto& [pid, number] : pids_)
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

result<void> agent_children::start() {
  const auto args = pointers(args_);
  const auto env = pointers(env_);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail(errc::internal, std::string("no process: ") + std::strerror(errno));
  if (pid == 0) become(program_.c_str(), args.data(), env.data(), parent);
  setpgid(pid, pid);  // both sides set it, so that a signal right now finds the group
  pids_[pid] = ++started_;
  return {};
}

void agent_children::signal_all(int number) {
  for (const auto& [pid, n] : pids_) kill(-pid, number);
}

std::vector<child_end> agent_children::reap() {
  std::vector<child_end> out;
  for (auto at = pids_.begin(); at != pids_.end();) {
    int status = 0;
    const pid_t got = waitpid(at->first, &status, WNOHANG);
    if (got != at->first) {
      ++at;
      continue;
    }
    out.push_back({at->first, at->second, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                   WIFSIGNALED(status) ? WTERMSIG(status) : 0});
    at = pids_.erase(at);
  }
  return out;
}

std::vector<pid_t> agent_children::pids() const {
  std::vector<pid_t> out;
  for (const auto& [pid, number] : pids_) out.push_back(pid);
  return out;
}

}  // namespace sweepd::cli
