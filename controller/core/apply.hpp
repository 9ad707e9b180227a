// Performing events: the only code that changes a state. Called by decide() and tick() as they go, and
// by whoever folds a stored log (tests, the simulator's oracle, `doctor`).
#pragma once

#include "controller/core/commands.hpp"

namespace sweepd::core {

/// Performs one event. Cannot fail: only what the transition table allows is ever produced.
void apply(state& s, const event& e, const actor& who, moment now);

/// Takes in a run's data: counters, metric, summary, log tail.
void absorb(state& s, const run_data& d, moment now);

/// Recomputes everything that is "memory only" from the rows: counters, waiting and unsettled sets,
/// agents' runs, timers. Every lease starts afresh at `now`. Called once after loading.
void rebuild(state& s, moment now);

/// Arms the run's one timer for the earliest thing that can happen to it by itself.
void arm_run(state& s, const run& r, moment now);

}  // namespace sweepd::core
