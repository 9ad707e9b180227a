// Short histories and the loop "suggest, run, observe", for the tests of method bayes.
#pragma once

#include "tests/strategies/helpers.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::strategies::test {

inline observation ended(boost::json::object config, double value) {
  observation out;
  out.what = observation::kind::value;
  out.config = std::move(config);
  out.value = out.last = out.worst = value;
  return out;
}

inline observation without_value(boost::json::object config, observation::kind what) {
  observation out;
  out.what = what;
  out.config = std::move(config);
  return out;
}

inline double number(const boost::json::object& config, std::string_view name) {
  return config.at(name).at("value").to_number<double>();
}

/// What one run gives: a loss, or nothing when it fails.
using program = std::function<std::optional<double>(const boost::json::object& config)>;

/// Runs `budget` suggestions one after the other; the seed changes with each when `shifting`.
inline std::vector<observation> searched(strategy& s, const program& run, std::size_t budget,
                                         std::uint64_t seed = 1, bool shifting = false) {
  std::vector<observation> seen;
  for (std::uint64_t k = 0; k < budget; ++k) {
    s.observe(seen);
    const auto got = s.suggest({.seed = shifting ? seed + 1000 * k : seed, .from = k, .n = 1});
    REQUIRE(got);
    if (got->empty()) break;
    const auto& config = (*got)[0].config;
    const auto value = run(config);
    seen.push_back(value ? ended(config, *value)
                         : without_value(config, observation::kind::infeasible));
  }
  return seen;
}

inline double least(const std::vector<observation>& seen) {
  double out = 1e300;
  for (const auto& o : seen)
    if (o.value) out = std::min(out, *o.value);
  return out;
}

}  // namespace sweepd::strategies::test
