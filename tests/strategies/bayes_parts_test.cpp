// The parts of method bayes: their mathematics against finite differences and direct computation.
#include "strategies/bayes/acquisition.hpp"
#include "strategies/bayes/fit.hpp"
#include "strategies/bayes/lbfgs.hpp"
#include "strategies/bayes/posterior.hpp"
#include "strategies/bayes/warp.hpp"
#include "strategies/encoding.hpp"
#include "strategies/philox.hpp"
#include "strategies/sobol.hpp"
#include "tests/strategies/helpers.hpp"

#include <doctest/doctest.h>
#include <Eigen/Cholesky>

#include <cmath>
#include <functional>
#include <vector>

namespace {

using namespace sweepd::strategies;
using namespace sweepd::strategies::bayes;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Five axes, the last unordered with three levels.
const axis_flags flags{false, false, false, false, true};

points some_points(Index count, std::uint64_t seed) {
  points x = sobol_points(static_cast<std::size_t>(count), 5, seed, 9);
  x.col(4) = (x.col(4).array() * 3).floor().matrix();
  return x;
}

VectorXd some_values(const points& x) {
  VectorXd y(x.rows());
  for (Index i = 0; i < x.rows(); ++i)
    y[i] = std::sin(5 * x(i, 0)) + x(i, 1) * x(i, 1) - x(i, 2) + 0.3 * x(i, 4) +
           0.01 * std::cos(100.0 * static_cast<double>(i));
  return (y.array() - y.mean()) / 0.8;
}

hyperparameters some_beliefs() {
  hyperparameters h{VectorXd(5), -0.3, std::log(1e-3), VectorXd(5), -0.6, -1.1};
  h.log_length << -0.7, 0.1, -0.2, 1.0, 0.2;
  h.log_single << -1.0, -0.5, 0.3, -1.5, 0.1;
  return h;
}

covariance some_kernel() { return {some_beliefs(), flags}; }

void check_gradient(const differentiable& f, const VectorXd& at, double tolerance) {
  VectorXd slope(at.size());
  VectorXd ignored(at.size());
  f(at, slope);
  for (Index j = 0; j < at.size(); ++j) {
    const double h = 1e-5;
    VectorXd up = at;
    VectorXd down = at;
    up[j] += h;
    down[j] -= h;
    const double numeric = (f(up, ignored) - f(down, ignored)) / (2 * h);
    CAPTURE(j);
    CHECK(slope[j] == doctest::Approx(numeric).epsilon(tolerance));
  }
}

TEST_CASE("gp: the gradient of the evidence is that of finite differences") {
  const auto x = some_points(23, 1);
  const evidence f(x, some_values(x), flags, {});
  VectorXd theta(14);
  theta << -0.5, 0.2, -1.0, 0.7, 0.1, 0.4, -4.0, -1.2, 0.3, -0.6, 0.5, -0.4, -0.9, -0.7;
  check_gradient([&](const VectorXd& at, VectorXd& g) { return f(at, g); }, theta, 1e-5);
  check_gradient([&](const VectorXd& at, VectorXd& g) { return f(at, g); }, theta.head(7), 1e-5);
  theta[3] = theta[8] = 3;  // where the prior's tail is exponential
  check_gradient([&](const VectorXd& at, VectorXd& g) { return f(at, g); }, theta, 1e-5);
}

TEST_CASE("gp: the kernel is 1 at distance 0, and its slope is that of finite differences") {
  const Eigen::ArrayXd r2 = Eigen::ArrayXd::LinSpaced(50, 0.01, 9);
  CHECK(matern(Eigen::ArrayXd::Zero(1))[0] == 1);
  const Eigen::ArrayXd numeric = (matern(r2 + 1e-6) - matern(r2 - 1e-6)) / 2e-6;
  CHECK((matern_slope(r2) - numeric).abs().maxCoeff() < 1e-7);
  const auto x = some_points(8, 20);
  const anchored known(some_kernel(), x);
  const VectorXd at = some_points(9, 21).row(8).transpose();
  const auto [values, slopes] = known.around(at);
  CHECK((values - known.with(at)).abs().maxCoeff() < 1e-14);
  const points two = some_points(9, 21).bottomRows(2);
  CHECK((known.with_all(two).col(1).array() - values).abs().maxCoeff() < 1e-14);
  CHECK(slopes.col(4).cwiseAbs().maxCoeff() == 0);
  for (Index j = 0; j < 4; ++j) {
    VectorXd up = at;
    VectorXd down = at;
    up[j] += 1e-6;
    down[j] -= 1e-6;
    const Eigen::ArrayXd change = (known.with(up) - known.with(down)) / 2e-6;
    CHECK((slopes.col(j).array() - change).abs().maxCoeff() < 1e-6);
  }
  CHECK(known.with(x.row(3).transpose())[3] == doctest::Approx(some_kernel().self()));
  auto grown = anchored(some_kernel(), x.topRows(3));
  for (Index i = 3; i < x.rows(); ++i) grown.append(x.row(i).transpose());
  CHECK((grown.with(at) == known.with(at)).all());
}

TEST_CASE("gp: a covariance with repeated points has a factor, and the posterior stays finite") {
  auto x = some_points(12, 2);
  points twice(24, 5);
  twice << x, x;
  auto h = some_beliefs();
  h.log_noise = std::log(1e-7);
  VectorXd y(24);
  y << some_values(x), some_values(x);
  const anchored known(covariance(h, flags), twice);
  const posterior model(known, y, factor_of(known));
  const auto here = model.at(some_points(30, 3));
  CHECK(here.means.allFinite());
  CHECK((here.variance > 0).all());
  CHECK((model.at(x).means.row(0).transpose() - some_values(x)).cwiseAbs().maxCoeff() < 0.01);
}

TEST_CASE("gp: a factor that grew row by row is the factor of the whole") {
  const auto x = some_points(70, 4);
  const anchored known(some_kernel(), x);
  const auto whole = factor_of(known);
  auto grown = factor_of({some_kernel(), x.topRows(20)});
  extend(grown, known);
  CHECK((MatrixXd(whole.lower()) - MatrixXd(grown.lower())).cwiseAbs().maxCoeff() < 1e-10);
  auto again = grown;
  again.keep(33);
  extend(again, known);
  CHECK(MatrixXd(again.lower()) == MatrixXd(grown.lower()));  // to the bit
}

// Mean and variance at one point by the textbook.
std::pair<double, double> by_hand(const points& x, const VectorXd& y, const VectorXd& at) {
  const auto h = some_beliefs();
  const auto between = [&](const VectorXd& a, const VectorXd& b) {
    const auto m = [](double r) {
      const double s = std::sqrt(5.0) * r;
      return (1 + s + s * s / 3) * std::exp(-s);
    };
    double joint = 0;
    double single = 0;
    double pairs = 0;
    std::vector<double> each;
    for (Index j = 0; j < 5; ++j) {
      const double gap = j == 4 ? (a[j] == b[j] ? 0.0 : 1.0) : std::abs(a[j] - b[j]);
      joint += std::pow(gap / std::exp(h.log_length[j]), 2);
      each.push_back(m(gap / std::exp(h.log_single[j])));
      single += each.back() / 5;
    }
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 0; j < i; ++j) pairs += each[i] * each[j] / 10;
    return std::exp(h.log_amplitude) * m(std::sqrt(joint)) + std::exp(h.log_additive) * single +
           std::exp(h.log_pairs) * pairs;
  };
  const Index n = x.rows();
  MatrixXd k(n, n);
  VectorXd c(n);
  for (Index i = 0; i < n; ++i) {
    c[i] = between(x.row(i).transpose(), at);
    for (Index j = 0; j < n; ++j)
      k(i, j) = between(x.row(i).transpose(), x.row(j).transpose()) + (i == j ? h.noise() : 0);
  }
  const Eigen::LLT<MatrixXd> factor(k);
  const VectorXd ones = VectorXd::Ones(n);
  const double mean = factor.solve(y).sum() / (factor.solve(ones).sum() + 1);
  return {mean + c.dot(factor.solve(VectorXd(y - mean * ones))),
          between(at, at) - c.dot(factor.solve(c))};
}

TEST_CASE("gp: mean and variance are those of the textbook, in bulk and one by one") {
  const auto x = some_points(40, 5);
  const auto y = some_values(x);
  const anchored known(some_kernel(), x);
  const posterior model(known, y, factor_of(known));
  const auto where = some_points(9, 6);
  const auto bulk = model.at(where);
  const auto bounds = model.bounds_at(where);
  for (Index i = 0; i < where.rows(); ++i) {
    const auto [mean, variance] = by_hand(x, y, where.row(i).transpose());
    const auto one = model.around(where.row(i).transpose());
    CHECK(bulk.means(0, i) == doctest::Approx(mean));
    CHECK(bulk.variance[i] == doctest::Approx(variance));
    CHECK(one.means[0] == doctest::Approx(mean));
    CHECK(one.variance == doctest::Approx(variance));
    CHECK(bounds.variance[i] >= variance);
  }
}

TEST_CASE("gp: assumed points carry the posterior's own mean and spread") {
  const auto x = some_points(15, 7);
  const anchored known(some_kernel(), x);
  const posterior before(known, some_values(x), factor_of(known));
  const auto open = some_points(3, 8);
  constexpr Index samples = 512;
  MatrixXd normals = sobol_points(samples, 3, 1, 1).unaryExpr([](double u) {
    return quantile({distribution::family::gaussian, 0, 1, {}, {}, {}}, u);
  });
  auto after = before;
  after.assume(open, normals);
  const auto prior = before.at(open);
  const auto drawn = after.at(open);
  for (Index i = 0; i < 3; ++i) {
    const double mean = drawn.means.col(i).mean();
    const double variance = (drawn.means.col(i).array() - mean).square().mean();
    CHECK(mean == doctest::Approx(prior.means(0, i)).epsilon(0.02));
    CHECK(variance == doctest::Approx(prior.variance[i]).epsilon(0.05));
    CHECK(drawn.variance[i] < 1e-4);
  }
}

TEST_CASE("acquisition: the log of the expected improvement, in every branch") {
  const auto direct = [](double z) {
    return std::log(std::exp(-z * z / 2) / std::sqrt(2 * 3.14159265358979) +
                    z * 0.5 * std::erfc(-z / std::sqrt(2.0)));
  };
  for (const double z : {-5.0, -2.0, -1.0, -0.5, 0.0, 1.0, 4.0})
    CHECK(log_improvement(z) == doctest::Approx(direct(z)));
  // Both sides of a change of branch agree, and far out nothing is lost.
  for (const double z : {-1.0, -25.0})
    CHECK(log_improvement(z - 1e-9) == doctest::Approx(log_improvement(z + 1e-9)).epsilon(1e-7));
  CHECK(log_improvement(-1e4) == doctest::Approx(-5e7 - 0.919 - 2 * std::log(1e4)).epsilon(1e-6));
  for (const double z : {-300.0, -26.0, -24.0, -3.0, -0.7, 2.0})
    CHECK(log_improvement_slope(z) ==
          doctest::Approx((log_improvement(z + 1e-5) - log_improvement(z - 1e-5)) / 2e-5)
              .epsilon(1e-4));
}

TEST_CASE(
    "acquisition: its gradient is that of finite differences, failures and pending included") {
  const auto x = some_points(20, 10);
  const anchored known(some_kernel(), x);
  posterior model(known, some_values(x), factor_of(known));
  const auto open = some_points(4, 11);
  model.assume(open, MatrixXd::Random(6, 4));
  feasibility feasible(x, some_points(5, 12), some_points(4, 13), flags);
  VectorXd values = some_values(x);
  values.head(5).setConstant(values.minCoeff());  // repeats
  feasible.learn_repeats(x, values, flags);
  const acquisition f(model, feasible, VectorXd::Constant(6, -0.4));
  for (Index i = 0; i < 6; ++i) {
    const VectorXd at = some_points(6, 14).row(i).transpose();
    VectorXd slope(5);
    VectorXd ignored(5);
    const double value = f(at, slope);
    CHECK(value == doctest::Approx(f.at(at.transpose())[0]).epsilon(1e-8));
    CHECK(f.bounds_at(at.transpose())[0] >= value - 1e-9);
    CHECK(slope[4] == 0);
    for (Index j = 0; j < 4; ++j) {
      VectorXd up = at, down = at;
      up[j] += 1e-6;
      down[j] -= 1e-6;
      CHECK(slope[j] == doctest::Approx((f(up, ignored) - f(down, ignored)) / 2e-6).epsilon(1e-3));
    }
  }
}

TEST_CASE("feasibility: failures at random repel nobody, a failing region does") {
  const auto x = some_points(60, 15);
  const points none(0, 5);
  CHECK(feasibility(x, none, none, flags).certain());
  points delivered(0, 5);
  points here(0, 5);
  points anywhere(0, 5);
  const auto add = [](points& to, const VectorXd& row) {
    to.conservativeResize(to.rows() + 1, 5);
    to.row(to.rows() - 1) = row.transpose();
  };
  for (Index i = 0; i < x.rows(); ++i) {
    const VectorXd row = x.row(i).transpose();
    add(row[0] > 0.7 ? here : delivered, row);
    if (i % 8 == 0) add(anywhere, row);
  }
  const feasibility region(delivered, here, none, flags);
  VectorXd at = VectorXd::Constant(5, 0.5);
  at[4] = 1;
  at[0] = 0.9;
  CHECK(region.probability(at) < 0.2);
  at[0] = 0.3;
  CHECK(region.probability(at) > 0.9);
  const feasibility scattered(x, none, anywhere, flags);
  for (Index i = 0; i < anywhere.rows(); ++i)
    CHECK(scattered.probability(anywhere.row(i).transpose()) > 0.5);
}

TEST_CASE("feasibility: where the least value comes again, a run promises less") {
  const auto x = some_points(60, 18);
  const points none(0, 5);
  VectorXd y = some_values(x);
  for (Index i = 0; i < x.rows(); ++i)
    if (x(i, 0) > 0.7) y[i] = y.minCoeff() - 1;  // each lower than the last: nothing repeats
  feasibility without(x, none, none, flags);
  without.learn_repeats(x, y, flags);
  CHECK(without.certain());
  y[0] = 1e8;  // a diverged loss makes no others equal
  feasibility diverged(x, none, none, flags);
  diverged.learn_repeats(x, y, flags);
  CHECK(diverged.certain());
  const double bottom = y.minCoeff();
  for (Index i = 0; i < x.rows(); ++i)
    if (x(i, 0) > 0.7) y[i] = bottom;
  feasibility with(x, none, none, flags);
  with.learn_repeats(x, y, flags);
  points at = points::Constant(2, 5, 0.5);
  at.col(4).setConstant(1);
  at(0, 0) = 0.9;
  at(1, 0) = 0.3;
  const Eigen::ArrayXd weights = with.log_weights(at);
  CHECK(weights[0] < std::log(0.01));
  CHECK(weights[1] > std::log(0.5));
  CHECK(with.probability(at.row(0).transpose()) == 1);  // that of a value
}

TEST_CASE("lbfgs: finds the least value inside the box and on its edge") {
  const auto f = [](const VectorXd& x, VectorXd& g) {
    const double a = 1 - x[0];
    const double b = x[1] - x[0] * x[0];
    g.resize(2);
    g << -2 * a - 400 * x[0] * b, 200 * b;
    return a * a + 100 * b * b;
  };
  const box wide{VectorXd::Constant(2, -5), VectorXd::Constant(2, 5)};
  const box narrow{VectorXd::Constant(2, -5), VectorXd::Constant(2, 0.5)};
  VectorXd start(2);
  start << -1.2, 1;
  const descent_limits patient{200, 1e-8, 1e-14};
  CHECK((minimize(f, start, wide, patient).at - VectorXd::Ones(2)).norm() < 1e-4);
  const auto edge = minimize(f, start, narrow, patient).at;
  CHECK(edge[0] == doctest::Approx(0.5).epsilon(1e-3));
  CHECK(edge[1] == doctest::Approx(0.25).epsilon(1e-3));
}

TEST_CASE("warp: heavy tails are drawn in, order and units are kept, light tails are left alone") {
  VectorXd heavy(12);
  heavy << 1, 1.5, 2, 2.2, 2.5, 3, 3.1, 3.5, 4, 50, 1e6, 1e9;
  const output_warp w(heavy);
  CHECK(w.heavy_tailed());
  for (Index i = 0; i + 1 < 12; ++i) CHECK(w.warped()[i] < w.warped()[i + 1]);
  for (Index i = 0; i < 12; ++i) CHECK(w.raw(w.warped()[i]) == doctest::Approx(heavy[i]));
  CHECK(w.warped().maxCoeff() < 4);
  const VectorXd light = VectorXd::LinSpaced(12, -3, 9);
  CHECK(!output_warp(light).heavy_tailed());
  CHECK(output_warp(VectorXd::Constant(9, 4.0)).warped().cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("sobol: every block of 2^k points covers each axis evenly, whatever the shift") {
  const MatrixXd x = sobol_points(65, 7, 42, 3).bottomRows(64);
  for (Index j = 0; j < 7; ++j) {
    std::vector<int> hit(32);
    for (Index i = 0; i < 64; ++i) ++hit[static_cast<std::size_t>(x(i, j) * 32)];
    int most = 0;
    for (const int h : hit) most = std::max(most, h);
    CHECK(most <= 3);
  }
  CHECK((x.array() > 0).all());
  CHECK((x.array() < 1).all());
  CHECK(sobol_points(8, 3, 1, 1) == sobol_points(8, 3, 1, 1));
  CHECK(sobol_points(8, 3, 1, 1) != sobol_points(8, 3, 2, 1));
}

}  // namespace
