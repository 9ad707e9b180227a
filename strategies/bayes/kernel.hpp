// The covariance of the Gaussian process: a joint part over all axes and a part for each axis
// alone.
//
// k(a, b) = A m(r) + B/d * sum over axes of m(r_j), m the Matérn 5/2 function; r^2 = sum over axes
// of (difference / length)^2 in the joint part, r_j the same of one axis with a length of its own.
// Effects of single parameters are learnt from few runs by the second part, interactions by the
// first. On an unordered axis the difference is 1 or 0 (Hamming distance). Sources: Rasmussen and
// Williams, "Gaussian Processes for Machine Learning", equation 4.17; Duvenaud, Nickisch,
// Rasmussen, "Additive Gaussian processes", arXiv 1112.4394, first order and full order; the
// Hamming part as in CoCaBO, arXiv 1906.08878, section 4. Pure.
#pragma once

#include <Eigen/Core>

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
  Eigen::VectorXd log_single;  ///< of the single axes' part; empty: there is none
  double log_additive = 0;     ///< variance of the single axes' part

  [[nodiscard]] Eigen::ArrayXd weights() const { return (-2 * log_length.array()).exp(); }
  [[nodiscard]] double noise() const;
};

/// m at the squared distances r2.
Eigen::ArrayXd matern(const Eigen::ArrayXd& r2);
/// Its derivative in r2.
Eigen::ArrayXd matern_slope(const Eigen::ArrayXd& r2);

/// Squared distances of `at` to every row of x.
Eigen::ArrayXd squared_distances(const points& x, const Eigen::Ref<const Eigen::VectorXd>& at,
                                 const Eigen::ArrayXd& weights, const axis_flags& unordered);

class covariance {
 public:
  covariance(const hyperparameters& h, axis_flags unordered);
  /// Of a point with itself, without noise.
  [[nodiscard]] double self() const { return joint_ + single_; }
  [[nodiscard]] double noise() const { return noise_; }
  /// Of `at` with every row of x.
  [[nodiscard]] Eigen::ArrayXd with(const points& x,
                                    const Eigen::Ref<const Eigen::VectorXd>& at) const;
  /// with() for each row of `where`, a column each. Equal coordinates are paid for once.
  [[nodiscard]] Eigen::MatrixXd with_all(const points& x, const points& where) const;
  struct sloped {
    Eigen::ArrayXd values;   ///< with()
    Eigen::MatrixXd slopes;  ///< along each axis of `at` (a column; 0 along unordered ones)
  };
  [[nodiscard]] sloped around(const points& x, const Eigen::Ref<const Eigen::VectorXd>& at) const;
  /// In length scales of the joint part.
  [[nodiscard]] Eigen::ArrayXd distances(const points& x,
                                         const Eigen::Ref<const Eigen::VectorXd>& at) const;

 private:
  /// The part of axis j alone at the distances `gap`.
  [[nodiscard]] Eigen::ArrayXd single(Eigen::Index j, const Eigen::ArrayXd& gap) const;

  axis_flags unordered_;
  Eigen::ArrayXd weights_;         // of the joint part: 1 / length^2
  Eigen::ArrayXd single_weights_;  // of the single axes: root 5 / length; empty: no such part
  double joint_;
  double single_;
  double noise_;
};

}  // namespace sweepd::strategies::bayes
