// run_edit: a scope in which a run changes. Its share of every derived counter (slots, places, state
// counts, unsettled, live, suspects) is taken out at the start and put back at the end, and its timer
// is armed anew. Used by apply.cpp and rebuild.cpp only.
#pragma once

#include "controller/core/events.hpp"

namespace sweepd::core {

class run_edit {
 public:
  run_edit(state& s, const run_id& id, moment now);
  ~run_edit();
  run_edit(const run_edit&) = delete;
  run_edit& operator=(const run_edit&) = delete;

  run& r;

  /// A run that is new to the state: only puts its share in.
  static void enter(state& s, run& r, moment now);

 private:
  state& s_;
  moment now_;
};

/// What a move means for the breakers: a death of the run, by nobody's wish.
bool counts_as_death(const ev::run_moved& e);
/// One ending, for the sweep's breaker and the agent's record; runs without an agent have none.
void count_ending(state& s, const run& r, bool died);
/// A run that lives (again) holds its trial, if it is its current one.
void hold_trial(state& s, const run& r);

/// After the best result was taken back: the best of those that stand.
void find_best(sweep& sw);

/// A new board for the sweep's rung table, if its file asks for early termination; no run is on it.
void set_board(sweep& sw);

/// Arms the agent's timer: lost, or the end of its quarantine.
void arm_agent(state& s, const agent& a);
/// Arms the sweep's timer: the end of the breaker's cooldown.
void arm_sweep(state& s, const sweep& sw);

}  // namespace sweepd::core
