// What follows when a run ends: the policy's rules, the retry budgets, the breakers.
#include "controller/core/liveness.hpp"
#include "controller/core/plan.hpp"

#include <algorithm>
#include <functional>

namespace sweepd::core {
namespace {

/// Requeues of a trial, of any kind, so far: the backoff grows with them.
int requeues(const trial& t) { return t.requeues_counted + t.requeues_free; }

std::uint64_t expected_runs(const sweep& sw) {
  const auto cap = sw.spec.run_cap ? static_cast<std::uint64_t>(*sw.spec.run_cap) : 0;
  const auto size = sw.spec.size.value_or(0);
  if (cap == 0 || size == 0) return std::max(cap, size);
  return std::min(cap, size);
}

/// Why a requeue is refused; empty: it is not.
std::string budget_spent(const sweep& sw, const trial& t, const run& r, const crash_policy& policy,
                         const crash_rule& rule, const std::string& rule_key) {
  if (r.agent.empty()) return "no agent had it: only its own program can start it again";
  if (sw.stopping || is_over(sw)) return "the sweep is ending";
  if (rule.max) {
    const auto it = t.requeues_by_rule.find(rule_key);
    const int used = it == t.requeues_by_rule.end() ? 0 : it->second;
    if (used >= *rule.max) return "the rule's max " + std::to_string(*rule.max) + " is reached";
  }
  if (!rule.count) return {};
  if (t.requeues_counted >= policy.budget.per_trial)
    return "budget.per_trial " + std::to_string(policy.budget.per_trial) + " is spent";
  const int limit = sweep_budget(policy.budget, expected_runs(sw));
  if (sw.requeues_counted >= limit)
    return "budget.per_sweep " + std::to_string(limit) + " is spent";
  return {};
}

void quarantine(plan& p, const sweep& sw, const agent_id& id, milliseconds length,
                const std::string& rule, const std::string& reason) {
  const auto* a = find(p.s, id);
  if (a == nullptr || a->state != agent_state::live) return;
  const mono until = p.now.at + length;
  if (a->quarantined_until && *a->quarantined_until >= until) return;
  p.emit_by_policy(sw, rule, ev::agent_quarantined{id, until, reason});
}

}  // namespace

void close_trial(plan& p, const run& r, const std::string& reason, bool infeasible, bool with_value) {
  const auto* t = find_trial(p.s, r.sweep, r.trial);
  if (t == nullptr || t->state == trial_state::done || t->state == trial_state::infeasible) return;
  ev::trial_closed e;
  e.sweep = r.sweep;
  e.trial = r.trial;
  e.by_run = r.id;
  e.infeasible = infeasible;
  if (with_value && !infeasible) e.value = r.metric.best;
  e.reason = reason;
  p.emit_by_system(std::move(e));
}

disposition dispose_of(const state& s, const run& r, const crash_policy& policy,
                       const std::string& hash, moment now) {
  const auto& sw = s.sweeps.at(r.sweep);
  const auto& t = sw.by_number.at(r.trial);
  disposition d;
  d.choice = choose_rule(policy, death_of(r, now));
  d.action = d.choice.rule.action;
  d.counted = d.choice.rule.count;
  d.rule_key = std::to_string(d.choice.number) + "@" + hash;
  d.not_before = now.at;
  if (d.action != rule_action::requeue) {
    d.note = std::string(json::enum_name(d.action));
    return d;
  }
  if (const auto spent = budget_spent(sw, t, r, policy, d.choice.rule, d.rule_key); !spent.empty()) {
    d.action = rule_action::fail;
    d.note = "not requeued: " + spent;
    return d;
  }
  if (r.cause != cause::preempted && r.cause != cause::never_started) {
    const auto salt = std::hash<std::string>{}(t.hash) + t.number;
    d.not_before = now.at + backoff_delay(policy.backoff, requeues(t) + 1, salt);
  }
  d.note = d.counted ? "requeued, " + std::to_string(t.requeues_counted + 1) + " of " +
                           std::to_string(policy.budget.per_trial)
                     : "requeued, not counted";
  return d;
}

void dispose(plan& p, const run_id& id) {
  const run& r = p.s.runs.at(id);
  const sweep& sw = p.s.sweeps.at(r.sweep);
  if (!is_current(p.s, r)) return;
  const auto d = dispose_of(p.s, r, sw.policy, sw.policy_hash, p.now);
  if (sw.policy.mode != policy_mode::enforce) {
    if (sw.policy.mode == policy_mode::observe)
      p.emit_by_policy(sw, d.choice.text, ev::policy_would{id, r.cause, d.choice.text, d.note});
    close_trial(p, r, "ended without a retry", false, false);
    return;
  }
  if (d.choice.rule.quarantine_agent)
    quarantine(p, sw, r.agent, *d.choice.rule.quarantine_agent, d.choice.text,
               "run " + r.id.value + " ended by " + std::string(json::enum_name(r.cause)));
  switch (d.action) {
    case rule_action::requeue: {
      ev::trial_requeued e;
      e.sweep = r.sweep;
      e.trial = r.trial;
      e.after_run = id;
      e.cause = r.cause;
      e.counted = d.counted;
      e.front = r.cause == cause::preempted;
      e.not_before = d.not_before;
      if (d.choice.rule.elsewhere) e.avoid_agent = r.agent.value;
      if (d.choice.rule.same_run) e.same_run = id.value;
      e.rule_key = d.rule_key;
      e.reason = d.note;
      p.emit_by_policy(sw, d.choice.text, std::move(e));
      break;
    }
    case rule_action::infeasible: close_trial(p, r, d.choice.text, true); break;
    case rule_action::pause_sweep:
      close_trial(p, r, d.choice.text, false, false);
      if (sw.state == sweep_state::running)
        p.emit_by_policy(sw, d.choice.text,
                         ev::sweep_moved{sw.id, sw.state, sweep_state::paused,
                                         pause_reason::operator_, sw.stopping,
                                         "run " + id.value + ": " + d.choice.text});
      break;
    case rule_action::hold: break;
    default: close_trial(p, r, d.note, false, false);
  }
}

void act_on_crashed(plan& p, const run_id& id) {
  const run& r = p.s.runs.at(id);
  const sweep& sw = p.s.sweeps.at(r.sweep);
  const auto d = dispose_of(p.s, r, sw.policy, sw.policy_hash, p.now);
  auto e = move_event(r, run_state::failed, r.cause, "crashed; " + d.note);
  e.why = r.why;
  e.rule = d.choice.text + " @ " + sw.policy_hash;
  e.undo_to = run_state::crashed;
  p.emit_by_policy(sw, d.choice.text, std::move(e));
  dispose(p, id);
}

void crash(plan& p, const run_id& id, cause c, std::vector<evidence> why, std::string reason,
           exit_status ended) {
  const run& before = p.s.runs.at(id);
  const bool gone = process_gone(c) || c == cause::agent_lost;
  auto e = move_event(before, run_state::crashed, c, std::move(reason));
  e.why = std::move(why);
  e.slot_freed = gone;
  e.exit_code = ended.code;
  e.signal = ended.signal;
  p.emit_by_system(std::move(e));
  const run& r = p.s.runs.at(id);
  check_breakers(p, r.sweep, r.agent);
  const sweep& sw = p.s.sweeps.at(r.sweep);
  if (sw.policy.mode == policy_mode::observe) {
    const auto d = dispose_of(p.s, r, sw.policy, sw.policy_hash, p.now);
    p.emit_by_policy(sw, d.choice.text,
                     ev::policy_would{id, c, d.choice.text, "crashed -> failed; " + d.note});
    return;
  }
  if (const auto due = act_deadline(p.s, r); due && *due <= p.now.at) act_on_crashed(p, id);
}

void never_started(plan& p, const run_id& id, const std::string& what) {
  const run& before = p.s.runs.at(id);
  const sweep& sw = p.s.sweeps.at(before.sweep);
  auto e = move_event(before, run_state::failed, cause::never_started, what);
  e.why = {{"agent map", what}};
  p.emit_as(actor{actor_kind::policy, "offer @ " + sw.policy_hash}, std::move(e));
  const run& r = p.s.runs.at(id);
  const auto* t = find_trial(p.s, r.sweep, r.trial);
  constexpr int free_returns = 2;
  if (is_current(p.s, r) && t->never_started < free_returns && !r.agent.empty() && !sw.stopping &&
      !is_over(sw)) {
    ev::trial_requeued q;
    q.sweep = r.sweep;
    q.trial = r.trial;
    q.after_run = id;
    q.cause = cause::never_started;
    q.counted = false;
    q.not_before = p.now.at;
    q.reason = "never started: free again at once, not counted";
    p.emit_by_system(std::move(q));
  } else {
    dispose(p, id);
  }
  check_breakers(p, r.sweep, r.agent);
}

void kill(plan& p, const run_id& id, cause c, const std::string& reason) {
  const run& r = p.s.runs.at(id);
  auto e = move_event(r, run_state::killed, c, reason);
  e.stop_wanted = is_live(r.state) || r.state == run_state::crashed;
  e.why = {{"operator", reason}};
  p.emit(std::move(e));
  if (c != cause::superseded && is_current(p.s, r)) close_trial(p, r, reason);
}

void check_breakers(plan& p, const sweep_id& sweep_of, const agent_id& agent_of) {
  const sweep& sw = p.s.sweeps.at(sweep_of);
  const auto& b = sw.policy.breaker;
  if (sw.policy.mode != policy_mode::enforce || sw.endings.empty() || agent_of.empty()) return;
  const auto& last = sw.endings;

  if (const auto* a = find(p.s, agent_of);
      a != nullptr && b.agent_consecutive > 0 && a->deaths_in_a_row >= b.agent_consecutive) {
    const bool others_succeed = std::any_of(last.begin(), last.end(), [&](const ending& e) {
      return !e.died && e.agent != agent_of.value;
    });
    if (others_succeed)
      quarantine(p, sw, agent_of, b.agent_quarantine, "breaker",
                 "its last " + std::to_string(a->deaths_in_a_row) +
                     " runs died while runs of other agents succeed");
  }

  std::string why;
  if (sw.breaker == breaker_state::half_open) {
    if (!last.back().died) {
      p.emit_by_policy(sw, "breaker",
                       ev::breaker_moved{sweep_of, sw.breaker, breaker_state::closed, mono{},
                                         "a probe run succeeded"});
      if (sw.state == sweep_state::paused && sw.paused == pause_reason::breaker)
        p.emit_by_policy(sw, "breaker",
                         ev::sweep_moved{sweep_of, sw.state, sweep_state::running,
                                         pause_reason::none, sw.stopping, "a probe run succeeded"});
      return;
    }
    why = "the probe run died too";
  } else if (sw.breaker == breaker_state::closed && last.back().died) {
    const auto n = static_cast<std::size_t>(std::max(0, b.consecutive));
    if (n > 0 && last.size() >= n) {
      const auto from = last.end() - static_cast<std::ptrdiff_t>(n);
      const bool all_died = std::all_of(from, last.end(), [](const ending& e) { return e.died; });
      std::set<std::string> agents;
      for (auto it = from; it != last.end(); ++it) agents.insert(it->agent);
      if (all_died && (agents.size() >= 2 || sw.agents.size() <= 1))
        why = "the last " + std::to_string(n) + " runs died, on " + std::to_string(agents.size()) +
              (agents.size() == 1 ? " agent, the only one" : " agents");
    }
    const auto m = static_cast<std::size_t>(std::max(0, b.ratio_of));
    if (why.empty() && b.ratio_percent > 0 && m > 0 && last.size() >= m) {
      const auto died = std::count_if(last.end() - static_cast<std::ptrdiff_t>(m), last.end(),
                                      [](const ending& e) { return e.died; });
      if (static_cast<double>(died) > b.ratio_percent / 100.0 * static_cast<double>(m))
        why = std::to_string(died) + " of the last " + std::to_string(m) + " runs died";
    }
  }
  if (why.empty()) return;
  p.emit_by_policy(sw, "breaker",
                   ev::breaker_moved{sweep_of, sw.breaker, breaker_state::open,
                                     p.now.at + b.cooldown, why});
  if (sw.state == sweep_state::running || sw.state == sweep_state::pending)
    p.emit_by_policy(sw, "breaker",
                     ev::sweep_moved{sweep_of, sw.state, sweep_state::paused, pause_reason::breaker,
                                     sw.stopping, why});
}

}  // namespace sweepd::core
