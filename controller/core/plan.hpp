// A plan: one step being worked out. emit() applies an event at once and records it, so that what
// follows is decided on what is already so. Used by the decide_*.cpp files, endings.cpp and tick.cpp.
#pragma once

#include "controller/core/apply.hpp"

#include <set>
#include <string>

namespace sweepd::core {

class plan {
 public:
  plan(state& state, actor who, moment time) : s(state), now(time), who_(std::move(who)) {}

  /// As the caller.
  void emit(event e) { emit_as(who_, std::move(e)); }
  void emit_as(const actor& who, event e);
  /// As the policy of that sweep: "rule 2 (...) @ 3f9a0c1d2e4b".
  void emit_by_policy(const sweep& sw, const std::string& rule, event e);
  void emit_by_system(event e) { emit_as(actor{}, std::move(e)); }
  void take_in(run_data d);
  /// Ends the step: sweeps that have nothing left to wait for are finished.
  decision end(answer_to reply);

  state& s;
  const moment now;

 private:
  actor who_;
  decision out_;
  std::set<sweep_id> changed_;
};

// --- what follows from what; endings.cpp ---

/// A run's process ended or its silence was declared: moves it to Crashed with its cause and evidence,
/// and lets the policy act at once where nothing is to be waited for.
/// `ended` carries the exit status, when there is one.
struct exit_status {
  std::optional<int> code;
  std::optional<int> signal;
};
void crash(plan& p, const run_id& id, cause c, std::vector<evidence> why, std::string reason,
           exit_status ended = {});
/// The policy acts on a crashed run whose time has come (or on observe: says what it would do).
void act_on_crashed(plan& p, const run_id& id);
/// What becomes of the trial of a run that has just ended, by the rule that matches.
void dispose(plan& p, const run_id& id);
/// pending -> failed (never_started): the first two times the trial is free again, uncounted.
void never_started(plan& p, const run_id& id, const std::string& what);
/// Closes the run's trial with the value it has, if any.
void close_trial(plan& p, const run& r, const std::string& reason, bool infeasible = false,
                 bool with_value = true);
/// Quarantines the agent or opens the sweep's breaker if the last endings say so.
void check_breakers(plan& p, const sweep_id& sweep, const agent_id& agent);
/// live, crashed or preempted -> killed, told to stop; the trial is closed with its partial value.
void kill(plan& p, const run_id& id, cause c, const std::string& reason);

// --- early termination; early_stop.cpp ---

/// Stops the sweep's running runs that are beyond their threshold now. O(what moved).
void stop_early(plan& p, const sweep_id& id);
/// The run counts, and its best value may reach metric.target: then the sweep hands out no more.
void check_target(plan& p, const run_id& id);

/// What the rules say of an ended run's trial. Pure: preview.cpp asks the same question.
struct disposition {
  rule_choice choice;
  rule_action action = rule_action::fail;  ///< after budgets: a requeue that is spent becomes fail
  bool counted = true;
  mono not_before;
  std::string note;      ///< "requeued, 2 of 3", "not requeued: budget.per_trial 3 is spent"
  std::string rule_key;
};
disposition dispose_of(const state& s, const run& r, const crash_policy& policy,
                       const std::string& policy_hash, moment now);

// --- signals; signals.cpp ---

enum class signal_kind { stream, agent };
/// A sign of life from the run itself or, through its map, from its agent. May revive or supersede.
void note_signal(plan& p, const run_id& id, signal_kind kind);
/// Its trial was handed out again while it lives on: who is kept is for policy.reconcile to say.
void reconcile(plan& p, const run_id& zombie);
/// The run may become Running again: its trial is still its own, and the window is open.
bool may_revive(const state& s, const run& r, moment now);
void revive(plan& p, const run_id& id, const std::string& reason);
/// Moves the run's health, if it is not there already.
void set_health(plan& p, const run_id& id, run_health to, const std::string& reason);

// --- one function a command; decide_*.cpp ---
result<decision> decide(plan& p, const cmd::create_sweep& c);
result<decision> decide(plan& p, const cmd::move_sweep& c);
result<decision> decide(plan& p, const cmd::tune_sweep& c);
result<decision> decide(plan& p, const cmd::change_sweep& c);
result<decision> decide(plan& p, const cmd::set_policy& c);
result<decision> decide(plan& p, const cmd::join_agent& c);
result<decision> decide(plan& p, const cmd::leave_agent& c);
result<decision> decide(plan& p, const cmd::release_agent& c);
result<decision> decide(plan& p, const cmd::claim& c);
result<decision> decide(plan& p, const cmd::add_suggestions& c);
result<decision> decide(plan& p, const cmd::push_trials& c);
result<decision> decide(plan& p, const cmd::start_run& c);
result<decision> decide(plan& p, const cmd::report_run& c);
result<decision> decide(plan& p, const cmd::finish_run& c);
result<decision> decide(plan& p, const cmd::mark_preempting& c);
result<decision> decide(plan& p, const cmd::describe_run& c);
result<decision> decide(plan& p, const cmd::open_run& c);
result<decision> decide(plan& p, const cmd::make_project& c);
result<decision> decide(plan& p, const cmd::beat_agent& c);
result<decision> decide(plan& p, const cmd::act_on_run& c);
result<decision> decide(plan& p, const cmd::note_outage& c);
result<decision> decide(plan& p, const cmd::create_key& c);
result<decision> decide(plan& p, const cmd::revoke_key& c);
result<decision> decide(plan& p, const cmd::write_controller& c);
result<decision> decide(plan& p, const cmd::create_artifact& c);
result<decision> decide(plan& p, const cmd::put_manifest& c);
result<decision> decide(plan& p, const cmd::commit_artifact& c);
result<decision> decide(plan& p, const cmd::edit_artifact& c);
result<decision> decide(plan& p, const cmd::delete_artifact& c);
result<decision> decide(plan& p, const cmd::link_artifact& c);
result<decision> decide(plan& p, const cmd::purge_artifact& c);
result<decision> decide(plan& p, const cmd::delete_files& c);
result<decision> decide(plan& p, const cmd::change_webhook& c);

// --- helpers shared by several of them ---
ev::run_moved move_event(const run& r, run_state to, cause c, std::string reason);
/// The sweep will hand out no more, whatever happens to its live runs.
bool hands_out_no_more(const sweep& sw);
bool cap_reached(const sweep& sw);
/// Finished or canceled.
bool is_over(const sweep& sw);

}  // namespace sweepd::core
