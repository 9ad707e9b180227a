// Observed values as the model sees them: smaller is better, mean 0, spread 1, and no one diverged
// loss so far out that the rest lie in one spot.
//
// Source of the half-rank warp: Google Vizier's Gaussian process bandit, arXiv 2408.11527,
// section 3.3.1 (values worse than the median become normal quantiles, scaled by the spread of the
// better half). It is applied only when the worse half's tail is heavy. Pure.
#pragma once

#include <Eigen/Core>

#include <vector>

namespace sweepd::strategies::bayes {

class output_warp {
 public:
  /// Learns from the raw values (smaller is better, at least one).
  explicit output_warp(const Eigen::VectorXd& raw);
  /// The learnt values, standardised.
  [[nodiscard]] const Eigen::VectorXd& warped() const { return warped_; }
  /// A standardised value in the raw values' own unit.
  [[nodiscard]] double raw(double warped) const;
  [[nodiscard]] bool heavy_tailed() const { return !knots_raw_.empty(); }

 private:
  void squeeze(Eigen::VectorXd& values);

  Eigen::VectorXd warped_;
  double middle_ = 0;
  double spread_ = 1;
  std::vector<double> knots_squeezed_;  // ascending, with the raw value of each
  std::vector<double> knots_raw_;
};

}  // namespace sweepd::strategies::bayes
