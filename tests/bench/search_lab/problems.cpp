// Longer than most files: thirty small objectives and the table that names them.
#include "tests/bench/search_lab/problems.hpp"

#include "strategies/philox.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace sweepd::lab {
namespace {

namespace bj = boost::json;
using numbers = std::vector<double>;
using maker = std::function<problem(std::uint64_t)>;
constexpr double pi = std::numbers::pi;

struct random {
  std::uint64_t seed;
  std::uint64_t k = 0;
  double unit() { return strategies::random_unit(seed, k++, 77); }
  double in(double a, double b) { return a + (b - a) * unit(); }
  int below(int n) { return std::min(n - 1, static_cast<int>(unit() * n)); }
  double normal() { return std::sqrt(-2 * std::log(unit())) * std::cos(2 * pi * unit()); }
};

numbers centres(random& r, std::size_t d, double a = 0.2, double b = 0.8) {
  numbers c(d);
  for (auto& x : c) x = r.in(a, b);
  return c;
}

std::vector<dimension> cube(std::size_t d) { return std::vector<dimension>(d); }

// z = (u - c) * width
maker shifted(std::size_t d, double width, std::function<double(const numbers&)> f,
              double noise = 0) {
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

// A mixture of Gaussian wells.
maker wells(std::size_t d, int count, double noise = 0) {
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
    for (const auto& start : c) {
      numbers x = start;
      double fx = p.loss(x), step = 0.1;
      while (step > 1e-6) {
        bool moved = false;
        for (std::size_t j = 0; j < d; ++j)
          for (double sign : {-1.0, 1.0}) {
            numbers y = x;
            y[j] = std::clamp(y[j] + sign * step, 0.0, 1.0);
            const double fy = p.loss(y);
            if (fy < fx) x = y, fx = fy, moved = true;
          }
        if (!moved) step /= 2;
      }
      best = std::min(best, fx);
    }
    p.optimum = best;
    return p;
  };
}

// f on a few of many axes
maker embedded(std::size_t d, std::size_t active, double width,
               std::function<double(const numbers&)> f) {
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

// Like a training: lr and wd on log scales, integers, an optimiser and an activation.
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

// A choice decides which basin, several choices interact.
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

// A sample of a smooth random function (random Fourier features).
maker fourier(std::size_t d, double length, double noise = 0) {
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
      double fx = p.loss(x), step = 0.1;
      while (step > 1e-5) {
        bool moved = false;
        for (std::size_t j = 0; j < d; ++j)
          for (double sign : {-1.0, 1.0}) {
            numbers y = x;
            y[j] = std::clamp(y[j] + sign * step, 0.0, 1.0);
            const double fy = p.loss(y);
            if (fy < fx) x = y, fx = fy, moved = true;
          }
        if (!moved) step /= 2;
      }
      best = std::min(best, fx);
    }
    p.optimum = best;
    return p;
  };
}

const std::map<std::string, maker>& all() {
  static const std::map<std::string, maker> makers{
      {"a_sphere4", shifted(4, 2, sphere)},
      {"a_sphere8", shifted(8, 2, sphere)},
      {"a_rosen4", shifted(4, 4, rosenbrock)},
      {"a_logrosen5", shifted(5, 3, log_rosenbrock)},
      {"a_wells3", wells(3, 4)},
      {"a_wells6", wells(6, 6)},
      {"a_fourier4", fourier(4, 0.35)},
      {"b_ackley5", shifted(5, 12, ackley)},
      {"b_ackley10", shifted(10, 8, ackley)},
      {"b_rastrigin5", shifted(5, 4, rastrigin)},
      {"b_rastrigin8", shifted(8, 3, rastrigin)},
      {"b_griewank6", shifted(6, 30, griewank)},
      {"b_levy6", shifted(6, 14, levy)},
      {"b_styblinski6", shifted(6, 8, styblinski)},
      {"b_plateau5", shifted(5, 5, plateau)},
      {"c_few20_sphere", embedded(20, 4, 2, sphere)},
      {"c_few20_levy", embedded(20, 3, 12, levy)},
      {"c_few20_wells", embedded(20, 5, 3,
                                 [](const numbers& z) {
                                   double a = 0, b = 0;
                                   for (double x : z) a += x * x, b += (x - 1) * (x - 1);
                                   return 1 - std::exp(-a) - 0.5 * std::exp(-3 * b) +
                                          0.5 * std::exp(-3.0 * 5);
                                 })},
      {"d_noisy_sphere5", shifted(5, 2, sphere, 0.5)},
      {"d_noisy_wells4", wells(4, 4, 0.08)},
      {"d_noisy_ackley4", shifted(4, 6, ackley, 0.8)},
      {"d_noisy_training", [](std::uint64_t s) { return training_like(s, false, 0.08); }},
      {"e_steep5", shifted(5, 1.5, steep)},
      {"e_steep8", shifted(8, 1.2, steep)},
      {"f_training7", [](std::uint64_t s) { return training_like(s, false, 0); }},
      {"f_training10", [](std::uint64_t s) { return training_like(s, true, 0); }},
      {"f_branches6", branches},
      {"f_choices7", all_choices},
      {"g_crash_wells4", crashing(wells(4, 4), 0.4)},
      {"g_crash_sphere5", crashing(shifted(5, 2, sphere), 0.3)},
  };
  return makers;
}

}  // namespace

bj::object parameters_of(const problem& p) {
  bj::object out;
  for (std::size_t j = 0; j < p.dims.size(); ++j) {
    const auto& d = p.dims[j];
    bj::object one;
    if (d.what == dimension::kind::choice) {
      bj::array values;
      for (int i = 0; i < d.choices; ++i) values.emplace_back("v" + std::to_string(i));
      one["values"] = values;
    } else if (d.what == dimension::kind::integer) {
      one = {{"distribution", "int_uniform"},
             {"min", static_cast<std::int64_t>(d.low)},
             {"max", static_cast<std::int64_t>(d.high)}};
    } else {
      one = {{"distribution", d.what == dimension::kind::log ? "log_uniform_values" : "uniform"},
             {"min", d.low},
             {"max", d.high}};
    }
    out["x" + std::to_string(100 + j)] = one;
  }
  return out;
}

std::vector<double> unit_of(const problem& p, const bj::object& config) {
  std::vector<double> out;
  for (std::size_t j = 0; j < p.dims.size(); ++j) {
    const auto& d = p.dims[j];
    const auto& v = config.at("x" + std::to_string(100 + j)).at("value");
    if (d.what == dimension::kind::choice) {
      out.push_back(v.as_string()[1] - '0');
      continue;
    }
    const double x = v.to_number<double>();
    if (d.what == dimension::kind::log)
      out.push_back(std::log(x / d.low) / std::log(d.high / d.low));
    else if (d.what == dimension::kind::integer)
      out.push_back((x - d.low + 0.5) / (d.high - d.low + 1));
    else
      out.push_back((x - d.low) / (d.high - d.low));
  }
  return out;
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& [name, _] : all()) out.push_back(name);
  return out;
}

problem make(const std::string& name, std::uint64_t seed) {
  auto p = all().at(name)(seed * 7919 + strategies::stream_of(name));
  p.name = name;
  return p;
}

}  // namespace sweepd::lab
