#include "strategies/encoding.hpp"

#include "tests/strategies/helpers.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace {

using namespace sweepd::strategies;
using test::json;
using test::object;

encoding encoded(const char* parameters) {
  auto s = space::make(object(parameters));
  REQUIRE(s);
  return encoding(std::move(*s));
}

constexpr const char* everything = R"({
  "a": {"min": 1, "max": 5}, "b": {"min": -1.0, "max": 3.0},
  "c": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
  "d": {"distribution": "q_uniform", "min": 0.3, "max": 10, "q": 3},
  "e": {"distribution": "q_log_uniform_values", "min": 1, "max": 100, "q": 7},
  "f": {"distribution": "normal", "mu": 2, "sigma": 3}, "g": {"values": [16, 32, 64]},
  "h": {"values": ["x", [1, 2], {"k": 1}, null, true, 1]}, "i": {"value": "fixed"},
  "j": {"distribution": "q_normal", "mu": 0, "sigma": 2, "q": 1},
  "k": {"values": ["p", "q"], "probabilities": [0.9, 0.1]},
  "l": {"parameters": {"m": {"distribution": "beta", "a": 2, "b": 5}}},
  "n": {"min": 1, "max": 1000000}})";

TEST_CASE("encoding: what is decoded is encoded at the same point, for every kind") {
  const auto e = encoded(everything);
  CHECK(e.dims() == 12);
  CHECK(!e.size());
  for (const double u : {1e-6, 0.05, 0.21, 0.37, 0.5, 0.68, 0.83, 0.95, 1 - 1e-6}) {
    Eigen::VectorXd x(12);
    for (std::size_t j = 0; j < 12; ++j) x[static_cast<Eigen::Index>(j)] = e.from_unit(j, u);
    const auto config = e.decode(x);
    CHECK(config.at("i").at("value") == "fixed");
    const auto back = e.encode(config);
    REQUIRE(back);
    for (std::size_t j = 0; j < 12; ++j) {
      CAPTURE(j);
      CAPTURE(u);
      const auto i = static_cast<Eigen::Index>(j);
      CHECK((*back)[i] == doctest::Approx(x[i]).epsilon(1e-9));
      if (e.axes()[j].what != axis::kind::continuous) CHECK((*back)[i] == x[i]);
    }
  }
}

TEST_CASE("encoding: numbers listed in order are evenly spaced, other lists have no order") {
  const auto e = encoded(R"({"a": {"values": [16, 32, 64, 128]}, "b": {"values": [64, 16, 32]},
    "c": {"values": [1, 2]}, "d": {"values": [3, "x", 5]}})");
  CHECK(e.axes()[0].what == axis::kind::ordered);
  for (const std::size_t j : {1UL, 2UL, 3UL}) CHECK(e.axes()[j].what == axis::kind::unordered);
  CHECK(e.axes()[0].positions == std::vector<double>{0.125, 0.375, 0.625, 0.875});
}

TEST_CASE("encoding: integers stand at the middle of their bins and snap to them") {
  const auto e = encoded(R"({"a": {"min": 1, "max": 4}})");
  CHECK((*e.encode(object(R"({"a": {"value": 1}})")))[0] == 0.125);
  CHECK((*e.encode(object(R"({"a": {"value": 4}})")))[0] == 0.875);
  CHECK((*e.encode(object(R"({"a": {"value": 40}})")))[0] == 0.875);
  CHECK((*e.encode(object(R"({"a": {"value": -3}})")))[0] == 0.125);
  CHECK(e.snap(0, 0.3) == 0.375);
  CHECK(e.size() == 4);
}

TEST_CASE("encoding: every cell of a finite space is another configuration") {
  const auto e = encoded(R"({"a": {"values": ["x", "y", "x"]}, "b": {"min": 1, "max": 3},
    "c": {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.25},
    "d": {"values": [true, false]}})");
  REQUIRE(e.size() == 2 * 3 * 5 * 2);
  std::set<std::string> configs;
  std::set<std::string> keys;
  for (std::uint64_t i = 0; i < *e.size(); ++i) {
    const auto config = e.decode(e.cell(i));
    configs.insert(config_hash(config));
    keys.insert(encoding::key(*e.encode(config)));
  }
  CHECK(configs.size() == *e.size());
  CHECK(keys.size() == *e.size());
}

TEST_CASE("encoding: a run that lacks a parameter or has an unlisted value is no point") {
  const auto e = encoded(R"({"a": {"values": ["x", "y"]}, "b": {"min": 0.0, "max": 1.0}})");
  CHECK(e.encode(object(R"({"a": {"value": "x"}, "b": {"value": 0}})")));
  for (const auto* config :
       {R"({"a": {"value": "x"}})", R"({"a": {"value": "z"}, "b": {"value": 0}})",
        R"({"a": {"value": "x"}, "b": {"value": "0"}})", R"({"a": "x", "b": {"value": 0}})",
        R"({"a": {"value": "x"}, "b": {"value": true}})"})
    CHECK_MESSAGE(!e.encode(object(config)), config);
}

TEST_CASE("encoding: probabilities weigh what a draw means, and none is never drawn") {
  const auto e = encoded(R"({"a": {"values": ["x", "y", "z"], "probabilities": [0.7, 0, 0.3]}})");
  CHECK(e.from_unit(0, 0.69) == 0);
  CHECK(e.from_unit(0, 0.71) == 2);
  CHECK(e.from_unit(0, 1) == 2);
}

}  // namespace
