#include "strategies/parameter.hpp"

#include "strategies/distributions.hpp"
#include "strategies/fill.hpp"
#include "strategies/schema.hpp"
#include "tests/strategies/helpers.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace sweepd::strategies;
using test::json;
using test::object;

parameter made(std::string_view text) {
  auto out = parameter::make(json(text), "p");
  REQUIRE_MESSAGE(out, std::string(text));
  return *out;
}

struct fill_row {
  const char* given;
  const char* kind_of;  // "" = no kind
  const char* filled;   // "" = as given
};

// Answers of W&B's library (sweeps 0.3.0, fill_parameter).
const fill_row fill_rows[] = {
    {R"({"value": null})", "param_single_value", R"({"value": null, "distribution": "constant"})"},
    {R"({"value": 1, "distribution": "constant"})", "param_single_value", ""},
    {R"({"values": [1, 1.0, true, "a"]})", "param_categorical",
     R"({"values": [1, 1.0, true, "a"], "distribution": "categorical"})"},
    {R"({"values": [1, 2], "probabilities": [0.5, 0.5]})", "param_categorical_w_probabilities",
     R"({"values": [1, 2], "probabilities": [0.5, 0.5],
         "distribution": "categorical_w_probabilities"})"},
    {R"({"values": [1, 2], "probabilities": [0.5, 0.5], "distribution": "categorical"})", "", ""},
    {R"({"min": 1, "max": 2})", "param_int_uniform",
     R"({"min": 1, "max": 2, "distribution": "int_uniform"})"},
    {R"({"min": 1.0, "max": 2})", "param_uniform",
     R"({"min": 1.0, "max": 2, "distribution": "uniform"})"},
    {R"({"min": 1, "max": 2.0})", "param_uniform",
     R"({"min": 1, "max": 2.0, "distribution": "uniform"})"},
    {R"({"min": 1, "max": 2, "distribution": "uniform"})", "param_uniform", ""},
    {R"({"min": 1.0, "max": 2.0, "distribution": "int_uniform"})", "", ""},
    {R"({"min": true, "max": 5})", "", ""},
    {R"({"distribution": "q_uniform", "min": 0, "max": 9})", "param_quniform",
     R"({"distribution": "q_uniform", "min": 0, "max": 9, "q": 1.0})"},
    {R"({"distribution": "q_uniform", "min": 0, "max": 9, "q": 0})", "", ""},
    {R"({"distribution": "log_uniform", "min": -3, "max": 1})", "param_loguniform", ""},
    {R"({"distribution": "inv_log_uniform", "min": -3, "max": 1})", "param_inv_loguniform", ""},
    {R"({"distribution": "q_log_uniform", "min": -3, "max": 1, "q": 2})", "param_qloguniform", ""},
    {R"({"distribution": "log_uniform_values", "min": 0.5, "max": 1})", "param_loguniform_v2", ""},
    {R"({"distribution": "log_uniform_values", "min": 0, "max": 1})", "", ""},
    {R"({"distribution": "inv_log_uniform_values", "min": 0.5, "max": 1})",
     "param_inv_loguniform_v2", ""},
    {R"({"distribution": "q_log_uniform_values", "min": 1, "max": 10})", "param_qloguniform_v2",
     R"({"distribution": "q_log_uniform_values", "min": 1, "max": 10, "q": 1.0})"},
    {R"({"distribution": "normal"})", "param_normal",
     R"({"distribution": "normal", "mu": 0.0, "sigma": 1.0})"},
    {R"({"distribution": "normal", "sigma": -1})", "", ""},
    {R"({"distribution": "log_normal", "mu": 2})", "param_lognormal",
     R"({"distribution": "log_normal", "mu": 2, "sigma": 1.0})"},
    {R"({"distribution": "q_normal", "q": 2})", "param_qnormal",
     R"({"distribution": "q_normal", "q": 2, "mu": 0, "sigma": 1})"},
    {R"({"distribution": "q_log_normal"})", "param_qlognormal",
     R"({"distribution": "q_log_normal", "mu": 0, "sigma": 1, "q": 1.0})"},
    {R"({"distribution": "beta"})", "param_beta", R"({"distribution": "beta", "a": 1, "b": 1})"},
    {R"({"distribution": "q_beta"})", "param_qbeta",
     R"({"distribution": "q_beta", "a": 1, "b": 1, "q": 1.0})"},
    {R"({"parameters": {"a": {"min": 0, "max": 3}}})", "param_dict",
     R"({"parameters": {"a": {"min": 0, "max": 3, "distribution": "int_uniform"}}})"},
    {R"({"parameters": {"a": {"foo": 1}}})", "", ""},
    {R"({"parameters": {"1a": {"value": 1}}})", "", ""},
    {R"({"parameters": {}})", "", ""},
    {R"({"parameters": {"a": {"value": 1}}, "value": 3})", "", ""},
    {R"({"values": []})", "", ""},
    {R"({"min": 1, "max": 2, "q": 1})", "", ""},
    {R"({"min": 1})", "", ""},
    {R"({})", "", ""},
    {R"({"invalid": "nothing"})", "", ""},
};

TEST_CASE("fill_parameter: names the kind and writes the defaults that W&B writes") {
  for (const auto& row : fill_rows) {
    CAPTURE(std::string(row.given));
    const auto filled = fill_parameter("p", object(row.given));
    REQUIRE(filled);
    CHECK(filled->kind_of.value_or("") == row.kind_of);
    const auto expected = object(row.filled[0] == '\0' ? row.given : row.filled);
    CHECK(filled->config == expected);
    // == calls 1 and 1.0 equal; the type of a filled number matters too.
    for (const auto& [key, value] : expected) CHECK(filled->config.at(key).kind() == value.kind());
  }
}

TEST_CASE("fill_parameter: refuses min not below max, in groups too") {
  for (const auto* text : {R"({"min": 1, "max": 0})", R"({"min": 1, "max": 1})",
                           R"({"distribution": "log_uniform_values", "min": 2, "max": 1})"}) {
    const auto filled = fill_parameter("lr", object(text));
    REQUIRE_FALSE(filled);
    CHECK(filled.error().where == "lr.min");
    CHECK(filled.error().message.find("is not less than max") != std::string::npos);
  }
  const auto inner = fill_parameter("g", object(R"({"parameters": {"a": {"min": 2, "max": 1}}})"));
  REQUIRE_FALSE(inner);
  CHECK(inner.error().where == "g.parameters.a.min");
}

struct value_row {
  const char* parameter;
  const char* ppf;        // at u = 0.001, 0.1, 0.25, 0.5, 0.77, 0.999
  const char* x_and_cdf;  // [[x...], [cdf...]]
};

// Answers of W&B's library (sweeps 0.3.0 on scipy).
const value_row value_rows[] = {
    {R"({"min": -3, "max": 12})", "[-3, -2, 0, 4, 9, 12]",
     "[[0.02, 0.6, 2.0], [0.25, 0.25, 0.375]]"},
    {R"({"min": 0.5, "max": 3})", "[0.5025, 0.75, 1.125, 1.75, 2.425, 2.9975]",
     "[[0.02, 0.6, 2.0], [0.0, 0.04, 0.6]]"},
    {R"({"distribution": "q_uniform", "min": 0.3, "max": 10, "q": 3})", "[0, 0, 3, 6, 9, 9]",
     "[[0.02, 0.6, 2.0], [0.0, 0.030927835051546393, 0.1752577319587629]]"},
    {R"({"distribution": "q_uniform", "min": 0, "max": 5, "q": 2})", "[0, 0, 2, 2, 4, 4]",
     "[[0.02, 0.6, 2.0], [0.004, 0.12, 0.4]]"},
    {R"({"distribution": "log_uniform_values", "min": 1e-5, "max": 0.1})",
     "[1.0092528860766835e-05, 2.511886431509579e-05, 1e-04, 0.001, 0.012022644346174137, "
     "0.0990831944892769]",
     "[[0.02, 0.6, 2.0], [0.8252574989159952, 1.0, 1.0]]"},
    {R"({"distribution": "inv_log_uniform_values", "min": 1e-5, "max": 0.1})",
     "[1.0092528860766835e-05, 2.511886431509579e-05, 1e-04, 0.001, 0.012022644346174137, "
     "0.0990831944892769]",
     "[[0.02, 0.6, 2.0], [0.8252574989159952, 1.0, 1.0]]"},
    {R"({"distribution": "q_log_uniform_values", "min": 1, "max": 100, "q": 7})",
     "[0, 0, 0, 7, 35, 98]", "[[0.02, 0.6, 2.0], [0.0, 0.0, 0.1505149978319906]]"},
    {R"({"distribution": "log_uniform", "min": -3, "max": 1.5})",
     "[0.05001161502657909, 0.07808166600115317, 0.15335496684492847, 0.4723665527410147, "
     "1.592014188887101, 4.461566778634232]",
     "[[0.02, 0.6, 2.0], [0.0, 0.5531498613853354, 0.8206993734577657]]"},
    {R"({"distribution": "inv_log_uniform", "min": -1, "max": 2})",
     "[0.1357418987045629, 0.18268352405273464, 0.2865047968601901, 0.6065306597126334, "
     "1.3634251141321778, 2.7101392030187963]",
     "[[0.02, 0.6, 2.0], [0.0, 0.4963914587446697, 0.8977157268533151]]"},
    {R"({"distribution": "q_log_uniform", "min": 0, "max": 4, "q": 0.5})",
     "[1.0, 1.5, 2.5, 7.5, 22.0, 54.5]", "[[0.02, 0.6, 2.0], [0.0, 0.0, 0.17328679513998632]]"},
    {R"({"distribution": "normal", "mu": 2, "sigma": 3})",
     "[-7.27069691850344, -1.844654696633801, -0.023469250588245227, 2.0, 4.216540547555641, "
     "11.27069691850344]",
     "[[0.02, 0.6, 2.0], [0.25462691467133614, 0.32036919090127036, 0.5]]"},
    {R"({"distribution": "q_normal", "mu": 2, "sigma": 30, "q": 5})", "[-90, -35, -20, 0, 25, 95]",
     "[[0.02, 0.6, 2.0], [0.4736889127280771, 0.4813894487671238, 0.5]]"},
    {R"({"distribution": "log_normal", "mu": 0.5, "sigma": 0.75})",
     "[0.1624030241806583, 0.6305494642986956, 0.9941498664170532, 1.6487212707001282, "
     "2.8694923623269513, 16.73787690945465]",
     "[[0.02, 0.6, 2.0], [2.0181681534344867e-09, 0.08886658729242475, 0.6016150059161275]]"},
    {R"({"distribution": "q_log_normal", "mu": 1, "sigma": 1, "q": 0.25})",
     "[0.0, 0.75, 1.5, 2.75, 5.75, 59.75]",
     "[[0.02, 0.6, 2.0], [4.5070736661319364e-07, 0.06541644221793386, 0.37947770112008494]]"},
    {R"({"distribution": "beta", "a": 2, "b": 5})",
     "[0.008255492787746678, 0.09259525891312873, 0.16116291679032652, 0.26444998329566005, "
     "0.402118402610099, 0.818613866919134]",
     "[[0.02, 0.6, 2.0], [0.00568712352, 0.95904, 1.0]]"},
    {R"({"distribution": "beta", "a": 0.5, "b": 0.5})",
     "[2.4673990709169446e-06, 0.024471741852423214, 0.14644660940672624, 0.5, "
     "0.8750555348152299, 0.999997532600929]",
     "[[0.02, 0.6, 2.0], [0.0903344706017331, 0.564094216848975, 1.0]]"},
    {R"({"distribution": "q_beta", "a": 2, "b": 5, "q": 0.1})", "[0.0, 0.1, 0.2, 0.3, 0.4, 0.8]",
     "[[0.02, 0.6, 2.0], [0.00568712352, 0.95904, 1.0]]"},
    {R"({"distribution": "q_beta"})", "[0.0, 0.0, 0.0, 0.0, 1.0, 1.0]",
     "[[0.02, 0.6, 2.0], [0.02, 0.6, 1.0]]"},
    {R"({"values": ["a", "b", "c", "d"]})", R"(["a", "a", "a", "b", "d", "d"])",
     "[[0, 1, 2], [0.25, 0.5, 0.75]]"},
    {R"({"values": ["a", "b", "c"], "probabilities": [0.2, 0.05, 0.75]})",
     R"(["a", "a", "c", "c", "c", "c"])", "[[0, 1, 2], [0.2, 0.25, 1.0]]"},
    {R"({"value": [1, 2]})", "[[1, 2], [1, 2], [1, 2], [1, 2], [1, 2], [1, 2]]",
     "[[0, 1, 2], [0.0, 0.0, 0.0]]"},
};

TEST_CASE("ppf and cdf: give W&B's values, in W&B's types") {
  const std::vector<double> u{0.001, 0.1, 0.25, 0.5, 0.77, 0.999};
  for (const auto& row : value_rows) {
    CAPTURE(std::string(row.parameter));
    const auto y = ppf(json(row.parameter), u);
    REQUIRE(y);
    const auto expected = json(row.ppf).as_array();
    for (std::size_t i = 0; i < u.size(); ++i) {
      CAPTURE(u[i]);
      REQUIRE((*y)[i].kind() == expected[i].kind());
      if (expected[i].is_double())
        CHECK((*y)[i].get_double() == doctest::Approx(expected[i].get_double()).epsilon(1e-10));
      else
        CHECK((*y)[i] == expected[i]);
    }
    const auto wanted = json(row.x_and_cdf);
    std::vector<double> x;
    for (const auto& item : wanted.at(0).as_array()) x.push_back(item.to_number<double>());
    const auto shares = cdf(json(row.parameter), x);
    REQUIRE(shares);
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK((*shares)[i] == doctest::Approx(wanted.at(1).at(i).as_double()).epsilon(1e-10));
  }
}

TEST_CASE("ppf and cdf: undo each other where the distribution has no steps") {
  for (const auto* text : {R"({"min": -0.5, "max": 3.0})",
                           R"({"distribution": "log_uniform_values", "min": 1e-6, "max": 1e3})",
                           R"({"distribution": "inv_log_uniform_values", "min": 1e-6, "max": 1e3})",
                           R"({"distribution": "log_uniform", "min": -8, "max": 2})",
                           R"({"distribution": "inv_log_uniform", "min": -8, "max": 2})",
                           R"({"distribution": "normal", "mu": -4, "sigma": 0.1})",
                           R"({"distribution": "log_normal", "mu": 1, "sigma": 2})",
                           R"({"distribution": "beta", "a": 0.7, "b": 3.5})"}) {
    CAPTURE(std::string(text));
    const auto p = made(text);
    double before = -std::numeric_limits<double>::infinity();
    for (int i = 1; i < 200; ++i) {
      const double u = i / 200.0;
      const double x = p.ppf(u).as_double();
      CHECK(x > before);
      CHECK(p.cdf(x) == doctest::Approx(u).epsilon(1e-9));
      before = x;
    }
  }
}

TEST_CASE("ppf and cdf: undo each other at the steps of integers and listed values") {
  const auto dice = made(R"({"min": -2, "max": 70})");
  for (std::int64_t i = -2; i <= 70; ++i) {
    CHECK(dice.ppf(dice.cdf(static_cast<double>(i))) == i);
    CHECK(dice.ppf(dice.cdf(static_cast<double>(i)) - 1e-9) == i);
  }
  const auto listed = made(R"({"values": [3, 1, 4, 15, 9, 2, 6]})");
  for (std::size_t i = 0; i < 7; ++i)
    CHECK(listed.ppf(listed.cdf(static_cast<double>(i))) == listed.choices()[i]);
}

TEST_CASE("ppf: u = 0 stays in range, where W&B's library leaves it") {
  CHECK(made(R"({"min": 5, "max": 9})").ppf(0) == 5);
  CHECK(made(R"({"values": ["a", "b", "c"]})").ppf(0) == "a");
  CHECK(made(R"({"values": ["a", "b"], "probabilities": [0, 1]})").ppf(0) == "b");
}

TEST_CASE("ppf: u = 1 is the far end") {
  CHECK(made(R"({"min": 5, "max": 9})").ppf(1) == 9);
  CHECK(made(R"({"values": ["a", "b", "c"]})").ppf(1) == "c");
  CHECK(made(R"({"values": ["a", "b"], "probabilities": [0.5, 0.5]})").ppf(1) == "a");  // as W&B
  CHECK(made(R"({"min": 0.5, "max": 2.5})").ppf(1) == 2.5);
  CHECK(made(R"({"distribution": "beta"})").ppf(1) == 1.0);
  CHECK(made(R"({"distribution": "normal"})").ppf(1).as_double() == HUGE_VAL);
  CHECK(made(R"({"distribution": "log_normal"})").ppf(0) == 0.0);
}

TEST_CASE("ppf: a logarithmic kind given by values never leaves them") {
  for (int i = 1; i < 2000; ++i) {
    const double min = i * 0.001;
    const auto p = parameter::make(
        {{"distribution", "log_uniform_values"}, {"min", min}, {"max", 3 * min}}, "p");
    REQUIRE(p);
    CHECK(p->ppf(0).as_double() >= min);
    CHECK(p->ppf(1).as_double() <= 3 * min);
    CHECK(p->ppf(0).as_double() == doctest::Approx(min));
  }
}

TEST_CASE("ppf: probabilities that miss 1 by a rounding error leave no gap, nor choose 0") {
  const auto p = made(R"({"values": ["a", "b", "c"], "probabilities": [0.3, 0.699995, 0]})");
  CHECK(p.ppf(0.999999) == "b");
  CHECK(p.ppf(0.3) == "b");
  CHECK(p.ppf(0.2999) == "a");
}

TEST_CASE("ppf: rounds halves to even and has no negative zero") {
  const auto p = made(R"({"distribution": "q_uniform", "min": 0, "max": 10, "q": 1})");
  CHECK(p.ppf(0.05) == 0);
  CHECK(p.ppf(0.15) == 2);
  CHECK(p.ppf(0.25) == 2);
  const auto f = made(R"({"distribution": "q_uniform", "min": -1, "max": 1, "q": 1.0})");
  CHECK_FALSE(std::signbit(f.ppf(0.4).as_double()));
}

TEST_CASE("ppf and cdf: what cannot be drawn is NaN, as in W&B") {
  CHECK(std::isnan(made(R"({"distribution": "normal", "sigma": 0})").ppf(0.5).as_double()));
  CHECK(std::isnan(made(R"({"distribution": "normal", "sigma": 0})").cdf(0.5)));
  CHECK(std::isnan(made(R"({"distribution": "beta", "a": 0})").ppf(0.5).as_double()));
  CHECK(std::isnan(made(R"({"distribution": "q_beta", "b": 0, "q": 1})").ppf(0.5).as_double()));
}

TEST_CASE("ppf: integers keep every digit at the ends of 64 bits") {
  const auto p = made(R"({"min": -9223372036854775807, "max": 9223372036854775807})");
  CHECK(p.ppf(0) == std::numeric_limits<std::int64_t>::min() + 1);
  CHECK(p.ppf(1) == std::numeric_limits<std::int64_t>::max());
  CHECK(p.cdf(0) == doctest::Approx(0.5));
  CHECK(index_at(0.07, 100) == 6);  // 0.07 * 100 rounds up to just above 7
}

TEST_CASE("ppf: refuses what is no quantile, and what is no parameter") {
  const std::vector<double> bad{0.5, 1.5};
  CHECK(ppf(json(R"({"min": 0, "max": 1})"), bad).error().where == "x");
  const std::vector<double> none{std::nan("")};
  CHECK_FALSE(ppf(json(R"({"min": 0, "max": 1})"), none));
  const std::vector<double> good{0.5};
  for (const auto* text : {"3", R"({"min": 2, "max": 1})", R"({"values": []})",
                           R"({"parameters": {"a": {"value": 1}}})", R"({"distribution": "x"})",
                           R"({"values": [1, 2], "probabilities": [0.5, 0.6]})"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(ppf(json(text), good));
    CHECK_FALSE(cdf(json(text), good));
  }
}

}  // namespace
