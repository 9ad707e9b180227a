// What the objectives are made of: generators of problems, each a function of a seed.
#pragma once

#include "strategies/philox.hpp"
#include "tests/bench/search_lab/problems.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <vector>

namespace sweepd::lab {

using numbers = std::vector<double>;
using function = std::function<double(const numbers&)>;
using maker = std::function<problem(std::uint64_t seed)>;
inline constexpr double pi = std::numbers::pi;

struct random {
  std::uint64_t seed;
  std::uint64_t k = 0;
  double unit() { return strategies::random_unit(seed, k++, 77); }
  double in(double a, double b) { return a + (b - a) * unit(); }
  int below(int n) { return std::min(n - 1, static_cast<int>(unit() * n)); }
  double normal() { return std::sqrt(-2 * std::log(unit())) * std::cos(2 * pi * unit()); }
};

inline numbers centres(random& r, std::size_t d, double a = 0.2, double b = 0.8) {
  numbers c(d);
  for (auto& x : c) x = r.in(a, b);
  return c;
}

inline std::vector<dimension> cube(std::size_t d) { return std::vector<dimension>(d); }

double sphere(const numbers& z);
double ackley(const numbers& z);
double rastrigin(const numbers& z);
double griewank(const numbers& z);
double levy(const numbers& z);
double rosenbrock(const numbers& z);
double log_rosenbrock(const numbers& z);
double styblinski(const numbers& z);
double steep(const numbers& z);  ///< heavy tailed
double plateau(const numbers& z);

/// f((u - c) * width)
maker shifted(std::size_t d, double width, function f, double noise = 0);
/// f on a few of many axes.
maker embedded(std::size_t d, std::size_t active, double width, function f);
/// A mixture of Gaussian wells.
maker wells(std::size_t d, int count, double noise = 0);
/// A sample of a smooth random function (random Fourier features).
maker fourier(std::size_t d, double length, double noise = 0);
/// The inner problem, where runs crash in a half space without the optimum.
maker crashing(maker inner, double share);

/// Like a training: lr and wd on log scales, integers, an optimiser and an activation.
problem training_like(std::uint64_t seed, bool more, double noise);
/// A choice decides which basin, several choices interact.
problem branches(std::uint64_t seed);
problem all_choices(std::uint64_t seed);

}  // namespace sweepd::lab
