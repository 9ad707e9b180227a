#include "strategies/sobol_search.hpp"
#include "tests/strategies/learning.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

namespace {

using namespace sweepd::strategies;
using namespace sweepd::strategies::test;

constexpr const char* two = R"({"x": {"min": 0.0, "max": 1.0}, "y": {"min": 0.0, "max": 1.0}})";

TEST_CASE("sobol: positions alone tell what is next") {
  const auto config = sweep("sobol", R"({"x": {"min": 0.0, "max": 1.0}, "n": {"min": 1, "max": 9},
    "g": {"parameters": {"l": {"distribution": "log_uniform_values", "min": 0.1, "max": 10}}},
    "c": {"values": ["a", null]}, "k": {"value": 1}})");
  const auto whole = drawn(made(config, 3), 0, 200);
  const auto s = made(config, 3);
  CHECK_FALSE(s->learns());
  CHECK_FALSE(s->size());
  for (const std::size_t from : {150U, 3U, 0U, 77U})
    CHECK(drawn(s, from, 50) ==
          std::vector(whole.begin() + static_cast<std::ptrdiff_t>(from),
                      whole.begin() + static_cast<std::ptrdiff_t>(from) + 50));
  CHECK(drawn(made(config, 4), 0, 5) != drawn(made(config, 3), 0, 5));
  CHECK(std::set(whole.begin(), whole.end()).size() == 200);
}

TEST_CASE("sobol: fills the square more evenly than independent draws") {
  const auto worst_count = [](std::string_view method) {
    std::array<std::array<int, 16>, 16> met{};
    for (const auto& one : suggestions(made(sweep(method, two)), 0, 1024))
      ++met[static_cast<std::size_t>(at(one.config, "x") * 16)]
           [static_cast<std::size_t>(at(one.config, "y") * 16)];
    int worst = 0;
    for (const auto& row : met)
      for (const int m : row) worst = std::max(worst, std::abs(m - 4));
    return worst;
  };
  CHECK(worst_count("sobol") <= 1);
  CHECK(worst_count("random") >= 4);
}

TEST_CASE("sobol: integrates a smooth function ten times as well as independent draws") {
  const auto error = [](std::string_view method) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      double mean = 0;
      for (const auto& one : suggestions(made(sweep(method, two), seed), 0, 512))
        mean += std::sin(3 * at(one.config, "x")) * at(one.config, "y") / 512;
      sum += std::abs(mean - (1 - std::cos(3.0)) / 6);
    }
    return sum / 10;
  };
  CHECK(error("sobol") * 10 < error("random"));
}

TEST_CASE("sobol: choices come as often as their probabilities say") {
  const auto s = made(sweep("sobol", R"({"c": {"values": ["a", "b"], "probabilities": [0.75, 0.25]},
                                        "x": {"min": 0.0, "max": 1.0}})"));
  int a = 0;
  for (const auto& one : suggestions(s, 0, 400)) a += one.config.at("c").at("value") == "a";
  CHECK(std::abs(a - 300) <= 3);
}

TEST_CASE("sobol: no configuration of a finite space twice") {
  check_exhaustion("sobol");
  const auto large =
      made(sweep("sobol", R"({"a": {"min": 1, "max": 40}, "b": {"min": 1, "max": 50}})"), 9);
  const auto all = drawn(large, 0, 5000);
  CHECK(all.size() == 2000);
  CHECK(std::set(all.begin(), all.end()).size() == 2000);
  CHECK(drawn(large, 1990, 100) == std::vector(all.begin() + 1990, all.end()));
  CHECK(drawn(made(sweep("sobol", R"({"k": {"value": 3}})")), 0, 5).size() == 1);
}

TEST_CASE("sobol: needs no metric, and is a model of bayes, too") {
  const auto own = made(R"({"method": "sobol", "parameters": {"x": {"min": 0.0, "max": 1.0}}})");
  const auto model = made(
      sweep("bayes", R"({"x": {"min": 0.0, "max": 1.0}})", R"(, "search": {"model": "sobol"})"));
  CHECK(drawn(own, 0, 10) == drawn(model, 0, 10));
}

}  // namespace
