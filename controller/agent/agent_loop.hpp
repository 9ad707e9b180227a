// The agent: joins a sweep, claims runs one at a time, keeps up to -j of them going, beats, obeys, leaves.
//
// A run is listed in the heartbeat from before its program starts until the server has its final record:
// a run that vanishes from the list without one is taken for dead. Before the first claim, what earlier
// agents left in the working folder is delivered. The server may be away at any time for any length.
// Thread rule: one executor, on the thread that runs it (programs die with that thread).
#pragma once

#include "controller/agent/run_session.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sweepd::agent {

class agent_loop : public std::enable_shared_from_this<agent_loop> {
 public:
  agent_loop(asio::any_io_executor io, settings conf, console& out);

  /// Everything, from joining to leaving. The exit code: 0 (the sweep is over, --count reached, or told
  /// to leave by SIGTERM and all delivered), 130 after SIGINT, 69 when something stayed undelivered,
  /// otherwise that of the error that ended it.
  asio::awaitable<int> run();

  /// SIGTERM or SIGINT. First: no new runs, programs get --grace to end by themselves (under Slurm or
  /// --preemptible SIGTERM means preemption: they are told so at once). Second: TERM now. Third: KILL.
  void on_signal(int signal);

 private:
  asio::awaitable<void> work(std::shared_ptr<agent_loop> self);
  asio::awaitable<void> deliver_leftovers();
  asio::awaitable<bool> join();
  asio::awaitable<bool> rejoin();
  asio::awaitable<void> claim_loop();
  asio::awaitable<void> wait_for_hand_out(claim_answer answer, milliseconds took);
  asio::awaitable<void> beat_loop(std::shared_ptr<agent_loop> self);
  asio::awaitable<void> leave();
  void obey(const beat_answer& answer);
  void take(const handout& h);
  void launch(std::shared_ptr<run_session> session, asio::awaitable<void> work, bool leftover);
  void ended(const std::shared_ptr<run_session>& session, bool leftover);
  void first_signal(int signal);
  void say_joined();
  void show_command(const handout& h, const spool& s);
  void give_up(const error& e);
  void finish(std::string why);
  [[nodiscard]] bool over() const;
  [[nodiscard]] std::size_t slots_used() const;
  [[nodiscard]] std::vector<std::string> listed(bool ours_only) const;
  [[nodiscard]] std::string summary() const;

  asio::any_io_executor io_;
  settings conf_;
  console& out_;
  link_watch link_;
  session_env env_;
  server_api control_;   ///< join, claim
  server_api beat_api_;  ///< heartbeat, leave
  wake_event main_wake_;
  wake_event work_wake_;
  wake_event beat_wake_;
  asio::steady_timer patience_;
  std::string agent_id_;
  bool rejoin_wanted_ = false;
  std::vector<std::shared_ptr<run_session>> sessions_;
  std::vector<std::shared_ptr<run_session>> leftovers_;  ///< of sessions_, until their end is delivered
  std::uint64_t taken_ = 0;
  bool command_shown_ = false;
  std::string over_why_;     ///< no new runs any more, and why; empty: goes on
  bool work_done_ = false;
  bool beating_ = false;
  int signals_ = 0;
  std::string signal_name_;
  int exit_code_ = 0;
  std::string last_wait_;
  std::map<std::string, std::uint64_t> tally_;  ///< by final state
  std::uint64_t undelivered_ = 0;
};

}  // namespace sweepd::agent
