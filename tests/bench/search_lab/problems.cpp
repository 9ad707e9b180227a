#include "tests/bench/search_lab/problems.hpp"

#include "strategies/philox.hpp"
#include "tests/bench/search_lab/shapes.hpp"

#include <cmath>
#include <map>

namespace sweepd::lab {
namespace {

namespace bj = boost::json;

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