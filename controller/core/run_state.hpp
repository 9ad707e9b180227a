// The one transition table of a run's state, and what a run in a given state holds.
// Read by apply() (which asserts it), by tests and the simulator (which check it), and by people.
#pragma once

#include "controller/core/types.hpp"

#include <span>
#include <string_view>

namespace sweepd::core {

/// One allowed move and the only thing that makes it.
struct transition {
  run_state from;
  run_state to;
  std::string_view by;
};

/// Every allowed move. What is not here cannot happen.
std::span<const transition> transitions();
bool allowed(run_state from, run_state to);

/// It takes one of max_concurrent_runs.
bool holds_slot(const run& r);
/// It takes one of run_cap's places.
bool holds_place(const run& r, cap_mode mode);
/// The sweep cannot end before this run does. `held`: its trial has not been requeued or closed.
bool unsettled(const run& r, bool held);

}  // namespace sweepd::core
