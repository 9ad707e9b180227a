// One parameter at a time, from JSON to JSON: what `sweepd suggest` answers to fill_parameter, ppf
// and cdf. Pure.
#pragma once

#include "controller/base/result.hpp"

#include <boost/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::strategies {

struct filled_parameter {
  /// W&B's name of the kind: "param_categorical", ..., "param_dict" for a group; none: no kind
  /// fits.
  std::optional<std::string> kind_of;
  /// The parameter with its defaults; as given when no kind fits.
  boost::json::object config;
};

/// Error: invalid, when min is not below max, at any level; `where` begins with `name`.
result<filled_parameter> fill_parameter(std::string_view name, const boost::json::object& config);

/// The parameter's quantiles at `u`. Errors: invalid, for a parameter that fits no kind, or u
/// outside [0, 1].
result<boost::json::array> ppf(const boost::json::value& parameter, std::span<const double> u);

/// The parameter's cumulative probabilities at `x` (indices for a categorical). Error: as ppf.
result<std::vector<double>> cdf(const boost::json::value& parameter, std::span<const double> x);

}  // namespace sweepd::strategies
