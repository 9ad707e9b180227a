#include "tests/strategies/helpers.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>
#include <string>

namespace {

using namespace sweepd::strategies;
using test::object;
using test::suggestions;

std::string hash(std::string_view text) { return config_hash(object(text)); }

TEST_CASE("config_hash: is 64 hex digits and does not change between versions") {
  // Stored with every trial: this text must never change.
  CHECK(hash(R"({"a": {"value": 1}, "b": {"value": {"c": [0.5, null]}}})") ==
        "ec6b563ef321934f1365321a5398efdfd8d637bafb484cf4982199bd7bfac272");
}

TEST_CASE("config_hash: equal where W&B's grid sees the same cell") {
  const std::pair<const char*, const char*> same[] = {
      {R"({"a": {"value": 3}})", R"({"a": {"value": 3.0}})"},
      {R"({"a": {"value": 3000000}})", R"({"a": {"value": 3e6}})"},
      {R"({"a": {"value": 0}})", R"({"a": {"value": -0.0}})"},
      {R"({"a": {"value": 18446744073709549568}})", R"({"a": {"value": 18446744073709549568.0}})"},
      {R"({"a": {"value": 1}, "b": {"value": 2}})", R"({"b": {"value": 2}, "a": {"value": 1}})"},
      {R"({"a": {"value": {"x": 1, "y": [2]}}})", R"({"a": {"value": {"y": [2], "x": 1}}})"},
      {R"({"a": {"value": 1, "desc": null}})", R"({"a": {"value": 1}})"},
  };
  for (const auto& [one, other] : same) {
    CAPTURE(std::string(one));
    CHECK(hash(one) == hash(other));
  }
}

TEST_CASE("config_hash: differs where W&B's grid sees two cells") {
  const char* all[] = {
      R"({})",
      R"({"a": {"value": 1}})",
      R"({"b": {"value": 1}})",
      R"({"a": {"value": 1}, "b": {"value": 1}})",
      R"({"a": {"value": true}})",
      R"({"a": {"value": "1"}})",
      R"({"a": {"value": "true"}})",
      R"({"a": {"value": null}})",
      R"({"a": {"value": "null"}})",
      R"({"a": {"value": 1.5}})",
      R"({"a": {"value": 1.5000000000000002}})",
      R"({"a": {"value": -1}})",
      R"({"a": {"value": [1]}})",
      R"({"a": {"value": [1.0]}})",
      R"({"a": {"value": [1, 1]}})",
      R"({"a": {"value": [[1], 1]}})",
      R"({"a": {"value": []}})",
      R"({"a": {"value": {}}})",
      R"({"a": {"value": {"k": 1}}})",
      R"({"a": {"value": {"k": 1.0}}})",
      R"({"a": {"value": "ab"}, "c": {"value": ""}})",
      R"({"a": {"value": "a"}, "bc": {"value": ""}})",
      R"({"a": {"value": "i1;"}})",
      R"({"a": {"value": 1e300}})",
  };
  std::set<std::string> seen;
  for (const auto* text : all) {
    CAPTURE(std::string(text));
    CHECK(seen.insert(hash(text)).second);
  }
}

TEST_CASE("config_hash: NaN equals NaN, also as the text by which it travels") {
  const auto with = [](boost::json::value v) {
    boost::json::object config;
    config["a"] = {{"value", std::move(v)}};
    return config_hash(config);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(with(nan) == with(-nan));
  CHECK(with(nan) == with("NaN"));
  CHECK(with(inf) == with("Infinity"));
  CHECK(with(-inf) == with("-Infinity"));
  CHECK(with(inf) != with(-inf));
}

TEST_CASE("config_hash: every cell of a grid has its own") {
  const auto s = test::made(R"({"method": "grid", "parameters": {
    "a": {"values": [1, true, "1", null, [1], [1.0], {"k": 1}]}, "b": {"min": 0, "max": 99}}})");
  std::set<std::string> seen;
  for (const auto& one : suggestions(*s, 0, 10'000))
    CHECK(seen.insert(config_hash(one.config)).second);
  CHECK(seen.size() == 700);
}

}  // namespace
