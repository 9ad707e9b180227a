// Objectives over numbers.
#include "tests/bench/search_lab/shapes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sweepd::lab {
namespace {

// The least value that steps along the axes reach from x.
double descended(const function& loss, numbers x, double shortest) {
  double fx = loss(x), step = 0.1;
  while (step > shortest) {
    bool moved = false;
    for (std::size_t j = 0; j < x.size(); ++j)
      for (double sign : {-1.0, 1.0}) {
        numbers y = x;
        y[j] = std::clamp(y[j] + sign * step, 0.0, 1.0);
        const double fy = loss(y);
        if (fy < fx) x = y, fx = fy, moved = true;
      }
    if (!moved) step /= 2;
  }
  return fx;
}

}  // namespace

double sphere(const numbers& z) {
  double s = 0;
  for (std::size_t j = 0; j < z.size(); ++j) s += z[j] * z[j] * (1 + static_cast<double>(j) * 1.5);
  return s;
}
double ackley(const numbers& z) {
  double a = 0, b = 0;
  for (double x : z) a += x * x, b += std::cos(2 * pi * x);
  const double n = static_cast<double>(z.size());
  return -20 * std::exp(-0.2 * std::sqrt(a / n)) - std::exp(b / n) + 20 + std::numbers::e;
}
double rastrigin(const numbers& z) {
  double s = 0;
  for (double x : z) s += x * x + 10 * (1 - std::cos(2 * pi * x));
  return s;
}
double griewank(const numbers& z) {
  double s = 0, p = 1;
  for (std::size_t j = 0; j < z.size(); ++j)
    s += z[j] * z[j] / 400, p *= std::cos(z[j] / std::sqrt(static_cast<double>(j + 1)));
  return s - p + 1;
}
double levy(const numbers& z) {
  double s = 0;
  const auto w = [&](std::size_t j) { return 1 + z[j] / 4; };
  s += std::pow(std::sin(pi * w(0)), 2);
  for (std::size_t j = 0; j + 1 < z.size(); ++j)
    s += std::pow(w(j) - 1, 2) * (1 + 10 * std::pow(std::sin(pi * w(j) + 1), 2));
  const double l = w(z.size() - 1);
  s += std::pow(l - 1, 2) * (1 + std::pow(std::sin(2 * pi * l), 2));
  return s;
}
double rosenbrock(const numbers& z) {
  double s = 0;
  for (std::size_t j = 0; j + 1 < z.size(); ++j) {
    const double a = z[j] + 1, b = z[j + 1] + 1;
    s += 100 * std::pow(b - a * a, 2) + std::pow(1 - a, 2);
  }
  return s;
}
double log_rosenbrock(const numbers& z) { return std::log1p(rosenbrock(z)); }
double styblinski(const numbers& z) {
  double s = 0;
  for (double x0 : z) {
    const double x = x0 - 2.903534;
    s += 0.5 * (std::pow(x, 4) - 16 * x * x + 5 * x) + 39.16616570377;
  }
  return s;
}
double steep(const numbers& z) {  // heavy tailed
  double s = 0;
  for (std::size_t j = 0; j < z.size(); ++j)
    s += std::expm1(std::abs(z[j]) * (2 + static_cast<double>(j % 3)));
  return s * s;
}
double plateau(const numbers& z) {
  double s = 0;
  for (double x : z) s += std::floor(std::abs(x) * 2) + 0.2 * std::abs(x);
  return s;
}

maker shifted(std::size_t d, double width, function f, double noise) {
  return [=](std::uint64_t seed) {
    random r{seed};
    const auto c = centres(r, d);
    problem p;
    p.dims = cube(d);
    p.noise = noise;
    p.loss = [=](const numbers& u) {
      numbers z(d);
      for (std::size_t j = 0; j < d; ++j) z[j] = (u[j] - c[j]) * width;
      return f(z);
    };
    return p;
  };
}

maker wells(std::size_t d, int count, double noise) {
  return [=](std::uint64_t seed) {
    random r{seed};
    std::vector<numbers> c, w;
    numbers depth;
    for (int i = 0; i < count; ++i) {
      c.push_back(centres(r, d, 0.1, 0.9));
      numbers s(d);
      for (auto& x : s) x = r.in(1.5, 12);
      w.push_back(s);
      depth.push_back(i == 0 ? 1.3 : r.in(0.4, 1.0));
    }
    problem p;
    p.dims = cube(d);
    p.noise = noise;
    p.loss = [=](const numbers& u) {
      double s = 0;
      for (std::size_t i = 0; i < c.size(); ++i) {
        double e = 0;
        for (std::size_t j = 0; j < d; ++j) e += w[i][j] * std::pow(u[j] - c[i][j], 2);
        s -= depth[i] * std::exp(-e);
      }
      return s;
    };
    // descend from the deepest wells to know the optimum
    double best = 1e300;
    for (const auto& start : c) best = std::min(best, descended(p.loss, start, 1e-6));
    p.optimum = best;
    return p;
  };
}

maker embedded(std::size_t d, std::size_t active, double width, function f) {
  return [=](std::uint64_t seed) {
    random r{seed};
    const auto c = centres(r, active);
    std::vector<std::size_t> at;
    while (at.size() < active) {
      const auto j = static_cast<std::size_t>(r.below(static_cast<int>(d)));
      if (std::ranges::find(at, j) == at.end()) at.push_back(j);
    }
    problem p;
    p.dims = cube(d);
    p.loss = [=](const numbers& u) {
      numbers z(active);
      for (std::size_t j = 0; j < active; ++j) z[j] = (u[at[j]] - c[j]) * width;
      return f(z);
    };
    return p;
  };
}

maker fourier(std::size_t d, double length, double noise) {
  return [=](std::uint64_t seed) {
    random r{seed};
    const int count = 60;
    std::vector<numbers> w;
    numbers phase, amp;
    for (int i = 0; i < count; ++i) {
      numbers f(d);
      for (auto& x : f) x = r.normal() / length;
      w.push_back(f);
      phase.push_back(r.in(0, 2 * pi));
      amp.push_back(r.normal() / std::sqrt(count));
    }
    const auto c = centres(r, d);
    problem p;
    p.dims = cube(d);
    p.noise = noise;
    p.loss = [=](const numbers& u) {
      double s = 0;
      for (std::size_t i = 0; i < w.size(); ++i) {
        double t = phase[i];
        for (std::size_t j = 0; j < d; ++j) t += w[i][j] * u[j];
        s += amp[i] * std::cos(t);
      }
      for (std::size_t j = 0; j < d; ++j)
        s += 1.0 / static_cast<double>(d) * std::pow(u[j] - c[j], 2);
      return s;
    };
    double best = 1e300;
    for (int start = 0; start < 300; ++start) {
      numbers x(d);
      for (auto& v : x) v = r.unit();
      best = std::min(best, descended(p.loss, x, 1e-5));
    }
    p.optimum = best;
    return p;
  };
}

}  // namespace sweepd::lab
