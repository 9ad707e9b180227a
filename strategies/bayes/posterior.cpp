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

constexpr double certain =
    1e-5;  // variance, relative to the amplitude, below which a point is known
constexpr double jitter = 1e-8;      // least variance, relative to the amplitude, in the factor
constexpr double least = 1e-12;      // variance, relative to the amplitude, that is ever told
constexpr Index grown_by = 64;       // rows for which room is made at a time
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
  // An even number of rows keeps every column aligned alike: results do not depend on the history
  // of the memory.
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

growing_factor factor_of(const anchored& known) {
  const points& x = known.x();
  MatrixXd all(x.rows(), x.rows());
  for (Index i = 0; i < x.rows(); ++i) all.col(i) = known.with(x.row(i).transpose()).matrix();
  all.diagonal().array() += known.kernel().noise();
  return growing_factor(all);
}

void extend(growing_factor& factor, const anchored& known) {
  const auto& k = known.kernel();
  for (Index i = factor.size(); i < known.x().rows(); ++i)
    factor.append(known.with(known.x().row(i).transpose(), i).matrix(), k.self() + k.noise(),
                  k.noise());
}

posterior::posterior(anchored known, const VectorXd& y, growing_factor factor)
    : known_(std::move(known)), factor_(std::move(factor)), observed_(known_.x().rows()) {
  const VectorXd of_ones = factor_.solve_upper(factor_.solve_lower(VectorXd::Ones(y.size())));
  const VectorXd of_y = factor_.solve_upper(factor_.solve_lower(y));
  mean_ = of_y.sum() / (of_ones.sum() + 1 / mean_variance);
  weights_ = of_y - mean_ * of_ones;
}

void posterior::assume(const points& at, const MatrixXd& normals) {
  const Index before = factor_.size();
  factor_.reserve(before + at.rows());
  // L v = residuals, extended by v = the normal numbers where values are drawn: the value of an
  // appended point is then its conditional mean plus its conditional deviation times the number.
  std::vector<Index> kept;
  for (Index i = 0; i < at.rows(); ++i) {
    const VectorXd here = at.row(i).transpose();
    const VectorXd k = known_.with(here).matrix();
    const VectorXd v = factor_.solve_lower(k);
    if (kernel().self() - v.squaredNorm() < certain * kernel().self()) continue;
    factor_.append(k, kernel().self(), jitter * kernel().self());
    known_.append(here);
    kept.push_back(i);
  }
  if (kept.empty()) return;
  // The first part of v is the same for all samples; weights_ has one column so far.
  const VectorXd known =
      factor_.lower().topLeftCorner(before, before).transpose().triangularView<Eigen::Upper>() *
      weights_.col(0);
  MatrixXd v(factor_.size(), normals.rows());
  v.topRows(before) = known.replicate(1, normals.rows());
  for (std::size_t c = 0; c < kept.size(); ++c)
    v.row(before + static_cast<Index>(c)) = normals.col(kept[c]).transpose();
  weights_ = factor_.lower().transpose().triangularView<Eigen::Upper>().solve(v);
}

posterior::belief posterior::at(const points& where) const {
  MatrixXd k = known_.with_all(where);
  belief out{weights_.transpose() * k, {}};
  out.means.array() += mean_;
  factor_.lower().triangularView<Eigen::Lower>().solveInPlace(k);
  const double self = kernel().self();
  out.variance = (self - k.colwise().squaredNorm().transpose().array()).max(least * self);
  return out;
}

posterior::belief posterior::bounds_at(const points& where) const {
  const MatrixXd k = known_.with_all(where);
  belief out{weights_.transpose() * k, {}};
  out.means.array() += mean_;
  const ArrayXd nearest = k.colwise().maxCoeff().transpose().array();
  const double self = kernel().self();
  out.variance = (self - nearest.square() / (self + kernel().noise())).max(least * self);
  return out;
}

posterior::local posterior::around(const VectorXd& where) const {
  local out;
  auto known = known_.around(where);
  const VectorXd k = known.values.matrix();
  const VectorXd v = factor_.solve_lower(k);
  out.means = (weights_.transpose() * k).array() + mean_;
  out.variance = std::max(kernel().self() - v.squaredNorm(), least * kernel().self());
  const VectorXd back = factor_.solve_upper(v);
  out.covariance_slopes = std::move(known.slopes);
  out.variance_slope = -2 * out.covariance_slopes.transpose() * back;
  return out;
}

}  // namespace sweepd::strategies::bayes
