// The canonical typed text of a JSON value: equal texts mean "the same value" to W&B's grid.
//
// Used for config_hash() and to drop values that a grid lists twice. Follows `yaml_hash` in
// wandb/sweeps:src/sweeps/grid_search.py; only equality is the same, not the text.
#pragma once

#include <boost/json.hpp>

#include <string>

namespace sweepd::strategies {

/// true and 1, "1" and 1 differ; keys are sorted; NaN equals NaN. A whole float is an integer when
/// it is `v` itself, and stays a float inside a list or a map.
std::string canonical(const boost::json::value& v);

}  // namespace sweepd::strategies
