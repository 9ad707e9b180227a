// The probability of one of two outcomes anywhere, from where it came about and where it did not.
//
// A Gaussian process over the outcome itself (bad 1, good -1), with length scales and noise of its
// own: an outcome that follows the parameters has a region, one at random becomes noise
// (classification by regression; Rasmussen and Williams, section 6.5). Pure.
#pragma once

#include "strategies/bayes/posterior.hpp"

#include <Eigen/Core>

namespace sweepd::strategies::bayes {

class outcome_process {
 public:
  /// Points, one a row. `power`: of the probability of the good outcome.
  outcome_process(const points& good, const points& bad, const axis_flags& unordered,
                  double power);
  /// Logarithms of the probabilities of the good outcome.
  [[nodiscard]] Eigen::ArrayXd log_shares(const points& where) const;
  /// One of them; adds its slope (0 along unordered axes).
  double log_share(const Eigen::VectorXd& where, Eigen::VectorXd& slope) const;

 private:
  posterior model_;
  double blur_;  // variance of an outcome where the process is certain
  double power_;
};

}  // namespace sweepd::strategies::bayes
