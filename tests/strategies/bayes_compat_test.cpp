// method bayes where W&B's library is the measure: what it answers, and what `impute` means.
#include "tests/strategies/bayes_helpers.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace sweepd::strategies;
using test::ended;
using test::made;
using test::number;
using test::object;
using test::searched;
using test::suggestions;
using test::without_value;

constexpr const char* line = R"({"method": "bayes", "metric": {"name": "loss", "goal": "minimize"},
  "parameters": {"x": {"min": 0.0, "max": 5.0}}})";

boost::json::object at(double x) { return {{"x", {{"value", x}}}}; }

std::string with_metric(const std::string& metric) {
  return R"({"method": "bayes", "metric": )" + metric +
         R"(, "parameters": {"x": {"min": 0.0, "max": 1.0}}})";
}

TEST_CASE("bayes: finds the optimum of a smooth line to 0.001 from both ends in five suggestions") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const auto f = [](double x) {
      return std::exp(-(x - 2) * (x - 2)) + 0.5 * std::exp(-(x - 4) * (x - 4));
    };
    const auto s = made(R"({"method": "bayes", "metric": {"name": "acc", "goal": "maximize"},
      "parameters": {"x": {"min": 0.0, "max": 5.0}}})",
                        seed);
    // A start by hand, both ends and the middle among it; then the model alone.
    std::vector<observation> seen{ended(at(0), f(0)), ended(at(5), f(5))};
    double best = 0;
    for (std::uint64_t k = 0; k < 10; ++k) {
      s->observe(seen);
      const auto next = suggestions(s, seen.size(), 1)[0].config;
      best = std::max(best, f(number(next, "x")));
      seen.push_back(ended(next, f(number(next, "x"))));
    }
    CHECK(best > f(2.0006) - 0.001);
  }
}

TEST_CASE("bayes: without any usable metric draws are uniform and say so in W&B's words") {
  const auto s = made(line);
  s->observe(std::vector{without_value(at(1), observation::kind::infeasible),
                         without_value(at(2), observation::kind::infeasible)});
  constexpr int draws = 5000;
  constexpr int bins = 10;
  std::vector<int> count(bins);
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const auto got = s->suggest({.seed = seed, .from = 0, .n = 1});
    REQUIRE(got);
    const auto& one = got->front();
    ++count[static_cast<std::size_t>(number(one.config, "x") / 5 * bins)];
    REQUIRE(one.search_info.at("warnings").as_string() ==
            "Some dimmensions of kernel are close to their bounds");
    CHECK(one.search_info.at("success_probability").as_double() == 1);
    CHECK(one.search_info.at("expected_improvement").is_double());
  }
  const double mean = double{draws} / bins;
  for (const int c : count) CHECK(std::abs(c - mean) < 5 * std::sqrt(mean * (1 - 1.0 / bins)));
}

TEST_CASE("bayes: search_info is in the metric's units and in the goal's direction") {
  const auto f = [](double x) { return 1000 + 100 * std::exp(-(x - 2) * (x - 2)); };
  const auto s = made(R"({"method": "bayes", "metric": {"name": "acc", "goal": "maximize"},
    "parameters": {"x": {"min": 0.0, "max": 5.0}}})");
  std::vector<observation> seen;
  for (double x = 0; x <= 5; x += 0.5) seen.push_back(ended(at(x), f(x)));
  s->observe(seen);
  const auto next = suggestions(s, seen.size(), 1)[0];
  const auto& info = next.search_info;
  for (const auto* key : {"success_probability", "predicted_value", "predicted_value_std_dev",
                          "expected_improvement", "warnings", "why"})
    CHECK_MESSAGE(info.contains(key), key);
  CHECK(info.at("predicted_value").as_double() ==
        doctest::Approx(f(number(next.config, "x"))).epsilon(0.02));
  CHECK(info.at("predicted_value_std_dev").as_double() > 0);
  CHECK(info.at("expected_improvement").as_double() >= 0);
  const double success = info.at("success_probability").as_double();
  CHECK((success >= 0 && success <= 1));
}

TEST_CASE("bayes: listed values may be lists, and come back as written") {
  const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
    "net": {"values": [[32, 32], [64, 64], [128, 64, 32]]}, "x": {"min": 0.0, "max": 1.0}}})");
  const auto loss = [](const boost::json::object& c) -> std::optional<double> {
    return static_cast<double>(c.at("net").at("value").as_array().size()) + number(c, "x");
  };
  std::set<std::string> nets;
  for (const auto& o : searched(*s.of, loss, 20))
    nets.insert(boost::json::serialize(o.config.at("net").at("value")));
  CHECK(nets == std::set<std::string>{"[32,32]", "[64,64]", "[128,64,32]"});
}

// A valley whose best run failed: how many of 12 suggestions come near it.
int near_failure(const std::string& metric, std::optional<double> logged) {
  int out = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const auto s = made(with_metric(metric), seed);
    std::vector<observation> seen;
    for (const double x : {0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0})
      seen.push_back(ended(at(x), std::abs(x - 0.5)));
    auto failed = without_value(at(0.5), observation::kind::infeasible);
    failed.value = failed.last = failed.worst = logged;
    seen.push_back(failed);
    s->observe(seen);
    for (const auto& one : suggestions(s, seen.size(), 2))
      if (std::abs(number(one.config, "x") - 0.5) < 0.05) ++out;
  }
  return out;
}

TEST_CASE("bayes: a written impute of worst keeps away from a failed run, best goes there") {
  CHECK(near_failure(R"({"name": "loss", "impute": "worst"})", 0.0) <= 1);
  CHECK(near_failure(R"({"name": "loss", "impute": "best"})", -1.0) >= 6);
  CHECK(near_failure(R"({"name": "loss", "impute": "latest"})", -1.0) >= 6);
}

TEST_CASE("bayes: impute_while_running makes a running run's best value count") {
  const auto asked = [](const std::string& metric) {
    const auto s = made(with_metric(metric));
    std::vector<observation> seen;
    for (const double x : {0.0, 0.15, 0.3, 0.5, 0.6, 0.75, 0.9, 1.0})
      seen.push_back(ended(at(x), 1.0));
    observation running = without_value(at(0.8), observation::kind::pending);
    running.running = true;
    running.value = running.last = running.worst = -5;
    seen.push_back(running);
    s->observe(seen);
    return suggestions(s, seen.size(), 1)[0];
  };
  const auto told = asked(R"({"name": "loss", "impute_while_running": "best"})");
  const auto silent = asked(R"({"name": "loss"})");
  CHECK(std::abs(number(told.config, "x") - 0.8) < 0.2);
  CHECK(told.config != silent.config);
  CHECK(told.search_info.at("predicted_value").as_double() < 0.5);
  CHECK(silent.search_info.at("predicted_value").as_double() == doctest::Approx(1).epsilon(0.05));
}

TEST_CASE("bayes: no metric, nothing to search over: errors that name the place") {
  const auto bad = [](const char* config) { return make_strategy(object(config)).error(); };
  CHECK(bad(R"({"method": "bayes", "parameters": {"x": {"min": 0.0, "max": 1.0}}})").where ==
        "metric");
  CHECK(bad(R"({"method": "bayes", "metric": {"name": "l"}, "parameters": {"x": {"value": 1}}})")
            .where == "parameters");
}

TEST_CASE("bayes: an unknown goal is minimize, as in W&B's library") {
  const auto first_after = [](const char* goal) {
    const auto s = made(with_metric(R"({"name": "loss", "goal": ")" + std::string(goal) + "\"}"));
    std::vector<observation> seen;
    for (double x = 0; x <= 1; x += 0.1) seen.push_back(ended(at(x), x));
    s->observe(seen);
    return boost::json::serialize(suggestions(s, seen.size(), 1)[0].config);
  };
  CHECK(first_after("smallest") == first_after("minimize"));
  CHECK(first_after("maximize") != first_after("minimize"));
}

}  // namespace
