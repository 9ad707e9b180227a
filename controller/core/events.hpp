// Everything that changes state, as plain structs: what decide() and tick() return, apply() performs,
// the store keeps (the event table is the audit log), and replay reads.
//
// To add one: a struct with `name` and BOOST_DESCRIBE_STRUCT, a place in the `event` variant, a branch
// in apply.cpp. Never change the meaning of a stored one; add a new one.
#pragma once

#include "controller/core/artifact_events.hpp"
#include "controller/core/types.hpp"
#include "controller/core/webhook.hpp"

#include <string>
#include <variant>
#include <vector>

namespace sweepd::core {

/// Who did it.
enum class actor_kind { system, policy, agent, user };
BOOST_DESCRIBE_ENUM(actor_kind, system, policy, agent, user)

struct actor {
  static constexpr bool has_defaults = true;
  actor_kind what = actor_kind::system;
  std::string id;  ///< key id, agent id, or "rule 2 @ 3f9a0c1d2e4b" for the policy
  friend bool operator==(const actor&, const actor&) = default;
};
BOOST_DESCRIBE_STRUCT(actor, (), (what, id))

namespace ev {

struct sweep_created {
  static constexpr const char* name = "sweep_created";
  sweep_id sweep;
  std::string project;
  sweep_spec spec;
  crash_policy policy;
  std::string policy_hash;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(sweep_created, (), (sweep, project, spec, policy, policy_hash, by))

struct sweep_moved {
  static constexpr const char* name = "sweep_moved";
  sweep_id sweep;
  sweep_state from = sweep_state::pending;
  sweep_state to = sweep_state::pending;
  pause_reason paused = pause_reason::none;
  bool stopping = false;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(sweep_moved, (), (sweep, from, to, paused, stopping, reason))

/// Limits, or what people call it, changed while the sweep runs. None: unchanged.
struct sweep_tuned {
  static constexpr const char* name = "sweep_tuned";
  sweep_id sweep;
  std::optional<std::int64_t> max_concurrent_runs;
  std::optional<std::int64_t> run_cap;
  std::string reason;
  std::optional<std::string> title{};
  std::optional<std::string> description{};
};
BOOST_DESCRIBE_STRUCT(sweep_tuned, (), (sweep, max_concurrent_runs, run_cap, reason, title, description))

/// The sweep's file was changed.
struct sweep_changed {
  static constexpr const char* name = "sweep_changed";
  sweep_id sweep;
  sweep_spec spec;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(sweep_changed, (), (sweep, spec, reason))

struct policy_changed {
  static constexpr const char* name = "policy_changed";
  sweep_id sweep;
  crash_policy policy;
  std::string policy_hash;
  int version = 1;
  std::string yaml;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(policy_changed, (), (sweep, policy, policy_hash, version, yaml, reason))

/// A run that counts has reached metric.target: no new runs; finished when the live ones end.
struct target_reached {
  static constexpr const char* name = "target_reached";
  sweep_id sweep;
  run_id run;
  double value = 0;
  double target = 0;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(target_reached, (), (sweep, run, value, target, reason))

/// The strategy, or whoever pushes, has no further configuration.
struct space_exhausted {
  static constexpr const char* name = "space_exhausted";
  sweep_id sweep;
};
BOOST_DESCRIBE_STRUCT(space_exhausted, (), (sweep))

struct trial_drawn {
  static constexpr const char* name = "trial_drawn";
  sweep_id sweep;
  std::uint64_t trial = 0;
  std::uint64_t position = 0;
  std::string config;
  std::string hash;
  std::string search_info;
  std::optional<std::string> first_run{};  ///< pushed from outside: the id its first run will have
};
BOOST_DESCRIBE_STRUCT(trial_drawn, (), (sweep, trial, position, config, hash, search_info, first_run))

/// A local controller wrote its schedule.
struct controller_written {
  static constexpr const char* name = "controller_written";
  sweep_id sweep;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(controller_written, (), (sweep, text))

/// A trial becomes available again. `counted`: uses up the retry budget.
struct trial_requeued {
  static constexpr const char* name = "trial_requeued";
  sweep_id sweep;
  std::uint64_t trial = 0;
  run_id after_run;
  sweepd::core::cause cause = sweepd::core::cause::none;
  bool counted = true;
  bool front = false;
  mono not_before;
  std::string avoid_agent;
  std::string same_run;
  std::string rule_key;  ///< for the rule's own `max`
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(trial_requeued, (),
                      (sweep, trial, after_run, cause, counted, front, not_before, avoid_agent,
                       same_run, rule_key, reason))

/// A trial is over: with a value, without one, or infeasible.
struct trial_closed {
  static constexpr const char* name = "trial_closed";
  sweep_id sweep;
  std::uint64_t trial = 0;
  run_id by_run;
  bool infeasible = false;
  std::optional<double> value;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(trial_closed, (), (sweep, trial, by_run, infeasible, value, reason))

/// A hand-out: a new run of a trial for an agent.
struct run_offered {
  static constexpr const char* name = "run_offered";
  run_id run;
  sweep_id sweep;
  std::uint64_t trial = 0;
  int attempt = 1;
  std::uint32_t epoch = 1;
  agent_id agent;
  std::string request_id;
  bool probe = false;  ///< let through by a half-open breaker
};
BOOST_DESCRIBE_STRUCT(run_offered, (),
                      (run, sweep, trial, attempt, epoch, agent, request_id, probe))

/// The same pending run given again to the agent that never listed it.
struct run_reoffered {
  static constexpr const char* name = "run_reoffered";
  run_id run;
  int offers = 2;
  std::string request_id;
};
BOOST_DESCRIBE_STRUCT(run_reoffered, (), (run, offers, request_id))

/// The one event by which a run's state changes; the table in run_state.hpp says which are allowed.
struct run_moved {
  static constexpr const char* name = "run_moved";
  run_id run;
  std::uint32_t epoch = 1;
  run_state from = run_state::pending;
  run_state to = run_state::pending;
  sweepd::core::cause cause = sweepd::core::cause::none;
  std::vector<evidence> why;
  std::string rule;    ///< "rule 2 (...) @ policy hash" when a policy did it
  std::string reason;  ///< words for people
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string host;    ///< on start
  std::int64_t pid = 0;
  bool slot_freed = false;          ///< on a crash: the process is known to be gone
  bool stop_wanted = false;         ///< on a kill: tell the agent until it obeys
  bool revived = false;
  std::optional<run_state> undo_to; ///< what undo restores
};
BOOST_DESCRIBE_STRUCT(run_moved, (),
                      (run, epoch, from, to, cause, why, rule, reason, exit_code, signal, host, pid,
                       slot_freed, stop_wanted, revived, undo_to))

/// Health changed. `silent_since`: when the last signal came; with the time of the next event on the
/// run it gives the length of every silence above suspect_after, which policy replay needs.
struct run_health_changed {
  static constexpr const char* name = "run_health_changed";
  run_id run;
  run_health from = run_health::ok;
  run_health to = run_health::ok;
  mono silent_since;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(run_health_changed, (), (run, from, to, silent_since, reason))

struct run_slot_freed {
  static constexpr const char* name = "run_slot_freed";
  run_id run;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(run_slot_freed, (), (run, reason))

/// The run is to be stopped, without a change of state (a zombie that lost).
struct run_stop_wanted {
  static constexpr const char* name = "run_stop_wanted";
  run_id run;
  bool wanted = true;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(run_stop_wanted, (), (run, wanted, reason))

/// The process of a superseded run has ended, and its result does not count.
struct run_ended_late {
  static constexpr const char* name = "run_ended_late";
  run_id run;
  std::optional<int> exit_code;
  std::optional<int> signal;
};
BOOST_DESCRIBE_STRUCT(run_ended_late, (), (run, exit_code, signal))

/// Hidden from every list; its trial keeps its place and loses this run's result. `stop_wanted`: its
/// process may still be alive.
struct run_deleted {
  static constexpr const char* name = "run_deleted";
  run_id run;
  bool stop_wanted = false;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(run_deleted, (), (run, stop_wanted, reason))

/// A deletion taken back before its data were gone.
struct run_restored {
  static constexpr const char* name = "run_restored";
  run_id run;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(run_restored, (), (run, reason))

/// undo_window after its deletion: history, output and files of the run are gone with this event.
struct run_purged {
  static constexpr const char* name = "run_purged";
  run_id run;
};
BOOST_DESCRIBE_STRUCT(run_purged, (), (run))

/// Files of the run were deleted, with this event.
struct files_deleted {
  static constexpr const char* name = "files_deleted";
  run_id run;
  std::vector<std::string> names;
};
BOOST_DESCRIBE_STRUCT(files_deleted, (), (run, names))

/// In observe mode: what the policy would have done.
struct policy_would {
  static constexpr const char* name = "policy_would";
  run_id run;
  sweepd::core::cause cause = sweepd::core::cause::none;
  std::string rule;
  std::string action;
};
BOOST_DESCRIBE_STRUCT(policy_would, (), (run, cause, rule, action))

struct agent_joined {
  static constexpr const char* name = "agent_joined";
  agent_id agent;
  sweep_id sweep;
  std::string agent_name;
  std::string host;
  std::int64_t pid = 0;
};
BOOST_DESCRIBE_STRUCT(agent_joined, (), (agent, sweep, agent_name, host, pid))

struct agent_moved {
  static constexpr const char* name = "agent_moved";
  agent_id agent;
  agent_state from = agent_state::live;
  agent_state to = agent_state::live;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(agent_moved, (), (agent, from, to, reason))

/// Quarantined until `until`, or released when none.
struct agent_quarantined {
  static constexpr const char* name = "agent_quarantined";
  agent_id agent;
  std::optional<mono> until;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(agent_quarantined, (), (agent, until, reason))

struct breaker_moved {
  static constexpr const char* name = "breaker_moved";
  sweep_id sweep;
  breaker_state from = breaker_state::closed;
  breaker_state to = breaker_state::closed;
  mono until;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(breaker_moved, (), (sweep, from, to, until, reason))

/// Marking was held, or goes on: many runs fell silent together.
struct mass_silence_changed {
  static constexpr const char* name = "mass_silence_changed";
  bool active = false;
  std::uint64_t silent = 0;
  std::uint64_t live = 0;
  mono until;
};
BOOST_DESCRIBE_STRUCT(mass_silence_changed, (), (active, silent, live, until))

/// We were not serving (start, late tick, suspend): every lease starts afresh.
struct outage_noted {
  static constexpr const char* name = "outage_noted";
  std::string what;        ///< "start", "late tick", "suspend", "disk full"
  milliseconds gap{0};     ///< wall time that passed unserved, as far as known
  mono grace_until;
};
BOOST_DESCRIBE_STRUCT(outage_noted, (), (what, gap, grace_until))

struct key_created {
  static constexpr const char* name = "key_created";
  api_key key;
};
BOOST_DESCRIBE_STRUCT(key_created, (), (key))

struct key_revoked {
  static constexpr const char* name = "key_revoked";
  key_id key;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(key_revoked, (), (key, reason))

/// A webhook was added or removed. What could be a secret of it is in its row only.
struct webhook_changed {
  static constexpr const char* name = "webhook_changed";
  std::string webhook;
  std::string title;
  std::string what;  ///< "added", "removed"
  std::string to;    ///< scheme and host
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(webhook_changed, (), (webhook, title, what, to, reason))

}  // namespace ev

using event =
    std::variant<ev::sweep_created, ev::sweep_moved, ev::sweep_tuned, ev::sweep_changed, ev::policy_changed, ev::target_reached,
                 ev::space_exhausted, ev::trial_drawn, ev::trial_requeued, ev::trial_closed,
                 ev::run_offered, ev::run_reoffered, ev::run_moved, ev::run_health_changed,
                 ev::run_slot_freed, ev::run_stop_wanted, ev::run_ended_late, ev::run_deleted, ev::run_restored,
                 ev::run_purged, ev::files_deleted, ev::policy_would, ev::agent_joined,
                 ev::agent_moved, ev::agent_quarantined, ev::breaker_moved,
                 ev::mass_silence_changed, ev::outage_noted, ev::key_created, ev::key_revoked,
                 ev::controller_written, ev::artifact_changed, ev::artifact_purged, ev::webhook_changed>;

/// An event with its place in the log. `seq` counts from 1 without gaps.
struct event_record {
  std::uint64_t seq = 0;
  moment at;
  actor who;
  event what;
};

/// What an event is about, for filters and for waking whoever waits.
struct subject {
  std::optional<sweep_id> sweep;
  std::optional<run_id> run;
  std::optional<agent_id> agent;
};
/// Filled from the state for events that name only a run or an agent.
subject subject_of(const state& s, const event& e);
/// The event's type name, e.g. "run_moved".
std::string_view type_of(const event& e);

}  // namespace sweepd::core
