#include "strategies/bayes/kernel.hpp"

#include <cmath>

namespace sweepd::strategies::bayes {

using Eigen::ArrayXd;

double hyperparameters::amplitude() const { return std::exp(log_amplitude); }
double hyperparameters::noise() const { return std::exp(log_noise); }

ArrayXd matern(const ArrayXd& r2) {
  const ArrayXd s = (5 * r2).sqrt();
  return (1 + s + (5.0 / 3) * r2) * (-s).exp();
}

ArrayXd matern_slope(const ArrayXd& r2) {
  const ArrayXd s = (5 * r2).sqrt();
  return (-5.0 / 6) * (1 + s) * (-s).exp();
}

ArrayXd squared_distances(const points& x, const Eigen::Ref<const Eigen::VectorXd>& at,
                          const ArrayXd& weights, const axis_flags& unordered) {
  ArrayXd out = ArrayXd::Zero(x.rows());
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    if (unordered[static_cast<std::size_t>(j)])
      out += (x.col(j).array() != at[j]).select(ArrayXd::Constant(x.rows(), weights[j]), 0.0);
    else
      out += weights[j] * (x.col(j).array() - at[j]).square();
  }
  return out;
}

}  // namespace sweepd::strategies::bayes
