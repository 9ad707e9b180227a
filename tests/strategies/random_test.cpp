#include "strategies/random.hpp"

#include "strategies/philox.hpp"
#include "tests/strategies/helpers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace sweepd::strategies;
using test::drawn;
using test::json;
using test::made;
using test::object;
using test::suggestions;

TEST_CASE("philox: gives the published answers") {
  // Random123's known answers for philox4x32-10.
  CHECK(philox({0, 0, 0, 0}, {0, 0}) ==
        philox_counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        philox_counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        philox_counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random: a unit number is strictly between 0 and 1") {
  for (std::uint64_t k = 0; k < 10'000; ++k) {
    const double u = random_unit(7, k, 3);
    CHECK((u > 0 && u < 1));
  }
}

constexpr std::size_t draws = 20'000;

// The value of `p` in `draws` suggestions.
std::vector<boost::json::value> sample(std::string_view parameter, std::uint64_t seed) {
  const auto s =
      made(R"({"method": "random", "parameters": {"p": )" + std::string(parameter) + "}}", seed);
  std::vector<boost::json::value> out;
  for (const auto& one : suggestions(*s, 0, draws)) out.push_back(one.config.at("p").at("value"));
  return out;
}

// Each bin within 5 sigma of its expected count, and chi-square within 5 sigma of its mean.
void check_counts(const std::vector<std::size_t>& counts, const std::vector<double>& shares) {
  REQUIRE(counts.size() == shares.size());
  double chi_square = 0;
  double whole = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = shares[i] * draws;
    const double sigma = std::sqrt(expected * (1 - shares[i]));
    const double off = static_cast<double>(counts[i]) - expected;
    CAPTURE(i);
    CAPTURE(expected);
    CHECK(std::abs(off) <= 5 * sigma + 1e-9);
    if (expected > 0) chi_square += off * off / expected;
    whole += shares[i];
  }
  CHECK(whole == doctest::Approx(1));
  const auto freedom = static_cast<double>(counts.size() - 1);
  CHECK(chi_square <= freedom + 5 * std::sqrt(2 * freedom));
}

double phi(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// I_x(a, b) for whole a and b: the chance of at least a successes in a + b - 1 trials.
double beta_share(int a, int b, double x) {
  const int n = a + b - 1;
  double sum = 0;
  double choose = 1;  // n over j
  for (int j = 0; j <= n; ++j) {
    if (j >= a) sum += choose * std::pow(x, j) * std::pow(1 - x, n - j);
    choose = choose * (n - j) / (j + 1);
  }
  return sum;
}

struct continuous_row {
  const char* parameter;
  double from, to;                      // bins of equal width between, two open ones beside
  std::function<double(double)> share;  // the cumulative probability, written anew here
};

const continuous_row continuous_rows[] = {
    {R"({"min": -2.0, "max": 6})", -2, 6, [](double x) { return (x + 2) / 8; }},
    {R"({"distribution": "log_uniform_values", "min": 0.01, "max": 10})", 0.01, 10,
     [](double x) { return std::log10(x / 0.01) / 3; }},
    {R"({"distribution": "inv_log_uniform_values", "min": 0.01, "max": 10})", 0.01, 10,
     [](double x) { return std::log10(x / 0.01) / 3; }},
    {R"({"distribution": "log_uniform", "min": -2, "max": 3})", std::exp(-2.0), std::exp(3.0),
     [](double x) { return (std::log(x) + 2) / 5; }},
    {R"({"distribution": "inv_log_uniform", "min": -2, "max": 3})", std::exp(-3.0), std::exp(2.0),
     [](double x) { return (std::log(x) + 3) / 5; }},
    {R"({"distribution": "normal", "mu": 3, "sigma": 2})", -3, 9,
     [](double x) { return phi((x - 3) / 2); }},
    {R"({"distribution": "log_normal", "mu": 0.5, "sigma": 0.4})", 0.3, 5,
     [](double x) { return phi((std::log(x) - 0.5) / 0.4); }},
    {R"({"distribution": "beta", "a": 2, "b": 5})", 0.02, 0.8,
     [](double x) { return beta_share(2, 5, x); }},
};

TEST_CASE("random: 20,000 draws follow each continuous distribution") {
  constexpr std::size_t bins = 20;
  for (const auto& row : continuous_rows) {
    CAPTURE(std::string(row.parameter));
    const double width = (row.to - row.from) / bins;
    std::vector<std::size_t> counts(bins + 2);
    std::vector<double> shares;
    for (const auto& v : sample(row.parameter, 11)) {
      const double place = std::floor((v.as_double() - row.from) / width) + 1;
      ++counts[static_cast<std::size_t>(std::clamp(place, 0.0, bins + 1.0))];
    }
    double below = 0;
    for (std::size_t i = 0; i <= bins; ++i) {
      const double upto = row.share(row.from + width * static_cast<double>(i));
      shares.push_back(upto - below);
      below = upto;
    }
    shares.push_back(1 - below);
    check_counts(counts, shares);
  }
}

struct discrete_row {
  const char* parameter;
  std::map<double, double> shares;  // of each value (of each index, for listed texts)
};

// The share of each multiple of q between the rounded ends: from half a step below to half above.
std::map<double, double> rounded(double from, double to, double q,
                                 const std::function<double(double)>& share) {
  std::map<double, double> out;
  for (double k = std::nearbyint(from / q); k <= std::nearbyint(to / q); ++k)
    out[k * q] = share((k + 0.5) * q) - share((k - 0.5) * q);
  return out;
}

TEST_CASE("random: 20,000 draws follow each distribution with steps") {
  const auto within = [](double x) { return std::clamp(x, 0.0, 1.0); };
  const discrete_row rows[] = {
      {R"({"min": 1, "max": 7})",
       {{1, 1 / 7.}, {2, 1 / 7.}, {3, 1 / 7.}, {4, 1 / 7.}, {5, 1 / 7.}, {6, 1 / 7.}, {7, 1 / 7.}}},
      {R"({"values": [8, 3, 5]})", {{8, 1 / 3.}, {3, 1 / 3.}, {5, 1 / 3.}}},
      {R"({"values": [8, 3, 5, 1], "probabilities": [0.1, 0, 0.65, 0.25]})",
       {{8, 0.1}, {3, 0}, {5, 0.65}, {1, 0.25}}},
      {R"({"distribution": "q_uniform", "min": 0.3, "max": 10, "q": 3})",
       rounded(0.3, 10, 3, [&](double x) { return within((x - 0.3) / 9.7); })},
      {R"({"distribution": "q_log_uniform_values", "min": 1, "max": 100, "q": 7})",
       rounded(1, 100, 7, [&](double x) { return x <= 0 ? 0 : within(std::log10(x) / 2); })},
      {R"({"distribution": "q_log_uniform", "min": 0, "max": 3, "q": 2})",
       rounded(1, std::exp(3.0), 2,
               [&](double x) { return x <= 0 ? 0 : within(std::log(x) / 3); })},
      {R"({"distribution": "q_normal", "mu": 1, "sigma": 4, "q": 2})",
       rounded(-31, 33, 2, [](double x) { return phi((x - 1) / 4); })},
      {R"({"distribution": "q_log_normal", "mu": 1, "sigma": 0.5, "q": 0.5})",
       rounded(0, 60, 0.5, [](double x) { return x <= 0 ? 0 : phi((std::log(x) - 1) / 0.5); })},
      {R"({"distribution": "q_beta", "a": 2, "b": 3, "q": 0.125})",
       rounded(0, 1, 0.125, [&](double x) { return beta_share(2, 3, within(x)); })},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.parameter));
    std::map<double, std::size_t> seen;
    for (const auto& v : sample(row.parameter, 5)) ++seen[v.to_number<double>()];
    for (const auto& [value, count] : seen) CHECK_MESSAGE(row.shares.contains(value), value);
    // Values too rare to be counted are put together, as chi-square asks.
    std::vector<std::size_t> counts{0};
    std::vector<double> shares{0};
    for (const auto& [value, share] : row.shares) {
      if (share * draws < 10) {
        counts[0] += seen[value];
        shares[0] += share;
      } else {
        counts.push_back(seen[value]);
        shares.push_back(share);
      }
    }
    check_counts(counts, shares);
  }
}

TEST_CASE("random: two parameters of the same kind are independent") {
  const auto s = made(R"({"method": "random", "parameters": {"a": {"min": 0, "max": 4},
                          "b": {"parameters": {"a": {"min": 0, "max": 4}}}}})");
  std::vector<std::size_t> counts(25);
  for (const auto& one : suggestions(*s, 0, draws)) {
    const auto a = one.config.at("a").at("value").as_int64();
    const auto b = one.config.at("b").at("value").at("a").as_int64();
    ++counts[static_cast<std::size_t>(a * 5 + b)];
  }
  check_counts(counts, std::vector<double>(25, 1 / 25.0));
}

constexpr const char* mixed = R"({"method": "random", "parameters": {
  "lr": {"distribution": "log_uniform_values", "min": 0.0001, "max": 0.1},
  "layers": {"min": 1, "max": 8}, "act": {"values": ["relu", "gelu"]}, "fixed": {"value": [1, {}]},
  "opt": {"parameters": {"name": {"value": "adam"},
          "inner": {"parameters": {"wd": {"distribution": "normal"}}}}}}})";

TEST_CASE("random: a position always gives the same, in whatever portions and after a restart") {
  const auto whole = drawn(*made(mixed, 42), 0, 50);
  const auto restarted = made(mixed, 42);
  std::vector<std::string> portions;
  for (std::size_t n = 1; portions.size() < 50; ++n)
    for (auto& one :
         drawn(*restarted, portions.size(), std::min<std::size_t>(n, 50 - portions.size())))
      portions.push_back(std::move(one));
  CHECK(portions == whole);
  CHECK(drawn(*made(mixed, 42), 49, 1).front() == whole.back());
  CHECK(std::set(whole.begin(), whole.end()).size() == 50);
}

TEST_CASE("random: another seed gives another sequence") {
  CHECK(drawn(*made(mixed, 42), 0, 5) != drawn(*made(mixed, 43), 0, 5));
}

TEST_CASE("random: a parameter's draws do not depend on its neighbours") {
  const auto alone =
      made(R"({"method": "random", "parameters": {"lr": {"min": 0.0, "max": 1.0}}})");
  const auto beside = made(R"({"method": "random", "parameters": {"a": {"min": 1, "max": 9},
                               "lr": {"min": 0.0, "max": 1.0}, "z": {"values": [1, 2]}}})");
  for (std::uint64_t k = 0; k < 20; ++k)
    CHECK(suggestions(*alone, k, 1)[0].config.at("lr") ==
          suggestions(*beside, k, 1)[0].config.at("lr"));
}

TEST_CASE("random: this sequence is fixed for good, since stored sweeps go on with it") {
  const auto s = made(R"({"method": "random", "parameters": {"a": {"min": 0, "max": 999999},
                          "b": {"values": ["x", "y", "z"]}}})",
                      2026);
  const auto first = drawn(*s, 0, 3);
  CHECK(first[0] == R"({"a":{"value":530374},"b":{"value":"y"}})");
  CHECK(first[1] == R"({"a":{"value":538575},"b":{"value":"y"}})");
  CHECK(first[2] == R"({"a":{"value":57454},"b":{"value":"x"}})");
}

TEST_CASE("random: groups nest below one value, constants are put out") {
  const auto s = made(mixed, 1);
  const auto config = suggestions(*s, 3, 1)[0].config;
  CHECK(config.size() == 5);
  CHECK(config.at("fixed") == json(R"({"value": [1, {}]})"));
  CHECK(config.at("opt").at("value").at("name") == "adam");
  CHECK(config.at("opt").at("value").at("inner").at("wd").is_double());
  CHECK(config.at("opt").as_object().size() == 1);
  CHECK(config.at("lr").at("value").is_double());
  CHECK(config.at("layers").at("value").is_int64());
}

TEST_CASE("random: never ends, has no size, ignores what was observed") {
  const auto s = made(R"({"method": "random", "parameters": {"a": {"value": 1}}})");
  CHECK_FALSE(s->size());
  CHECK(s->lookahead() > 1);
  CHECK(drawn(*s, 1'000'000'000'000, 3).size() == 3);
  const auto t = made(mixed, 9);
  const auto before = drawn(*t, 4, 4);
  const std::vector<observation> seen(3);
  t->observe(seen);
  CHECK(drawn(*t, 4, 4) == before);
}

TEST_CASE("random: draws from the deprecated kinds, which real files contain") {
  for (const auto* kind : {"log_uniform", "inv_log_uniform", "q_log_uniform"}) {
    const auto s = made(R"({"method": "random", "parameters": {"p": {"distribution": ")" +
                        std::string(kind) + R"(", "min": -2, "max": 4}}})");
    for (const auto& one : suggestions(*s, 0, 50)) {
      const double x = one.config.at("p").at("value").as_double();
      CHECK((x >= 0 && x <= std::exp(4.0) + 1));
    }
  }
}

TEST_CASE("make_strategy: says which parameter cannot be searched, and where it stands") {
  const auto bad = [](std::string_view config) {
    auto out = make_strategy(object(config));
    REQUIRE_FALSE(out);
    CHECK(out.error().code == sweepd::errc::invalid);
    return out.error();
  };
  CHECK(bad(R"({"parameters": {"a": {"value": 1}}})").where == "method");
  CHECK(bad(R"({"method": 3, "parameters": {"a": {"value": 1}}})").where == "method");
  CHECK(bad(R"({"method": "rand", "parameters": {"a": {"value": 1}}})").where == "method");
  CHECK(bad(R"({"method": "random"})").where == "parameters");
  CHECK(bad(R"({"method": "random", "parameters": {}})").where == "parameters");
  CHECK(bad(R"({"method": "random", "parameters": []})").where == "parameters");
  CHECK(bad(R"({"method": "random", "parameters": {"a": 3}})").where == "parameters.a");
  CHECK(bad(R"({"method": "random", "parameters": {"a": {"min": 2, "max": 1}}})").where ==
        "parameters.a.min");
  CHECK(bad(R"({"method": "random", "parameters": {"g": {"parameters": {"a": {"min": 2}}}}})")
            .where == "parameters.g.parameters.a.max");
  CHECK(bad(R"({"method": "random", "parameters": {"g": {"parameters": {}}}})").where ==
        "parameters.g.parameters");
  const auto custom = bad(R"({"method": "custom", "parameters": {"a": {"min": 0.0, "max": 1.0}}})");
  CHECK(custom.where == "method");
  CHECK(custom.message.find("is not offered") != std::string::npos);
  std::string deep = R"({"value": 1})";
  for (int i = 0; i < 20; ++i) deep = R"({"parameters": {"a": )" + deep + "}}";
  boost::json::parse_options far;
  far.max_depth = 64;
  const auto config =
      boost::json::parse(R"({"method": "random", "parameters": {"a": )" + deep + "}}", {}, far);
  CHECK(make_strategy(config.as_object()).error().message.find("nested deeper") !=
        std::string::npos);
}

}  // namespace
