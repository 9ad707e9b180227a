// What may be asked of the core, and what it answers. Plain structs; decide() takes them one by one.
//
// Ids are drawn by the shell and come in (`fresh_*`), so the core needs no random device. Every
// command is idempotent in the way its comment says.
#pragma once

#include "controller/core/artifact_commands.hpp"
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
  /// What was tried before, elsewhere: the search knows it, as trials that are over.
  struct prior {
    run_id run;
    std::optional<boost::json::object> config;  ///< W&B's shape; none: it says nothing of the sweep's space
    std::optional<double> value;       ///< of the sweep's metric
  };
  std::vector<prior> priors{};
};

enum class sweep_verb { pause, resume, stop, cancel };
BOOST_DESCRIBE_ENUM(sweep_verb, pause, resume, stop, cancel)
/// W&B's verbs: pause = no new runs; resume; stop = no new runs, finish when the live ones end;
/// cancel = kill the live ones too. Repeating one is a no-op. To resume a sweep that stopped at its
/// metric.target lets go of the target; to resume a finished one opens it again if anything is left
/// to hand out.
struct move_sweep {
  sweep_id sweep;
  sweep_verb verb = sweep_verb::pause;
  std::string reason;
};

/// What may be changed of a sweep without touching its file: its limits, and what people call it.
struct tune_sweep {
  sweep_id sweep;
  std::optional<std::int64_t> max_concurrent_runs;
  std::optional<std::int64_t> run_cap;
  std::string reason;
  std::optional<std::string> title{};
  std::optional<std::string> description{};
};

/// The sweep's file was changed: what is drawn from now on comes from the new one. The seed stays;
/// what the runs so far were judged by (method, metric, early_terminate, who searches) may change only
/// before the first one.
struct change_sweep {
  sweep_id sweep;
  sweep_spec spec;
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
  /// The id that each trial's first run will have, by place; missing or empty: any.
  std::vector<run_id> first_runs{};
  std::vector<std::string> notes{};  ///< JSON texts: each trial's search_info, by place
  /// One that is there already, with the same configuration and the same note, stands for it: answered is
  /// that one's number. So whoever names what he pushes may send it again.
  bool once = false;
};

/// A local controller's schedule as it is from now on, with the trials that are new in it.
struct write_controller {
  struct entry {
    std::string id;                            ///< the controller's own; known ones are not run again
    std::optional<boost::json::object> config; ///< none: the search is over
  };
  sweep_id sweep;
  std::string text;             ///< as it was written
  std::vector<entry> schedule;
  std::vector<run_id> stop;     ///< stopped early, as far as they live
  std::vector<run_id> fresh_runs;  ///< as many as there are entries
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
  std::uint64_t system_offset = 0;
  std::vector<std::string> system{}; ///< system metrics, one JSON object a line
};

/// What a program, or a person, says of a run: merged into `run::about`, top level; null removes a key.
/// Not a sign of life: it may come at any time, also after the end.
struct describe_run {
  run_id run;
  boost::json::object about;
  boost::json::object summary{};  ///< merged into the run's summary, top level
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

/// A run that its own program starts, without an agent. Without a sweep it lives in its project's home of
/// loose runs (see home_of()), which is made when it is first needed; with one it is a run of that sweep
/// like any other, of a trial made for what the program says of the sweep's parameters (or of the promised
/// trial of that id), but nobody else is given it again. The same id again, after the run has ended, is the
/// same run under the next epoch; while it lives, a sign of life.
struct open_run {
  std::string project;
  run_id run;
  boost::json::object config;  ///< W&B's shape, as far as it is known at the start
  std::string host;
  bool start = true;           ///< false: pending until its program starts
  sweep_id sweep{};            ///< empty: none
};

/// A project without anything in it yet: its home of loose runs is made. Repeating it is a no-op.
struct make_project {
  std::string project;
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

/// Files of a run, by name: gone for good with this.
struct delete_files {
  run_id run;
  std::vector<std::string> names;
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

/// Stores the webhook's row as it is given. `told` is progress, no change of what it is: no event.
enum class webhook_verb { add, remove, told };
BOOST_DESCRIBE_ENUM(webhook_verb, add, remove, told)
struct change_webhook {
  webhook hook;
  webhook_verb verb = webhook_verb::add;
  std::string to;  ///< scheme and host, for the event
  std::string reason;
};

}  // namespace cmd

using command =
    std::variant<cmd::create_sweep, cmd::move_sweep, cmd::tune_sweep, cmd::change_sweep, cmd::set_policy,
                 cmd::join_agent, cmd::leave_agent, cmd::release_agent, cmd::claim,
                 cmd::add_suggestions, cmd::push_trials, cmd::start_run, cmd::report_run,
                 cmd::finish_run, cmd::mark_preempting, cmd::describe_run, cmd::open_run, cmd::make_project,
                 cmd::beat_agent, cmd::act_on_run, cmd::note_outage,
                 cmd::create_key, cmd::revoke_key,
                 cmd::write_controller, cmd::create_artifact, cmd::put_manifest, cmd::commit_artifact,
                 cmd::edit_artifact, cmd::delete_artifact, cmd::link_artifact, cmd::purge_artifact, cmd::delete_files,
                 cmd::change_webhook>;

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
  std::uint64_t system_from = 0;     ///< line number of system[0]
  std::vector<std::string> system{};
  boost::json::object about{};       ///< changed keys; null: removed
};

/// What a command or a tick led to. The events are already applied to the state, in this order, and
/// the data already absorbed: the caller numbers them, makes them durable, and only then replies.
struct decision {
  std::vector<std::pair<actor, event>> events;
  std::vector<run_data> data;
  std::vector<webhook_row> webhooks;
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
