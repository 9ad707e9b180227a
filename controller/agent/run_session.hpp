// One run from its hand-out to its last acknowledged word: starts the program, ships what it says, obeys
// stop orders, makes the final record, sends the files. What it cannot deliver stays in the spool.
//
// Order of the writes: start, [preempting], reports, finish, files; each is repeated until the server has
// taken it, and while the server is away the program simply goes on. The server judges; here are facts.
// Thread rule: one executor. The agent's loop owns the sessions and asks them what to list as alive.
#pragma once

#include "controller/agent/child_process.hpp"
#include "controller/agent/console.hpp"
#include "controller/agent/process_facts.hpp"
#include "controller/agent/run_inputs.hpp"
#include "controller/agent/server_api.hpp"
#include "controller/agent/settings.hpp"
#include "controller/agent/shipper.hpp"
#include "controller/agent/spool.hpp"
#include "controller/agent/waiting.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace sweepd::agent {

/// What all sessions of one agent share. Outlives them.
struct session_env {
  asio::any_io_executor io;
  const settings& conf;
  console& out;
  link_watch& link;
  joined sweep;                                   ///< as of the last join
  std::optional<std::filesystem::path> job_log;   ///< the Slurm job's, if known
  std::size_t programs = 0;                       ///< running now
};

class run_session : public std::enable_shared_from_this<run_session> {
 public:
  /// `agent`: the id under which the run was handed out; empty for what an earlier agent left.
  run_session(session_env& env, spool s, std::string agent);

  /// Starts the program and stays until everything is delivered or given up.
  asio::awaitable<void> execute(handout h);
  /// The same for a spool that an earlier agent left.
  asio::awaitable<void> deliver_leftover();

  /// TERM, `grace`, KILL. `why` becomes evidence and is told once.
  void stop(milliseconds grace, const std::string& why);
  /// The scheduler takes the machine: tells the server before the final record, and stops the program.
  void preempt(milliseconds grace, const std::string& why);
  void kill();
  /// The agent is leaving: what cannot be delivered within `limit` of the program's end stays on disk.
  void leaving(milliseconds limit);

  /// To be listed in the heartbeat and in `knows`: until the server has the final record.
  [[nodiscard]] bool listed() const;
  /// The program is alive.
  [[nodiscard]] bool running() const { return child_ && child_->running(); }
  /// The final record is still to be delivered (and may yet be).
  [[nodiscard]] bool owes_finish() const;
  [[nodiscard]] const std::string& agent() const { return agent_; }
  [[nodiscard]] const spool_record& record() const { return spool_.record; }
  [[nodiscard]] std::filesystem::path dir() const { return spool_.dir(); }

 private:
  enum class step { start, preempting, report, finish, idle, over };

  void begin(const handout& h);
  void not_started(const error& e, std::string_view source);
  void start_watch();
  asio::awaitable<void> watch(std::shared_ptr<run_session> self);
  asio::awaitable<void> await_scheduler();
  void note_end(const exit_status& status);
  void note_memory_kills(const exit_status& status);
  asio::awaitable<void> deliver();
  step next_step();
  asio::awaitable<result<told>> perform(step what);
  void absorb(step what, const told& answer);
  /// Says how long to wait before the next attempt; none: it is given up.
  std::optional<milliseconds> on_error(step what, const error& e);
  void lose(const std::string& why);
  bool out_of_time() const;
  asio::awaitable<void> send_files();
  asio::awaitable<bool> send_file(std::string name, std::filesystem::path path);
  void add_fact(std::string source, std::string text);
  void save();
  void say(const std::string& text);
  [[nodiscard]] std::string end_text() const;

  session_env& env_;
  spool spool_;
  std::string agent_;
  shipper shipper_;
  server_api api_;
  wake_event wake_;
  backoff backoff_;
  std::shared_ptr<child_process> child_;
  report report_;                 ///< of the step that is under way
  bool synced_ = true;            ///< the cursors are known to be right
  bool preempting_acked_ = false;
  bool kept_ = false;             ///< given up for now; the spool stays
  bool key_complained_ = false;
  bool shared_memory_ = false;    ///< other programs of ours ran at the same time
  bool disk_complained_ = false;
  bool evidence_dropped_ = false;
  std::string stopping_;          ///< why; empty: not told to stop
  steady_time last_report_{};
  steady_time started_{};
  steady_time ended_at_{};
  std::optional<milliseconds> run_time_;
  std::optional<milliseconds> leave_limit_;
  steady_time leave_from_{};
  std::optional<oom_counter> oom_before_;
  std::uint64_t job_log_from_ = 0;
};

}  // namespace sweepd::agent
