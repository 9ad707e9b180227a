// Objectives of our own for tuning the model-based search; the optimum of each is known or sampled.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sweepd::lab {

/// One parameter: its JSON, and how a unit coordinate is read back from a value.
struct dimension {
  enum class kind { uniform, log, integer, choice } what = kind::uniform;
  double low = 0;
  double high = 1;
  int choices = 0;
};

struct problem {
  std::string name;
  std::vector<dimension> dims;
  /// Loss at unit coordinates (of a choice: its index). Smaller is better.
  std::function<double(const std::vector<double>&)> loss;
  double optimum = 0;
  double noise = 0;  ///< standard deviation of what is observed
  std::function<bool(const std::vector<double>&)> crashes;
};

boost::json::object parameters_of(const problem& p);
std::vector<double> unit_of(const problem& p, const boost::json::object& config);

std::vector<std::string> names();
problem make(const std::string& name, std::uint64_t seed);

}  // namespace sweepd::lab
