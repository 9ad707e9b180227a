#include "controller/agent/spawn.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace sweepd::agent {
namespace {

/// Where execve would look: the program itself when it has a slash, else each folder of PATH.
std::vector<std::string> exec_candidates(const std::string& program, const std::string& path) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at <= path.size()) {
    const auto colon = std::min(path.find(':', at), path.size());
    const auto folder = path.substr(at, colon - at);
    out.push_back(folder.empty() ? "./" + program : folder + "/" + program);
    at = colon + 1;
  }
  return out;
}

std::string path_of(const std::vector<std::string>& env) {
  for (const auto& entry : env)
    if (entry.starts_with("PATH=")) return entry.substr(5);
  return "/usr/local/bin:/usr/bin:/bin";
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& t : texts) out.push_back(const_cast<char*>(t.c_str()));
  out.push_back(nullptr);
  return out;
}

/// What the child writes into the error pipe when it cannot become the program.
struct failure {
  int step = 0;  ///< index into step_names
  int error = 0;
};
constexpr std::array step_names{"cannot prepare the process", "cannot enter the working folder",
                                "cannot run"};

/// All that the child needs, as plain pointers and numbers.
struct plan {
  char* const* argv;
  char* const* env;
  char* const* candidates;
  const char* cwd;
  int in, out, report;
  pid_t parent;
  bool die_with_parent;
};

[[noreturn]] void give_up(const plan& p, int step) {
  const failure f{step, errno};
  [[maybe_unused]] const auto n = ::write(p.report, &f, sizeof f);
  ::_exit(127);
}

/// In the child, with all signals blocked. Async-signal-safe calls only.
[[noreturn]] void become_program(const plan& p) {
  for (int s = 1; s < NSIG; ++s) ::signal(s, SIG_DFL);
  if (::setpgid(0, 0) != 0) give_up(p, 0);
  if (p.die_with_parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) give_up(p, 0);
    if (::getppid() != p.parent) ::_exit(127);  // the agent died in between
  }
  if (::dup2(p.in, 0) < 0 || ::dup2(p.out, 1) < 0 || ::dup2(p.out, 2) < 0) give_up(p, 0);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (p.cwd != nullptr && ::chdir(p.cwd) != 0) give_up(p, 1);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int kept = ENOENT;
  for (char* const* candidate = p.candidates; *candidate != nullptr; ++candidate) {
    ::execve(*candidate, p.argv, p.env);
    // As a shell does: "not executable" is worth more than "not there" when the search goes on.
    if (errno != ENOENT && errno != ENOTDIR) kept = errno;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
  }
  errno = kept;
  give_up(p, 2);
}

/// A descriptor that closes itself.
class owned_fd {
 public:
  explicit owned_fd(int fd = -1) : fd_(fd) {}
  ~owned_fd() { reset(); }
  owned_fd(const owned_fd&) = delete;
  owned_fd& operator=(const owned_fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

result<void> make_pipe(owned_fd& reading, owned_fd& writing) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(errc::unavailable, std::string("no pipe: ") + std::strerror(errno));
  reading.reset(ends[0]);
  writing.reset(ends[1]);
  return {};
}

error describe(const failure& f, const spawn_spec& spec) {
  const auto what = f.step == 1 ? spec.cwd : spec.argv.front();
  auto text = std::string(step_names[static_cast<std::size_t>(f.step)]) + " " + what + ": " +
              std::strerror(f.error);
  if (f.error == ENOEXEC) text += " (a script needs a #! line: no shell is used)";
  if (f.error == ENOENT && f.step == 2) text += " (looked in " + path_of(spec.env) + ")";
  const auto code = f.error == ENOENT || f.error == ENOTDIR ? errc::not_found
                    : f.error == EACCES                      ? errc::forbidden
                                                             : errc::invalid;
  return error{code, text, {}};
}

}  // namespace

result<spawned> spawn(const spawn_spec& spec) {
  owned_fd out_read;
  owned_fd out_write;
  owned_fd report_read;
  owned_fd report_write;
  if (spec.output_fd < 0) {
    if (auto made = make_pipe(out_read, out_write); !made) return tl::unexpected<error>(made.error());
  }
  if (auto made = make_pipe(report_read, report_write); !made)
    return tl::unexpected<error>(made.error());
  const owned_fd in(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto candidate_texts = exec_candidates(spec.argv.front(), path_of(spec.env));
  const auto argv = pointers(spec.argv);
  const auto env = pointers(spec.env);
  const auto candidates = pointers(candidate_texts);
  const plan p{argv.data(), env.data(), candidates.data(),
               spec.cwd.empty() ? nullptr : spec.cwd.c_str(), in.get(),
               spec.output_fd >= 0 ? spec.output_fd : out_write.get(), report_write.get(), ::getpid(),
               spec.die_with_parent};

  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
  const pid_t pid = ::fork();
  if (pid == 0) become_program(p);
  const int fork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0)
    return fail(errc::unavailable, std::string("cannot fork: ") + std::strerror(fork_error));
  ::setpgid(pid, pid);  // also here: whoever comes first, the group exists when we go on

  report_write.reset();
  failure f;
  ssize_t n = 0;
  do {
    n = ::read(report_read.get(), &f, sizeof f);
  } while (n < 0 && errno == EINTR);
  if (n == static_cast<ssize_t>(sizeof f)) {
    ::waitpid(pid, nullptr, 0);
    return tl::unexpected<error>(describe(f, spec));
  }
  spawned made;
  made.pid = pid;
  made.output_fd = out_read.release();
  return made;
}

}  // namespace sweepd::agent
