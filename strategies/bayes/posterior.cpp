#include "strategies/bayes/posterior.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace sweepd::strategies::bayes {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr double certain = 1e-8;  // variance, relative to the amplitude, below which a point is known
constexpr Index block = 64;       // candidates evaluated together
constexpr Index grown_by = 64;    // rows for which room is made at a time
constexpr double mean_variance = 1;  // of the constant mean, outputs being standardised

}  // namespace

growing_factor::growing_factor(const MatrixXd& covariance) : size_(covariance.rows()) {
  const double scale = size_ > 0 ? covariance.diagonal().maxCoeff() : 1;
  for (double extra = 0; extra < scale; extra = std::max(extra * 10, 1e-8 * scale)) {
    MatrixXd mended = covariance;
    mended.diagonal().array() += extra;
    const Eigen::LLT<MatrixXd> factor(mended);
    if (factor.info() != Eigen::Success) continue;
    reserve(size_);
    rows_.topLeftCorner(size_, size_) = factor.matrixL();
    return;
  }
  reserve(size_);
  rows_.topLeftCorner(size_, size_) = covariance.diagonal().cwiseSqrt().asDiagonal();
}

void growing_factor::reserve(Index rows) {
  if (rows <= rows_.rows()) return;
  // An even number of rows keeps every column aligned alike: results do not depend on the history of
  // the memory.
  const Index room = (rows + grown_by - 1) / grown_by * grown_by;
  rows_.conservativeResize(room, room);
}

void growing_factor::append(const VectorXd& covariances, double variance, double floor) {
  const VectorXd row = solve_lower(covariances);
  if (size_ == rows_.rows()) reserve(size_ + 1);
  rows_.row(size_).head(size_) = row.transpose();
  rows_.col(size_).head(size_).setZero();
  rows_(size_, size_) = std::sqrt(std::max(variance - row.squaredNorm(), floor));
  ++size_;
}

VectorXd growing_factor::solve_lower(const VectorXd& b) const {
  return lower().triangularView<Eigen::Lower>().solve(b);
}

VectorXd growing_factor::solve_upper(const VectorXd& b) const {
  return lower().transpose().triangularView<Eigen::Upper>().solve(b);
}

growing_factor factor_of(const hyperparameters& h, const points& x, const axis_flags& unordered) {
  const ArrayXd weights = h.weights();
  MatrixXd covariance(x.rows(), x.rows());
  for (Index i = 0; i < x.rows(); ++i)
    covariance.col(i) =
        (h.amplitude() * matern(squared_distances(x, x.row(i).transpose(), weights, unordered)))
            .matrix();
  covariance.diagonal().array() += h.noise();
  return growing_factor(covariance);
}

void extend(growing_factor& factor, const hyperparameters& h, const points& x,
            const axis_flags& unordered) {
  const ArrayXd weights = h.weights();
  for (Index i = factor.size(); i < x.rows(); ++i) {
    const points known = x.topRows(i);
    const ArrayXd k = matern(squared_distances(known, x.row(i).transpose(), weights, unordered));
    factor.append((h.amplitude() * k).matrix(), h.amplitude() + h.noise(), h.noise());
  }
}

posterior::posterior(hyperparameters h, points x, const VectorXd& y, axis_flags unordered,
                     growing_factor factor)
    : h_(std::move(h)),
      axis_weights_(h_.weights()),
      amplitude_(h_.amplitude()),
      x_(std::move(x)),
      unordered_(std::move(unordered)),
      factor_(std::move(factor)),
      observed_(x_.rows()) {
  const VectorXd of_ones = factor_.solve_upper(factor_.solve_lower(VectorXd::Ones(y.size())));
  const VectorXd of_y = factor_.solve_upper(factor_.solve_lower(y));
  mean_ = of_y.sum() / (of_ones.sum() + 1 / mean_variance);
  weights_ = of_y - mean_ * of_ones;
}

VectorXd posterior::covariances(const VectorXd& where) const {
  return (amplitude_ * matern(squared_distances(x_, where, axis_weights_, unordered_))).matrix();
}

void posterior::assume(const points& at, const MatrixXd& normals) {
  const Index before = factor_.size();
  factor_.reserve(before + at.rows());
  // L v = residuals, extended by v = the normal numbers where values are drawn: the value of an
  // appended point is then its conditional mean plus its conditional deviation times the number.
  std::vector<Index> kept;
  for (Index i = 0; i < at.rows(); ++i) {
    const VectorXd here = at.row(i).transpose();
    const VectorXd k = covariances(here);
    const VectorXd v = factor_.solve_lower(k);
    if (amplitude_ - v.squaredNorm() < certain * amplitude_) continue;
    factor_.append(k, amplitude_, certain * amplitude_);
    x_.conservativeResize(x_.rows() + 1, Eigen::NoChange);
    x_.row(x_.rows() - 1) = at.row(i);
    kept.push_back(i);
  }
  if (kept.empty()) return;
  // The first part of v is the same for all samples; weights_ has one column so far.
  const VectorXd known = factor_.lower().topLeftCorner(before, before)
                             .transpose().triangularView<Eigen::Upper>() * weights_.col(0);
  MatrixXd v(factor_.size(), normals.rows());
  v.topRows(before) = known.replicate(1, normals.rows());
  for (std::size_t c = 0; c < kept.size(); ++c)
    v.row(before + static_cast<Index>(c)) = normals.col(kept[c]).transpose();
  weights_ = factor_.lower().transpose().triangularView<Eigen::Upper>().solve(v);
}

posterior::belief posterior::at(const points& where) const {
  belief out{MatrixXd(samples(), where.rows()), ArrayXd(where.rows())};
  MatrixXd k(x_.rows(), block);
  for (Index from = 0; from < where.rows(); from += block) {
    const Index count = std::min(block, where.rows() - from);
    for (Index i = 0; i < count; ++i) k.col(i) = covariances(where.row(from + i).transpose());
    auto used = k.leftCols(count);
    out.means.middleCols(from, count) = weights_.transpose() * used;
    factor_.lower().triangularView<Eigen::Lower>().solveInPlace(used);
    out.variance.segment(from, count) =
        amplitude_ - used.colwise().squaredNorm().transpose().array();
  }
  out.means.array() += mean_;
  out.variance = out.variance.max(1e-12 * amplitude_);
  return out;
}

posterior::belief posterior::bounds_at(const points& where) const {
  belief out{MatrixXd(samples(), where.rows()), ArrayXd(where.rows())};
  const double self = amplitude_ + h_.noise();
  for (Index i = 0; i < where.rows(); ++i) {
    const VectorXd k = covariances(where.row(i).transpose());
    out.means.col(i) = weights_.transpose() * k;
    const double nearest = k.maxCoeff();
    out.variance[i] = amplitude_ - nearest * nearest / self;
  }
  out.means.array() += mean_;
  out.variance = out.variance.max(1e-12 * amplitude_);
  return out;
}

posterior::local posterior::around(const VectorXd& where) const {
  local out;
  const ArrayXd r2 = squared_distances(x_, where, axis_weights_, unordered_);
  const VectorXd k = (amplitude_ * matern(r2)).matrix();
  const ArrayXd slope = 2 * amplitude_ * matern_slope(r2);
  const VectorXd v = factor_.solve_lower(k);
  out.means = (weights_.transpose() * k).array() + mean_;
  out.variance = std::max(amplitude_ - v.squaredNorm(), 1e-12 * amplitude_);
  const VectorXd back = factor_.solve_upper(v);
  // a row a known point, a column an axis: d k / d x
  MatrixXd slopes = MatrixXd::Zero(x_.rows(), x_.cols());
  for (Index j = 0; j < x_.cols(); ++j)
    if (!unordered_[static_cast<std::size_t>(j)])
      slopes.col(j) = (slope * axis_weights_[j] * (where[j] - x_.col(j).array())).matrix();
  out.mean_slopes = slopes.transpose() * weights_;
  out.variance_slope = -2 * slopes.transpose() * back;
  return out;
}

}  // namespace sweepd::strategies::bayes
