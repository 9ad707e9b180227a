// How likely a run at a point is to deliver a value, from where runs failed and where they did not.
//
// A second Gaussian process, over the outcome itself (failed 1, delivered -1), with length scales
// and noise of its own: failures that follow the parameters have a region, failures at random
// become noise and repel nobody. Its probability multiplies the expected improvement (Gelbart,
// Snoek, Adams, arXiv 1403.5607, section 3; classification by regression as in Rasmussen and
// Williams, section 6.5). Runs that were lost with their machine count alike: what is lost at random is
// noise to this process, too. Pure.
#pragma once

#include "strategies/bayes/posterior.hpp"

#include <Eigen/Core>

#include <optional>

namespace sweepd::strategies::bayes {

class feasibility {
 public:
  /// Points, one a row, by what became of their runs.
  feasibility(const points& delivered, const points& failed, const points& lost,
              const axis_flags& unordered);
  /// True: nothing ever failed, the probability is 1 everywhere.
  [[nodiscard]] bool certain() const { return !model_; }
  [[nodiscard]] double probability(const Eigen::VectorXd& where) const;
  /// Logarithms of the probabilities.
  [[nodiscard]] Eigen::ArrayXd log_weights(const points& where) const;
  /// One of them and its slope (0 along unordered axes).
  double log_weight(const Eigen::VectorXd& where, Eigen::VectorXd& slope) const;

 private:
  std::optional<posterior> model_;
  double blur_ = 0;  // variance of an outcome where the process is certain
};

}  // namespace sweepd::strategies::bayes
