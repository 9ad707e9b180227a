#include "controller/core/preview.hpp"

#include "controller/core/holds.hpp"
#include "controller/core/liveness.hpp"
#include "controller/core/plan.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

/// The state in which the question is asked: the sweep under the other policy, with one run in it.
/// Copies only what the pure questions look at.
state staged(const state& s, const sweep& sw, const crash_policy& policy, moment now) {
  state out;
  out.default_policy = s.default_policy;
  out.grace_from = s.grace_from;
  out.grace_why = s.grace_why;
  auto& copy = out.sweeps[sw.id];
  copy = sw;
  const auto hash = policy_hash(policy);
  if (hash != sw.policy_hash) copy.policy_since = now.at;
  copy.policy = policy;
  copy.policy.mode = policy_mode::enforce;  // preview shows what enforcing would do, in any mode
  copy.policy_hash = hash;
  for (const auto& [id, a] : s.agents)
    if (a.sweep == sw.id) out.agents.emplace(id, a);
  return out;
}

previewed_action row_of(const run& r, const state& s, const disposition& d, run_state from,
                        milliseconds due_in) {
  previewed_action a;
  a.run = r.id;
  a.trial = r.trial;
  a.agent = r.agent;
  a.state = r.state;
  a.cause = r.cause;
  a.rule = d.choice.text;
  a.from = from;
  a.to = run_state::failed;
  a.due_in = std::max(milliseconds{0}, due_in);
  a.then = d.note;
  a.releases = held_things(s, r);
  return a;
}

}  // namespace

policy_preview preview(const state& s, const sweep_id& id, const crash_policy& policy, moment now,
                       milliseconds ahead) {
  const auto& sw = s.sweeps.at(id);
  policy_preview out;
  out.policy_hash = policy_hash(policy);
  out.mode = policy.mode;
  out.ahead = ahead;
  auto stage = staged(s, sw, policy, now);
  for (const auto& run_of : sw.unsettled) {
    const run& original = s.runs.at(run_of);
    const bool live = original.state == run_state::running || original.state == run_state::preempting;
    stage.runs.clear();
    run& r = stage.runs.emplace(run_of, original).first->second;
    mono at = now.at;
    if (live) {
      // Silent from now on: when would it be crashed, and for what?
      const mono heard = std::max(last_signal(stage, r), stage.sweeps.at(id).policy_since);
      at = std::max(heard + policy.crash_after, grace_end(stage, sw));
      r.cause = find(s, r.agent) != nullptr ? cause::agent_lost : cause::silent;
      if (original.health == run_health::exiting) {
        at = std::max({r.health_since, s.grace_from}) + policy.exit_grace;
        r.cause = cause::exited_silently;
      } else if (original.health == run_health::ok) {
        continue;  // alive: nothing to preview
      }
      r.state = run_state::crashed;
      r.state_since = at;
    } else if (original.state == run_state::pending) {
      continue;
    }
    const auto due = next_deadline(stage, r);
    if (!due) continue;
    const auto due_in = *due - now.at;
    if (live && due_in > ahead) continue;
    const auto d = dispose_of(stage, r, policy, out.policy_hash, now);
    auto row = row_of(r, stage, d, original.state, due_in);
    row.state = original.state;
    out.actions.push_back(std::move(row));
  }
  std::stable_sort(out.actions.begin(), out.actions.end(),
                   [](const auto& a, const auto& b) { return a.due_in < b.due_in; });
  return out;
}

}  // namespace sweepd::core
