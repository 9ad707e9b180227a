#include "strategies/bayes/feasibility.hpp"

#include "strategies/bayes/fit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sweepd::strategies::bayes {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::VectorXd;

namespace {

constexpr Index rows_max = 100;  // outcomes in the model, the latest
constexpr int fit_steps = 15;
constexpr double blur_least = 0.02;
// Outcomes are -1 and 1; noise is likely, since machines fail at random, too.
const priors outcome_priors{-1.0, 0.7, -1.6, 0.7, -1.5, 1.0};

double normal_share(double z) { return 0.5 * std::erfc(-z * 0.70710678118654752440); }
double normal_density(double z) { return 0.39894228040143267794 * std::exp(-0.5 * z * z); }

points last_rows(const points& x, Index count) { return x.bottomRows(std::min(count, x.rows())); }

}  // namespace

feasibility::feasibility(const points& delivered, const points& failed, const points& lost,
                         const axis_flags& unordered) {
  if (failed.rows() + lost.rows() == 0) return;
  const points bad = last_rows(failed, rows_max / 3);
  const points gone = last_rows(lost, rows_max / 3);
  const points good = last_rows(delivered, rows_max - bad.rows() - gone.rows());
  const Index n = good.rows() + bad.rows() + gone.rows();
  points x(n, delivered.cols());
  x << good, bad, gone;
  VectorXd outcome = VectorXd::Ones(n);
  outcome.head(good.rows()).setConstant(-1);
  const auto h = fit(x, outcome, unordered, outcome_priors,
                     expected(x.cols(), outcome_priors, false), fit_steps);
  anchored known(covariance(h, unordered), std::move(x));
  auto factor = factor_of(known);
  model_.emplace(std::move(known), outcome, std::move(factor));
  blur_ = std::max(h.noise(), blur_least);
}

double feasibility::probability(const VectorXd& where) const {
  return certain() ? 1 : std::exp(log_weights(where.transpose())[0]);
}

ArrayXd feasibility::log_weights(const points& where) const {
  if (certain()) return ArrayXd::Zero(where.rows());
  const auto believed = model_->at(where);
  ArrayXd out(where.rows());
  for (Index i = 0; i < where.rows(); ++i)
    out[i] =
        std::log(normal_share(-believed.means(0, i) / std::sqrt(believed.variance[i] + blur_)));
  return out;
}

double feasibility::log_weight(const VectorXd& where, VectorXd& slope) const {
  const auto here = model_->around(where);
  const double spread = std::sqrt(here.variance + blur_);
  const double t = here.means[0] / spread;
  const double share = normal_share(-t);
  const VectorXd t_slope = model_->mean_slope(here, VectorXd::Ones(1)) / spread -
                           t / (2 * spread * spread) * here.variance_slope;
  slope = -normal_density(t) / share * t_slope;
  return std::log(share);
}

}  // namespace sweepd::strategies::bayes
