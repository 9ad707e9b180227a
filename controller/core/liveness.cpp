#include "controller/core/liveness.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

/// When silence makes a running run crashed.
mono silence_end(const state& s, const sweep& sw, const run& r) {
  return std::max(std::max(last_signal(s, r), sw.policy_since) + sw.policy.crash_after, grace_end(s, sw));
}

std::optional<mono> running_deadline(const state& s, const sweep& sw, const run& r) {
  const auto& p = sw.policy;
  if (r.health == run_health::exiting)
    return std::max({r.health_since, s.grace_from, sw.policy_since}) + p.exit_grace;
  const mono heard = std::max(last_signal(s, r), sw.policy_since);
  const mono crash = silence_end(s, sw, r);
  if (r.state == run_state::preempting) return crash;
  const mono silent = r.health == run_health::suspect ? crash : std::min(heard + p.suspect_after, crash);
  if (p.stall_after && r.health == run_health::ok)
    return std::min(silent, std::max({r.last_stream, s.grace_from, sw.policy_since}) + *p.stall_after);
  return silent;
}

}  // namespace

mono last_signal(const state& s, const run& r) {
  return std::max({r.last_stream, r.last_listed, s.grace_from});
}

bool agent_gone(const state& s, const run& r, moment now) {
  const auto* a = find(s, r.agent);
  if (a == nullptr) return false;
  if (a->state != agent_state::live) return true;
  return std::max(a->last_beat, s.grace_from) + s.sweeps.at(r.sweep).policy.crash_after <= now.at;
}

mono grace_end(const state& s, const sweep& sw) {
  return s.grace_why.empty() ? mono{} : s.grace_from + sw.policy.grace();
}

death death_of(const run& r, moment now) {
  death d;
  d.cause = r.cause;
  d.exit_code = r.exit_code;
  d.signal = r.signal;
  d.log_tail = r.log_tail;
  d.attempt = r.attempt;
  d.steps = r.history_lines;
  if (r.started) d.ran = std::max(milliseconds{0}, r.ended.value_or(now.wall) - *r.started);
  return d;
}

std::optional<mono> act_deadline(const state& s, const run& r) {
  const auto& sw = s.sweeps.at(r.sweep);
  if (sw.policy.mode != policy_mode::enforce) return std::nullopt;
  const auto choice = choose_rule(sw.policy, death_of(r, moment{}));
  if (choice.rule.action == rule_action::hold) return std::nullopt;
  const bool gone = process_gone(r.cause) && !r.undone;
  const auto wait = r.undone ? std::max(sw.policy.fail_after, act_after(sw.policy, choice, r.cause))
                             : act_after(sw.policy, choice, r.cause);
  const mono from = std::max(r.state_since, sw.policy_since);
  // A run whose process may come back gets our grace; one that is known to be gone need not wait.
  return gone ? from + wait : std::max(from + wait, grace_end(s, sw));
}

std::optional<mono> lease_end(const state& s, const run& r) {
  if (!is_live(r.state)) return std::nullopt;
  if (r.state == run_state::pending || r.health == run_health::exiting) return next_deadline(s, r);
  return silence_end(s, s.sweeps.at(r.sweep), r);
}

std::optional<mono> next_deadline(const state& s, const run& r) {
  const auto& sw = s.sweeps.at(r.sweep);
  if (r.deleted) {
    if (r.purged) return std::nullopt;
    return std::max(*r.deleted, sw.policy_since) + sw.policy.undo_window;
  }
  switch (r.state) {
    case run_state::pending:
      return std::max({r.state_since, r.last_listed, s.grace_from, sw.policy_since}) +
             sw.policy.offer_ttl;
    case run_state::running:
    case run_state::preempting: return running_deadline(s, sw, r);
    case run_state::crashed: return act_deadline(s, r);
    case run_state::preempted: {
      const auto* t = find_trial(s, r.sweep, r.trial);
      if (t == nullptr || t->state != trial_state::held || !is_current(s, r)) return std::nullopt;
      return std::max({r.state_since, s.grace_from, sw.policy_since}) + sw.policy.preempt_return;
    }
    default: return std::nullopt;
  }
}

bool silent_together(const state& s) {
  return s.live >= mass_runs_min && s.suspects.size() * 2 >= s.live;
}

std::uint64_t mass_marks_max(const state& s) { return std::max<std::uint64_t>(1, s.live / 20); }

}  // namespace sweepd::core
