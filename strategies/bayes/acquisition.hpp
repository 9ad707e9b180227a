// How much a run at a point promises: the logarithm of the expected improvement, averaged over the
// samples of a posterior, times the probability that the run delivers a value.
//
// Source: Ament, Daulton, Eriksson, Balandat, Bakshy, "Unexpected improvements to expected
// improvement for Bayesian optimization", arXiv 2310.20708, equations 8 and 9 (here with the
// asymptotic series of the normal tail below z = -25). Smaller outputs are better. Pure.
#pragma once

#include "strategies/bayes/feasibility.hpp"
#include "strategies/bayes/posterior.hpp"

#include <Eigen/Core>

namespace sweepd::strategies::bayes {

/// log(phi(z) + z Phi(z)): the log of the expected improvement of a standard normal, at threshold
/// z.
double log_improvement(double z);
/// Its derivative.
double log_improvement_slope(double z);

class acquisition {
 public:
  /// `best`: the value to improve on, a sample of `model`. Model and feasibility must outlive this.
  acquisition(const posterior& model, const feasibility& feasible, Eigen::VectorXd best);

  [[nodiscard]] Eigen::VectorXd at(const points& where) const;
  /// Upper bounds of at(), by about eight of the samples, for less work.
  [[nodiscard]] Eigen::VectorXd bounds_at(const points& where) const;
  /// The value at one point and its slope (0 along unordered axes).
  double operator()(const Eigen::VectorXd& where, Eigen::VectorXd& slope) const;

  /// The rows of `where` at which a run rather delivers a value than not.
  [[nodiscard]] points likely(const points& where) const;

  [[nodiscard]] const posterior& model() const { return model_; }

 private:
  [[nodiscard]] Eigen::VectorXd of(const posterior::belief& believed, const points& where,
                                   Eigen::Index every) const;

  const posterior& model_;
  const feasibility& feasible_;
  Eigen::VectorXd best_;
};

}  // namespace sweepd::strategies::bayes
