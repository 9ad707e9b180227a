#include "strategies/grid.hpp"

#include "strategies/permutation.hpp"
#include "tests/strategies/helpers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace sweepd::strategies;
using test::drawn;
using test::made;
using test::object;
using test::suggestions;

std::string grid_of(std::string_view parameters, std::string_view more = "") {
  return R"({"method": "grid", "parameters": )" + std::string(parameters) + std::string(more) + "}";
}

// One parameter's values in a grid of its own, as JSON texts.
std::vector<std::string> values_of(std::string_view parameter) {
  const auto s = made(grid_of(R"({"p": )" + std::string(parameter) + "}"));
  std::vector<std::string> out;
  for (const auto& one : suggestions(*s, 0, 1000))
    out.push_back(boost::json::serialize(one.config.at("p").at("value")));
  return out;
}

using texts = std::vector<std::string>;

TEST_CASE("grid: sorted by name, values as written, the last name varies fastest") {
  const auto s = made(grid_of(R"({"b": {"values": [3, 1]}, "a": {"values": ["y", "x"]},
                                  "B": {"value": true}})"));
  CHECK(s->size() == 4);
  CHECK(drawn(*s, 0, 100) == texts{R"({"B":{"value":true},"a":{"value":"y"},"b":{"value":3}})",
                                   R"({"B":{"value":true},"a":{"value":"y"},"b":{"value":1}})",
                                   R"({"B":{"value":true},"a":{"value":"x"},"b":{"value":3}})",
                                   R"({"B":{"value":true},"a":{"value":"x"},"b":{"value":1}})"});
}

TEST_CASE("grid: groups are sorted among their siblings and inside") {
  const auto s = made(grid_of(R"({"z": {"values": [1, 2]},
    "g": {"parameters": {"y": {"values": ["p", "q"]}, "k": {"parameters": {"v": {"min": 0, "max": 1}}},
                         "c": {"value": null}}}})"));
  CHECK(s->size() == 8);
  const auto cells = drawn(*s, 0, 8);
  CHECK(cells[0] == R"({"g":{"value":{"c":null,"k":{"v":0},"y":"p"}},"z":{"value":1}})");
  CHECK(cells[1] == R"({"g":{"value":{"c":null,"k":{"v":0},"y":"p"}},"z":{"value":2}})");
  CHECK(cells[2] == R"({"g":{"value":{"c":null,"k":{"v":0},"y":"q"}},"z":{"value":1}})");
  CHECK(cells[4] == R"({"g":{"value":{"c":null,"k":{"v":1},"y":"p"}},"z":{"value":1}})");
  CHECK(std::set(cells.begin(), cells.end()).size() == 8);
}

TEST_CASE("grid: the same name at two levels is two parameters") {
  const auto s =
      made(grid_of(R"({"a": {"parameters": {"b": {"values": [1, 2]}}}, "b": {"values": [3]}})"));
  CHECK(drawn(*s, 1, 5) == texts{R"({"a":{"value":{"b":2}},"b":{"value":3}})"});
}

TEST_CASE("grid: lists each kind as W&B does") {
  CHECK(values_of(R"({"min": -1, "max": 2})") == texts{"-1", "0", "1", "2"});
  CHECK(values_of(R"({"value": {"a": [1]}})") == texts{R"({"a":[1]})"});
  // q_uniform leaves max out; all integers give integers, the default q is a float
  CHECK(values_of(R"({"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25})") ==
        texts{"0E0", "2.5E-1", "5E-1", "7.5E-1"});
  CHECK(values_of(R"({"distribution": "q_uniform", "min": -7, "max": 2, "q": 3})") ==
        texts{"-7", "-4", "-1"});
  CHECK(values_of(R"({"distribution": "q_uniform", "min": -7, "max": 3, "q": 3})") ==
        texts{"-7", "-4", "-1", "2"});
  CHECK(values_of(R"({"distribution": "q_uniform", "min": 0, "max": 3})") ==
        texts{"0E0", "1E0", "2E0"});
  CHECK(values_of(R"({"distribution": "q_uniform", "min": 1.5, "max": 1.6, "q": 0.7})") ==
        texts{"1.5E0"});
  // numpy.arange(0.1, 3, 0.1): 29 values, the last one with its rounding error
  const auto tenths = values_of(R"({"distribution": "q_uniform", "min": 0.1, "max": 3, "q": 0.1})");
  CHECK(tenths.size() == 29);
  CHECK(std::stod(tenths.back()) == doctest::Approx(2.9));
}

TEST_CASE("grid: a value listed twice is handed out once, as written last; types count") {
  CHECK(values_of(R"({"values": [1, 2, 1, 2, 3]})") == texts{"1", "2", "3"});
  CHECK(values_of(R"({"values": [3000000.0, 3000000, true, 1, "1", 1.0, null, "null"]})") ==
        texts{"3000000", "true", "1E0", R"("1")", "null", R"("null")"});
  CHECK(values_of(
            R"({"values": [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1.0, "b": 2}, [3], [3.0]]})")
            .size() == 4);
}

TEST_CASE("grid: constants only are one cell") {
  const auto s = made(grid_of(R"({"a": {"value": 1}, "b": {"value": "x"}})"));
  CHECK(s->size() == 1);
  CHECK(drawn(*s, 0, 9).size() == 1);
  CHECK(drawn(*s, 1, 9).empty());
}

TEST_CASE("grid: fewer than asked means exhausted, at any position") {
  const auto s = made(grid_of(R"({"a": {"min": 1, "max": 10}})"));
  CHECK(drawn(*s, 0, 4).size() == 4);
  CHECK(drawn(*s, 8, 4).size() == 2);
  CHECK(drawn(*s, 10, 4).empty());
  CHECK(drawn(*s, std::numeric_limits<std::uint64_t>::max(), 4).empty());
}

constexpr const char* billion = R"({"a": {"min": 1, "max": 1000}, "b": {"min": 1, "max": 1000},
                                    "c": {"min": 1, "max": 1000}})";

// Listing the cells would take minutes and gigabytes: more than a test may.
TEST_CASE("grid: 10^9 cells are never listed") {
  const auto s = made(grid_of(billion));
  CHECK(s->size() == 1'000'000'000);
  CHECK(drawn(*s, 0, 1)[0] == R"({"a":{"value":1},"b":{"value":1},"c":{"value":1}})");
  CHECK(drawn(*s, 123'456'789, 1)[0] ==
        R"({"a":{"value":124},"b":{"value":457},"c":{"value":790}})");
  CHECK(drawn(*s, 999'999'999, 2) ==
        texts{R"({"a":{"value":1000},"b":{"value":1000},"c":{"value":1000}})"});
  const auto shuffled = made(grid_of(billion, R"(, "randomize_order": true)"), 5);
  std::set<std::string> seen;
  for (const auto& one : drawn(*shuffled, 500'000'000, 2000)) seen.insert(one);
  CHECK(seen.size() == 2000);
}

TEST_CASE("grid: going on at any position gives the same sequence") {
  for (const auto* more : {"", R"(, "randomize_order": true)"}) {
    const auto config = grid_of(R"({"a": {"min": 1, "max": 7}, "b": {"values": [1, 2, 3]}})", more);
    const auto whole = drawn(*made(config, 77), 0, 100);
    REQUIRE(whole.size() == 21);
    for (std::size_t from = 0; from <= whole.size(); ++from) {
      const auto rest = drawn(*made(config, 77), from, 100);
      CHECK(rest == texts(whole.begin() + static_cast<std::ptrdiff_t>(from), whole.end()));
    }
  }
}

TEST_CASE("grid: randomize_order visits every cell once, in an order that the seed fixes") {
  const auto config = grid_of(R"({"a": {"min": 1, "max": 7}, "b": {"values": [1, 2, 3]}})",
                              R"(, "randomize_order": true)");
  auto first = drawn(*made(config, 1), 0, 21);
  CHECK(first == drawn(*made(config, 1), 0, 21));
  CHECK(first != drawn(*made(config, 2), 0, 21));
  auto plain =
      drawn(*made(grid_of(R"({"a": {"min": 1, "max": 7}, "b": {"values": [1, 2, 3]}})")), 0, 21);
  CHECK(first != plain);
  std::ranges::sort(first);
  std::ranges::sort(plain);
  CHECK(first == plain);
}

TEST_CASE("permutation: is a bijection, at odd sizes too") {
  for (const std::uint64_t size :
       {1U, 2U, 3U, 4U, 5U, 7U, 16U, 17U, 63U, 64U, 65U, 997U, 4096U, 10007U}) {
    for (const std::uint64_t seed : {0U, 1U, 99U}) {
      const permutation order(size, seed);
      std::vector<bool> hit(size);
      for (std::uint64_t i = 0; i < size; ++i) {
        const auto at = order(i);
        REQUIRE(at < size);
        REQUIRE_FALSE(hit[at]);
        hit[at] = true;
      }
    }
  }
}

TEST_CASE("permutation: reaches all orders of three, and stays inside 64 bits") {
  std::set<std::vector<std::uint64_t>> orders;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const permutation order(3, seed);
    orders.insert({order(0), order(1), order(2)});
  }
  CHECK(orders.size() == 6);
  const permutation huge(std::numeric_limits<std::uint64_t>::max(), 3);
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 1000; ++i) seen.insert(huge(i));
  CHECK(seen.size() == 1000);
}

TEST_CASE("permutation: the first places are spread over the whole") {
  constexpr std::uint64_t size = 1'000'003;
  constexpr std::size_t bins = 10;
  constexpr double picked = 20'000;
  const permutation order(size, 12);
  std::vector<double> counts(bins);
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(picked); ++i)
    ++counts[static_cast<std::size_t>(order(i) * bins / size)];
  for (const double count : counts)
    CHECK(std::abs(count - picked / bins) < 5 * std::sqrt(picked / bins));
}

TEST_CASE("grid: kinds that cannot be listed are refused at their place") {
  for (const auto* parameter : {R"({"min": 0.0, "max": 1.0})", R"({"distribution": "normal"})",
                                R"({"distribution": "log_uniform_values", "min": 1, "max": 2})",
                                R"({"distribution": "q_normal"})", R"({"distribution": "beta"})",
                                R"({"values": [1, 2], "probabilities": [0.5, 0.5]})"}) {
    CAPTURE(std::string(parameter));
    const auto out = make_strategy(
        object(grid_of(R"({"g": {"parameters": {"p": )" + std::string(parameter) + "}}}")));
    REQUIRE_FALSE(out);
    CHECK(out.error().where == "parameters.g.parameters.p");
    CHECK(out.error().message.find("method grid") != std::string::npos);
  }
}

TEST_CASE("grid: what 64 bits cannot count is refused") {
  const auto many = make_strategy(
      object(
          grid_of(R"({"a": {"min": 0, "max": 4294967296}, "b": {"min": 0, "max": 4294967296}})")));
  REQUIRE_FALSE(many);
  CHECK(many.error().where == "parameters");
  CHECK(made(grid_of(R"({"a": {"min": 0, "max": 4294967295}, "b": {"min": 1, "max": 4294967295}})"))
            ->size() == 18446744069414584320ULL);
  const auto fine = make_strategy(
      object(grid_of(R"({"a": {"distribution": "q_uniform", "min": 1e20, "max": 2e20, "q": 1}})")));
  REQUIRE_FALSE(fine);
  CHECK(fine.error().where == "parameters.a.q");
}

}  // namespace
