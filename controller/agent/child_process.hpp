// One training program: started without a shell in a process group of its own, its stdout and stderr
// read as one stream, its end seen through a pidfd, its whole group stopped by TERM, then KILL.
//
// By default the kernel sends the program SIGTERM when the agent dies (PR_SET_PDEATHSIG), so that
// nothing unwatched burns a machine; the signal follows the thread that forked, so start() must be
// called on the process's main thread. Grandchildren that leave the group (setsid) are not followed.
// Thread rule: everything on the one executor it was started with. It does not judge an exit.
#pragma once

#include "controller/base/duration.hpp"
#include "controller/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace sweepd::agent {

namespace asio = boost::asio;

struct spawn_spec {
  std::vector<std::string> argv;
  std::vector<std::string> env;  ///< NAME=value, complete: nothing is inherited
  std::string cwd;               ///< empty: ours
  int output_fd = -1;            ///< >= 0: stdout and stderr go there, and nothing is read
  bool die_with_parent = true;   ///< SIGTERM to the program when the agent dies
};

/// How it ended. Neither code nor signal: it was not our child, we only know that it is gone.
struct exit_status {
  std::optional<int> exit_code;
  std::optional<int> signal;
  bool core_dumped = false;
  std::uint64_t max_rss_kib = 0;      ///< largest resident size of the program or a child it waited for
  milliseconds cpu_user{0};
  milliseconds cpu_system{0};
  std::size_t left_behind = 0;        ///< members of its group that outlived it and were ended
  std::optional<milliseconds> wall;   ///< none for a process that was adopted
  std::string output_lost;            ///< why output did not reach the sink; empty: all of it did
};

class child_process : public std::enable_shared_from_this<child_process> {
 public:
  using output_sink = std::function<void(std::string_view)>;

  /// Starts the program; `sink` gets its output as it comes. Errors: not_found (no such program),
  /// forbidden (not executable), invalid (anything else exec refuses), unavailable (no process or
  /// descriptor left).
  static result<std::shared_ptr<child_process>> start(asio::any_io_executor io,
                                                      const spawn_spec& spec, output_sink sink);
  /// Watches a process that an earlier agent started (and its group). Errors: not_found when it is gone.
  static result<std::shared_ptr<child_process>> adopt(asio::any_io_executor io, pid_t pid,
                                                      std::uint64_t start_ticks);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running() const { return !exited_; }

  /// Waits for the end of the program, of its output, and of what it left in its group. Call once.
  asio::awaitable<exit_status> wait();

  /// TERM to the group now (and CONT, for a stopped one), KILL after `grace`. Again: the shorter wins.
  void stop(milliseconds grace);
  void kill();  ///< KILL to the group now

 private:
  child_process(asio::any_io_executor io, pid_t pid, int pidfd, bool ours);
  void signal_group(int signal);
  void reap(exit_status& out);
  asio::awaitable<void> pump(std::shared_ptr<child_process> self, output_sink sink);
  asio::awaitable<void> drain(milliseconds limit);
  asio::awaitable<std::size_t> end_leftovers();

  asio::any_io_executor io_;
  pid_t pid_;
  bool ours_;
  bool exited_ = false;
  bool reaped_ = false;
  bool output_open_ = false;
  std::string output_lost_;
  asio::posix::stream_descriptor pidfd_;
  asio::posix::stream_descriptor output_;
  asio::steady_timer output_ended_;
  asio::steady_timer kill_at_;
  bool kill_armed_ = false;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace sweepd::agent
