#include "controller/core/run_edit.hpp"

#include "controller/core/apply.hpp"
#include "controller/core/run_state.hpp"

namespace sweepd::core {
namespace {

bool trial_held(const state& s, const run& r) {
  const auto* t = find_trial(s, r.sweep, r.trial);
  return t != nullptr && t->state == trial_state::held && !t->runs.empty() && t->runs.back() == r.id;
}

void take_out(state& s, const run& r) {
  auto& sw = s.sweeps.at(r.sweep);
  if (holds_slot(r)) --sw.slots_used;
  if (holds_place(r, sw.policy.cap_counts)) --sw.cap_used;
  if (--sw.run_counts[r.state] == 0) sw.run_counts.erase(r.state);
  sw.unsettled.erase(r.id);
  s.suspects.erase(r.id);
  if (r.state == run_state::running || r.state == run_state::preempting) --s.live;
}

void put_in(state& s, const run& r, moment now) {
  auto& sw = s.sweeps.at(r.sweep);
  if (holds_slot(r)) ++sw.slots_used;
  if (holds_place(r, sw.policy.cap_counts)) ++sw.cap_used;
  ++sw.run_counts[r.state];
  if (unsettled(r, trial_held(s, r))) sw.unsettled.insert(r.id);
  const bool live = r.state == run_state::running || r.state == run_state::preempting;
  if (live) ++s.live;
  if (live && r.health == run_health::suspect) s.suspects.insert(r.id);
  s.touched.runs.insert(r.id);
  arm_run(s, r, now);
}

}  // namespace

run_edit::run_edit(state& s, const run_id& id, moment now)
    : r(s.runs.at(id)), s_(s), now_(now) {
  take_out(s_, r);
}

run_edit::~run_edit() { put_in(s_, r, now_); }

void run_edit::enter(state& s, run& r, moment now) { put_in(s, r, now); }

}  // namespace sweepd::core
