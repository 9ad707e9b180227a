#include "strategies/tpe/likely.hpp"
#include "strategies/tpe/tpe.hpp"
#include "strategies/tpe/parzen.hpp"
#include "tests/strategies/learning.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace {

using namespace sweepd::strategies;
using namespace sweepd::strategies::test;
using Eigen::VectorXd;

encoding encoded(std::string_view parameters) {
  auto s = space::make(object(parameters));
  REQUIRE(s);
  return encoding(std::move(*s));
}

TEST_CASE("tpe: a tenth is good, 25 at most, and old runs fade") {
  CHECK(tpe::good_of(1) == 1);
  CHECK(tpe::good_of(10) == 1);
  CHECK(tpe::good_of(11) == 2);
  CHECK(tpe::good_of(1000) == 25);
  CHECK(tpe::ramp(25) == VectorXd::Ones(25));
  const VectorXd w = tpe::ramp(35);
  CHECK(w[0] == doctest::Approx(1.0 / 35));
  CHECK(w[9] == doctest::Approx(1));
  CHECK(w[5] > w[4]);
  CHECK(w.tail(25) == VectorXd::Ones(25));
}

TEST_CASE("tpe: a density sums to one over continuous, ordered and unordered axes") {
  const auto space = encoded(R"({"x": {"min": 0.0, "max": 1.0}, "n": {"min": 1, "max": 5},
    "q": {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25},
    "c": {"values": ["a", "b", "c"], "probabilities": [0.5, 0.3, 0.2]}})");
  REQUIRE(space.dims() == 4);
  Eigen::MatrixXd centres(3, 4);
  draws random(1, 2, 3);
  for (Eigen::Index i = 0; i < 3; ++i)
    for (Eigen::Index j = 0; j < 4; ++j)
      centres(i, j) = space.from_unit(static_cast<std::size_t>(j), random.unit());
  const tpe::parzen density(space, centres, VectorXd::Ones(3));
  double sum = 0;
  constexpr int steps = 200;
  std::vector<std::uint64_t> levels;
  for (const auto& a : space.axes())
    levels.push_back(a.what == axis::kind::continuous ? steps : a.levels);
  for (std::uint64_t cell = 0; cell < levels[0] * levels[1] * levels[2] * levels[3]; ++cell) {
    std::uint64_t left = cell;
    VectorXd at(4);
    for (std::size_t j = 0; j < 4; ++j) {
      const auto level = left % levels[j];
      left /= levels[j];
      at[static_cast<Eigen::Index>(j)] = space.axes()[j].what == axis::kind::continuous
                                             ? (static_cast<double>(level) + 0.5) / steps
                                             : space.at_level(j, level);
    }
    sum += std::exp(density.log_density(at)) / steps;
  }
  CHECK(sum == doctest::Approx(1).epsilon(1e-3));
}

TEST_CASE("tpe: draws follow the density") {
  const auto space = encoded(R"({"c": {"values": ["a", "b", "c"]}, "n": {"min": 1, "max": 4}})");
  Eigen::MatrixXd centres(2, 2);
  centres << space.at_level(0, 1), space.at_level(1, 0), space.at_level(0, 1), space.at_level(1, 3);
  const tpe::parzen density(space, centres, VectorXd::Ones(2));
  std::vector<int> met(12);
  constexpr int count = 20'000;
  draws random(4, 5, 6);
  for (int i = 0; i < count; ++i) {
    const VectorXd at = density.draw(random);
    ++met[space.level_at(0, at[0]) * 4 + space.level_at(1, at[1])];
  }
  for (std::uint64_t c = 0; c < 3; ++c)
    for (std::uint64_t n = 0; n < 4; ++n) {
      const double share =
          std::exp(density.log_density(VectorXd{{space.at_level(0, c), space.at_level(1, n)}}));
      CHECK(std::abs(met[c * 4 + n] - share * count) <= 5 * std::sqrt(share * count) + 1);
    }
}

TEST_CASE("tpe: same history, same proposals, in whatever portions") { check_contract("tpe"); }

TEST_CASE("tpe: no configuration of a finite space twice") { check_exhaustion("tpe"); }

TEST_CASE("tpe: finds more than random draws do") {
  for (const auto& f : known_functions()) {
    const double ours = mean_played(sweep("tpe", f.parameters), 6, 50, f.of);
    const double random = mean_played(sweep("random", f.parameters), 30, 50, f.of);
    MESSAGE(std::string(f.name) << ": " << ours << ", random " << random);
    CHECK(ours < 0.8 * random);
  }
}

TEST_CASE("tpe: keeps away from where runs fail, and from where others are") {
  const auto config =
      sweep("tpe", R"({"x": {"min": 0.0, "max": 1.0}, "y": {"min": 0.0, "max": 1.0}})");
  const auto s = made(config);
  std::vector<observation> seen;
  for (int i = 0; i < 40; ++i) {
    const double u = (i + 0.5) / 40;
    auto c = object(R"({"x": {"value": 0}, "y": {"value": 0.5}})");
    c["x"].as_object()["value"] = u;
    seen.push_back(ended(c, std::abs(u - 0.5)));
    if (u > 0.5) seen.back().what = observation::kind::infeasible;
    if (u > 0.5) seen.back().value.reset();
  }
  s->observe(seen);
  int above = 0;
  for (std::uint64_t k = 40; k < 80; ++k) above += at(suggestions(s, k, 1)[0].config, "x") > 0.55;
  CHECK(above <= 6);
  const auto batch = drawn(s, 40, 8);
  CHECK(std::set(batch.begin(), batch.end()).size() == 8);
}

TEST_CASE("tpe: goes on after 1,000 runs of another method, where they are good") {
  std::string parameters = "{";
  for (int i = 0; i < 10; ++i)
    parameters += (i == 0 ? "" : ", ") + std::string("\"x") + std::to_string(i) +
                  R"(": {"min": 0.0, "max": 1.0})";
  const auto s = made(sweep("tpe", parameters + "}"));
  const auto random = made(sweep("random", parameters + "}"));
  std::vector<observation> seen;
  for (auto& one : suggestions(random, 0, 1000))
    seen.push_back(ended(one.config, at(one.config, "x0")));
  s->observe(seen);
  double sum = 0;
  for (std::uint64_t k = 0; k < 8; ++k) sum += at(suggestions(s, 1000 + k, 1)[0].config, "x0");
  CHECK(sum / 8 < 0.25);
}

}  // namespace
