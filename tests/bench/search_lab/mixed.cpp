// Objectives over choices and whole numbers, and regions that crash.
#include "tests/bench/search_lab/shapes.hpp"

#include <algorithm>
#include <cmath>

namespace sweepd::lab {

problem training_like(std::uint64_t seed, bool more, double noise) {
  random r{seed};
  problem p;
  using k = dimension::kind;
  p.dims = {{k::log, 1e-5, 1, 0},  {k::log, 1e-6, 1e-1, 0},  {k::uniform, 0, 0.9, 0},
            {k::integer, 1, 8, 0}, {k::integer, 16, 512, 0}, {k::choice, 0, 0, 4},
            {k::choice, 0, 0, 3}};
  if (more)
    p.dims.insert(p.dims.end(),
                  {{k::log, 1e-3, 10, 0}, {k::integer, 0, 30, 0}, {k::choice, 0, 0, 5}});
  const auto c = centres(r, p.dims.size());
  numbers lr_shift, act, block;
  for (int i = 0; i < 4; ++i) lr_shift.push_back(r.in(-0.2, 0.2));
  numbers opt;
  for (int i = 0; i < 4; ++i) opt.push_back(i == 0 ? 0 : r.in(0.05, 0.5));
  for (int i = 0; i < 3; ++i) act.push_back(i == 0 ? 0 : r.in(0.05, 0.4));
  for (int i = 0; i < 5; ++i) block.push_back(i == 2 ? 0 : r.in(0.05, 0.4));
  const double depth_best = (2 + r.below(5) + 0.5) / 8;
  p.noise = noise;
  p.loss = [=](const numbers& u) {
    const auto o = static_cast<std::size_t>(u[5]);
    const double lr = u[0] - c[0] - lr_shift[o] + 0.15 * (u[3] - depth_best);
    double s = 6 * lr * lr + (lr > 0.25 ? 8 * (lr - 0.25) : 0);
    s += 1.5 * std::pow(u[1] - c[1], 2) + 1.2 * std::pow(u[2] - c[2], 2);
    s += 1.5 * std::pow(u[3] - depth_best, 2) + 0.8 * std::pow(u[4] - c[4], 2);
    s += opt[o] + act[static_cast<std::size_t>(u[6])];
    if (more)
      s += 2 * std::pow(u[7] - c[7], 2) * (1 + u[1]) + 0.5 * std::pow(u[8] - c[8], 2) +
           block[static_cast<std::size_t>(u[9])];
    return s;
  };
  // descend by levels
  numbers x(p.dims.size(), 0.5);
  double best = 1e300;
  for (int o = 0; o < 4; ++o) {
    x = c;
    x[3] = depth_best;
    x[5] = o;
    x[6] = 0;
    if (more) x[9] = 2;
    for (double t = 0; t <= 1; t += 1e-4) {
      x[0] = t;
      best = std::min(best, p.loss(x));
    }
  }
  p.optimum = best;
  return p;
}

problem branches(std::uint64_t seed) {
  random r{seed};
  problem p;
  using k = dimension::kind;
  p.dims = {{k::choice, 0, 0, 6},  {k::choice, 0, 0, 3},  {k::uniform, 0, 1, 0},
            {k::uniform, 0, 1, 0}, {k::uniform, 0, 1, 0}, {k::integer, 1, 20, 0}};
  std::vector<numbers> c;
  numbers base;
  for (int i = 0; i < 18; ++i) {
    c.push_back(centres(r, 4, 0.15, 0.85));
    base.push_back(r.in(0.2, 1.5));
  }
  const int winner = r.below(18);
  base[static_cast<std::size_t>(winner)] = 0;
  for (auto& one : c) one[3] = (std::floor(one[3] * 20) + 0.5) / 20;
  p.loss = [=](const numbers& u) {
    const auto i = static_cast<std::size_t>(u[0] * 3 + u[1]);
    double s = base[i];
    for (std::size_t j = 0; j < 4; ++j) s += 3 * std::pow(u[2 + j] - c[i][j], 2);
    return s;
  };
  return p;
}

problem all_choices(std::uint64_t seed) {
  random r{seed};
  problem p;
  for (int j = 0; j < 7; ++j) p.dims.push_back({dimension::kind::choice, 0, 0, 4});
  std::vector<numbers> main(7, numbers(4)), pairs(7, numbers(16));
  for (auto& m : main)
    for (auto& x : m) x = r.normal();
  for (auto& m : pairs)
    for (auto& x : m) x = 0.7 * r.normal();
  p.loss = [=](const numbers& u) {
    double s = 0;
    for (std::size_t j = 0; j < 7; ++j) {
      s += main[j][static_cast<std::size_t>(u[j])];
      s += pairs[j][static_cast<std::size_t>(u[j] * 4 + u[(j + 1) % 7])];
    }
    return s;
  };
  double best = 1e300;
  numbers u(7);
  for (int i = 0; i < 16384; ++i) {
    int k = i;
    for (auto& x : u) x = k % 4, k /= 4;
    best = std::min(best, p.loss(u));
  }
  p.optimum = best;
  return p;
}

maker crashing(maker inner, double share) {
  return [=](std::uint64_t seed) {
    auto p = inner(seed);
    random r{seed + 999};
    const std::size_t d = p.dims.size();
    numbers w(d);
    for (auto& x : w) x = r.normal();
    w[0] *= 3;
    // A half space that crashes `share` of the cube, the optimum outside.
    numbers values;
    for (int i = 0; i < 4000; ++i) {
      double s = 0;
      for (std::size_t j = 0; j < d; ++j) s += w[j] * r.unit();
      values.push_back(s);
    }
    std::ranges::sort(values);
    // the optimum's side is found by sampling the best of many
    numbers best(d), u(d);
    double least = 1e300;
    for (int i = 0; i < 20000; ++i) {
      for (auto& x : u) x = r.unit();
      const double y = p.loss(u);
      if (y < least) least = y, best = u;
    }
    double at = 0;
    for (std::size_t j = 0; j < d; ++j) at += w[j] * best[j];
    double limit = values[static_cast<std::size_t>((1 - share) * 4000)];
    double sign = 1;
    if (at > limit) {
      limit = values[static_cast<std::size_t>(share * 4000)];
      sign = -1;
      if (at < limit) limit = at - 0.02;
    }
    p.crashes = [=](const numbers& v) {
      double s = 0;
      for (std::size_t j = 0; j < d; ++j) s += w[j] * v[j];
      return sign * s > sign * limit;
    };
    return p;
  };
}

}  // namespace sweepd::lab
