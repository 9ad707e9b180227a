// The invariants of a state, as sentences. Checked after every step of the simulator and in tests;
// cheap enough for `assert`-like use on small states only (it walks everything).
#pragma once

#include "controller/core/types.hpp"

#include <string>
#include <vector>

namespace sweepd::core {

/// Everything that is wrong; empty: all is well.
std::vector<std::string> broken_invariants(const state& s);

}  // namespace sweepd::core
