// The filter flags that choose runs: for `runs` and for the actions on many runs.
#pragma once

#include "controller/cli/context.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sweepd::cli {

/// --sweep --state --older-than --cause --health --agent.
std::vector<option> run_filter_options();
/// Their values by the server's names, checked, ids made whole; only those given.
result<std::vector<std::pair<std::string, std::string>>> run_filter(context& c);

}  // namespace sweepd::cli
