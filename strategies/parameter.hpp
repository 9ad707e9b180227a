// One searchable (or constant) parameter: its kind, its defaults, and how it is sampled and
// encoded.
//
// Made from the JSON of one entry of `parameters`; nested groups are space.hpp's business. A value
// type, immutable after make(), safe to read from any thread.
#pragma once

#include "controller/base/result.hpp"
#include "strategies/distributions.hpp"
#include "strategies/kind.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sweepd::strategies {

class parameter {
 public:
  /// Checks `config` as one parameter that is no group. Deprecated kinds are taken: files have
  /// them. Error: invalid, `where` begins with `path`.
  static result<parameter> make(const boost::json::value& config, std::string_view path);

  [[nodiscard]] kind what() const { return kind_; }
  [[nodiscard]] bool constant() const { return kind_ == kind::constant; }
  /// What was written, with distribution, q, mu and the like filled in as W&B fills them.
  [[nodiscard]] const boost::json::object& filled() const { return filled_; }
  /// The listed values of a categorical, the one value of a constant; empty for the others.
  [[nodiscard]] const boost::json::array& choices() const { return choices_; }

  /// The value at the quantile u, 0 <= u <= 1, in the JSON type that W&B gives it: integers from
  /// integer kinds and from a q written as an integer, listed values as listed, else doubles.
  [[nodiscard]] boost::json::value ppf(double u) const;
  /// The share of draws up to x; for a categorical x is the index of the value. A constant: 0.
  [[nodiscard]] double cdf(double x) const;

 private:
  kind kind_ = kind::constant;
  boost::json::object filled_;
  boost::json::array choices_;
  std::vector<double> cumulative_;  // of categorical_w_probabilities
  std::int64_t first_ = 0;          // of int_uniform
  std::uint64_t count_ = 0;         // of int_uniform and categorical
  distribution shape_;              // of the continuous kinds
  bool integer_step_ = false;
};

/// `parameter` (of kind k, without problems) with W&B's defaults written in, groups filled inside.
boost::json::object filled(kind k, const boost::json::object& parameter);

}  // namespace sweepd::strategies
