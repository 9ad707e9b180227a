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

covariance::covariance(const hyperparameters& h, axis_flags unordered)
    : unordered_(std::move(unordered)),
      weights_(h.weights()),
      joint_(std::exp(h.log_amplitude)),
      single_(h.log_single.size() > 0 ? std::exp(h.log_additive) : 0),
      pairs_(h.log_single.size() > 0 ? std::exp(h.log_pairs) : 0),
      noise_(h.noise()) {
  if (single_ > 0) single_weights_ = root_five * (-h.log_single.array()).exp();
}

double covariance::distance(const VectorXd& a, const VectorXd& b) const {
  double r2 = 0;
  for (Index j = 0; j < a.size(); ++j) {
    const bool named = unordered_[static_cast<std::size_t>(j)];
    const double gap = named ? (a[j] == b[j] ? 0 : 1) : a[j] - b[j];
    r2 += weights_[j] * gap * gap;
  }
  return std::sqrt(r2);
}

anchored::anchored(covariance k, points x) : k_(std::move(k)), x_(std::move(x)) {
  add_exponentials(0);
}

void anchored::append(const VectorXd& at) {
  x_.conservativeResize(x_.rows() + 1, Eigen::NoChange);
  x_.row(x_.rows() - 1) = at.transpose();
  add_exponentials(x_.rows() - 1);
}

// One by one: the bits do not depend on how many are added together.
void anchored::add_exponentials(Index from) {
  if (k_.single_ == 0) return;
  rising_.conservativeResize(x_.rows(), x_.cols());
  falling_.conservativeResize(x_.rows(), x_.cols());
  for (Index j = 0; j < x_.cols(); ++j)
    for (Index i = from; i < x_.rows(); ++i) {
      rising_(i, j) = unordered(j) ? 1 : std::exp(k_.single_weights_[j] * x_(i, j));
      falling_(i, j) = 1 / rising_(i, j);
    }
}

ArrayXd anchored::squared(const Ref<const VectorXd>& at, Index count) const {
  ArrayXd out = ArrayXd::Zero(count);
  for (Index j = 0; j < x_.cols(); ++j) {
    const auto column = x_.col(j).head(count).array();
    if (unordered(j))
      out += k_.weights_[j] * (column != at[j]).cast<double>();
    else
      out += k_.weights_[j] * (column - at[j]).square();
  }
  return out;
}

ArrayXd anchored::single(Index j, double at, Index count) const {
  const double w = k_.single_weights_[j];
  const auto column = x_.col(j).head(count).array();
  if (unordered(j)) {
    const double other = (1 + w * (1 + w / 3)) * std::exp(-w);
    return 1 + (other - 1) * (column != at).cast<double>();
  }
  const double rising = std::exp(w * at);
  const double falling = 1 / rising;
  const auto s = w * (column - at).abs();
  return (1 + s * (1 + s / 3)) * (rising_.col(j).head(count).array() * falling)
                                     .min(falling_.col(j).head(count).array() * rising);
}

ArrayXd anchored::with(const Ref<const VectorXd>& at, Index count) const {
  ArrayXd out = k_.joint_ * matern(squared(at, count));
  if (k_.single_ == 0) return out;
  const auto d = static_cast<double>(x_.cols());
  ArrayXd sum = ArrayXd::Zero(count);
  ArrayXd squares = ArrayXd::Zero(count);
  for (Index j = 0; j < x_.cols(); ++j) {
    const ArrayXd one = single(j, at[j], count);
    sum += one;
    squares += one.square();
  }
  out += k_.single_ / d * sum + k_.pairs_ / (d * (d - 1)) * (sum.square() - squares);
  return out;
}

MatrixXd anchored::with_all(const points& where) const {
  MatrixXd out(x_.rows(), where.rows());
  for (Index i = 0; i < where.rows(); ++i)
    out.col(i) = k_.joint_ * matern(squared(where.row(i).transpose(), x_.rows()));
  if (k_.single_ == 0) return out;
  const auto d = static_cast<double>(x_.cols());
  MatrixXd sum = MatrixXd::Zero(x_.rows(), where.rows());
  MatrixXd squares = sum;
  std::vector<Index> order(static_cast<std::size_t>(where.rows()));
  for (Index j = 0; j < x_.cols(); ++j) {
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::sort(order, {}, [&](Index i) { return where(i, j); });
    VectorXd one;
    VectorXd square;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const double at = where(order[k], j);
      if (k == 0 || at != where(order[k - 1], j)) {
        one = single(j, at, x_.rows()).matrix();
        square = one.cwiseAbs2();
      }
      sum.col(order[k]) += one;
      squares.col(order[k]) += square;
    }
  }
  out += k_.single_ / d * sum + k_.pairs_ / (d * (d - 1)) * (sum.cwiseAbs2() - squares);
  return out;
}

anchored::sloped anchored::around(const Ref<const VectorXd>& at) const {
  const Index n = x_.rows();
  const Index d = x_.cols();
  const ArrayXd s = (5 * squared(at, n)).sqrt();
  const ArrayXd e = k_.joint_ * (-s).exp();
  const ArrayXd slope = (-5.0 / 3) * (1 + s) * e;
  sloped out{(1 + s * (1 + s / 3)) * e, MatrixXd::Zero(n, d)};
  for (Index j = 0; j < d; ++j)
    if (!unordered(j))
      out.slopes.col(j) = (k_.weights_[j] * slope * (at[j] - x_.col(j).array())).matrix();
  if (k_.single_ == 0) return out;
  MatrixXd each(n, d);
  ArrayXd sum = ArrayXd::Zero(n);
  ArrayXd squares = ArrayXd::Zero(n);
  for (Index j = 0; j < d; ++j) {
    each.col(j) = single(j, at[j], n).matrix();
    sum += each.col(j).array();
    squares += each.col(j).array().square();
  }
  const double alone = k_.single_ / static_cast<double>(d);
  const double paired = k_.pairs_ / static_cast<double>(d * std::max<Index>(d - 1, 1));
  out.values += alone * sum + paired * (sum.square() - squares);
  for (Index j = 0; j < d; ++j) {
    if (unordered(j)) continue;
    const double w = k_.single_weights_[j];
    const double rising = std::exp(w * at[j]);
    const auto gap = at[j] - x_.col(j).array();
    const auto fall = (rising_.col(j).array() / rising).min(falling_.col(j).array() * rising);
    out.slopes.col(j) -= ((w * w / 3) * gap * (1 + w * gap.abs()) * fall *
                          (alone + 2 * paired * (sum - each.col(j).array())))
                             .matrix();
  }
  return out;
}

ArrayXd anchored::distances(const Ref<const VectorXd>& at) const {
  return squared(at, x_.rows()).sqrt();
}

}  // namespace sweepd::strategies::bayes
