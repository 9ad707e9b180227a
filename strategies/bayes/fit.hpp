// The hyperparameters that explain the observations best: maximum a posteriori.
//
// Marginal likelihood: Rasmussen and Williams, equations 2.30 and 5.9 (gradient). Priors: log-normal on
// every length scale, its median growing with the square root of the number of axes (Hvarfner, Hellsten,
// Nardi, "Vanilla Bayesian optimization performs great in high dimensions", arXiv 2402.02229),
// log-normal on amplitude and noise. The constant mean is the best one for the rest, in closed form. Pure: the
// result depends on the arguments alone.
#pragma once

#include "strategies/bayes/kernel.hpp"

#include <Eigen/Core>

namespace sweepd::strategies::bayes {

/// Where the hyperparameters are expected, in logarithms: median and spread.
struct priors {
  double length_median = -0.7;  ///< of one axis; + ln(d) / 2
  double length_spread = 1.0;
  double amplitude_median = 0;
  double amplitude_spread = 0.7;
  double noise_median = -7;
  double noise_spread = 2;
};

/// The medians of the priors: where every fit may start.
hyperparameters expected(Eigen::Index dims, const priors& p);

/// The negative log posterior and its gradient in (log lengths, log amplitude, log noise).
class evidence {
 public:
  /// x: one point a row; y: standardised outputs.
  evidence(const points& x, const Eigen::VectorXd& y, const axis_flags& unordered, const priors& p);
  /// Infinity where the covariance is not positive definite.
  double operator()(const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) const;

 private:
  struct solved;
  [[nodiscard]] bool solve(const Eigen::VectorXd& theta, solved& out) const;

  Eigen::MatrixXd gaps_;  // a row a pair of points, a column an axis: squared differences
  Eigen::VectorXd y_;
  priors priors_;
};

/// The best hyperparameters found from `start` (the last fit of fewer observations, or expected()).
hyperparameters fit(const points& x, const Eigen::VectorXd& y, const axis_flags& unordered,
                    const priors& p, const hyperparameters& start, int steps);

}  // namespace sweepd::strategies::bayes
