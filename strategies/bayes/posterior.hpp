// What is believed of the objective anywhere, given the observations: mean and variance, and
// several joint samples where points without an outcome are taken as known.
//
// Such points are the pending runs and, under noise, the incumbents (whose noise-free values are
// unknown): each sample draws their values jointly from the posterior, so that an acquisition
// averaged over the samples accounts for both (noisy and pending expected improvement; Letham et
// al., arXiv 1706.07094, section 3; Balandat et al., arXiv 1910.06403, "fantasies"). Rows are
// appended to the Cholesky factor one by one. Mathematics: Rasmussen and Williams, algorithm 2.1.
// Pure.
#pragma once

#include "strategies/bayes/kernel.hpp"

#include <Eigen/Core>

namespace sweepd::strategies::bayes {

/// A lower triangular Cholesky factor that can grow.
class growing_factor {
 public:
  growing_factor() = default;
  /// Of a positive definite matrix; what is not is mended by adding to the diagonal.
  explicit growing_factor(const Eigen::MatrixXd& covariance);
  /// Adds a row: its covariances with the earlier ones, and its own variance. The new diagonal
  /// entry is at least sqrt(floor), so that a repeated point does no harm.
  void append(const Eigen::VectorXd& covariances, double variance, double floor);
  /// Forgets all but the first rows.
  void keep(Eigen::Index rows) { size_ = rows; }
  /// For that many rows in all.
  void reserve(Eigen::Index rows);
  [[nodiscard]] Eigen::Index size() const { return size_; }
  [[nodiscard]] auto lower() const { return rows_.topLeftCorner(size_, size_); }
  /// The solution of L v = b.
  [[nodiscard]] Eigen::VectorXd solve_lower(const Eigen::VectorXd& b) const;
  /// The solution of L^T v = b.
  [[nodiscard]] Eigen::VectorXd solve_upper(const Eigen::VectorXd& b) const;

 private:
  Eigen::MatrixXd rows_;
  Eigen::Index size_ = 0;
};

/// The covariance factor of the points x, with noise, at once.
growing_factor factor_of(const anchored& known);
/// Appends the points that the factor of the first of them does not have yet, one by one: the bits
/// do not depend on how many are appended together.
void extend(growing_factor& factor, const anchored& known);

class posterior {
 public:
  /// y: standardised outputs of the points, whose factor is given.
  posterior(anchored known, const Eigen::VectorXd& y, growing_factor factor);

  /// Means at the observed points, whose outputs y are given again. Before assume() only.
  [[nodiscard]] Eigen::VectorXd smoothed(const Eigen::VectorXd& y) const {
    return y - kernel().noise() * weights_.col(0);
  }
  /// Takes the points as known, with values that differ by sample. Points that are certain already
  /// are left out. `normals`: a standard normal number a sample (row) and point (column).
  void assume(const points& at, const Eigen::MatrixXd& normals);

  [[nodiscard]] Eigen::Index samples() const { return weights_.cols(); }
  [[nodiscard]] Eigen::Index observed() const { return observed_; }
  [[nodiscard]] const points& x() const { return known_.x(); }
  [[nodiscard]] const covariance& kernel() const { return known_.kernel(); }
  [[nodiscard]] const anchored& known() const { return known_; }

  /// Means of all samples (rows) at the points `at` (columns), and the variance they share.
  struct belief {
    Eigen::MatrixXd means;
    Eigen::ArrayXd variance;
  };
  [[nodiscard]] belief at(const points& where) const;
  /// As at(), with an upper bound instead of the variance: from the nearest known point alone.
  [[nodiscard]] belief bounds_at(const points& where) const;

  /// One point: means of all samples, the variance, and what their slopes are made of.
  struct local {
    Eigen::VectorXd means;
    double variance = 0;
    Eigen::VectorXd variance_slope;
    Eigen::MatrixXd covariance_slopes;  ///< a row a known point, a column an axis
  };
  /// Slopes along unordered axes are 0.
  [[nodiscard]] local around(const Eigen::VectorXd& where) const;
  /// The slope of the means, each multiplied by its factor and added up.
  [[nodiscard]] Eigen::VectorXd mean_slope(const local& at, const Eigen::VectorXd& factors) const {
    return at.covariance_slopes.transpose() * (weights_ * factors);
  }

 private:
  anchored known_;
  double mean_ = 0;  // of the process, where nothing is known
  growing_factor factor_;
  Eigen::Index observed_;
  Eigen::MatrixXd weights_;  // a row a known point, a column a sample: the inverse times residuals
};

}  // namespace sweepd::strategies::bayes
