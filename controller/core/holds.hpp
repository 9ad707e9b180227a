// "Why is this not moving?": every hold of a sweep, what it keeps from being used, and the instant at
// which it will be released. Pure; shown by `sweepd explain`, the API and the page.
#pragma once

#include "controller/core/types.hpp"

namespace sweepd::core {

/// One run and what it holds.
struct hold {
  static constexpr bool has_defaults = true;
  run_id run;
  std::uint64_t trial = 0;
  agent_id agent;
  run_state state = run_state::pending;
  run_health health = run_health::ok;
  std::vector<std::string> what;  ///< slot, run_cap place, configuration, rung seat, end of the sweep
  std::string why;
  std::optional<milliseconds> release_in;  ///< none: when it ends, or when somebody acts
  std::optional<instant> release_at;
};
BOOST_DESCRIBE_STRUCT(hold, (), (run, trial, agent, state, health, what, why, release_in, release_at))

/// A trial that is to be handed out (again) and is not yet.
struct waiting_trial {
  static constexpr bool has_defaults = true;
  std::uint64_t trial = 0;
  std::string why;
  std::optional<instant> ready_at;
  std::string run;  ///< the id that its first run was promised; empty: none was
};
BOOST_DESCRIBE_STRUCT(waiting_trial, (), (trial, why, ready_at, run))

struct explanation {
  static constexpr bool has_defaults = true;
  sweep_id sweep;
  sweep_state state = sweep_state::pending;
  std::string summary;             ///< one sentence
  std::vector<hold> holds;         ///< blocking ones (crashed, preempted) first, then by age
  std::vector<waiting_trial> waiting;
  std::vector<std::string> notes;  ///< grace, mass silence, quarantined agents, breaker
};
BOOST_DESCRIBE_STRUCT(explanation, (), (sweep, state, summary, holds, waiting, notes))

inline constexpr std::size_t explain_rows_max = 1'000;  ///< of holds, and of waiting trials

/// The sweep must exist.
explanation explain(const state& s, const sweep_id& id, moment now);
/// What a run in its present state keeps from being used.
std::vector<std::string> held_things(const state& s, const run& r);

}  // namespace sweepd::core
