#include "strategies/bayes/kernel.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace sweepd::strategies::bayes {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::Ref;
using Eigen::VectorXd;

namespace {

const double root_five = std::sqrt(5.0);

}  // namespace

double hyperparameters::noise() const { return std::exp(log_noise); }

ArrayXd matern(const ArrayXd& r2) {
  const ArrayXd s = (5 * r2).sqrt();
  return (1 + s + (5.0 / 3) * r2) * (-s).exp();
}

ArrayXd matern_slope(const ArrayXd& r2) {
  const ArrayXd s = (5 * r2).sqrt();
  return (-5.0 / 6) * (1 + s) * (-s).exp();
}

ArrayXd squared_distances(const points& x, const Ref<const VectorXd>& at, const ArrayXd& weights,
                          const axis_flags& unordered) {
  ArrayXd out = ArrayXd::Zero(x.rows());
  for (Index j = 0; j < x.cols(); ++j) {
    if (unordered[static_cast<std::size_t>(j)])
      out += weights[j] * (x.col(j).array() != at[j]).cast<double>();
    else
      out += weights[j] * (x.col(j).array() - at[j]).square();
  }
  return out;
}

covariance::covariance(const hyperparameters& h, axis_flags unordered)
    : unordered_(std::move(unordered)),
      weights_(h.weights()),
      joint_(std::exp(h.log_amplitude)),
      single_(h.log_single.size() > 0 ? std::exp(h.log_additive) : 0),
      noise_(h.noise()) {
  if (single_ > 0) single_weights_ = root_five * (-h.log_single.array()).exp();
}

ArrayXd covariance::single(Index j, const ArrayXd& gap) const {
  const double share = single_ / static_cast<double>(unordered_.size());
  const ArrayXd s = single_weights_[j] * gap;
  return share * (1 + s * (1 + s / 3)) * (-s).exp();
}

namespace {

ArrayXd gaps(const points& x, Index j, double at, bool unordered) {
  if (unordered) return (x.col(j).array() != at).cast<double>();
  return (x.col(j).array() - at).abs();
}

}  // namespace

ArrayXd covariance::with(const points& x, const Ref<const VectorXd>& at) const {
  ArrayXd out = joint_ * matern(squared_distances(x, at, weights_, unordered_));
  if (single_ == 0) return out;
  for (Index j = 0; j < x.cols(); ++j)
    out += single(j, gaps(x, j, at[j], unordered_[static_cast<std::size_t>(j)]));
  return out;
}

MatrixXd covariance::with_all(const points& x, const points& where) const {
  MatrixXd out(x.rows(), where.rows());
  for (Index i = 0; i < where.rows(); ++i)
    out.col(i) =
        joint_ * matern(squared_distances(x, where.row(i).transpose(), weights_, unordered_));
  if (single_ == 0) return out;
  std::vector<Index> order(static_cast<std::size_t>(where.rows()));
  for (Index j = 0; j < x.cols(); ++j) {
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::sort(order, {}, [&](Index i) { return where(i, j); });
    ArrayXd part;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const double at = where(order[k], j);
      if (k == 0 || at != where(order[k - 1], j))
        part = single(j, gaps(x, j, at, unordered_[static_cast<std::size_t>(j)]));
      out.col(order[k]) += part.matrix();
    }
  }
  return out;
}

covariance::sloped covariance::around(const points& x, const Ref<const VectorXd>& at) const {
  const ArrayXd s = (5 * squared_distances(x, at, weights_, unordered_)).sqrt();
  const ArrayXd e = joint_ * (-s).exp();
  const ArrayXd slope = (-5.0 / 3) * (1 + s) * e;
  sloped out{(1 + s * (1 + s / 3)) * e, MatrixXd::Zero(x.rows(), x.cols())};
  const double share = single_ / static_cast<double>(x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    if (unordered_[static_cast<std::size_t>(j)]) {
      if (single_ > 0) out.values += single(j, gaps(x, j, at[j], true));
      continue;
    }
    const ArrayXd gap = at[j] - x.col(j).array();
    out.slopes.col(j) = (weights_[j] * slope * gap).matrix();
    if (single_ == 0) continue;
    const double w = single_weights_[j];
    const ArrayXd t = w * gap.abs();
    const ArrayXd f = share * (-t).exp();
    out.values += (1 + t * (1 + t / 3)) * f;
    out.slopes.col(j) -= (w * w / 3 * gap * (1 + t) * f).matrix();
  }
  return out;
}

ArrayXd covariance::distances(const points& x, const Ref<const VectorXd>& at) const {
  return squared_distances(x, at, weights_, unordered_).sqrt();
}

}  // namespace sweepd::strategies::bayes
