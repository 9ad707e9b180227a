// The nouns: sweep, trial, run, agent, key, and the state that holds them all.
//
// Only apply() (apply.cpp) and absorb() change a state; the service's strand owns the one live copy,
// the simulator owns another. Plain data: no clock, lock, file or socket. What is marked "memory only"
// is not stored: after a restart every lease starts afresh.
#pragma once

#include "controller/base/ids.hpp"
#include "controller/base/instant.hpp"
#include "controller/core/artifact.hpp"
#include "controller/core/crash_policy.hpp"
#include "controller/core/timer_queue.hpp"
#include "strategies/early_stop/board.hpp"
#include "strategies/strategy.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace sweepd::core {

enum class sweep_state { pending, running, paused, finished, canceled };
BOOST_DESCRIBE_ENUM(sweep_state, pending, running, paused, finished, canceled)

enum class pause_reason { none, operator_, breaker };
BOOST_DESCRIBE_ENUM(pause_reason, none, operator_, breaker)

/// Exactly W&B's states.
enum class run_state { pending, running, preempting, preempted, crashed, failed, killed, finished };
BOOST_DESCRIBE_ENUM(run_state, pending, running, preempting, preempted, crashed, failed, killed,
                    finished)

/// A refinement beside the state, never a state of its own.
enum class run_health { ok, suspect, stalled, exiting, superseded };
BOOST_DESCRIBE_ENUM(run_health, ok, suspect, stalled, exiting, superseded)

/// Where a trial stands. waiting: to be handed out (again); held: its current run holds it.
enum class trial_state { waiting, held, done, infeasible };
BOOST_DESCRIBE_ENUM(trial_state, waiting, held, done, infeasible)

enum class goal { minimize, maximize };
BOOST_DESCRIBE_ENUM(goal, minimize, maximize)

enum class role { viewer, agent, operator_, admin };
BOOST_DESCRIBE_ENUM(role, viewer, agent, operator_, admin)

/// One fact a cause was drawn from: where it was seen and the words seen there.
struct evidence {
  std::string source;  ///< "output.log", "exit status", "agent map", "run stream", "scheduler log", ...
  std::string text;
  friend bool operator==(const evidence&, const evidence&) = default;
};
BOOST_DESCRIBE_STRUCT(evidence, (), (source, text))

/// The sweep file as understood. `config` is the whole file as JSON (what strategies read).
struct sweep_spec {
  static constexpr bool has_defaults = true;
  std::string name;
  std::string description;
  std::string method;
  std::string program;
  std::vector<std::string> command;  ///< with macros, as written; empty = W&B's default command
  std::string metric;                ///< empty: none
  sweepd::core::goal goal = sweepd::core::goal::minimize;
  std::optional<double> target;
  std::optional<std::int64_t> run_cap;
  std::optional<std::int64_t> max_concurrent_runs;
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> size;  ///< distinct configurations, if finite
  bool randomize_order = false;
  boost::json::object config;
  std::string yaml;                   ///< the file, byte for byte
  std::vector<run_id> priors;         ///< runs of before that were given to it when it was made
};
BOOST_DESCRIBE_STRUCT(sweep_spec, (),
                      (name, description, method, program, command, metric, goal, target, run_cap,
                       max_concurrent_runs, seed, size, randomize_order, config, yaml, priors))

/// The configurations come from outside (method custom, a local controller, a scheduler): nothing
/// is searched here. Such a sweep never runs out by itself.
bool searched_outside(const sweep_spec& spec);

/// What is known of a run's metric from its history and summary; finite numbers only.
struct metric_stats {
  static constexpr bool has_defaults = true;
  std::uint64_t count = 0;
  std::optional<double> best;  ///< by the sweep's goal, over history and summary
  std::optional<double> last;
  std::optional<double> worst; ///< of the same values
  bool nan_seen = false;
  friend bool operator==(const metric_stats&, const metric_stats&) = default;
};
BOOST_DESCRIBE_STRUCT(metric_stats, (), (count, best, last, worst, nan_seen))

/// One attempt to execute a trial.
struct run {
  static constexpr bool has_defaults = true;
  run_id id;
  sweep_id sweep;
  std::uint64_t trial = 0;   ///< the trial's number within the sweep, from 1
  int attempt = 1;           ///< 1..n within the trial
  std::uint32_t epoch = 1;   ///< every write by the agent must carry it
  agent_id agent;            ///< empty: started without any agent
  run_state state = run_state::pending;
  run_health health = run_health::ok;
  sweepd::core::cause cause = sweepd::core::cause::none;
  std::vector<evidence> why;
  std::string rule;          ///< the rule that marked it, and the policy version; empty: none
  std::string reason;        ///< an operator's words
  mono state_since;
  instant created;
  std::optional<instant> started;
  std::optional<instant> ended;
  instant last_signal_wall;  ///< checkpointed with the heartbeats; for display
  bool slot_held = true;
  std::string request_id;    ///< of the claim that got it
  int offers = 1;
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string host;
  std::int64_t pid = 0;
  bool probe = false;        ///< let through by a half-open breaker, and not ended yet
  bool stop_wanted = false;  ///< told to stop until the agent no longer lists it
  bool marked_by_policy = false;
  std::optional<run_state> undo_to;  ///< what `undo` would restore; none: nothing to undo
  bool undone = false;       ///< an operator took a mark back: the policy waits fail_after anew
  std::optional<mono> deleted;  ///< hidden since then; its data goes when undo_window is over
  bool purged = false;       ///< its history, output and files are gone; this row stays
  int near_misses = 0;
  metric_stats metric;
  std::optional<strategies::early_stop::rung_record> rungs;  ///< where early_terminate is written
  std::uint64_t history_lines = 0;
  std::uint64_t log_bytes = 0;
  std::uint64_t log_lines = 0;     ///< line ends in the log so far
  std::uint64_t system_lines = 0;  ///< lines of system metrics
  boost::json::object summary;
  /// What its program says of itself: display name, notes, tags, group, whole configuration, ... Like
  /// the summary it decides nothing here.
  boost::json::object about;
  std::string log_tail;      ///< the last 8 KB of output, for diagnosis

  // memory only
  mono last_stream;          ///< when the run itself last spoke
  mono last_listed;          ///< when its agent last listed it
  bool listed = false;       ///< the agent has listed it in this server's life
  mono health_since;
  std::optional<strategies::early_stop::seat> seat;  ///< on the sweep's board
};
BOOST_DESCRIBE_STRUCT(run, (),
                      (id, sweep, trial, attempt, epoch, agent, state, health, cause, why, rule,
                       reason, state_since, created, started, ended, last_signal_wall, slot_held,
                       request_id, offers, exit_code, signal, host, pid, probe, stop_wanted,
                       marked_by_policy, undo_to, undone, deleted, purged, near_misses, metric, rungs,
                       history_lines, log_bytes, log_lines, system_lines, summary, about, log_tail))

inline constexpr std::size_t log_tail_bytes_max = 8192;

/// Trials pushed from outside have no place in the strategy's sequence: their positions are their
/// numbers, counted from here.
inline constexpr std::uint64_t pushed_positions = std::uint64_t{1} << 62;

/// One configuration of a sweep, numbered from 1 in the order drawn.
struct trial {
  static constexpr bool has_defaults = true;
  sweep_id sweep;
  std::uint64_t number = 0;
  std::uint64_t position = 0;  ///< in the strategy's sequence; from pushed_positions on: pushed
  std::string config;          ///< JSON text, W&B's shape
  std::string hash;
  std::string search_info;     ///< JSON text
  trial_state state = trial_state::waiting;
  std::vector<run_id> runs;    ///< attempts, oldest first; the last one is current
  std::optional<double> value; ///< outcome
  std::string outcome_run;     ///< the run that supplied it
  int requeues_counted = 0;
  int requeues_free = 0;
  std::map<std::string, int> requeues_by_rule;  ///< "rule number@policy hash" -> how often
  int never_started = 0;
  mono not_before;             ///< backoff
  bool front = false;          ///< preempted trials go first
  std::string avoid_agent;     ///< prefer another agent than this one
  std::string same_run;        ///< requeued under this run id
  std::string first_run;       ///< the id that its first run will have; empty: any
  std::string infeasible_why;
};
BOOST_DESCRIBE_STRUCT(trial, (),
                      (sweep, number, position, config, hash, search_info, state, runs, value,
                       outcome_run, requeues_counted, requeues_free, requeues_by_rule,
                       never_started, not_before, front, avoid_agent, same_run, first_run, infeasible_why))

/// The order in which waiting trials are handed out: preempted first, then oldest first.
struct waiting_key {
  bool later = true;
  std::uint64_t number = 0;
  friend auto operator<=>(const waiting_key&, const waiting_key&) = default;
};

enum class breaker_state { closed, open, half_open };
BOOST_DESCRIBE_ENUM(breaker_state, closed, open, half_open)

/// One ending, as the breakers count it.
struct ending {
  bool died = false;
  std::string agent;
  friend bool operator==(const ending&, const ending&) = default;
};
BOOST_DESCRIBE_STRUCT(ending, (), (died, agent))

struct sweep {
  static constexpr bool has_defaults = true;
  sweep_id id;
  std::string project;         ///< "entity/project"
  sweep_spec spec;
  sweep_state state = sweep_state::pending;
  pause_reason paused = pause_reason::none;
  std::string pause_text;
  bool stopping = false;       ///< stopped: no new runs; FINISHED when the live ones end
  crash_policy policy;
  std::string policy_hash;
  int policy_version = 1;
  mono policy_since;           ///< a changed timer counts from here, never in the past
  instant created;
  std::string created_by;
  std::optional<instant> finished;
  std::uint64_t trials = 0;        ///< drawn so far; the next number is trials + 1
  std::uint64_t next_position = 0; ///< where the strategy goes on
  bool exhausted = false;          ///< the strategy has no more
  bool target_reached = false;
  std::uint64_t first_position = 0;  ///< of the file in force, when the strategy counts from 0 again
  int changes = 0;                 ///< how often its file was changed
  int requeues_counted = 0;        ///< spent of budget.per_sweep
  std::uint64_t retries_recorded = 0;  ///< every requeue: runs handed out <= trials + this
  breaker_state breaker = breaker_state::closed;
  mono breaker_until;
  int probes_out = 0;
  std::vector<ending> endings;     ///< the last max(ratio_of, 20), oldest first
  std::optional<double> best;
  std::string best_run;
  /// What a local controller wrote last: its schedule and whom it stops, as JSON text. See outside.hpp.
  std::string controller;

  // memory only: derived from the runs, kept by apply()
  std::uint64_t slots_used = 0;
  std::uint64_t cap_used = 0;
  std::map<run_state, std::uint64_t> run_counts;
  std::set<waiting_key> waiting;
  std::set<run_id> unsettled;      ///< runs that the sweep waits for
  std::deque<strategies::suggestion> ready;  ///< prepared ahead, not yet trials
  std::unordered_map<std::uint64_t, trial> by_number;
  std::set<agent_id> agents;
  std::uint64_t trials_done = 0;
  std::optional<strategies::early_stop::board> board;  ///< where early_terminate is written
  std::vector<run_id> seats;       ///< whose seat on the board is which
};
BOOST_DESCRIBE_STRUCT(sweep, (),
                      (id, project, spec, state, paused, pause_text, stopping, policy, policy_hash,
                       policy_version, policy_since, created, created_by, finished, trials, next_position,
                       exhausted, target_reached, first_position, changes, requeues_counted, retries_recorded, breaker,
                       breaker_until, probes_out, endings, best, best_run, controller))

enum class agent_state { live, lost, left };
BOOST_DESCRIBE_ENUM(agent_state, live, lost, left)

struct agent {
  static constexpr bool has_defaults = true;
  agent_id id;
  sweep_id sweep;
  std::string name;
  std::string host;
  std::int64_t pid = 0;
  agent_state state = agent_state::live;
  instant joined;
  instant last_beat_wall;
  int deaths_in_a_row = 0;
  std::uint64_t successes = 0;
  std::uint64_t deaths = 0;
  std::optional<mono> quarantined_until;
  std::string quarantine_why;

  // memory only
  mono last_beat;
  std::set<run_id> runs;  ///< not terminal, or still to be stopped
};
BOOST_DESCRIBE_STRUCT(agent, (),
                      (id, sweep, name, host, pid, state, joined, last_beat_wall, deaths_in_a_row,
                       successes, deaths, quarantined_until, quarantine_why))

/// An API key: only the SHA-256 of the secret is kept.
struct api_key {
  static constexpr bool has_defaults = true;
  key_id id;
  std::string name;
  std::string sha256;   ///< 64 hex digits
  sweepd::core::role role = sweepd::core::role::viewer;
  std::string project;  ///< "entity/project", or "*" for all
  instant created;
  std::optional<instant> expires;
  bool revoked = false;
};
BOOST_DESCRIBE_STRUCT(api_key, (), (id, name, sha256, role, project, created, expires, revoked))

/// Many runs silent together: the fault is more likely ours. See liveness.hpp.
struct mass_silence {
  bool active = false;
  mono until;            ///< nothing is marked before
  mono window_start;     ///< of the rate limit afterwards
  int marked_in_window = 0;
};

enum class timer_kind { run, sweep, agent };
struct timer_key {
  timer_kind kind = timer_kind::run;
  std::string id;
  friend bool operator==(const timer_key&, const timer_key&) = default;
  friend auto operator<=>(const timer_key&, const timer_key&) = default;
};
struct timer_key_hash {
  std::size_t operator()(const timer_key& k) const noexcept {
    return std::hash<std::string>{}(k.id) * 3 + static_cast<std::size_t>(k.kind);
  }
};

/// What the last batch of changes touched; the service turns it into row upserts and clears it.
struct touched {
  std::set<sweep_id> sweeps;
  std::set<sweep_id> specs;  ///< of these sweeps; they are among `sweeps` too
  std::set<std::pair<sweep_id, std::uint64_t>> trials;
  std::set<run_id> runs;
  std::set<agent_id> agents;
  std::set<key_id> keys;
  std::set<artifact_id> artifacts;
  [[nodiscard]] bool empty() const {
    return sweeps.empty() && trials.empty() && runs.empty() && agents.empty() && keys.empty() &&
           artifacts.empty();
  }
  void clear() { *this = touched{}; }
};

/// The whole state. Invariants are written down and checked in check.cpp.
struct state {
  std::unordered_map<sweep_id, sweep> sweeps;
  std::unordered_map<run_id, run> runs;
  std::unordered_map<agent_id, agent> agents;
  std::unordered_map<key_id, api_key> keys;
  artifact_registry artifacts;
  crash_policy default_policy;      ///< for sweeps without a block of their own

  // memory only
  timer_queue<timer_key, timer_key_hash> timers;
  mono grace_from;                  ///< our last outage (start, late tick, suspend): leases start here
  mono grace_until;                 ///< grace_from + the default policy's grace, for display
  std::string grace_why;
  mass_silence silence;
  std::uint64_t live = 0;           ///< runs in running or preempting
  std::set<run_id> suspects;        ///< live runs with health suspect
  std::uint64_t near_misses = 0;
  sweepd::core::touched touched;
};

inline bool is_live(run_state s) {
  return s == run_state::pending || s == run_state::running || s == run_state::preempting;
}
inline bool is_final(run_state s) {
  return s == run_state::failed || s == run_state::killed || s == run_state::finished;
}

/// The home of a project's runs that belong to no sweep: a sweep that proposes nothing, hands nothing
/// out and never ends, so that timers, crash policy, evidence and undo are the same for every run.
sweep_id home_of(std::string_view project);
inline constexpr std::string_view home_method = "none";
inline bool is_home(const sweep& sw) { return sw.spec.method == home_method; }

const sweep* find(const state& s, const sweep_id& id);
const run* find(const state& s, const run_id& id);
const agent* find(const state& s, const agent_id& id);
const trial* find_trial(const state& s, const sweep_id& id, std::uint64_t number);
/// The trial's newest attempt is this run: its trial was not handed out again.
bool is_current(const state& s, const run& r);

}  // namespace sweepd::core
