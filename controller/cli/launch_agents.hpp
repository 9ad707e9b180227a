// The agent processes that `launch --agents N` starts: spawned from this same binary, in process
// groups of their own, told when we are told to stop, gone when we die.
#pragma once

#include "controller/base/result.hpp"

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace sweepd::cli {

/// How a child ended.
struct child_end {
  pid_t pid = 0;
  int number = 0;     ///< which agent, from 1
  int exit_code = 0;  ///< when `signal` is 0
  int signal = 0;
};

class agent_children {
 public:
  /// `program` is run with `args`; `env` is added to the environment.
  agent_children(std::string program, std::vector<std::string> args,
                 std::map<std::string, std::string> env);
  /// Kills what is still there, so that nothing is left behind on an error path.
  ~agent_children();
  agent_children(const agent_children&) = delete;
  agent_children& operator=(const agent_children&) = delete;

  /// Starts one more. Errors: internal (no process could be made).
  result<void> start();
  /// Sends a signal to each child's group.
  void signal_all(int number);
  /// Those that have ended since the last call; never waits.
  std::vector<child_end> reap();
  [[nodiscard]] std::size_t running() const { return pids_.size(); }
  [[nodiscard]] std::vector<pid_t> pids() const;

 private:
  std::string program_;
  std::vector<std::string> args_;
  std::vector<std::string> env_;
  std::map<pid_t, int> pids_;
  int started_ = 0;
};

}  // namespace sweepd::cli
