#include "controller/core/run_state.hpp"

#include <array>

namespace sweepd::core {
namespace {

using enum run_state;

constexpr std::array table{
    transition{pending, running, "the run starts (init)"},
    transition{pending, failed, "never started: its agent dropped it, or offer_ttl"},
    transition{pending, killed, "operator stop, sweep cancel"},
    transition{running, finished, "final record, exit code 0"},
    transition{running, failed, "final record, another exit code; operator with force"},
    transition{running, crashed, "death by signal; exit_grace over; silent for crash_after"},
    transition{running, preempting, "preempting mark"},
    transition{running, killed, "operator stop, early stop, sweep cancel, reconcile"},
    transition{preempting, finished, "final record, exit code 0"},
    transition{preempting, preempted, "any other ending"},
    transition{preempting, failed, "operator with force"},
    transition{preempting, killed, "operator stop, sweep cancel, reconcile"},
    transition{preempted, running, "a heartbeat, trial not handed out again"},
    transition{preempted, pending, "handed out again under the same id (same_run), epoch+1"},
    transition{preempted, failed, "preempt_return over; operator"},
    transition{preempted, killed, "sweep cancel"},
    transition{crashed, running, "a heartbeat, trial not handed out again (revived)"},
    transition{crashed, failed, "fail_after or a rule's `after`; operator"},
    transition{crashed, killed, "sweep cancel"},
    transition{failed, running, "failed by policy and a heartbeat within revive_window; undo"},
    transition{failed, crashed, "undo"},
    transition{failed, preempted, "undo"},
    transition{failed, pending, "handed out again under the same id (same_run), epoch+1"},
    transition{finished, pending, "a run without an agent is started again by its program, epoch+1"},
    transition{killed, pending, "a run without an agent is started again by its program, epoch+1"},
    transition{crashed, pending, "a run without an agent is started again by its program, epoch+1"},
    transition{failed, finished, "a superseded run finished first (reconcile: first_finished)"},
};

}  // namespace

std::span<const transition> transitions() { return table; }

bool allowed(run_state from, run_state to) {
  for (const auto& t : table)
    if (t.from == from && t.to == to) return true;
  return false;
}

bool holds_slot(const run& r) { return r.slot_held && (is_live(r.state) || r.state == crashed); }

bool holds_place(const run& r, cap_mode mode) {
  if (mode == cap_mode::trials) return r.attempt == 1;
  switch (r.state) {
    case preempted: return false;
    case failed: return mode == cap_mode::attempts || r.metric.count > 0;
    default: return true;
  }
}

bool unsettled(const run& r, bool held) {
  if (is_live(r.state) || r.state == crashed) return true;
  return r.state == preempted && held;
}

}  // namespace sweepd::core
