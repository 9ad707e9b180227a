// One simulated history: a controller, sweeps, agents with training processes, a network, faults, an
// operator. Deterministic in its seed. After `chaos` the faults stop, and every sweep must drain.
#pragma once

#include "tests/sim/faults.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sweepd::sim {

struct settings {
  std::uint64_t seed = 1;
  double chaos_hours = 12;  ///< faults happen within this time
  fault_set faults;
  bool fold = false;        ///< also check the fold of the whole log against the state
};

struct outcome {
  std::string violation;  ///< empty: all oracles held
  std::uint64_t step = 0;
  double run_hours = 0;
  std::uint64_t events = 0, steps = 0, runs = 0, crashed = 0, failed_by_policy = 0, requeues = 0,
                restarts = 0, revived = 0, stopped_early = 0, targets = 0;
  std::vector<std::string> trace;
};

outcome simulate(const settings& how);

}  // namespace sweepd::sim
