#include "strategies/bayes/acquisition.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sweepd::strategies::bayes {

using Eigen::Index;
using Eigen::VectorXd;

namespace {

constexpr double tail = -25;  // below it 1 + z Phi(z) / phi(z) loses its digits
constexpr Index screening_samples = 8;
const double log_root_two_pi = 0.91893853320467274178;
const double root_half = 0.70710678118654752440;

double upper_share(double z) { return 0.5 * std::erfc(-z * root_half); }

// z^2 (1 - |z| Phi(z) / phi(z)) for z far below 0: 1 - 3/z^2 + 15/z^4 - ...
double tail_series(double z) {
  const double t = 1 / (z * z);
  return 1 - t * (3 - t * (15 - t * 105));
}

}  // namespace

double log_improvement(double z) {
  if (z > -1) return std::log(std::exp(-0.5 * z * z - log_root_two_pi) + z * upper_share(z));
  const double log_density = -0.5 * z * z - log_root_two_pi;
  if (z > tail) return log_density + std::log1p(z * upper_share(z) / std::exp(log_density));
  return log_density - 2 * std::log(-z) + std::log(tail_series(z));
}

double log_improvement_slope(double z) {
  if (z > tail) return std::exp(std::log(upper_share(z)) - log_improvement(z));
  const double t = 1 / (z * z);
  return -z * (1 - t * (1 - t * (3 - t * 15))) / tail_series(z);
}

acquisition::acquisition(const posterior& model, const feasibility& feasible, VectorXd best)
    : model_(model), feasible_(feasible), best_(std::move(best)) {}

VectorXd acquisition::of(const posterior::belief& believed, const points& where,
                         Index every) const {
  VectorXd out(where.rows());
  VectorXd terms((best_.size() + every - 1) / every);
  for (Index i = 0; i < where.rows(); ++i) {
    const double deviation = std::sqrt(believed.variance[i]);
    for (Index t = 0; t < terms.size(); ++t)
      terms[t] = log_improvement((best_[t * every] - believed.means(t * every, i)) / deviation);
    const double most = terms.maxCoeff();
    const double sum = (terms.array() - most).exp().mean();
    out[i] = most + std::log(sum) + std::log(deviation);
  }
  out.array() += feasible_.log_weights(where);
  return out;
}

VectorXd acquisition::at(const points& where) const { return of(model_.at(where), where, 1); }

VectorXd acquisition::bounds_at(const points& where) const {
  return of(model_.bounds_at(where), where, std::max<Index>(best_.size() / screening_samples, 1));
}

points acquisition::likely(const points& where) const {
  const Eigen::ArrayXd weights = feasible_.log_weights(where);
  points out(where.rows(), where.cols());
  Index kept = 0;
  for (Index i = 0; i < where.rows(); ++i)
    if (weights[i] > std::log(0.5)) out.row(kept++) = where.row(i);
  out.conservativeResize(kept, Eigen::NoChange);
  return out;
}

double acquisition::operator()(const VectorXd& where, VectorXd& slope) const {
  const auto here = model_.around(where);
  const double deviation = std::sqrt(here.variance);
  VectorXd terms(best_.size());
  for (Index s = 0; s < best_.size(); ++s)
    terms[s] = log_improvement((best_[s] - here.means[s]) / deviation);
  const double most = terms.maxCoeff();
  const VectorXd shares = (terms.array() - most).exp().matrix();
  const double sum = shares.sum();
  const VectorXd deviation_slope = (1 / (2 * deviation)) * here.variance_slope;
  VectorXd factors(best_.size());
  double of_deviation = 1 / deviation;
  for (Index s = 0; s < best_.size(); ++s) {
    const double z = (best_[s] - here.means[s]) / deviation;
    const double pull = shares[s] / sum * log_improvement_slope(z) / deviation;
    factors[s] = -pull;
    of_deviation -= pull * z;
  }
  slope = of_deviation * deviation_slope + model_.mean_slope(here, factors);
  double value = most + std::log(sum / static_cast<double>(best_.size())) + std::log(deviation);
  if (!feasible_.certain()) {
    VectorXd weight_slope;
    value += feasible_.log_weight(where, weight_slope);
    slope += weight_slope;
  }
  return value;
}

}  // namespace sweepd::strategies::bayes
