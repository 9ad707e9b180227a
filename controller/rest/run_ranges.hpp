// Filters by parameter value, as drawn on a parallel plot, and how values of any kind are put in
// order: numbers, then texts, then whatever has no value.
#pragma once

#include "controller/base/result.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::rest {

/// The value of a parameter in a configuration of W&B's shape, {NAME: {"value": V}}; null when absent.
/// What is neither number, text, true nor false is its JSON text.
boost::json::value parameter_of(const boost::json::value& config, boost::json::string_view name);

/// A key that any two runs can be compared by.
struct sort_value {
  std::optional<double> number;
  std::string text;
  [[nodiscard]] bool missing() const { return !number && text.empty(); }
  static sort_value of(double n);  ///< one that is not finite counts as missing
  static sort_value of(std::string t);
  static sort_value of(const boost::json::value& v);
  static sort_value of(const boost::json::value* v);
};
/// <0: a comes first. Missing values come last, whatever the direction.
int compare(const sort_value& a, const sort_value& b, bool descending);

/// {"lr": [0.1, 0.5], "opt": ["adam"]} : for each name either two numbers (from, to, both included)
/// or a list of texts. All must hold. The name "@metric" means the run's best value.
class ranges {
 public:
  /// "" is no filter. Errors: invalid, at ?ranges.
  static result<ranges> parse(std::string_view text);
  [[nodiscard]] bool empty() const { return wanted_.empty(); }
  [[nodiscard]] bool match(const boost::json::value& config, std::optional<double> metric) const;

 private:
  struct one {
    std::string name;
    std::optional<std::pair<double, double>> between;
    std::vector<std::string> among;
  };
  std::vector<one> wanted_;
};

}  // namespace sweepd::rest
