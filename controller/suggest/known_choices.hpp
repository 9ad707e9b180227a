// Whether the runs of a bayes sweep have values that the sweep lists. Pure.
#pragma once

#include "controller/base/result.hpp"
#include "strategies/strategy.hpp"

#include <boost/json.hpp>

#include <span>

namespace sweepd::suggest {

/// Python's ==: true, 1 and 1.0 are equal, inside lists and maps too.
bool equal_in_python(const boost::json::value& a, const boost::json::value& b);

/// Error: invalid, when a run's value of a listed parameter is not in the list. What Python takes for
/// false (0, "", null, ...) and what is missing passes: W&B's library reads both as the first choice.
result<void> check_choices(const boost::json::object& config,
                           std::span<const strategies::observation> runs);

}  // namespace sweepd::suggest
