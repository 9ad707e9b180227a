#include "strategies/bayes/lbfgs.hpp"

#include <cmath>
#include <cstddef>
#include <deque>

namespace sweepd::strategies::bayes {
namespace {

using Eigen::ArrayXd;
using Eigen::VectorXd;

constexpr std::size_t memory = 8;

struct pair {
  VectorXd step;
  VectorXd change;  // of the gradient
};

VectorXd projected(const VectorXd& x, const box& bounds) {
  return x.cwiseMax(bounds.least).cwiseMin(bounds.most);
}

// 1 where a variable may move, 0 where it is held at a bound by the gradient.
ArrayXd free_variables(const VectorXd& x, const VectorXd& g, const box& bounds) {
  ArrayXd out(x.size());
  for (Eigen::Index i = 0; i < x.size(); ++i)
    out[i] = (x[i] <= bounds.least[i] && g[i] > 0) || (x[i] >= bounds.most[i] && g[i] < 0) ? 0 : 1;
  return out;
}

// Minus the inverse Hessian times the gradient, both restricted to the free variables.
VectorXd direction(const std::deque<pair>& pairs, const VectorXd& g, const ArrayXd& open) {
  VectorXd q = (g.array() * open).matrix();
  std::vector<double> weights(pairs.size(), 0);
  double scale = 1 / std::max(1.0, q.norm());  // the first step: no longer than 1
  for (std::size_t i = pairs.size(); i-- > 0;) {
    const double curvature = (pairs[i].step.array() * pairs[i].change.array() * open).sum();
    if (curvature <= 1e-12) continue;
    weights[i] = (pairs[i].step.array() * q.array()).sum() / curvature;
    q -= weights[i] * (pairs[i].change.array() * open).matrix();
  }
  if (!pairs.empty()) {
    const auto& last = pairs.back();
    const double curvature = (last.step.array() * last.change.array() * open).sum();
    const double square = (last.change.array().square() * open).sum();
    if (curvature > 1e-12 && square > 0) scale = curvature / square;
  }
  q *= scale;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double curvature = (pairs[i].step.array() * pairs[i].change.array() * open).sum();
    if (curvature <= 1e-12) continue;
    const double back = (pairs[i].change.array() * q.array()).sum() / curvature;
    q += (weights[i] - back) * (pairs[i].step.array() * open).matrix();
  }
  return -q;
}

}  // namespace

minimum minimize(const differentiable& f, const VectorXd& start, const box& bounds,
                 const descent_limits& limits) {
  VectorXd x = projected(start, bounds);
  VectorXd g(x.size());
  double value = f(x, g);
  if (!std::isfinite(value)) return {x, value};
  std::deque<pair> pairs;
  VectorXd next_g(x.size());
  for (int taken = 0; taken < limits.steps; ++taken) {
    const ArrayXd open = free_variables(x, g, bounds);
    if ((g.array() * open).abs().maxCoeff() < limits.gradient) break;
    VectorXd d = direction(pairs, g, open);
    if (!(d.dot(g) < 0)) {
      pairs.clear();
      d = direction(pairs, g, open);
    }
    VectorXd next;
    double next_value = 0;
    bool found = false;
    double length = 1;
    for (int halving = 0; halving < 12 && !found; ++halving) {
      next = projected(x + length * d, bounds);
      next_value = f(next, next_g);
      found = std::isfinite(next_value) && next_value <= value + 1e-4 * g.dot(next - x);
      length *= halving < 2 ? 0.4 : 0.2;
    }
    if (!found) {
      if (pairs.empty()) break;
      pairs.clear();  // once more, down the gradient
      continue;
    }
    const double gain = value - next_value;
    if ((next - x).dot(next_g - g) > 1e-12) {
      pairs.push_back({next - x, next_g - g});
      if (pairs.size() > memory) pairs.pop_front();
    }
    x = next;
    g = next_g;
    value = next_value;
    if (gain < limits.decrease * (1 + std::abs(value))) break;
  }
  return {x, value};
}

}  // namespace sweepd::strategies::bayes
