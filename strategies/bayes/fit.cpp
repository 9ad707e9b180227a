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

// Bounds of the logarithms: lengths 0.005 .. 1000, amplitudes 1e-4 .. 100, noise 1e-7 .. 4.
const double length_least = std::log(0.005);
const double length_most = std::log(1e3);
const double amplitude_least = std::log(1e-4);
const double amplitude_most = std::log(100);
const double noise_least = std::log(1e-7);
const double noise_most = std::log(4);
const double root_five = std::sqrt(5.0);

VectorXd packed(const hyperparameters& h) {
  const Index single = h.log_single.size();
  VectorXd out(h.log_length.size() + 2 + (single > 0 ? single + 1 : 0));
  if (single > 0)
    out << h.log_length, h.log_amplitude, h.log_noise, h.log_single, h.log_additive;
  else
    out << h.log_length, h.log_amplitude, h.log_noise;
  return out;
}

hyperparameters unpacked(const VectorXd& theta, Index d) {
  hyperparameters out{theta.head(d), theta[d], theta[d + 1], {}, 0};
  if (theta.size() == d + 2) return out;
  out.log_single = theta.segment(d + 2, d);
  out.log_additive = theta[2 * d + 2];
  return out;
}

box bounds_of(Index size, Index d) {
  box out{VectorXd::Constant(size, length_least), VectorXd::Constant(size, length_most)};
  out.least.segment(d, 2) << amplitude_least, noise_least;
  out.most.segment(d, 2) << amplitude_most, noise_most;
  if (size > d + 2) {
    out.least[size - 1] = amplitude_least;
    out.most[size - 1] = amplitude_most;
  }
  return out;
}

}  // namespace

struct evidence::solved {
  ArrayXd r2;
  ArrayXd joint;         // the joint part of each pair, its amplitude included
  ArrayXd single;        // the single axes' part
  MatrixXd single_fall;  // its derivative by the logarithm of each axis' length
  Eigen::LLT<MatrixXd> factor;
  VectorXd alpha;  // the inverse covariance times the residuals
  double mean = 0;
  double residual = 0;  // residuals times alpha
};

hyperparameters expected(Index dims, const priors& p, bool single) {
  const double length = p.length_median + 0.5 * std::log(static_cast<double>(dims));
  hyperparameters out{VectorXd::Constant(dims, length), p.amplitude_median, p.noise_median, {}, 0};
  if (!single || dims < 2) {
    out.log_amplitude += 0.7;
    return out;
  }
  out.log_single.setConstant(dims, p.single_median);
  out.log_additive = p.additive_median;
  return out;
}

evidence::evidence(const points& x, const VectorXd& y, const axis_flags& unordered, const priors& p)
    : y_(y), priors_(p) {
  const Index n = x.rows();
  gaps_.resize(n * (n - 1) / 2, x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    Index row = 0;
    for (Index b = 0; b < n; ++b)
      for (Index a = b + 1; a < n; ++a, ++row) {
        const double gap = std::abs(x(a, j) - x(b, j));
        gaps_(row, j) = unordered[static_cast<std::size_t>(j)] ? (gap == 0 ? 0 : 1) : gap;
      }
  }
  squares_ = gaps_.cwiseAbs2();
}

bool evidence::solve(const hyperparameters& h, solved& out) const {
  const Index n = y_.size();
  out.r2 = squares_ * h.weights().matrix();
  out.joint = std::exp(h.log_amplitude) * matern(out.r2);
  ArrayXd all = out.joint;
  double self = std::exp(h.log_amplitude);
  if (h.log_single.size() > 0) {
    const double share = std::exp(h.log_additive) / static_cast<double>(gaps_.cols());
    out.single.setZero(gaps_.rows());
    out.single_fall.resize(gaps_.rows(), gaps_.cols());
    for (Index j = 0; j < gaps_.cols(); ++j) {
      const ArrayXd s = root_five * std::exp(-h.log_single[j]) * gaps_.col(j).array();
      const ArrayXd e = share * (-s).exp();
      out.single += (1 + s * (1 + s / 3)) * e;
      out.single_fall.col(j) = (s.square() * (1 + s) / 3 * e).matrix();
    }
    all += out.single;
    self += std::exp(h.log_additive);
  }
  MatrixXd covariance(n, n);
  Index row = 0;
  for (Index b = 0; b < n; ++b) {
    covariance(b, b) = self + h.noise();
    const Index below = n - b - 1;
    covariance.col(b).tail(below) = all.segment(row, below).matrix();
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

void evidence::add_priors(const VectorXd& theta, double& value, VectorXd& gradient) const {
  const Index d = gaps_.cols();
  const bool single = theta.size() > d + 2;
  const auto middle = packed(expected(d, priors_, single));
  for (Index i = 0; i < theta.size(); ++i) {
    double spread = i < d + 2 ? priors_.length_spread : priors_.single_spread;
    if (i == d) spread = priors_.amplitude_spread;
    if (i == d + 1) spread = priors_.noise_spread;
    if (i == 2 * d + 2) spread = priors_.additive_spread;
    const double off = (theta[i] - middle[i]) / spread;
    value += 0.5 * off * off;
    gradient[i] += off / spread;
  }
}

double evidence::operator()(const VectorXd& theta, VectorXd& gradient) const {
  const Index n = y_.size();
  const Index d = gaps_.cols();
  const auto h = unpacked(theta, d);
  solved s;
  gradient.setZero(theta.size());
  if (!solve(h, s)) return std::numeric_limits<double>::infinity();
  double value = 0.5 * s.residual + 0.5 * s.mean * s.mean / mean_variance +
                 s.factor.matrixLLT().diagonal().array().log().sum();

  MatrixXd inverse_factor = MatrixXd::Identity(n, n);
  s.factor.matrixL().solveInPlace(inverse_factor);
  MatrixXd change = MatrixXd::Zero(n, n);  // of the value by each covariance
  change.selfadjointView<Eigen::Lower>().rankUpdate(inverse_factor.transpose(), 0.5);
  change.selfadjointView<Eigen::Lower>().rankUpdate(s.alpha, -0.5);

  ArrayXd pairs(s.joint.size());
  Index row = 0;
  for (Index b = 0; b < n; ++b) {
    const Index below = n - b - 1;
    pairs.segment(row, below) = 2 * change.col(b).tail(below).array();
    row += below;
  }
  const double trace = change.diagonal().sum();
  const double amplitude = std::exp(h.log_amplitude);
  const VectorXd slopes = (pairs * matern_slope(s.r2)).matrix();
  gradient.head(d) =
      (-2 * amplitude * h.weights() * (squares_.transpose() * slopes).array()).matrix();
  gradient[d] = (pairs * s.joint).sum() + amplitude * trace;
  gradient[d + 1] = h.noise() * trace;
  if (h.log_single.size() > 0) {
    gradient.segment(d + 2, d) = s.single_fall.transpose() * pairs.matrix();
    gradient[2 * d + 2] = (pairs * s.single).sum() + std::exp(h.log_additive) * trace;
  }
  add_priors(theta, value, gradient);
  return value;
}

hyperparameters fit(const points& x, const VectorXd& y, const axis_flags& unordered,
                    const priors& p, const hyperparameters& start, int steps) {
  const evidence explained(x, y, unordered, p);
  const VectorXd from = packed(start);
  const auto found =
      minimize([&](const VectorXd& theta, VectorXd& g) { return explained(theta, g); }, from,
               bounds_of(from.size(), x.cols()), {steps, 1e-3, 1e-5});
  return std::isfinite(found.value) ? unpacked(found.at, x.cols()) : start;
}

}  // namespace sweepd::strategies::bayes
