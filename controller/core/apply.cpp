// apply(): one branch an event. Counters that depend on runs are kept by run_edit, which takes a run's
// share out before a change and puts it back after, so no branch can forget one. Longer than most files: it is
// one visitor, and every event has its branch here.
#include "controller/core/apply.hpp"

#include "controller/core/run_edit.hpp"
#include "controller/core/run_state.hpp"

#include <cassert>

namespace sweepd::core {
namespace {

struct applier {
  state& s;
  const actor& who;
  moment now;

  sweep& at(const sweep_id& id) {
    s.touched.sweeps.insert(id);
    return s.sweeps.at(id);
  }
  trial& at(const sweep_id& id, std::uint64_t number) {
    s.touched.trials.insert({id, number});
    return s.sweeps.at(id).by_number.at(number);
  }

  void operator()(const ev::sweep_created& e) {
    auto& sw = s.sweeps[e.sweep];
    sw.id = e.sweep;
    sw.project = e.project;
    sw.spec = e.spec;
    sw.policy = e.policy;
    sw.policy_hash = e.policy_hash;
    sw.policy_since = now.at;
    sw.created = now.wall;
    sw.created_by = e.by.empty() ? who.id : e.by;
    set_board(sw);
    s.touched.sweeps.insert(e.sweep);
    s.touched.specs.insert(e.sweep);
  }

  void operator()(const ev::sweep_moved& e) {
    auto& sw = at(e.sweep);
    assert(sw.state == e.from);
    sw.state = e.to;
    sw.paused = e.paused;
    sw.pause_text = e.to == sweep_state::paused ? e.reason : std::string();
    sw.stopping = e.stopping;
    if (sw.target_reached && !e.stopping) {  // whoever goes on lets go of the target
      sw.target_reached = false;
      sw.spec.target.reset();
      s.touched.specs.insert(e.sweep);
    }
    const bool over = e.to == sweep_state::finished || e.to == sweep_state::canceled;
    sw.finished = over ? std::optional(now.wall) : std::nullopt;
    if (over && !sw.ready.empty()) {
      sw.exhausted = false;  // what was prepared is lost: whoever opens the sweep again asks anew
      sw.ready.clear();
    }
  }

  void operator()(const ev::sweep_tuned& e) {
    auto& sw = at(e.sweep);
    if (e.max_concurrent_runs) sw.spec.max_concurrent_runs = e.max_concurrent_runs;
    if (e.run_cap) sw.spec.run_cap = e.run_cap;
    if (e.title) sw.spec.name = *e.title;
    if (e.description) sw.spec.description = *e.description;
    s.touched.specs.insert(e.sweep);
  }

  void operator()(const ev::sweep_changed& e) {
    auto& sw = at(e.sweep);
    sw.spec = e.spec;
    s.touched.specs.insert(e.sweep);
    ++sw.changes;
    // A grid's positions are the new file's cells; the suggester tells it which are covered already.
    if (sw.spec.method == "grid") sw.first_position = sw.next_position;
    sw.ready.clear();
    sw.exhausted = false;
    if (sw.trials == 0) set_board(sw);
  }

  void operator()(const ev::policy_changed& e) {
    auto& sw = at(e.sweep);
    sw.policy = e.policy;
    sw.policy_hash = e.policy_hash;
    sw.policy_version = e.version;
    sw.policy_since = now.at;
    sw.cap_used = 0;  // cap_counts may have changed
    for (const auto& [number, t] : sw.by_number)
      for (const auto& id : t.runs)
        sw.cap_used += holds_place(s.runs.at(id), sw.policy.cap_counts) ? 1 : 0;
    for (const auto& id : sw.unsettled) arm_run(s, s.runs.at(id), now);
  }

  void operator()(const ev::target_reached& e) {
    auto& sw = at(e.sweep);
    sw.target_reached = sw.stopping = true;
  }

  void operator()(const ev::space_exhausted& e) { at(e.sweep).exhausted = true; }

  void operator()(const ev::trial_drawn& e) {
    auto& sw = at(e.sweep);
    auto& t = sw.by_number[e.trial];
    t.sweep = e.sweep;
    t.number = e.trial;
    t.position = e.position;
    t.config = e.config;
    t.hash = e.hash;
    t.search_info = e.search_info;
    t.first_run = e.first_run.value_or("");
    sw.waiting.insert({true, e.trial});
    sw.trials = e.trial;
    if (e.position < pushed_positions) {
      sw.next_position = e.position + 1;
      while (!sw.ready.empty() && sw.ready.front().position <= e.position) sw.ready.pop_front();
    }
    s.touched.trials.insert({e.sweep, e.trial});
  }

  void operator()(const ev::trial_requeued& e) {
    run_edit edit(s, e.after_run, now);
    auto& sw = at(e.sweep);
    auto& t = at(e.sweep, e.trial);
    if (t.state == trial_state::done || t.state == trial_state::infeasible) --sw.trials_done;
    t.state = trial_state::waiting;
    t.value.reset();
    t.front = e.front;
    t.not_before = e.not_before;
    t.avoid_agent = e.avoid_agent;
    t.same_run = e.same_run;
    (e.counted ? t.requeues_counted : t.requeues_free) += 1;
    if (e.counted) ++sw.requeues_counted;
    if (!e.rule_key.empty()) ++t.requeues_by_rule[e.rule_key];
    if (e.cause == cause::never_started) ++t.never_started;
    ++sw.retries_recorded;
    sw.waiting.insert({!t.front, t.number});
  }

  void operator()(const ev::trial_closed& e) {
    std::optional<run_edit> edit;
    if (s.runs.contains(e.by_run)) edit.emplace(s, e.by_run, now);
    auto& sw = at(e.sweep);
    auto& t = at(e.sweep, e.trial);
    if (t.state == trial_state::waiting) sw.waiting.erase({!t.front, t.number});
    if (t.state != trial_state::done && t.state != trial_state::infeasible) ++sw.trials_done;
    t.state = e.infeasible ? trial_state::infeasible : trial_state::done;
    t.value = e.value;
    t.outcome_run = e.by_run.value;
    if (e.infeasible) t.infeasible_why = e.reason;
    if (!e.value) {
      if (sw.best_run == e.by_run.value) find_best(sw);
      return;
    }
    const bool better = !sw.best || (sw.spec.goal == goal::minimize ? *e.value < *sw.best
                                                                    : *e.value > *sw.best);
    if (better) {
      sw.best = e.value;
      sw.best_run = e.by_run.value;
    }
  }

  void operator()(const ev::run_offered& e) {
    auto& sw = at(e.sweep);
    auto& t = at(e.sweep, e.trial);
    // The attempt before this one is no longer current: take its share out under the old view.
    std::optional<run_edit> before;
    if (!t.runs.empty() && t.runs.back() != e.run) before.emplace(s, t.runs.back(), now);
    sw.waiting.erase({!t.front, t.number});
    const bool again = s.runs.contains(e.run);  // same_run: the id lives on, the epoch rises
    std::optional<run_edit> edit;
    if (again) edit.emplace(s, e.run, now);
    run& r = s.runs[e.run];
    r.id = e.run;
    r.sweep = e.sweep;
    r.trial = e.trial;
    r.attempt = e.attempt;
    r.epoch = e.epoch;
    r.agent = e.agent;
    r.request_id = e.request_id;
    r.offers = 1;
    r.state = run_state::pending;
    r.health = run_health::ok;
    r.cause = cause::none;
    r.why.clear();
    r.rule.clear();
    r.reason.clear();
    r.state_since = now.at;
    if (!again) r.created = now.wall;
    r.ended.reset();
    r.exit_code.reset();
    r.signal.reset();
    r.slot_held = true;
    r.stop_wanted = r.marked_by_policy = r.undone = r.listed = false;
    r.undo_to.reset();
    r.last_stream = r.last_listed = mono{};
    t.state = trial_state::held;
    t.front = false;
    if (!again) t.runs.push_back(e.run);
    r.probe = e.probe;
    if (e.probe) ++sw.probes_out;
    if (auto it = s.agents.find(e.agent); it != s.agents.end()) it->second.runs.insert(e.run);
    if (!again) run_edit::enter(s, r, now);
  }

  void operator()(const ev::run_reoffered& e) {
    run_edit edit(s, e.run, now);
    edit.r.offers = e.offers;
    edit.r.request_id = e.request_id;
    edit.r.state_since = now.at;
  }

  void operator()(const ev::run_moved& e) {
    {
      run_edit edit(s, e.run, now);
      move_run(edit.r, e);
    }
    run& r = s.runs.at(e.run);
    if (r.probe && !is_live(e.to)) {  // however it ended: another probe may go
      r.probe = false;
      --s.sweeps.at(r.sweep).probes_out;
    }
    if (e.to == run_state::running || e.to == run_state::crashed || e.to == run_state::preempting) {
      run_edit edit(s, e.run, now);
      hold_trial(s, r);
    }
    if (e.to == run_state::finished) count_ending(s, r, false);
    if (counts_as_death(e)) count_ending(s, r, true);
    if (is_final(e.to) || e.to == run_state::preempted) forget_by_agent(r);
    s.touched.sweeps.insert(r.sweep);
  }

  void move_run(run& r, const ev::run_moved& e) {
    assert(r.state == e.from && r.epoch == e.epoch && allowed(e.from, e.to));
    r.state = e.to;
    r.state_since = now.at;
    r.cause = e.cause;
    r.why = e.why;
    r.rule = e.rule;
    r.reason = e.reason;
    r.undo_to = e.undo_to;
    r.marked_by_policy = who.what == actor_kind::policy && e.to == run_state::failed;
    if (e.exit_code) r.exit_code = e.exit_code;
    if (e.signal) r.signal = e.signal;
    if (!e.host.empty()) r.host = e.host;
    if (e.pid != 0) r.pid = e.pid;
    if (e.stop_wanted) r.stop_wanted = true;
    switch (e.to) {
      case run_state::running:
        if (e.revived) r.stop_wanted = false;
        if (!r.started) r.started = now.wall;
        r.ended.reset();
        r.slot_held = true;
        r.health = run_health::ok;
        r.last_stream = now.at;
        if (auto it = s.agents.find(r.agent); it != s.agents.end()) it->second.runs.insert(r.id);
        break;
      case run_state::crashed:
        r.health = run_health::ok;
        r.undone = who.what == actor_kind::user;
        if (e.slot_freed) r.slot_held = false;
        r.ended = now.wall;
        break;
      case run_state::preempting: break;
      default:
        if (r.health != run_health::superseded) r.health = run_health::ok;
        r.slot_held = false;
        r.ended = now.wall;
    }
  }

  void forget_by_agent(const run& r) {
    if (r.stop_wanted) return;  // still to be told, until the agent no longer lists it
    if (auto it = s.agents.find(r.agent); it != s.agents.end()) it->second.runs.erase(r.id);
  }

  void operator()(const ev::run_health_changed& e) {
    run_edit edit(s, e.run, now);
    run& r = edit.r;
    const bool recovered = r.health == run_health::suspect && e.to == run_health::ok;
    r.health = e.to;
    r.health_since = now.at;
    if (recovered) {
      ++r.near_misses;
      ++s.near_misses;
    }
  }

  void operator()(const ev::run_slot_freed& e) {
    run_edit edit(s, e.run, now);
    edit.r.slot_held = false;
  }

  void operator()(const ev::run_stop_wanted& e) {
    run_edit edit(s, e.run, now);
    edit.r.stop_wanted = e.wanted;
    auto it = s.agents.find(edit.r.agent);
    if (it == s.agents.end()) return;
    if (e.wanted)
      it->second.runs.insert(e.run);
    else if (!is_live(edit.r.state))
      it->second.runs.erase(e.run);
  }

  void operator()(const ev::run_ended_late& e) {
    run_edit edit(s, e.run, now);
    edit.r.exit_code = e.exit_code;
    edit.r.signal = e.signal;
  }

  void operator()(const ev::run_deleted& e) {
    run_edit edit(s, e.run, now);
    edit.r.deleted = now.at;
    if (!e.stop_wanted) return;
    edit.r.stop_wanted = true;
    if (auto it = s.agents.find(edit.r.agent); it != s.agents.end()) it->second.runs.insert(e.run);
  }

  void operator()(const ev::run_restored& e) {
    run_edit edit(s, e.run, now);
    edit.r.deleted.reset();
  }

  void operator()(const ev::run_purged& e) {
    run_edit edit(s, e.run, now);
    edit.r.purged = true;
    edit.r.summary.clear();
    edit.r.about.clear();
    edit.r.log_tail.clear();
    edit.r.history_lines = edit.r.system_lines = edit.r.log_bytes = edit.r.log_lines = 0;  // as the store has it
  }

  void operator()(const ev::files_deleted&) {}  // the store's: no state knows them

  void operator()(const ev::policy_would&) {}

  void operator()(const ev::agent_joined& e) {
    auto& a = s.agents[e.agent];
    a.id = e.agent;
    a.sweep = e.sweep;
    a.name = e.agent_name;
    a.host = e.host;
    a.pid = e.pid;
    a.joined = a.last_beat_wall = now.wall;
    a.last_beat = now.at;
    s.sweeps.at(e.sweep).agents.insert(e.agent);
    s.touched.agents.insert(e.agent);
    arm_agent(s, a);
  }

  void operator()(const ev::agent_moved& e) {
    auto& a = s.agents.at(e.agent);
    a.state = e.to;
    if (e.to == agent_state::live) a.last_beat = now.at;
    auto& members = s.sweeps.at(a.sweep).agents;
    if (e.to == agent_state::live)
      members.insert(a.id);
    else
      members.erase(a.id);
    s.touched.agents.insert(e.agent);
    arm_agent(s, a);
  }

  void operator()(const ev::agent_quarantined& e) {
    auto& a = s.agents.at(e.agent);
    a.quarantined_until = e.until;
    a.quarantine_why = e.until ? e.reason : std::string();
    a.deaths_in_a_row = 0;
    s.touched.agents.insert(e.agent);
    arm_agent(s, a);
  }

  void operator()(const ev::breaker_moved& e) {
    auto& sw = at(e.sweep);
    sw.breaker = e.to;
    sw.breaker_until = e.until;
    sw.probes_out = 0;
    for (const auto& id : sw.unsettled) {  // a probe of an earlier time does not count in this one
      run& r = s.runs.at(id);
      if (r.probe) s.touched.runs.insert(id);
      r.probe = false;
    }
    sw.endings.clear();
    arm_sweep(s, sw);
  }

  void operator()(const ev::mass_silence_changed& e) {
    s.silence.active = e.active;
    s.silence.until = e.until;
    s.silence.window_start = e.until;
    s.silence.marked_in_window = 0;
  }

  void operator()(const ev::outage_noted& e) {
    s.grace_from = now.at;
    s.grace_until = e.grace_until;
    s.grace_why = e.what;
  }

  void operator()(const ev::key_created& e) {
    s.keys[e.key.id] = e.key;
    s.touched.keys.insert(e.key.id);
  }

  void operator()(const ev::key_revoked& e) {
    s.keys.at(e.key).revoked = true;
    s.touched.keys.insert(e.key);
  }

  void operator()(const ev::controller_written& e) { at(e.sweep).controller = e.text; }

  void operator()(const ev::artifact_changed& e) {
    s.artifacts.put(e.row);
    s.touched.artifacts.insert(e.row.id);
  }

  void operator()(const ev::artifact_purged& e) {
    auto row = *s.artifacts.find(artifact_id{e.artifact});
    row.purged = true;
    s.touched.artifacts.insert(row.id);
    s.artifacts.put(std::move(row));
  }

  void operator()(const ev::webhook_changed&) {}  // its row is stored beside the event; the state has none
};

}  // namespace

void apply(state& s, const event& e, const actor& who, moment now) {
  std::visit(applier{s, who, now}, e);
}

}  // namespace sweepd::core
