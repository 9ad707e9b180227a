// The covariance of the Gaussian process: a joint part over all axes, a part for each axis alone
// and a part for each pair of axes.
//
// k(a, b) = A m(r) + B/d * sum of k_j + 2C/(d(d-1)) * sum over pairs of k_i k_j, with m the Matérn
// 5/2 function, k_j = m(r_j), r^2 = sum over axes of (difference / length)^2 in the joint part and
// r_j the same of one axis with a length of its own. Effects of single parameters and of two at a
// time are learnt from few runs by the other parts, what remains by the first. On an unordered axis
// the difference is 1 or 0 (Hamming distance). Sources: Rasmussen and Williams, "Gaussian Processes
// for Machine Learning", equation 4.17; Duvenaud, Nickisch, Rasmussen, "Additive Gaussian
// processes", arXiv 1112.4394, the first, second and full order, pairs by power sums; the Hamming
// part as in CoCaBO, arXiv 1906.08878, section 4. Pure.
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace sweepd::strategies::bayes {

/// Which axes are unordered.
using axis_flags = std::vector<bool>;

/// Points, one a row: each axis is contiguous in memory.
using points = Eigen::MatrixXd;

/// What the process is believed to be, in logarithms, outputs being standardised.
struct hyperparameters {
  Eigen::VectorXd log_length;  ///< of the joint part, an axis
  double log_amplitude = 0;    ///< variance of the joint part
  double log_noise = 0;        ///< variance of the noise
  Eigen::VectorXd log_single;  ///< of k_j; empty: there are no parts of few axes
  double log_additive = 0;     ///< variance of the single axes' part
  double log_pairs = 0;        ///< variance of the pairs' part

  [[nodiscard]] Eigen::ArrayXd weights() const { return (-2 * log_length.array()).exp(); }
  [[nodiscard]] double noise() const;
};

/// m at the squared distances r2.
Eigen::ArrayXd matern(const Eigen::ArrayXd& r2);
/// Its derivative in r2.
Eigen::ArrayXd matern_slope(const Eigen::ArrayXd& r2);

class covariance {
 public:
  covariance(const hyperparameters& h, axis_flags unordered);
  /// Of a point with itself, without noise.
  [[nodiscard]] double self() const { return joint_ + single_ + pairs_; }
  [[nodiscard]] double noise() const { return noise_; }
  /// Between two points, in length scales of the joint part.
  [[nodiscard]] double distance(const Eigen::VectorXd& a, const Eigen::VectorXd& b) const;

 private:
  friend class anchored;
  axis_flags unordered_;
  Eigen::ArrayXd weights_;  // of the joint part: 1 / length^2
  Eigen::ArrayXd single_weights_;  // root 5 / length of k_j; empty: no parts of few axes
  double joint_;
  double single_;
  double pairs_;
  double noise_;
};

/// Points with which covariances are asked for, again and again. exp(-|a - b|) is a quotient of
/// exp(a) and exp(b), so each k_j costs no exponential.
class anchored {
 public:
  anchored(covariance k, points x);
  void append(const Eigen::VectorXd& at);

  [[nodiscard]] const points& x() const { return x_; }
  [[nodiscard]] const covariance& kernel() const { return k_; }
  /// Covariances of `at` with the first `count` points. The bits do not depend on what follows.
  [[nodiscard]] Eigen::ArrayXd with(const Eigen::Ref<const Eigen::VectorXd>& at,
                                    Eigen::Index count) const;
  [[nodiscard]] Eigen::ArrayXd with(const Eigen::Ref<const Eigen::VectorXd>& at) const {
    return with(at, x_.rows());
  }
  /// with() for each row of `where`, a column each. Equal coordinates are paid for once.
  [[nodiscard]] Eigen::MatrixXd with_all(const points& where) const;
  struct sloped {
    Eigen::ArrayXd values;   ///< with()
    Eigen::MatrixXd slopes;  ///< along each axis of `at` (a column; 0 along unordered ones)
  };
  [[nodiscard]] sloped around(const Eigen::Ref<const Eigen::VectorXd>& at) const;
  /// covariance::distance() of every point.
  [[nodiscard]] Eigen::ArrayXd distances(const Eigen::Ref<const Eigen::VectorXd>& at) const;

 private:
  [[nodiscard]] bool unordered(Eigen::Index j) const {
    return k_.unordered_[static_cast<std::size_t>(j)];
  }
  [[nodiscard]] Eigen::ArrayXd squared(const Eigen::Ref<const Eigen::VectorXd>& at,
                                       Eigen::Index count) const;
  /// k_j of the coordinate `at` with the first `count` points.
  [[nodiscard]] Eigen::ArrayXd single(Eigen::Index j, double at, Eigen::Index count) const;
  void add_exponentials(Eigen::Index from);

  covariance k_;
  points x_;
  points rising_;   // exp(weight x) of each coordinate
  points falling_;  // its inverse
};

}  // namespace sweepd::strategies::bayes
