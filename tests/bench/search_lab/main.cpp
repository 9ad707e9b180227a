// Tunes and times the model-based search: many problems, several seeds, one after the other or as
// eight workers with lost runs. Usage: sweepd_search_lab [--seeds N] [--budget N] [--async] [--only
// TEXT]
//   [--time N] [--method NAME]
// Prints a line a problem: mean score (0: random search, 1: the optimum), each seed's, and seconds.
#include "strategies/philox.hpp"
#include "strategies/strategy.hpp"
#include "tests/bench/search_lab/problems.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace sweepd;
using namespace sweepd::strategies;
namespace bj = boost::json;

struct options {
  std::size_t seeds = 5;
  std::size_t budget = 60;
  bool async = false;
  bool shifting_seeds = true;
  std::string only;
  std::string method = "bayes";
  bool trace = false;
};

double normal(std::uint64_t seed, std::uint64_t k) {
  return std::sqrt(-2 * std::log(random_unit(seed, k, 91))) *
         std::cos(6.283185307179586 * random_unit(seed, k, 92));
}

bj::object config_of(const lab::problem& p, const std::string& method, std::size_t budget) {
  return {{"method", method},
          {"parameters", lab::parameters_of(p)},
          {"run_cap", static_cast<std::int64_t>(budget)},
          {"metric", {{"name", "loss"}, {"goal", "minimize"}}}};
}

// Seconds of processor time: other work on the machine does not count.
double processor() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct outcome {
  double best = 1e300;
  double seconds = 0;
};

outcome search(const lab::problem& p, const options& o, const std::string& method,
               std::uint64_t seed) {
  auto made = make_strategy(config_of(p, method, o.budget));
  if (!made) {
    std::cerr << to_string(made.error()) << "\n";
    std::exit(1);
  }
  auto& s = **made;
  std::vector<observation> seen;
  struct live {
    double until;
    std::size_t index;
  };
  std::vector<live> running;
  const std::size_t workers = o.async ? 8 : 1;
  double now = 0;
  outcome out;
  while (true) {
    while (running.size() < workers && seen.size() < o.budget) {
      const double started = processor();
      s.observe(seen);
      const std::uint64_t k = seen.size();
      auto got =
          s.suggest({o.shifting_seeds ? seed * 1000 + k : seed, o.shifting_seeds ? 0 : k, 1});
      out.seconds += processor() - started;
      if (!got) {
        std::cerr << to_string(got.error()) << "\n";
        std::exit(1);
      }
      if (got->empty()) break;
      observation one;
      one.running = true;
      one.config = (*got)[0].config;
      if (o.trace && method != "random") {
        std::cout << k << " " << bj::serialize((*got)[0].config) << " "
                  << p.loss(lab::unit_of(p, one.config)) << " "
                  << bj::serialize((*got)[0].search_info) << "\n";
      }
      const double lasts = o.async ? std::exp(0.7 * normal(seed, k)) : 1;
      running.push_back({now + lasts, seen.size()});
      seen.push_back(std::move(one));
    }
    if (running.empty()) break;
    const auto next = std::ranges::min_element(running, {}, &live::until);
    now = next->until;
    auto& done = seen[next->index];
    const auto index = next->index;
    running.erase(next);
    const auto u = lab::unit_of(p, done.config);
    const double luck = o.async ? random_unit(seed, index, 93) : 1;
    if ((p.crashes && p.crashes(u)) || luck < 0.10) {
      done.what = observation::kind::no_sample;
    } else if (luck < 0.15) {
      done.what = observation::kind::infeasible;
    } else {
      const double loss = p.loss(u);
      out.best = std::min(out.best, loss);
      done.what = observation::kind::value;
      done.value = loss + p.noise * normal(seed ^ 0x9999, index);
      done.last = done.worst = done.value;
    }
  }
  return out;
}

double random_best(const lab::problem& p, const options& o) {
  double sum = 0;
  const std::uint64_t repeats = 200;
  std::vector<double> u(p.dims.size());
  for (std::uint64_t r = 0; r < repeats; ++r) {
    double best = 1e300;
    for (std::uint64_t k = 0; k < o.budget; ++k) {
      for (std::size_t j = 0; j < u.size(); ++j) {
        const auto& d = p.dims[j];
        u[j] = random_unit(r, k, 1000 + j);
        if (d.what == lab::dimension::kind::choice) u[j] = std::floor(u[j] * d.choices);
        if (d.what == lab::dimension::kind::integer)
          u[j] = (std::floor(u[j] * (d.high - d.low + 1)) + 0.5) / (d.high - d.low + 1);
      }
      if ((p.crashes && p.crashes(u)) || (o.async && random_unit(r, k, 94) < 0.15)) continue;
      best = std::min(best, p.loss(u));
    }
    sum += best / static_cast<double>(repeats);
  }
  return sum;
}

void time_suggestions() {
  bj::object parameters;
  for (int j = 0; j < 4; ++j)
    parameters["u" + std::to_string(j)] = {{"distribution", "uniform"}, {"min", 0.0}, {"max", 1.0}};
  for (int j = 0; j < 2; ++j)
    parameters["l" + std::to_string(j)] = {
        {"distribution", "log_uniform_values"}, {"min", 1e-5}, {"max", 1.0}};
  for (int j = 0; j < 2; ++j)
    parameters["i" + std::to_string(j)] = {
        {"distribution", "int_uniform"}, {"min", 1}, {"max", 64}};
  for (int j = 0; j < 2; ++j)
    parameters["c" + std::to_string(j)] = {{"values", {"a", "b", "c", "d"}}};
  const bj::object config{{"method", "bayes"},
                          {"parameters", parameters},
                          {"metric", {{"name", "loss"}, {"goal", "minimize"}}}};
  bj::object drawn = config;
  drawn["method"] = "random";
  auto draws = *make_strategy(drawn);
  const auto all = *draws->suggest({1, 0, 1100});
  std::vector<observation> seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    observation one;
    one.what = observation::kind::value;
    one.config = all[i].config;
    double y = 0.05 * normal(3, i);
    for (const auto& [name, v] : one.config)
      if (v.at("value").is_double()) y += std::pow(v.at("value").get_double() - 0.4, 2);
    one.value = one.last = one.worst = y;
    seen.push_back(one);
  }
  for (const std::size_t n : {20UL, 50UL, 100UL, 200UL, 500UL, 1000UL}) {
    std::vector<double> cold, warm;
    auto grown = *make_strategy(config);
    for (std::size_t k = 0; k < 9; ++k) {
      const auto run = [&](strategy& s) {
        const double started = processor();
        s.observe(std::span(seen).first(n + k));
        (void)*s.suggest({7, 0, 1});
        return 1e3 * (processor() - started);
      };
      auto fresh = *make_strategy(config);
      cold.push_back(run(*fresh));
      warm.push_back(run(*grown));
    }
    std::ranges::sort(cold);
    std::ranges::sort(warm);
    std::printf("n %5zu  cold %7.2f ms  grown %7.2f ms (median of 9; worst %.2f)\n", n, cold[4],
                warm[4], warm[8]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    const auto next = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (a == "--seeds")
      o.seeds = std::stoul(next());
    else if (a == "--budget")
      o.budget = std::stoul(next());
    else if (a == "--async")
      o.async = true;
    else if (a == "--one-seed")
      o.shifting_seeds = false;
    else if (a == "--only")
      o.only = next();
    else if (a == "--method")
      o.method = next();
    else if (a == "--trace")
      o.trace = true;
    else if (a == "--time")
      return time_suggestions(), 0;
    else
      return std::cerr << "unknown option " << a << "\n", 2;
  }
  std::map<char, std::vector<double>> groups;
  double total = 0, count = 0;
  for (const auto& name : lab::names()) {
    if (name.find(o.only) == std::string::npos) continue;
    std::vector<double> scores;
    double seconds = 0;
    const double started = processor();
    for (std::size_t seed = 1; seed <= o.seeds; ++seed) {
      const auto p = lab::make(name, seed);
      const double usual = std::max(random_best(p, o) - p.optimum, 1e-12);
      const auto found = search(p, o, o.method, seed);
      seconds += found.seconds;
      scores.push_back(std::max(-1.0, 1 - (found.best - p.optimum) / usual));
    }
    double mean = 0;
    for (double s : scores) mean += s / static_cast<double>(scores.size());
    std::printf("%-18s %6.3f  ", name.c_str(), mean);
    for (double s : scores) std::printf(" %6.3f", s);
    std::printf("   %.2f s of %.1f\n", seconds, processor() - started);
    std::fflush(stdout);
    groups[name[0]].push_back(mean);
    total += mean;
    count += 1;
  }
  for (const auto& [group, means] : groups) {
    double sum = 0;
    for (double m : means) sum += m;
    std::printf("%c %.3f  ", group, sum / static_cast<double>(means.size()));
  }
  std::printf("\nmean %.4f\n", total / count);
}
