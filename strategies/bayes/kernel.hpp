// The covariance of the Gaussian process: Matérn 5/2 with one length scale an axis.
//
// k(a, b) = amplitude * m(r), r^2 = sum over axes of (difference / length)^2; on an unordered axis the
// difference is 1 or 0 (Hamming distance). Sources: Rasmussen and Williams, "Gaussian Processes for
// Machine Learning", equation 4.17; the Hamming part as in CoCaBO, arXiv 1906.08878, section 4.
// Pure.
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
  Eigen::VectorXd log_length;
  double log_amplitude = 0;
  double log_noise = 0;  ///< variance

  [[nodiscard]] Eigen::ArrayXd weights() const { return (-2 * log_length.array()).exp(); }
  [[nodiscard]] double amplitude() const;
  [[nodiscard]] double noise() const;
};

/// m at the squared distances r2.
Eigen::ArrayXd matern(const Eigen::ArrayXd& r2);
/// Its derivative in r2.
Eigen::ArrayXd matern_slope(const Eigen::ArrayXd& r2);

/// Squared distances of `at` to every row of x.
Eigen::ArrayXd squared_distances(const points& x, const Eigen::Ref<const Eigen::VectorXd>& at,
                                 const Eigen::ArrayXd& weights, const axis_flags& unordered);

}  // namespace sweepd::strategies::bayes
