#include "controller/agent/child_process.hpp"

#include "controller/agent/process_facts.hpp"
#include "controller/agent/spawn.hpp"
#include "controller/agent/waiting.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace sweepd::agent {
namespace {

using namespace std::chrono_literals;
using descriptor = asio::posix::stream_descriptor;

/// How long output may still come after the program itself has ended, while others hold the pipe.
constexpr milliseconds output_linger{2'000};
/// What the program left in its group gets from TERM to KILL.
constexpr milliseconds leftover_grace{5'000};
constexpr std::size_t pipe_read_bytes = 64 * 1024;
/// The pidfd is also looked at directly this often: a wake-up that is lost must not lose a run.
constexpr milliseconds look_every{1'000};

/// True when it became readable within `limit`.
asio::awaitable<bool> readable_within(descriptor& d, milliseconds limit) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(d.get_executor(), limit);
  const auto first = co_await (d.async_wait(descriptor::wait_read, asio::as_tuple(asio::use_awaitable)) ||
                               timer.async_wait(asio::as_tuple(asio::use_awaitable)));
  co_return first.index() == 0;
}

milliseconds to_ms(const timeval& t) {
  return milliseconds{t.tv_sec * 1000 + t.tv_usec / 1000};
}

}  // namespace

child_process::child_process(asio::any_io_executor io, pid_t pid, int pidfd, bool ours)
    : io_(io), pid_(pid), ours_(ours), pidfd_(io, pidfd), output_(io), output_ended_(io),
      kill_at_(io), started_(steady_now()) {
  output_ended_.expires_at(asio::steady_timer::time_point::max());
}

child_process::~child_process() {
  if (ours_ && !reaped_) {  // nobody waited: leave no zombie and nothing unwatched
    signal_group(SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
  }
}

result<std::shared_ptr<child_process>> child_process::start(asio::any_io_executor io,
                                                            const spawn_spec& spec,
                                                            output_sink sink) {
  SWEEPD_TRY(const auto made, spawn(spec));
  const int pidfd = open_pidfd(made.pid);
  if (pidfd < 0) {
    ::kill(-made.pid, SIGKILL);
    ::waitpid(made.pid, nullptr, 0);
    if (made.output_fd >= 0) ::close(made.output_fd);
    return fail(errc::unavailable, "pidfd_open failed: no descriptor left, or a kernel before 5.3");
  }
  std::shared_ptr<child_process> child(new child_process(io, made.pid, pidfd, true));
  if (made.output_fd >= 0) {
    child->output_.assign(made.output_fd);
    child->output_open_ = true;
    asio::co_spawn(io, child->pump(child, std::move(sink)), asio::detached);
  }
  return child;
}

result<std::shared_ptr<child_process>> child_process::adopt(asio::any_io_executor io, pid_t pid,
                                                            std::uint64_t start_ticks) {
  const int pidfd = open_pidfd(pid);
  // The pidfd is taken first: if the start time then matches, it is the process we mean.
  if (pidfd < 0 || process_start_ticks(pid) != start_ticks) {
    if (pidfd >= 0) ::close(pidfd);
    return fail(errc::not_found, "process " + std::to_string(pid) + " is gone");
  }
  return std::shared_ptr<child_process>(new child_process(io, pid, pidfd, false));
}

asio::awaitable<void> child_process::pump(std::shared_ptr<child_process> self, output_sink sink) {
  std::vector<char> buffer(pipe_read_bytes);
  for (;;) {
    auto [ec, n] = co_await output_.async_read_some(asio::buffer(buffer),
                                                    asio::as_tuple(asio::use_awaitable));
    // Whatever fails here, the pipe is read on: a program must never wait for us.
    try {
      if (n > 0) sink(std::string_view(buffer.data(), n));
    } catch (const std::exception& e) {
      if (output_lost_.empty()) output_lost_ = e.what();
    }
    if (ec) break;
  }
  self->output_open_ = false;
  self->output_ended_.cancel();
}

asio::awaitable<void> child_process::drain(milliseconds limit) {
  if (!output_open_) co_return;
  output_ended_.expires_after(limit);
  co_await output_ended_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<std::size_t> child_process::end_leftovers() {
  auto members = living_group_members(pid_, pid_);
  const auto count = members.size();
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (members.empty()) break;
    std::vector<descriptor> watched;
    for (const auto pid : members)
      if (const int fd = open_pidfd(pid); fd >= 0) watched.emplace_back(io_, fd);
    signal_group(signal);
    if (signal == SIGTERM) signal_group(SIGCONT);
    const auto until = steady_now() + leftover_grace;
    for (auto& one : watched) {
      const auto left = std::chrono::ceil<milliseconds>(until - steady_now());
      if (!co_await readable_within(one, std::max(left, milliseconds{0}))) break;
    }
    members = living_group_members(pid_, pid_);
  }
  co_return count;
}

asio::awaitable<exit_status> child_process::wait() {
  const auto self = shared_from_this();
  pollfd look{pidfd_.native_handle(), POLLIN, 0};
  while (::poll(&look, 1, 0) == 0) co_await readable_within(pidfd_, look_every);
  exited_ = true;
  exit_status out;
  if (ours_) out.wall = std::chrono::duration_cast<milliseconds>(steady_now() - started_);
  // The zombie is kept until its group is dealt with: as long as it is there, the group's number
  // cannot be given to anyone else, so a signal to the group cannot hit a stranger.
  if (!living_group_members(pid_, pid_).empty()) {
    co_await drain(output_linger);
    out.left_behind = co_await end_leftovers();
  }
  co_await drain(output_linger);
  out.output_lost = output_lost_;
  boost::system::error_code ignored;
  output_.close(ignored);
  reap(out);
  kill_at_.cancel();
  co_return out;
}

void child_process::reap(exit_status& out) {
  if (!ours_) {
    reaped_ = true;
    return;
  }
  siginfo_t info{};
  rusage usage{};
  // The system call, because the C library's waitid() has no place for the resource usage.
  const auto done = ::syscall(SYS_waitid, P_PIDFD, static_cast<id_t>(pidfd_.native_handle()), &info,
                              WEXITED | WNOHANG, &usage);
  reaped_ = true;
  if (done != 0 || info.si_pid == 0) return;
  if (info.si_code == CLD_EXITED) {
    out.exit_code = info.si_status;
  } else {
    out.signal = info.si_status;
    out.core_dumped = info.si_code == CLD_DUMPED;
  }
  out.max_rss_kib = static_cast<std::uint64_t>(usage.ru_maxrss);
  out.cpu_user = to_ms(usage.ru_utime);
  out.cpu_system = to_ms(usage.ru_stime);
}

void child_process::signal_group(int signal) {
  if (reaped_) return;
  // Only our own zombie reserves the group's number; an adopted one's may be a stranger's by now.
  if (!ours_ && exited_ && living_group_members(pid_, pid_).empty()) return;
  ::kill(-pid_, signal);
}

void child_process::stop(milliseconds grace) {
  if (reaped_) return;
  signal_group(SIGTERM);
  signal_group(SIGCONT);  // a stopped process takes TERM only when it goes on
  const auto at = steady_now() + grace;
  if (kill_armed_ && kill_at_.expiry() <= at) return;
  kill_armed_ = true;
  kill_at_.expires_at(at);
  kill_at_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
    if (ec) return;
    if (const auto self = weak.lock()) self->kill();
  });
}

void child_process::kill() { signal_group(SIGKILL); }

}  // namespace sweepd::agent
