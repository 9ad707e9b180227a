#include "strategies/bayes/fit.hpp"

#include "strategies/bayes/lbfgs.hpp"

#include <Eigen/Cholesky>

#include <cmath>
#include <limits>

namespace sweepd::strategies::bayes {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double mean_variance = 1;  // of the constant mean's prior, outputs being standardised

// Bounds of the logarithms: lengths 0.005 .. 1000, amplitude 0.01 .. 100, noise 1e-7 .. 4.
const double length_least = std::log(0.005);
const double length_most = std::log(1e3);
const double amplitude_least = std::log(0.01);
const double amplitude_most = std::log(100);
const double noise_least = std::log(1e-7);
const double noise_most = std::log(4);

VectorXd packed(const hyperparameters& h) {
  VectorXd out(h.log_length.size() + 2);
  out << h.log_length, h.log_amplitude, h.log_noise;
  return out;
}

hyperparameters unpacked(const VectorXd& theta) {
  const Index d = theta.size() - 2;
  return {theta.head(d), theta[d], theta[d + 1]};
}

box bounds_of(Index dims) {
  box out{VectorXd(dims + 2), VectorXd(dims + 2)};
  out.least.head(dims).setConstant(length_least);
  out.most.head(dims).setConstant(length_most);
  out.least.tail(2) << amplitude_least, noise_least;
  out.most.tail(2) << amplitude_most, noise_most;
  return out;
}

}  // namespace

struct evidence::solved {
  ArrayXd r2;
  ArrayXd k;  // the kernel of each pair, without the amplitude
  Eigen::LLT<MatrixXd> factor;
  VectorXd alpha;  // the inverse covariance times the residuals
  double mean = 0;
  double residual = 0;  // residuals times alpha
};

hyperparameters expected(Index dims, const priors& p) {
  const double length = p.length_median + 0.5 * std::log(static_cast<double>(dims));
  return {VectorXd::Constant(dims, length), p.amplitude_median, p.noise_median};
}

evidence::evidence(const points& x, const VectorXd& y, const axis_flags& unordered, const priors& p)
    : y_(y), priors_(p) {
  const Index n = x.rows();
  gaps_.resize(n * (n - 1) / 2, x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    Index row = 0;
    for (Index b = 0; b < n; ++b)
      for (Index a = b + 1; a < n; ++a, ++row) {
        const double gap = x(a, j) - x(b, j);
        gaps_(row, j) = unordered[static_cast<std::size_t>(j)] ? (gap == 0 ? 0 : 1) : gap * gap;
      }
  }
}

bool evidence::solve(const VectorXd& theta, solved& out) const {
  const Index n = y_.size();
  const auto h = unpacked(theta);
  out.r2 = gaps_ * h.weights().matrix();
  out.k = matern(out.r2);
  MatrixXd covariance(n, n);
  const double amplitude = h.amplitude();
  Index row = 0;
  for (Index b = 0; b < n; ++b) {
    covariance(b, b) = amplitude + h.noise();
    const Index below = n - b - 1;
    covariance.col(b).tail(below) = amplitude * out.k.segment(row, below).matrix();
    row += below;
  }
  out.factor.compute(covariance);
  if (out.factor.info() != Eigen::Success) return false;
  MatrixXd sides(n, 2);
  sides.col(0) = y_;
  sides.col(1).setOnes();
  out.factor.solveInPlace(sides);
  out.mean = sides.col(0).sum() / (sides.col(1).sum() + 1 / mean_variance);
  out.alpha = sides.col(0) - out.mean * sides.col(1);
  out.residual = out.alpha.dot(y_) - out.mean * out.alpha.sum();
  return true;
}

double evidence::operator()(const VectorXd& theta, VectorXd& gradient) const {
  const Index n = y_.size();
  const Index d = theta.size() - 2;
  solved s;
  gradient.setZero(theta.size());
  if (!solve(theta, s)) return std::numeric_limits<double>::infinity();
  const auto h = unpacked(theta);
  double value = 0.5 * s.residual + 0.5 * s.mean * s.mean / mean_variance +
                 s.factor.matrixLLT().diagonal().array().log().sum();

  MatrixXd inverse_factor = MatrixXd::Identity(n, n);
  s.factor.matrixL().solveInPlace(inverse_factor);
  MatrixXd change = MatrixXd::Zero(n, n);  // of the value by each covariance
  change.selfadjointView<Eigen::Lower>().rankUpdate(inverse_factor.transpose(), 0.5);
  change.selfadjointView<Eigen::Lower>().rankUpdate(s.alpha, -0.5);

  ArrayXd pairs(s.k.size());
  Index row = 0;
  for (Index b = 0; b < n; ++b) {
    const Index below = n - b - 1;
    pairs.segment(row, below) = 2 * change.col(b).tail(below).array();
    row += below;
  }
  const double trace = change.diagonal().sum();
  const double amplitude = h.amplitude();
  const VectorXd slopes = (pairs * matern_slope(s.r2)).matrix();
  gradient.head(d) = (-2 * amplitude * h.weights() * (gaps_.transpose() * slopes).array()).matrix();
  gradient[d] = amplitude * ((pairs * s.k).sum() + trace);
  gradient[d + 1] = h.noise() * trace;

  const auto middle = expected(d, priors_);
  const auto pull = [&](Index i, double median, double spread) {
    const double off = (theta[i] - median) / spread;
    value += 0.5 * off * off;
    gradient[i] += off / spread;
  };
  for (Index j = 0; j < d; ++j) pull(j, middle.log_length[j], priors_.length_spread);
  pull(d, priors_.amplitude_median, priors_.amplitude_spread);
  pull(d + 1, priors_.noise_median, priors_.noise_spread);
  return value;
}

hyperparameters fit(const points& x, const VectorXd& y, const axis_flags& unordered,
                    const priors& p, const hyperparameters& start, int steps) {
  const evidence explained(x, y, unordered, p);
  const auto found = minimize([&](const VectorXd& theta, VectorXd& g) { return explained(theta, g); },
                              packed(start), bounds_of(x.cols()), {steps, 1e-3, 1e-5});
  return std::isfinite(found.value) ? unpacked(found.at) : start;
}

}  // namespace sweepd::strategies::bayes
