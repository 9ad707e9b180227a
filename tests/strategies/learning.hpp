// A sweep played by hand: suggestions judged by a function, reported back, as the controller does.
#pragma once

#include "tests/strategies/helpers.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::strategies::test {

using objective = std::function<double(const boost::json::object& config)>;

/// The number that a configuration gives to a parameter.
inline double at(const boost::json::object& config, std::string_view name) {
  return config.at(name).at("value").to_number<double>();
}

inline observation pending(boost::json::object config) {
  observation out;
  out.config = std::move(config);
  return out;
}

inline observation ended(boost::json::object config, double y) {
  observation out = pending(std::move(config));
  out.what = observation::kind::value;
  out.value = out.last = out.worst = y;
  return out;
}

/// The least value among `budget` runs, one after the other; `history` gets them.
inline double played(const seeded& s, std::size_t budget, const objective& f,
                     std::vector<observation>* history = nullptr) {
  std::vector<observation> seen;
  double best = std::numeric_limits<double>::infinity();
  while (seen.size() < budget) {
    s->observe(seen);
    auto one = s->suggest({.seed = s.seed, .from = seen.size(), .n = 1});
    REQUIRE(one);
    if (one->empty()) break;
    const double y = f(one->front().config);
    best = std::min(best, y);
    seen.push_back(ended(std::move(one->front().config), y));
  }
  if (history != nullptr) *history = std::move(seen);
  return best;
}

/// The mean of played() over seeds 0 .. count-1.
inline double mean_played(std::string_view config, std::size_t count, std::size_t budget,
                          const objective& f) {
  double sum = 0;
  for (std::uint64_t seed = 0; seed < count; ++seed) sum += played(made(config, seed), budget, f);
  return sum / static_cast<double>(count);
}

/// {"method": METHOD, METRIC, "parameters": PARAMETERS, MORE}
inline std::string sweep(std::string_view method, std::string_view parameters,
                         std::string_view more = "") {
  return R"({"method": ")" + std::string(method) +
         R"(", "metric": {"name": "loss"}, "parameters": )" + std::string(parameters) +
         std::string(more) + "}";
}

/// The functions on which a search must beat random draws, and their parameters.
struct known_function {
  const char* name;
  const char* parameters;
  objective of;
};

inline std::vector<known_function> known_functions() {
  const auto square = [](double x) { return x * x; };
  return {
      {"a bowl", R"({"x": {"min": -2.0, "max": 4.0}, "y": {"min": -3.0, "max": 3.0},
                    "z": {"distribution": "log_uniform_values", "min": 0.001, "max": 1.0}})",
       [=](const boost::json::object& c) {
         return square(at(c, "x") - 1.1) + 2 * square(at(c, "y") + 0.7) +
                square(std::log10(at(c, "z")) + 1.8);
       }},
      {"a curved valley", R"({"x": {"min": -2.0, "max": 2.0}, "y": {"min": -1.0, "max": 3.0}})",
       [=](const boost::json::object& c) {
         const double x = at(c, "x");
         return 10 * square(at(c, "y") - x * x) + square(1 - x);
       }},
      {"mixed kinds", R"({"n": {"min": 1, "max": 12}, "x": {"min": 0.0, "max": 1.0},
                         "c": {"values": ["a", "b", "c", "d"]}, "y": {"min": 0.0, "max": 1.0}})",
       [=](const boost::json::object& c) {
         const auto& kind = c.at("c").at("value").as_string();
         const double offset = kind == "c" ? 0 : kind == "a" ? 0.3 : 0.6;
         return offset + square(at(c, "x") - 0.3) + square(at(c, "y") - 0.8) +
                0.02 * square(at(c, "n") - 9);
       }},
  };
}

/// What every model-based search must keep, whatever it proposes.
inline void check_contract(std::string_view method, std::string_view more = "") {
  for (const auto& f : known_functions()) {
    CAPTURE(std::string(f.name));
    const auto config = sweep(method, f.parameters, more);
    const auto s = made(config, 5);
    std::vector<observation> history;
    played(s, 30, f.of, &history);

    // Another object that is told half of it, or all of it at once, goes on as the first did.
    for (const std::size_t known : {std::size_t{0}, std::size_t{7}, std::size_t{29}}) {
      const auto again = made(config, 5);
      again->observe(std::span(history).first(known));
      const auto next = suggestions(again, known, 1);
      CHECK(next[0].config == history[known].config);
      CHECK(suggestions(again, known, 1)[0].config == next[0].config);
    }

    // Five at once are five asked one by one, the earlier ones pending.
    s->observe(history);
    const auto batch = suggestions(s, 30, 5);
    auto seen = history;
    for (const auto& one : batch) {
      s->observe(seen);
      const auto single = suggestions(s, seen.size(), 1);
      CHECK(single[0].config == one.config);
      CHECK(single[0].search_info == one.search_info);
      seen.push_back(pending(one.config));
    }
    CHECK(drawn(made(config, 6), 0, 3) != drawn(made(config, 5), 0, 3));
  }
}

/// A space of 24 configurations: each once, then the end, however the runs end.
inline void check_exhaustion(std::string_view method) {
  const auto s = made(sweep(method, R"({"a": {"values": ["p", "q", "r"]}, "b": {"min": 1, "max": 4},
                                       "c": {"values": [true, false]}, "k": {"value": 7}})"));
  CHECK(s->size() == 24);
  std::vector<observation> seen;
  std::set<std::string> met;
  for (std::size_t k = 0; k < 24; ++k) {
    s->observe(seen);
    auto one = suggestions(s, k, 1);
    REQUIRE(one.size() == 1);
    CHECK(met.insert(boost::json::serialize(one[0].config)).second);
    seen.push_back(ended(one[0].config, at(one[0].config, "b")));
    if (k % 5 == 1) seen.back() = pending(one[0].config);
    if (k % 5 == 2) seen.back().what = observation::kind::infeasible;
    if (k % 5 == 3) seen.back().what = observation::kind::no_sample;
  }
  s->observe(seen);
  CHECK(suggestions(s, 24, 3).empty());
  s->observe(std::span(seen).first(20));
  CHECK(suggestions(s, 20, 10).size() == 4);
}

}  // namespace sweepd::strategies::test
