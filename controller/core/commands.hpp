// What may be asked of the core, and what it answers. Plain structs; decide() takes them one by one.
//
// Ids are drawn by the shell and come in (`fresh_*`), so the core needs no random device. Every
// command is idempotent in the way its comment says.
#pragma once

#include "controller/core/events.hpp"

#include <string>
#include <variant>
#include <vector>

namespace sweepd::core {

namespace cmd {

struct create_sweep {
  sweep_id fresh_id;
  std::string project;
  sweep_spec spec;
  std::optional<crash_policy> policy;  ///< none: the server-wide default
};

enum class sweep_verb { pause, resume, stop, cancel };
BOOST_DESCRIBE_ENUM(sweep_verb, pause, resume, stop, cancel)
/// W&B's verbs: pause = no new runs; resume; stop = no new runs, finish when the live ones end;
/// cancel = kill the live ones too. Repeating one is a no-op. To resume a sweep that stopped at its
/// metric.target lets go of the target.
struct move_sweep {
  sweep_id sweep;
  sweep_verb verb = sweep_verb::pause;
  std::string reason;
};

struct tune_sweep {
  sweep_id sweep;
  std::optional<std::int64_t> max_concurrent_runs;
  std::optional<std::int64_t> run_cap;
  std::string reason;
};

struct set_policy {
  sweep_id sweep;
  crash_policy policy;
  std::string yaml;
  std::string reason;
  std::string if_hash;  ///< non-empty: only if the current policy still has this hash
};

struct join_agent {
  agent_id fresh_id;
  sweep_id sweep;
  std::string name;
  std::string host;
  std::int64_t pid = 0;
};

/// The agent ends in good order: runs that it had and did not finish are taken as gone.
struct leave_agent {
  agent_id agent;
  std::string reason;
};

struct release_agent {
  agent_id agent;
  std::string reason;
};

/// Asks for the next run. The same request_id gives the same run again. `knows`: the runs the agent
/// has; a pending run of its that is not among them was lost on the way and is offered again.
struct claim {
  sweep_id sweep;
  agent_id agent;
  std::string request_id;
  std::vector<run_id> knows;
  run_id fresh_run;
};

/// Strategy output, prepared ahead. Positions must follow the sweep's next_position; others are
/// dropped. `replace`: in place of what is ready, instead of behind it.
struct add_suggestions {
  sweep_id sweep;
  std::vector<strategies::suggestion> suggestions;
  bool exhausted = false;
  bool replace = false;
};

/// Configurations from outside (method custom, or to try known ones first), each a new trial that
/// waits to be handed out, in this order. `end`: there will be no more; the sweep ends when they
/// are done. A sweep whose strategy counts positions (grid) takes none.
struct push_trials {
  sweep_id sweep;
  std::vector<boost::json::object> configs;  ///< W&B's shape: {"lr": {"value": 0.1}}
  bool end = false;
};

/// The process has started (W&B: init). Repeating it with the same epoch is a no-op.
struct start_run {
  run_id run;
  std::uint32_t epoch = 1;
  std::string host;
  std::int64_t pid = 0;
};

/// The run stream's sign of life, with data or without. Offsets make a resend harmless: what lies
/// before the stored length is skipped, a gap is a conflict that names the expected offset.
struct report_run {
  run_id run;
  std::uint32_t epoch = 1;
  std::uint64_t history_offset = 0;
  std::vector<std::string> history;  ///< one JSON object a line
  std::uint64_t log_offset = 0;
  std::string log;
  boost::json::object summary;       ///< merged into the run's summary, top level
};

/// How the process ended. exit_code and signal exclude each other; none of both: the agent only knows
/// that it is gone. Repeating it is a no-op.
struct finish_run {
  run_id run;
  std::uint32_t epoch = 1;
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::vector<evidence> why;  ///< the scheduler's words, oom counters, ...
};

struct mark_preempting {
  run_id run;
  std::uint32_t epoch = 1;
};

/// The agent's heartbeat with the runs whose process is alive.
struct beat_agent {
  agent_id agent;
  std::vector<run_id> alive;
};

/// Operator actions on one run. delete: hidden at once, its data gone after undo_window; until then undo
/// restores it. Its trial is not run again by that: requeue it first.
enum class run_verb { mark_failed, stop, requeue, infeasible, undo, delete_ };
BOOST_DESCRIBE_ENUM(run_verb, mark_failed, stop, requeue, infeasible, undo, delete_)
struct act_on_run {
  run_id run;
  run_verb verb = run_verb::mark_failed;
  std::string reason;
  bool force = false;  ///< mark_failed on a live run
};

/// We have not served for a while: sent first after a start, and after a late tick or a suspend.
struct note_outage {
  std::string what;
  milliseconds gap{0};
};

struct create_key {
  api_key key;
};
struct revoke_key {
  key_id key;
  std::string reason;
};

}  // namespace cmd

using command =
    std::variant<cmd::create_sweep, cmd::move_sweep, cmd::tune_sweep, cmd::set_policy,
                 cmd::join_agent, cmd::leave_agent, cmd::release_agent, cmd::claim,
                 cmd::add_suggestions, cmd::push_trials, cmd::start_run, cmd::report_run, cmd::finish_run,
                 cmd::mark_preempting, cmd::beat_agent, cmd::act_on_run, cmd::note_outage,
                 cmd::create_key, cmd::revoke_key>;

namespace answer {

struct done {
  static constexpr const char* name = "done";
  static constexpr bool has_defaults = true;
  std::string id;       ///< of what was created or changed
  std::string message;  ///< what happened, for people
  bool changed = true;  ///< false: it was so already
};
BOOST_DESCRIBE_STRUCT(done, (), (id, message, changed))

/// A run to execute.
struct handout {
  static constexpr const char* name = "handout";
  run_id run;
  std::uint64_t trial = 0;
  int attempt = 1;
  std::uint32_t epoch = 1;
  std::string config;  ///< JSON text
};
BOOST_DESCRIBE_STRUCT(handout, (), (run, trial, attempt, epoch, config))

/// Nothing to hand out now, and why; `retry_in`: when it may change by itself (none: unknown).
struct wait {
  static constexpr const char* name = "wait";
  std::string code;    ///< paused, breaker, quarantined, slots, run_cap, backoff, preparing, draining
  std::string reason;
  std::optional<milliseconds> retry_in;
};
BOOST_DESCRIBE_STRUCT(wait, (), (code, reason, retry_in))

/// The sweep will hand out no more.
struct over {
  static constexpr const char* name = "over";
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(over, (), (reason))

/// To a write by a run or its agent.
struct run_told {
  static constexpr const char* name = "run_told";
  run_state state = run_state::running;
  bool stop = false;              ///< end the process
  std::uint64_t history_lines = 0;  ///< stored so far: the next offsets
  std::uint64_t log_bytes = 0;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(run_told, (), (state, stop, history_lines, log_bytes, reason))

/// To an agent's heartbeat: runs to stop, and whether the sweep is over.
struct agent_told {
  static constexpr const char* name = "agent_told";
  std::vector<run_id> stop;
  bool exit = false;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(agent_told, (), (stop, exit, reason))

}  // namespace answer

using answer_to = std::variant<answer::done, answer::handout, answer::wait, answer::over,
                               answer::run_told, answer::agent_told>;

/// Data of a run that changes no state: stored in the same transaction, not in the event table.
struct run_data {
  run_id run;
  sweep_id sweep;
  std::uint64_t history_from = 0;    ///< line number of history[0], from 0
  std::vector<std::string> history;
  std::uint64_t log_from = 0;        ///< byte offset of log[0]
  std::string log;
  boost::json::object summary;       ///< changed keys
};

/// What a command or a tick led to. The events are already applied to the state, in this order, and
/// the data already absorbed: the caller numbers them, makes them durable, and only then replies.
struct decision {
  std::vector<std::pair<actor, event>> events;
  std::vector<run_data> data;
  answer_to reply = answer::done{};
};

/// Checks the command against the state, and performs it: one step, all of it or (on error) none.
/// Never blocks, never fails half-way. `who` is the caller; consequences that a policy draws are
/// recorded under the policy's name.
/// Errors: not_found, conflict (stale epoch, wrong state), invalid; the state is unchanged then.
result<decision> decide(state& s, const command& c, const actor& who, moment now);

/// Fires what is due at `now`, and says when to call again. `limit` bounds the timers handled by one
/// call; when it is reached, `next` is now.
struct ticked {
  decision what;
  std::optional<mono> next;
};
ticked tick(state& s, moment now, std::size_t limit = 10'000);

}  // namespace sweepd::core
