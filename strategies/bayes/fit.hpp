// The hyperparameters that explain the observations best: maximum a posteriori.
//
// Marginal likelihood: Rasmussen and Williams, equations 2.30 and 5.9 (gradient). Priors:
// log-normal on every length scale, the joint part's median growing with the square root of the
// number of axes (Hvarfner, Hellsten, Nardi, "Vanilla Bayesian optimization performs great in high
// dimensions", arXiv 2402.02229), log-normal on amplitudes and noise. Towards long lengths the tail
// is exponential, the heavier the more axes there are: of many parameters most do little (a sparse
// prior; Eriksson and Jankowiak, arXiv 2103.00229, section 4). The constant mean is the best one
// for the rest, in closed form. Pure: the result depends on the arguments alone.
#pragma once

#include "strategies/bayes/kernel.hpp"

#include <Eigen/Core>

namespace sweepd::strategies::bayes {

/// Where the hyperparameters are expected, in logarithms: median and spread.
struct priors {
  double length_median = -0.7;  ///< of one axis; + ln(d) / 2
  double length_spread = 1.0;
  double amplitude_median = -1.1;
  double amplitude_spread = 2.0;
  double noise_median = -6;
  double noise_spread = 2.5;
  double single_median = -0.7;  ///< length of a single axis
  double single_spread = 1.0;
  double additive_median = -1.1;
  double additive_spread = 2.0;
  double pairs_median = -1.1;
  double pairs_spread = 2.0;
  double relevant = 30;  ///< lengths beyond this / d^2 spreads: the penalty goes on as a line
};

/// The medians of the priors: where every fit may start. `single`: with the parts of few axes.
hyperparameters expected(Eigen::Index dims, const priors& p, bool single);

/// The negative log posterior and its gradient in (log lengths, log amplitude, log noise) and, with
/// the parts of few axes, (log lengths, log amplitude of single axes, of pairs).
class evidence {
 public:
  /// x: one point a row; y: standardised outputs.
  evidence(const points& x, const Eigen::VectorXd& y, const axis_flags& unordered, const priors& p);
  /// Infinity where the covariance is not positive definite.
  double operator()(const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) const;

 private:
  struct solved;
  [[nodiscard]] bool solve(const hyperparameters& h, solved& out) const;
  void add_priors(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd& gradient) const;

  void add_few_axes(const hyperparameters& h, solved& out) const;
  [[nodiscard]] Eigen::ArrayXd decay(Eigen::Index j, double weight) const;

  points x_;
  axis_flags unordered_;
  Eigen::MatrixXd gaps_;     // a row a pair of points, a column an axis: absolute differences
  Eigen::MatrixXd squares_;  // their squares
  Eigen::VectorXd y_;
  priors priors_;
};

/// The best hyperparameters found from `start` (the last fit of fewer observations) or expected(),
/// whichever explains the observations better.
hyperparameters fit(const points& x, const Eigen::VectorXd& y, const axis_flags& unordered,
                    const priors& p, const hyperparameters& start, int steps);

}  // namespace sweepd::strategies::bayes
