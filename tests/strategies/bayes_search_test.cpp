// method bayes as a whole: determinism, batches, failures, finite spaces, and better than random.
#include "tests/strategies/bayes_helpers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace sweepd::strategies;
using test::drawn;
using test::ended;
using test::least;
using test::made;
using test::number;
using test::searched;
using test::suggestions;
using test::without_value;

constexpr const char* mixed = R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
  "lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0},
  "layers": {"min": 1, "max": 8}, "drop": {"min": 0.0, "max": 0.5},
  "opt": {"values": ["sgd", "adam", "lion"]}, "epochs": {"value": 10},
  "net": {"parameters": {"width": {"distribution": "q_uniform", "min": 32, "max": 256, "q": 32}}}}})";

std::optional<double> training(const boost::json::object& c) {
  const double lr = std::log10(number(c, "lr")) + 2.5;
  const double width = c.at("net").at("value").at("width").to_number<double>();
  return lr * lr + 0.1 * std::abs(number(c, "layers") - 5) + 2 * number(c, "drop") +
         std::abs(width - 128) / 200 + (c.at("opt").at("value") == "adam" ? 0.0 : 0.4);
}

TEST_CASE("bayes: the same seed and history give the same suggestions, restarted anywhere") {
  const auto whole = searched(*made(mixed).of, training, 26);
  for (const std::size_t restart : {1, 7, 12, 19, 25}) {
    const auto fresh = made(mixed);
    fresh->observe(std::span(whole).first(restart));
    const auto got = suggestions(fresh, restart, 1);
    CHECK(got[0].config == whole[restart].config);
  }
}

TEST_CASE("bayes: what was asked before does not change an answer") {
  const auto seen = searched(*made(mixed).of, training, 40);
  const auto used = made(mixed, 3);
  for (const std::size_t n : {40, 13, 30, 39, 40, 22}) {  // shrinking and growing histories
    used->observe(std::span(seen).first(n));
    const auto fresh = made(mixed, 3);
    fresh->observe(std::span(seen).first(n));
    CHECK(drawn(used, n, 2) == drawn(fresh, n, 2));
  }
}

TEST_CASE("bayes: a value that arrives for a run in the middle is taken in") {
  auto seen = searched(*made(mixed).of, training, 24);
  const auto grown = made(mixed, 5);
  auto earlier = seen;
  earlier[10] = without_value(seen[10].config, observation::kind::pending);
  grown->observe(earlier);
  (void)drawn(grown, 24, 1);
  grown->observe(seen);
  const auto fresh = made(mixed, 5);
  fresh->observe(seen);
  CHECK(drawn(grown, 24, 2) == drawn(fresh, 24, 2));
}

TEST_CASE("bayes: n at once are n of one, the earlier ones pending") {
  const auto seen = searched(*made(mixed).of, training, 14);
  const auto s = made(mixed, 9);
  for (const std::size_t known : {0UL, 5UL, 14UL}) {
    std::vector<observation> trials(seen.begin(), seen.begin() + static_cast<long>(known));
    s->observe(trials);
    const auto batch = suggestions(s, known, 4);
    for (std::size_t k = 0; k < batch.size(); ++k) {
      s->observe(trials);
      CHECK(suggestions(s, known + k, 1)[0].config == batch[k].config);
      trials.push_back(without_value(batch[k].config, observation::kind::pending));
    }
  }
}

TEST_CASE("bayes: eight workers never get the same point") {
  const auto seen = searched(*made(mixed).of, training, 20);
  const auto s = made(mixed);
  s->observe(seen);
  std::set<std::string> different;
  for (const auto& one : drawn(s, 20, 8)) different.insert(one);
  CHECK(different.size() == 8);
}

double mean_best(const char* config, const test::program& run, bool shifting) {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    sum += least(searched(*made(config).of, run, 30, seed, shifting)) / 3;
  return sum;
}

TEST_CASE("bayes: reaches less regret than random search, for one seed and for changing ones") {
  const std::string cube = R"("parameters": {"a": {"min": 0.0, "max": 1.0},
    "b": {"min": 0.0, "max": 1.0}, "c": {"min": 0.0, "max": 1.0}}})";
  const std::string ours = R"({"method": "bayes", "metric": {"name": "loss"}, )" + cube;
  const std::string theirs = R"({"method": "random", )" + cube;
  const auto square = [](const boost::json::object& c) -> std::optional<double> {
    const double a = number(c, "a") - 0.3, b = number(c, "b") - 0.6, d = number(c, "c") - 0.8;
    return a * a + 3 * b * b + 0.3 * d * d;
  };
  const auto ripples = [](const boost::json::object& c) -> std::optional<double> {
    double sum = 0;
    for (const auto* name : {"a", "b", "c"}) {
      const double x = 3 * (number(c, name) - 0.4);
      sum += x * x + 0.5 * (1 - std::cos(6 * x));
    }
    return sum;
  };
  const std::string mixed_random = [] {
    std::string text = mixed;
    return text.replace(text.find("bayes"), 5, "random");
  }();
  for (const bool shifting : {false, true}) {
    CHECK(mean_best(ours.c_str(), square, shifting) <
          0.1 * mean_best(theirs.c_str(), square, false));
    CHECK(mean_best(ours.c_str(), ripples, shifting) <
          0.5 * mean_best(theirs.c_str(), ripples, false));
    CHECK(mean_best(mixed, training, shifting) <
          0.5 * mean_best(mixed_random.c_str(), training, false));
  }
}

TEST_CASE("bayes: leaves an exhausted basin to look for a deeper one") {
  const auto well = [](const boost::json::object& c, std::array<double, 4> centre, double width) {
    double far = 0;
    for (std::size_t j = 0; j < 4; ++j)
      far += std::pow(number(c, std::string(1, static_cast<char>('a' + j))) - centre[j], 2);
    return std::exp(-far / (2 * width * width));
  };
  const auto run = [&](const boost::json::object& c) -> std::optional<double> {
    const double wide = 0.7 * well(c, {0.45, 0.5, 0.55, 0.5}, 0.3);
    return 1 - std::max(wide, well(c, {0.2, 0.8, 0.25, 0.75}, 0.22));
  };
  int found = 0;
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
      "a": {"min": 0.0, "max": 1.0}, "b": {"min": 0.0, "max": 1.0},
      "c": {"min": 0.0, "max": 1.0}, "d": {"min": 0.0, "max": 1.0}}})");
    const auto seen = searched(*s.of, run, 60, seed);
    MESSAGE(least(seen));
    if (least(seen) < 0.2) ++found;  // the wide one's bottom is at 0.3
  }
  CHECK(found == 3);
}

TEST_CASE("bayes: where little is left, every fourth suggestion is where good runs lie dense") {
  const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
    "x": {"min": 0.0, "max": 1.0}, "kind": {"values": ["a", "b", "c"]}}})");
  const auto loss = [](const boost::json::object& c) {
    const bool best = c.at("kind").at("value") == "b";
    return std::pow(number(c, "x") - 0.3, 2) + (best ? 0 : 0.2);
  };
  std::vector<observation> seen;
  int dense = 0;
  int close = 0;
  for (std::uint64_t k = 0; k < 48; ++k) {
    s.of->observe(seen);
    const auto got = s.of->suggest({.seed = 1, .from = k, .n = 1});
    REQUIRE(got);
    const auto& next = got->front();
    const auto why = std::string_view(next.search_info.at("why").get_string());
    if (why.starts_with("where good runs lie dense; the nearest is trial ")) {
      CHECK(k % 4 == 2);
      ++dense;
      close += loss(next.config) < 0.05 ? 1 : 0;
    }
    seen.push_back(ended(next.config, loss(next.config)));
  }
  CHECK(dense >= 4);
  CHECK(2 * close > dense);  // 15 % of the space is as good
}

TEST_CASE("bayes: of twenty parameters it finds the two that count") {
  std::string text = R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {)";
  for (char name = 'a'; name < 'u'; ++name)
    text += std::string(name == 'a' ? "" : ", ") + '"' + name + R"(": {"min": 0.0, "max": 1.0})";
  text += "}}";
  const auto run = [](const boost::json::object& c) -> std::optional<double> {
    const double p = number(c, "d") - 0.7, q = number(c, "p") - 0.2;
    return p * p + 2 * q * q + 0.5 * p * q + 0.02 * (2 - std::cos(12 * p) - std::cos(12 * q));
  };
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto s = made(text.c_str());
    const auto seen = searched(*s.of, run, 40, seed);
    MESSAGE(least(seen));
    CHECK(least(seen) < 1e-4);  // 8e-4 with seed 2 where all parameters are expected to count
  }
}

TEST_CASE("bayes: leaves a flat bottom, where other parameters do not count, for a deeper place") {
  const auto run = [](const boost::json::object& c) -> std::optional<double> {
    const double x = number(c, "x"), y = number(c, "y"), z = number(c, "z");
    const auto& kind = c.at("kind").at("value");
    if (kind == "flat") return x < 0.1 ? 0.5 : 0.19;
    const double far = std::pow(x - 0.8, 2) + std::pow(y - 0.25, 2) + std::pow(z - 0.7, 2);
    return kind == "deep" ? 2 - 1.95 * std::exp(-4 * far) : 2 + far;
  };
  int found = 0;
  std::ptrdiff_t flat = 0;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
      "kind": {"values": ["flat", "deep", "bad", "worse"]}, "x": {"min": 0.0, "max": 1.0},
      "y": {"min": 0.0, "max": 1.0}, "z": {"min": 0.0, "max": 1.0}}})");
    const auto seen = searched(*s.of, run, 50, seed);
    flat += std::ranges::count_if(seen, [](const auto& o) { return o.value == 0.19; });
    if (least(seen) < 0.15) ++found;
  }
  MESSAGE(found << " found, at the flat bottom " << flat);
  CHECK(found >= 2);
  CHECK(flat < 100);  // of 200; 138, and none found, where repeats teach nothing
}

TEST_CASE("bayes: keeps away from a region where runs fail") {
  const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
    "x": {"min": 0.0, "max": 1.0}, "y": {"min": 0.0, "max": 1.0}}})");
  const auto run = [](const boost::json::object& c) -> std::optional<double> {
    if (number(c, "x") > 0.6) return std::nullopt;
    return std::pow(number(c, "x") - 0.45, 2) + std::pow(number(c, "y") - 0.3, 2);
  };
  int failures = 0;
  const auto seen = searched(*s.of, run, 40);
  for (std::size_t i = 20; i < seen.size(); ++i)
    if (seen[i].what == observation::kind::infeasible) ++failures;
  CHECK(failures <= 6);  // of 20; 8 would be the region's share
  CHECK(least(seen) < 1e-3);
}

TEST_CASE("bayes: comes close to an optimum at the border of a region where runs fail") {
  const auto run = [](const boost::json::object& c) -> std::optional<double> {
    const double x = number(c, "x"), y = number(c, "y"), z = number(c, "z");
    if (x + 0.5 * y > 0.8) return std::nullopt;
    // Beyond the border it would be lower still: at x = 0.75, y = 0.4.
    return std::pow(x - 0.75, 2) + std::pow(y - 0.4, 2) + std::pow(z - 0.3, 2);
  };
  double regret = 0;
  std::ptrdiff_t failed = 0;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
      "x": {"min": 0.0, "max": 1.0}, "y": {"min": 0.0, "max": 1.0},
      "z": {"min": 0.0, "max": 1.0}}})");
    const auto seen = searched(*s.of, run, 40, seed);
    regret += (least(seen) - 0.018) / 6;
    failed += std::ranges::count(seen, observation::kind::infeasible, &observation::what);
  }
  MESSAGE(regret << " above the least, failed " << failed);
  CHECK(regret < 0.008);
  CHECK(failed < 180);
}

TEST_CASE("bayes: a finite space is handed out once each, then it is exhausted") {
  const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
    "a": {"values": ["p", "q", "r"]}, "b": {"min": 1, "max": 4}, "c": {"values": [1, 1.0, 2]}}})");
  CHECK(s->size() == 24);
  const auto run = [](const boost::json::object& c) -> std::optional<double> {
    if (number(c, "b") == 3) return std::nullopt;
    return number(c, "b") + number(c, "c");
  };
  const auto seen = searched(*s.of, run, 100);
  CHECK(seen.size() == 24);
  std::set<std::string> different;
  for (const auto& o : seen) different.insert(config_hash(o.config));
  CHECK(different.size() == 24);

  const auto one = made(R"({"method": "bayes", "metric": {"name": "loss"},
    "parameters": {"a": {"values": ["only"]}}})");
  CHECK(drawn(one, 0, 5) == std::vector<std::string>{R"({"a":{"value":"only"}})"});
}

TEST_CASE("bayes: a batch larger than what is left of a finite space ends short") {
  const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
    "a": {"values": ["p", "q", "r", "s", "t", "u"]}, "b": {"values": [true, false]}}})");
  std::vector<observation> seen;
  for (const auto& one : suggestions(s, 0, 9)) seen.push_back(ended(one.config, 1.0));
  s->observe(seen);
  CHECK(drawn(s, 9, 20).size() == 3);
}

TEST_CASE("bayes: runs of another space, with unlisted values or out of range, do no harm") {
  const auto s = made(mixed);
  auto seen = searched(*made(mixed).of, training, 12);
  seen.push_back(ended({{"other", {{"value", 1}}}}, -100));
  auto strange = seen[3].config;
  strange["opt"] = {{"value", "unlisted"}};
  seen.push_back(ended(strange, -100));
  auto outside = seen[4].config;
  outside["lr"] = {{"value", 1e9}};
  seen.push_back(ended(outside, 3));
  auto text = seen[5].config;
  text["layers"] = {{"value", "many"}};
  seen.push_back(ended(text, 3));
  s->observe(seen);
  CHECK(drawn(s, seen.size(), 2).size() == 2);
}

TEST_CASE("bayes: values of any size are taken, and one diverged loss does not blind the search") {
  const auto s = made(R"({"method": "bayes", "metric": {"name": "loss"}, "parameters": {
    "x": {"min": 0.0, "max": 1.0}}})");
  const auto run = [](const boost::json::object& c) -> std::optional<double> {
    const double x = number(c, "x");
    return x > 0.9 ? 1e300 : std::pow(x - 0.31, 2);
  };
  const auto seen = searched(*s.of, run, 25);
  CHECK(least(seen) < 1e-4);
}

}  // namespace
