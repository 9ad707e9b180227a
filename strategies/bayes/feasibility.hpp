// How likely a run at a point is to deliver a value, from where runs failed and where they did not,
// and one that is new.
//
// Failures that follow the parameters have a region, failures at random repel nobody: outcome.hpp.
// The probability multiplies the expected improvement (Gelbart, Snoek, Adams, arXiv 1403.5607,
// section 3). Runs that were lost with their machine count alike: what is lost at random is noise
// to this process, too. Where runs give the least value again and again, to the digit, an objective
// is flat: parameters that count elsewhere do not count there. Pure.
#pragma once

#include "strategies/bayes/outcome.hpp"

#include <Eigen/Core>

#include <optional>

namespace sweepd::strategies::bayes {

class feasibility {
 public:
  /// Points, one a row, by what became of their runs.
  feasibility(const points& delivered, const points& failed, const points& lost,
              const axis_flags& unordered);
  /// `y`: the values of the points `delivered`. The rest of a flat bottom promises less.
  void learn_repeats(const points& delivered, const Eigen::VectorXd& y,
                     const axis_flags& unordered);
  /// True: the weights are 1 everywhere.
  [[nodiscard]] bool certain() const { return !failing_ && !repeating_; }
  /// That a value is delivered.
  [[nodiscard]] double probability(const Eigen::VectorXd& where) const;
  /// Logarithms of the probabilities that a value is delivered and new.
  [[nodiscard]] Eigen::ArrayXd log_weights(const points& where) const;
  /// One of them and its slope (0 along unordered axes).
  double log_weight(const Eigen::VectorXd& where, Eigen::VectorXd& slope) const;

 private:
  std::optional<outcome_process> failing_;
  std::optional<outcome_process> repeating_;
};

}  // namespace sweepd::strategies::bayes
