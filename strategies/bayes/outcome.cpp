#include "strategies/bayes/outcome.hpp"

#include "strategies/bayes/fit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sweepd::strategies::bayes {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::VectorXd;

namespace {

constexpr int fit_steps = 15;
constexpr double blur_least = 0.02;
// Outcomes are -1 and 1; noise is likely, since machines fail at random, too.
const priors outcome_priors{-1.0, 0.7, -1.6, 0.7, -1.5, 1.0};

double normal_share(double z) { return 0.5 * std::erfc(-z * 0.70710678118654752440); }
double normal_density(double z) { return 0.39894228040143267794 * std::exp(-0.5 * z * z); }

posterior learnt(const points& good, const points& bad, const axis_flags& unordered) {
  points x(good.rows() + bad.rows(), good.cols());
  x << good, bad;
  VectorXd outcome = VectorXd::Ones(x.rows());
  outcome.head(good.rows()).setConstant(-1);
  const auto h = fit(x, outcome, unordered, outcome_priors,
                     expected(x.cols(), outcome_priors, false), fit_steps);
  anchored known(covariance(h, unordered), std::move(x));
  auto factor = factor_of(known);
  return {std::move(known), outcome, std::move(factor)};
}

}  // namespace

outcome_process::outcome_process(const points& good, const points& bad,
                                 const axis_flags& unordered, double power)
    : model_(learnt(good, bad, unordered)),
      blur_(std::max(model_.kernel().noise(), blur_least)),
      power_(power) {}

ArrayXd outcome_process::log_shares(const points& where) const {
  const auto believed = model_.at(where);
  ArrayXd out(where.rows());
  for (Index i = 0; i < where.rows(); ++i) {
    const double t = -believed.means(0, i) / std::sqrt(believed.variance[i] + blur_);
    out[i] = power_ * std::log(normal_share(t));
  }
  return out;
}

double outcome_process::log_share(const VectorXd& where, VectorXd& slope) const {
  const auto here = model_.around(where);
  const double spread = std::sqrt(here.variance + blur_);
  const double t = here.means[0] / spread;
  const double share = normal_share(-t);
  const VectorXd t_slope = model_.mean_slope(here, VectorXd::Ones(1)) / spread -
                           t / (2 * spread * spread) * here.variance_slope;
  slope -= power_ * normal_density(t) / share * t_slope;
  return power_ * std::log(share);
}

}  // namespace sweepd::strategies::bayes
