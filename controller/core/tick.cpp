// tick(): what happens by itself when its time has come. One function a timer; each re-reads the state,
// since the timers are lazy: a heartbeat moves no timer, it only makes an early one find nothing to do.
#include "controller/core/liveness.hpp"
#include "controller/core/plan.hpp"
#include "controller/core/run_edit.hpp"

#include "controller/base/duration.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

std::string ago(milliseconds d) { return to_string(std::chrono::duration_cast<std::chrono::seconds>(d)); }

/// Both signals are silent: is it this run's fault, or ours? True: mark it now. False: wait until `again`.
bool may_mark(plan& p, mono& again) {
  auto& m = p.s.silence;
  if (!m.active) {
    if (!silent_together(p.s)) return true;
    const auto hold = p.s.default_policy.crash_after;
    p.emit_by_system(ev::mass_silence_changed{true, p.s.suspects.size(), p.s.live, p.now.at + hold});
    again = m.until;
    return false;
  }
  if (!silent_together(p.s) && p.now.at >= m.until) {
    p.emit_by_system(ev::mass_silence_changed{false, p.s.suspects.size(), p.s.live, p.now.at});
    return true;
  }
  if (p.now.at < m.until) {
    again = m.until;
    return false;
  }
  if (p.now.at - m.window_start >= mass_window) {
    m.window_start = p.now.at;
    m.marked_in_window = 0;
  }
  if (static_cast<std::uint64_t>(m.marked_in_window) < mass_marks_max(p.s)) {
    ++m.marked_in_window;
    return true;
  }
  again = m.window_start + mass_window;
  return false;
}

std::vector<evidence> silence_evidence(const plan& p, const run& r) {
  const auto stream = std::max(r.last_stream, p.s.grace_from);
  std::vector<evidence> out{{"run stream", "silent for " + ago(p.now.at - stream)}};
  if (const auto* a = find(p.s, r.agent)) {
    if (a->state == agent_state::live)
      out.push_back({"agent heartbeat",
                     "agent " + a->id.value + " silent for " +
                         ago(p.now.at - std::max(a->last_beat, p.s.grace_from))});
    else
      out.push_back({"agent heartbeat", "agent " + a->id.value + " is " +
                                            std::string(json::enum_name(a->state))});
  } else {
    out.push_back({"agent heartbeat", "started without an agent: there is no second signal"});
  }
  return out;
}

void preempted_by_silence(plan& p, const run& r, const std::string& what) {
  const auto id = r.id;
  auto e = move_event(r, run_state::preempted, cause::preempted, what);
  e.why = silence_evidence(p, r);
  p.emit_by_system(std::move(e));
  dispose(p, id);
}

void running_due(plan& p, const run& r) {
  const auto& policy = p.s.sweeps.at(r.sweep).policy;
  const auto id = r.id;
  if (r.health == run_health::exiting) {
    if (r.state == run_state::preempting)
      preempted_by_silence(p, r, "its process is gone after its preempting mark");
    else
      crash(p, id, cause::exited_silently,
            {{"agent map", "no longer listed by agent " + r.agent.value},
             {"run stream", "no final record within " + to_string(policy.exit_grace)}},
            "its process is gone and left no final record");
    return;
  }
  const auto& sw = p.s.sweeps.at(r.sweep);
  const mono heard = std::max(last_signal(p.s, r), sw.policy_since);
  const mono crash_at = std::max(heard + policy.crash_after, grace_end(p.s, sw));
  if (p.now.at >= crash_at) {
    mono again{};
    if (!may_mark(p, again)) {
      p.s.timers.arm({timer_kind::run, id.value}, std::max(again, p.now.at + milliseconds{1}));
      return;
    }
    const run& now_is = p.s.runs.at(id);
    if (now_is.state == run_state::preempting) {
      preempted_by_silence(p, now_is, "silent after its preempting mark");
      return;
    }
    const auto c = agent_gone(p.s, now_is, p.now) ? cause::agent_lost : cause::silent;
    auto why = silence_evidence(p, now_is);
    crash(p, id, c, std::move(why), "no signal for " + ago(p.now.at - heard));
    return;
  }
  if (r.state == run_state::running && r.health != run_health::suspect &&
      p.now.at >= heard + policy.suspect_after) {
    set_health(p, id, run_health::suspect, "no signal for " + ago(p.now.at - heard));
    return;
  }
  if (policy.stall_after && r.health == run_health::ok &&
      p.now.at >= std::max({r.last_stream, p.s.grace_from, sw.policy_since}) + *policy.stall_after) {
    set_health(p, id, run_health::stalled,
               "alive by its agent, silent on its stream for " + to_string(*policy.stall_after));
    const run& stalled = p.s.runs.at(id);
    auto d = death_of(stalled, p.now);
    d.cause = cause::stalled;
    const auto choice = choose_rule(policy, d);
    const bool named = std::find(choice.rule.when.cause.begin(), choice.rule.when.cause.end(),
                                 cause::stalled) != choice.rule.when.cause.end();
    if (!named || policy.mode != policy_mode::enforce) return;
    auto e = move_event(stalled, run_state::crashed, cause::stalled, "stalled: " + choice.text);
    e.why = {{"agent map", "its process is alive"},
             {"run stream", "silent for " + to_string(*policy.stall_after)}};
    e.stop_wanted = true;
    p.emit_by_policy(p.s.sweeps.at(stalled.sweep), choice.text, std::move(e));
    check_breakers(p, p.s.runs.at(id).sweep, p.s.runs.at(id).agent);
    return;
  }
  arm_run(p.s, p.s.runs.at(id), p.now);
}

void run_due(plan& p, const std::string& key) {
  const auto it = p.s.runs.find(run_id{key});
  if (it == p.s.runs.end()) return;
  const run& r = it->second;
  const auto due = next_deadline(p.s, r);
  if (!due) return;
  if (*due > p.now.at) {
    p.s.timers.arm({timer_kind::run, key}, *due);
    return;
  }
  if (r.deleted) {
    p.emit_by_system(ev::run_purged{r.id});
    return;
  }
  switch (r.state) {
    case run_state::pending: {
      const auto ttl = p.s.sweeps.at(r.sweep).policy.offer_ttl;
      never_started(p, r.id, "handed out " + to_string(ttl) + " ago and never started");
      break;
    }
    case run_state::running:
    case run_state::preempting: running_due(p, r); break;
    case run_state::crashed: act_on_crashed(p, r.id); break;
    case run_state::preempted: {
      const auto id = r.id;
      auto e = move_event(r, run_state::failed, cause::preempted, "preempted and not back");
      e.why = r.why;
      e.undo_to = run_state::preempted;
      p.emit_by_policy(p.s.sweeps.at(r.sweep), "preempt_return", std::move(e));
      dispose(p, id);
      break;
    }
    default: break;
  }
}

void agent_due(plan& p, const std::string& key) {
  const auto it = p.s.agents.find(agent_id{key});
  if (it == p.s.agents.end()) return;
  auto& a = it->second;
  if (a.quarantined_until && *a.quarantined_until <= p.now.at)
    p.emit_by_system(ev::agent_quarantined{a.id, std::nullopt, "its quarantine is over"});
  const auto silent_since = std::max(a.last_beat, p.s.grace_from);
  if (a.state == agent_state::live &&
      silent_since + p.s.sweeps.at(a.sweep).policy.crash_after <= p.now.at) {
    // Our own fault is as likely here as it is for runs: the same guard holds this mark back.
    mono again{};
    if (p.s.silence.active && p.now.at < p.s.silence.until) {
      again = p.s.silence.until;
      p.s.timers.arm({timer_kind::agent, key}, again);
      return;
    }
    p.emit_by_system(ev::agent_moved{a.id, a.state, agent_state::lost,
                                     "silent for " + ago(p.now.at - silent_since)});
    const auto had = a.runs;
    for (const auto& id : had) {
      const run& r = p.s.runs.at(id);
      if (r.state == run_state::pending)
        never_started(p, id, "its agent was lost before it started");
      else if (r.state == run_state::crashed && r.slot_held)
        p.emit_by_system(ev::run_slot_freed{id, "its agent is lost"});
    }
    return;
  }
  arm_agent(p.s, a);
}

void sweep_due(plan& p, const std::string& key) {
  const auto* sw = find(p.s, sweep_id{key});
  if (sw == nullptr || sw->breaker != breaker_state::open || sw->breaker_until > p.now.at) return;
  p.emit_by_policy(*sw, "breaker",
                   ev::breaker_moved{sw->id, sw->breaker, breaker_state::half_open, mono{},
                                     "cooldown is over: " + std::to_string(sw->policy.breaker.probe) +
                                         " probe run may start"});
}

}  // namespace

ticked tick(state& s, moment now, std::size_t limit) {
  plan p(s, actor{}, now);
  std::size_t handled = 0;
  while (handled < limit) {
    const auto key = s.timers.pop_due(now.at);
    if (!key) break;
    ++handled;
    switch (key->kind) {
      case timer_kind::run: run_due(p, key->id); break;
      case timer_kind::agent: agent_due(p, key->id); break;
      case timer_kind::sweep: sweep_due(p, key->id); break;
    }
  }
  ticked out;
  out.what = p.end(answer::done{});
  out.next = s.timers.next();
  return out;
}

}  // namespace sweepd::core
