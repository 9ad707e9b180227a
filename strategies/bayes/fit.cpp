#include "strategies/bayes/fit.hpp"

#include "strategies/bayes/lbfgs.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
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
  VectorXd out(h.log_length.size() + 2 + (single > 0 ? single + 2 : 0));
  if (single > 0)
    out << h.log_length, h.log_amplitude, h.log_noise, h.log_single, h.log_additive, h.log_pairs;
  else
    out << h.log_length, h.log_amplitude, h.log_noise;
  return out;
}

hyperparameters unpacked(const VectorXd& theta, Index d) {
  hyperparameters out{theta.head(d), theta[d], theta[d + 1], {}, 0, 0};
  if (theta.size() == d + 2) return out;
  out.log_single = theta.segment(d + 2, d);
  out.log_additive = theta[2 * d + 2];
  out.log_pairs = theta[2 * d + 3];
  return out;
}

box bounds_of(Index size, Index d) {
  box out{VectorXd::Constant(size, length_least), VectorXd::Constant(size, length_most)};
  out.least.segment(d, 2) << amplitude_least, noise_least;
  out.most.segment(d, 2) << amplitude_most, noise_most;
  if (size > d + 2) {
    out.least.tail(2).setConstant(amplitude_least);
    out.most.tail(2).setConstant(amplitude_most);
  }
  return out;
}

}  // namespace

struct evidence::solved {
  ArrayXd joint;        // the joint part of each pair of points, its amplitude included
  ArrayXd joint_slope;  // its derivative by the squared distance
  double alone = 0;     // weight of the sum of k_j
  double paired = 0;    // weight of the sum over two different axes of k_i k_j
  MatrixXd each;        // k_j: a row a pair of points, a column an axis
  MatrixXd fall;        // its derivative by the logarithm of its length
  ArrayXd sum;          // of k_j over the axes
  ArrayXd products;     // of k_i k_j over all ordered pairs of axes
  Eigen::LLT<MatrixXd> factor;
  VectorXd alpha;  // the inverse covariance times the residuals
  double mean = 0;
  double residual = 0;  // residuals times alpha
};

hyperparameters expected(Index dims, const priors& p, bool single) {
  const double length = p.length_median + 0.5 * std::log(static_cast<double>(dims));
  hyperparameters out{
      VectorXd::Constant(dims, length), p.amplitude_median, p.noise_median, {}, 0, 0};
  if (!single || dims < 2) {
    out.log_amplitude += std::log(3);
    return out;
  }
  out.log_single.setConstant(dims, p.single_median);
  out.log_additive = p.additive_median;
  out.log_pairs = p.pairs_median;
  return out;
}

evidence::evidence(const points& x, const VectorXd& y, const axis_flags& unordered, const priors& p)
    : x_(x), unordered_(unordered), y_(y), priors_(p) {
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

// exp(-weight * gap) of each pair of points, by quotients of exponentials of each point.
ArrayXd evidence::decay(Index j, double weight) const {
  if (unordered_[static_cast<std::size_t>(j)])
    return 1 + (std::exp(-weight) - 1) * gaps_.col(j).array();
  ArrayXd out(gaps_.rows());
  const ArrayXd rising = (weight * x_.col(j).array()).exp();
  const ArrayXd falling = rising.inverse();
  Index row = 0;
  for (Index b = 0; b < x_.rows(); ++b) {
    const Index below = x_.rows() - b - 1;
    out.segment(row, below) =
        (rising.tail(below) * falling[b]).min(falling.tail(below) * rising[b]);
    row += below;
  }
  return out;
}

void evidence::add_few_axes(const hyperparameters& h, solved& out) const {
  const auto d = static_cast<double>(gaps_.cols());
  out.alone = std::exp(h.log_additive) / d;
  out.paired = std::exp(h.log_pairs) / (d * (d - 1));
  out.sum.setZero(gaps_.rows());
  out.products.setZero(gaps_.rows());
  out.each.resize(gaps_.rows(), gaps_.cols());
  out.fall.resize(gaps_.rows(), gaps_.cols());
  for (Index j = 0; j < gaps_.cols(); ++j) {
    const double weight = root_five * std::exp(-h.log_single[j]);
    const ArrayXd s = weight * gaps_.col(j).array();
    const ArrayXd e = decay(j, weight);
    out.each.col(j) = ((1 + s * (1 + s / 3)) * e).matrix();
    out.fall.col(j) = (s.square() * (1 + s) * (e / 3)).matrix();
    out.sum += out.each.col(j).array();
    out.products -= out.each.col(j).array().square();
  }
  out.products += out.sum.square();
}

bool evidence::solve(const hyperparameters& h, solved& out) const {
  const Index n = y_.size();
  const double amplitude = std::exp(h.log_amplitude);
  const ArrayXd s = (5 * (squares_ * h.weights().matrix()).array()).sqrt();
  const ArrayXd e = amplitude * (-s).exp();
  out.joint = (1 + s * (1 + s / 3)) * e;
  out.joint_slope = (-5.0 / 6) * (1 + s) * e;
  ArrayXd all = out.joint;
  double self = amplitude;
  if (h.log_single.size() > 0) {
    add_few_axes(h, out);
    all += out.alone * out.sum + out.paired * out.products;
    self += std::exp(h.log_additive) + std::exp(h.log_pairs);
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
  const double bend = priors_.relevant / static_cast<double>(d * d);
  for (Index i = 0; i < theta.size(); ++i) {
    double spread = i < d + 2 ? priors_.length_spread : priors_.single_spread;
    if (i == d) spread = priors_.amplitude_spread;
    if (i == d + 1) spread = priors_.noise_spread;
    if (i == 2 * d + 2) spread = priors_.additive_spread;
    if (i == 2 * d + 3) spread = priors_.pairs_spread;
    const bool length = i < d || (i > d + 1 && i < 2 * d + 2);
    const double off = (theta[i] - middle[i]) / spread;
    const double price = length ? std::min(off, bend) : off;
    value += price * (off - 0.5 * price);
    gradient[i] += price / spread;
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
  const VectorXd slopes = (pairs * s.joint_slope).matrix();
  gradient.head(d) = (-2 * h.weights() * (squares_.transpose() * slopes).array()).matrix();
  gradient[d] = (pairs * s.joint).sum() + amplitude * trace;
  gradient[d + 1] = h.noise() * trace;
  if (h.log_single.size() > 0) {
    const ArrayXd of_each = 2 * s.paired * pairs;
    const ArrayXd of_sum = s.alone * pairs + of_each * s.sum;
    for (Index j = 0; j < d; ++j)
      gradient[d + 2 + j] =
          (s.fall.col(j).array() * (of_sum - of_each * s.each.col(j).array())).sum();
    gradient[2 * d + 2] = s.alone * (pairs * s.sum).sum() + std::exp(h.log_additive) * trace;
    gradient[2 * d + 3] = s.paired * (pairs * s.products).sum() + std::exp(h.log_pairs) * trace;
  }
  add_priors(theta, value, gradient);
  return value;
}

hyperparameters fit(const points& x, const VectorXd& y, const axis_flags& unordered,
                    const priors& p, const hyperparameters& start, int steps) {
  const evidence explained(x, y, unordered, p);
  // An optimum of fewer observations may explain these worse than no opinion does.
  VectorXd from = packed(start);
  const VectorXd usual = packed(expected(x.cols(), p, start.log_single.size() > 0));
  VectorXd slope(from.size());
  if (explained(usual, slope) < explained(from, slope)) from = usual;
  const auto found =
      minimize([&](const VectorXd& theta, VectorXd& g) { return explained(theta, g); }, from,
               bounds_of(from.size(), x.cols()), {steps, 1e-3, 1e-5});
  return std::isfinite(found.value) ? unpacked(found.at, x.cols()) : start;
}

}  // namespace sweepd::strategies::bayes
