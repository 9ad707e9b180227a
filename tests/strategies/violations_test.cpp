#include "strategies/nearest.hpp"
#include "strategies/space.hpp"
#include "tests/strategies/helpers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace sweepd::strategies;
using test::object;

std::string with(std::string_view members) {
  return R"({"method": "random", "parameters": {"a": {"value": 1}}, )" + std::string(members) + "}";
}
std::string parameter(std::string_view text, std::string_view method = "random") {
  return R"({"method": ")" + std::string(method) + R"(", "parameters": {"p": )" +
         std::string(text) + "}}";
}

std::string searched(std::string_view method, std::string_view options) {
  return R"({"method": ")" + std::string(method) +
         R"(", "metric": {"name": "loss"}, "parameters": {"a": {"min": 0.0, "max": 1.0}}, "search": )" +
         std::string(options) + "}";
}

TEST_CASE("violations: a file that W&B takes has none") {
  for (
      const auto& text : {
          parameter(R"({"value": null})"),
          parameter(R"({"values": [null, 2, 3, "a", [2, 3]]})", "grid"),
          parameter(R"({"distribution": "uniform", "min": 0, "max": 1})"),
          parameter(R"({"values": [1, 2, 3], "probabilities": [0.2, 0.2, 0.6]})"),
          parameter(R"({"parameters": {"b.c-d_1": {"parameters": {"_x": {"min": 0, "max": 1}}}}})"),
          parameter(R"({"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.1})", "grid"),
          with(R"("run_cap": 2.0, "name": "n", "description": "d", "program": "p", "kind": "sweep",
                   "apiVersion": "1", "job": "j", "image_uri": "i", "entity": "e", "project": "x",
                   "command": ["${env}", 3, null], "controller": {"type": "local"})"),
          with(R"("metric": {"name": "loss", "goal": "maximize", "target": 0.5, "impute": "best",
                   "impute_while_running": "false"},
                   "early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2, "eta": 3,
                   "strict": true})"),
          with(
              R"("metric": {"name": "loss"}, "early_terminate": {"type": "hyperband", "min_iter": 3})"),
          with(
              R"("crash_policy": {"anything": 1}, "max_concurrent_runs": 4, "seed": 0, "search": {})"),
          std::string(
              R"({"method": "grid", "parameters": {"a": {"value": 1}}, "randomize_order": true})"),
          std::string(R"({"method": "bayes", "parameters": {"a": {"min": 0.0, "max": 1.0}},
                           "metric": {"name": "loss"}})"),
          searched("bayes", R"({"model": "tpe", "start": 5, "candidates": 48})"),
          searched("bayes", R"({"model": "cma_es", "population": 20, "step": 1})"),
          searched("tpe", "{}"),
          searched("cma_es", R"({"step": 0.1})"),
          searched("sobol", "{}"),
          std::string(R"({"method": "sobol", "parameters": {"a": {"value": 1}}})"),
          std::string(R"({"method": "custom", "parameters": {"a": {"value": 1}},
                           "metrics": [{"name": "a"}, {"name": "b", "goal": "maximize"}]})"),
          std::string(R"({"method": "custom", "scheduler": {"engine": "optuna", "source": "s.py",
                           "search_space": "f"}})"),
      }) {
    CAPTURE(std::string(text));
    const auto found = violations(object(text));
    CHECK_MESSAGE(found.empty(), (found.empty() ? "" : found[0].path + ": " + found[0].text));
  }
}

struct row {
  std::string config;
  const char* path;
  const char* says;       // a part of the text
  bool stricter = false;  // W&B's check lets it pass
};

// Each file has one mistake: exactly one violation, at that path.
const row rows[] = {
    // the top level
    {R"({"parameters": {"a": {"value": 1}}})", "method", "is missing"},
    {R"({"method": "gird", "parameters": {"a": {"value": 1}}})", "method", "did you mean 'grid'?"},
    {R"({"method": 3, "parameters": {"a": {"value": 1}}})", "method", "not 3"},
    {R"({"method": "random"})", "parameters", "is required"},
    {R"({"method": "random", "parameters": {}})", "parameters", "at least one"},
    {R"({"method": "random", "parameters": [1]})", "parameters", "must be a map"},
    {with(R"("paramters": {})"), "paramters", "did you mean 'parameters'?"},
    {with(R"("runcap": 3)"), "runcap", "did you mean 'run_cap'?"},
    {with(R"("crash_polcy": {})"), "crash_polcy", "did you mean 'crash_policy'?"},
    {with(R"("zzz": 1)"), "zzz", "unknown key"},
    {with(R"("run_cap": 0)"), "run_cap", "at least 1, not 0"},
    {with(R"("run_cap": -0.3)"), "run_cap", "not -0.3"},
    {with(R"("run_cap": true)"), "run_cap", "not true"},
    {with(R"("run_cap": "1")"), "run_cap", "not '1'"},
    {with(R"("name": 3)"), "name", "write it in quotes"},
    {with(R"("kind": "swep")"), "kind", "did you mean 'sweep'?"},
    {with(R"("command": "python x.py")"), "command", "must be a list"},
    {with(R"("controller": {})"), "controller.type", "is missing"},
    {with(R"("controller": {"type": "remote"})"), "controller.type", "local or cloud"},
    {with(R"("controller": 1)"), "controller", "must be a map"},
    // ours
    {with(R"("max_concurrent_runs": 0)"), "max_concurrent_runs", "at least 1"},
    {with(R"("max_concurrent_runs": 2.0)"), "max_concurrent_runs", "must be an integer"},
    {with(R"("seed": -1)"), "seed", "at least 0"},
    {with(R"("search": 3)"), "search", "must be a map"},
    {with(R"("search": {"sampler": "x"})"), "search.sampler", "method random has none"},
    {searched("bayes", R"({"model": "tep"})"), "search.model", "did you mean 'tpe'?"},
    {searched("bayes", R"({"model": 3})"), "search.model", "gp, tpe, cma_es or sobol, not 3"},
    {searched("tpe", R"({"model": "tpe"})"), "search.model", "remove it"},
    {searched("tpe", R"({"candidate": 9})"), "search.candidate", "did you mean 'candidates'?"},
    {searched("tpe", R"({"zzz": 9})"), "search.zzz", "model tpe knows start, candidates and model"},
    {searched("tpe", R"({"start": 0})"), "search.start", "an integer from 1 to"},
    {searched("tpe", R"({"start": 5.0})"), "search.start", "an integer from 1 to"},
    {searched("tpe", R"({"step": 0.1})"), "search.step", "of model cma_es, not of tpe"},
    {searched("cma_es", R"({"step": 0})"), "search.step", "a number above 0 and at most 1, not 0"},
    {searched("cma_es", R"({"population": 2})"), "search.population", "from 4 to"},
    {searched("sobol", R"({"start": 3})"), "search.start", "of model tpe"},
    {R"({"method": "tpe", "parameters": {"a": {"min": 0.0, "max": 1.0}}})", "metric",
     "method tpe needs a metric", true},
    {R"({"method": "cma_es", "metric": {"name": "m"}, "parameters": {"a": {"value": 1}}})",
     "parameters", "method cma_es needs a parameter", true},
    {with(R"("randomize_order": true)"), "randomize_order", "method: grid only"},
    {R"({"method": "grid", "parameters": {"a": {"value": 1}}, "randomize_order": "yes"})",
     "randomize_order", "true or false"},
    // metric and metrics
    {with(R"("metric": "loss")"), "metric", "{name: loss"},
    {with(R"("metric": {})"), "metric.name", "is missing"},
    {with(R"("metric": {"name": 3})"), "metric.name", "must be a text"},
    {with(R"("metric": {"name": "l", "goal": "minimise"})"), "metric.goal",
     "did you mean 'minimize'?"},
    {with(R"("metric": {"name": "l", "target": "x"})"), "metric.target", "finite number"},
    {with(R"("metric": {"name": "l", "impute": "mean"})"), "metric.impute",
     "latest, best or worst"},
    {with(R"("metric": {"name": "l", "impute_while_running": false})"),
     "metric.impute_while_running", "in quotes"},
    {with(R"("metric": {"name": "l", "gaol": "minimize"})"), "metric.gaol", "did you mean 'goal'?"},
    {R"({"method": "bayes", "parameters": {"a": {"min": 0.0, "max": 1.0}}})", "metric",
     "method bayes needs a metric", true},
    {R"({"method": "bayes", "metric": {"name": "l"}, "parameters": {"a": {"value": 1}}})",
     "parameters", "nothing to search over", true},
    {R"({"method": "custom", "parameters": {"a": {"value": 1}}, "metrics": [{"name": "a"}]})",
     "metrics", "at least two"},
    {R"({"method": "custom", "parameters": {"a": {"value": 1}}, "metrics": [{"name": "a"}, {}]})",
     "metrics.1.name", "is missing"},
    {with(R"("metrics": [{"name": "a"}, {"name": "b"}])"), "metrics", "needs method: custom"},
    {R"({"method": "custom", "parameters": {"a": {"value": 1}}, "metric": {"name": "a"},
         "metrics": [{"name": "a"}, {"name": "b"}]})",
     "metrics", "cannot both be set"},
    // early_terminate
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "envelope", "min_iter": 3})"),
     "early_terminate.type", "hyperband, not 'envelope'"},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "ahsa"})"), "early_terminate.type",
     "did you mean 'asha'?"},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "asha", "resourse": "epoch"})"),
     "early_terminate.resourse", "did you mean 'resource'?"},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "asha", "min_iter": 3})"),
     "early_terminate.min_iter", "known are type, resource"},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "asha", "eta": 1})"),
     "early_terminate.eta", "must be a number above 1, not 1"},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "median", "warmup": -1})"),
     "early_terminate.warmup", "at least 0"},
    {with(R"("early_terminate": {"type": "median"})"), "early_terminate", "needs a metric", true},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"min_iter": 3})"), "early_terminate.type",
     "is missing"},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "hyperband"})"),
     "early_terminate", "needs min_iter, or max_iter"},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "hyperband", "max_iter": 27})"),
     "early_terminate.s", "is missing"},
    {with(R"("metric": {"name": "l"},
             "early_terminate": {"type": "hyperband", "max_iter": 27, "min_iter": 2})"),
     "early_terminate.s", "is missing", true},
    {with(R"("metric": {"name": "l"},
             "early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2.5})"),
     "early_terminate.s", "written as an integer", true},
    {with(R"("metric": {"name": "l"},
             "early_terminate": {"type": "hyperband", "max_iter": 2, "s": 2})"),
     "early_terminate", "has no rung", true},
    {with(R"("metric": {"name": "l"}, "early_terminate": {"type": "hyperband", "min_iter": 0})"),
     "early_terminate.min_iter", "at least 1"},
    {with(
         R"("metric": {"name": "l"}, "early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 1})"),
     "early_terminate.eta", "above 1"},
    {with(R"("metric": {"name": "l"},
             "early_terminate": {"type": "hyperband", "min_iter": 1, "strict": "yes"})"),
     "early_terminate.strict", "true or false"},
    {with(
         R"("metric": {"name": "l"}, "early_terminate": {"type": "hyperband", "min_iter": 1, "etta": 3})"),
     "early_terminate.etta", "did you mean 'eta'?"},
    {with(R"("early_terminate": {"type": "hyperband", "min_iter": 1})"), "early_terminate",
     "needs a metric", true},
    // scheduler
    {with(R"("scheduler": {})"), "scheduler.engine", "is missing"},
    {with(R"("scheduler": {"engine": "optuna"})"), "scheduler.engine", "needs method: custom"},
    {R"({"method": "custom", "parameters": {"a": {"value": 1}}, "scheduler": {"engine": "wandb"}})",
     "scheduler.engine", "grid, random or bayes"},
    {R"({"method": "custom", "scheduler": {"engine": "optuna", "source": "s.py", "search_space": ""}})",
     "parameters", "is required"},
    {with(R"("scheduler": {"engine": "wandb", "optimizer": "f"})"), "scheduler.optimizer",
     "needs source"},
    {with(R"("scheduler": {"engine": "wandb"}, "controller": {"type": "local"})"),
     "controller.type", "beside scheduler"},
    {with(R"("metric": {"name": "l"}, "scheduler": {"engine": "wandb"},
             "early_terminate": {"type": "hyperband", "min_iter": 1})"),
     "early_terminate", "beside scheduler"},
    // one parameter
    {parameter("3"), "parameters.p", "{value: 3}"},
    {parameter("[1, 2]"), "parameters.p", "{values: [1,2]}"},
    {parameter("{}"), "parameters.p", "nothing to search over"},
    {parameter(R"({"valeus": [1]})"), "parameters.p.valeus", "did you mean 'values'?"},
    {parameter(R"({"mu": 0, "sigma": 1})"), "parameters.p", "distribution: normal"},
    {parameter(R"({"a": 1, "b": 1})"), "parameters.p", "distribution: beta"},
    {parameter(R"({"distribution": "log_unif", "min": 1, "max": 2})"), "parameters.p.distribution",
     "unknown distribution 'log_unif'; did you mean 'log_uniform_values'?"},
    {parameter(R"({"distribution": "gaussian"})"), "parameters.p.distribution", "known are q_beta"},
    {parameter(R"({"distribution": 3})"), "parameters.p.distribution", "must be a text"},
    {parameter(R"({"values": []})"), "parameters.p.values", "at least one"},
    {parameter(R"({"values": 3})"), "parameters.p.values", "must be a list"},
    {parameter(R"({"min": 1})"), "parameters.p.max", "is missing"},
    {parameter(R"({"min": 2, "max": 1})"), "parameters.p.min", "min 2 is not less than max 1"},
    {parameter(R"({"min": 1.0, "max": 1.0})"), "parameters.p.min",
     "min 1.0 is not less than max 1.0"},
    {parameter(R"({"min": 9007199254740993, "max": 9007199254740993})"), "parameters.p.min",
     "is not less"},
    {parameter(R"({"min": true, "max": 5})"), "parameters.p.min", "finite number, not true"},
    {parameter(R"({"min": "1e-3", "max": 5})"), "parameters.p.min", "YAML reads 1e-3 as text"},
    {parameter(R"({"min": 1, "max": 9, "q": 2})"), "parameters.p.q", "distribution: q_uniform"},
    {parameter(R"({"min": -1e308, "max": 1e308})"), "parameters.p.max", "too far", true},
    {parameter(R"({"min": 1, "max": 18446744073709551615})"), "parameters.p.max", "64 bits", true},
    {parameter(R"({"min": -9223372036854775808, "max": 9223372036854775807})"), "parameters.p.max",
     "one too many", true},
    {parameter(R"({"distribution": "int_uniform", "min": 0, "max": 1.0})"), "parameters.p.max",
     "written as an integer"},
    {parameter(R"({"distribution": "log_uniform_values", "min": -3, "max": 1})"),
     "parameters.p.min", "not exponents"},
    {parameter(R"({"distribution": "log_uniform", "min": -3, "max": 1})"),
     "parameters.p.distribution",
     "write distribution: log_uniform_values and the limits themselves (min: 0.0497871, max: "
     "2.71828)"},
    {parameter(R"({"distribution": "inv_log_uniform", "min": -3, "max": 1})"),
     "parameters.p.distribution",
     "inv_log_uniform_values and the limits themselves (min: 0.367879"},
    {parameter(R"({"distribution": "q_log_uniform", "min": 0, "max": 1})"),
     "parameters.p.distribution", "q_log_uniform_values"},
    {parameter(R"({"distribution": "normal", "sigma": -0.1})"), "parameters.p.sigma", "0 or above"},
    {parameter(R"({"distribution": "normal", "sigma": 0})"), "parameters.p.sigma",
     "nothing to draw", true},
    {parameter(R"({"distribution": "beta", "a": 0})"), "parameters.p.a", "nothing to draw", true},
    {parameter(R"({"distribution": "q_normal", "q": 0})"), "parameters.p.q", "above 0"},
    {parameter(R"({"distribution": "normal", "min": 1})"), "parameters.p.min",
     "which takes mu and sigma"},
    {parameter(R"({"values": [1, 2, 3], "probabilities": [0.1, 0.2, 0.3, 0.4]})"),
     "parameters.p.probabilities", "4 probabilities for 3 values"},
    {parameter(R"({"values": [1, 2, 3], "probabilities": [0.1, 0.2, 0.3]})"),
     "parameters.p.probabilities", "must sum to 1"},
    {parameter(R"({"values": [1, 2], "probabilities": [-0.5, 1.5]})"),
     "parameters.p.probabilities.0", "0 or above"},
    {parameter(R"({"values": [1], "probabilities": [1], "distribution": "categorical"})"),
     "parameters.p.probabilities", "categorical_w_probabilities"},
    {R"({"method": "random", "parameters": {"a b": {"value": 1}}})", "parameters.a b",
     "letters, digits"},
    // nested parameters
    {parameter(R"({"parameters": {}})"), "parameters.p.parameters", "at least one"},
    {parameter(R"({"parameters": 3})"), "parameters.p.parameters", "map of parameters"},
    {parameter(R"({"parameters": {"x": {"valu": 1}}})"), "parameters.p.parameters.x.valu",
     "'value'"},
    {parameter(R"({"parameters": {"x": {"min": 2, "max": 1}}})"), "parameters.p.parameters.x.min",
     "is not less", true},
    // what the method asks for
    {parameter(R"({"min": 0.1, "max": 1.0})", "grid"), "parameters.p",
     "cannot list the values of uniform", true},
    {parameter(R"({"values": [1, 2], "probabilities": [0.5, 0.5]})", "grid"), "parameters.p",
     "takes no probabilities", true},
    {R"({"method": "grid", "parameters": {"a": {"min": 0, "max": 4294967296},
         "b": {"min": 0, "max": 4294967296}}})",
     "parameters", "2^64", true},
};

TEST_CASE("violations: one mistake is told once, at its place, with what to do") {
  for (const auto& r : rows) {
    CAPTURE(r.config);
    const auto found = violations(object(r.config));
    for (const auto& one : found) CAPTURE(one.path + ": " + one.text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].path == r.path);
    CHECK_MESSAGE(found[0].text.find(r.says) != std::string::npos, found[0].text);
    CHECK(found[0].stricter == r.stricter);
  }
}

TEST_CASE("violations: all mistakes are listed, each once") {
  const auto found = violations(object(R"({
    "method": "grid", "metod": 1, "run_cap": 0, "metric": {"goal": "min"},
    "parameters": {"a": {"min": 3, "max": 1}, "b": {"distribution": "normal"}, "c": {"foo": 1},
                   "g": {"parameters": {"x": {"values": []}, "y": {"min": "a", "max": null}}}}})"));
  std::vector<std::string> paths;
  for (const auto& one : found) paths.push_back(one.path);
  std::ranges::sort(paths);
  CHECK(paths == std::vector<std::string>{"metod", "metric.goal", "metric.name", "parameters.a.min",
                                          "parameters.c.foo", "parameters.g.parameters.x.values",
                                          "parameters.g.parameters.y.max",
                                          "parameters.g.parameters.y.min", "run_cap"});
}

TEST_CASE("violations: every ungriddable parameter is named, deprecated kinds notwithstanding") {
  const auto found = violations(object(R"({"method": "grid", "parameters": {
    "a": {"distribution": "normal"}, "b": {"values": [1]}, "c": {"min": 0.0, "max": 1.0},
    "d": {"distribution": "log_uniform", "min": 0, "max": 1}}})"));
  std::set<std::string> paths;
  for (const auto& one : found) CHECK(paths.insert(one.path).second);
  CHECK(paths == std::set<std::string>{"parameters.a", "parameters.c", "parameters.d",
                                       "parameters.d.distribution"});
}

TEST_CASE("violations: long values are cut in messages, whole characters at a time") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "\u00e9\u4e2d";
  const auto found = violations(object(parameter("\"" + text + "\"")));
  REQUIRE(found.size() == 1);
  CHECK(found[0].text.size() < 250);
  // serialize() refuses nothing, but parse() does refuse a broken UTF-8 sequence
  const auto round = boost::json::serialize(boost::json::value(boost::json::string(found[0].text)));
  boost::system::error_code ec;
  boost::json::parse(round, ec);
  CHECK_FALSE(ec);
}

TEST_CASE("violations: nesting has a limit, and a deep mistake is not searched for twice a level") {
  std::string deep = R"({"oops": 1})";
  for (int i = 0; i < 12; ++i) deep = R"({"parameters": {"a": )" + deep + "}}";
  CHECK(violations(object(parameter(deep))).size() == 1);
  for (int i = 0; i < 12; ++i) deep = R"({"parameters": {"a": )" + deep + "}}";
  boost::json::parse_options far;
  far.max_depth = 64;
  const auto config = boost::json::parse(parameter(deep), {}, far).as_object();
  const auto found = violations(config);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text.find("nested deeper than 16") != std::string::npos);
}

TEST_CASE("nearest: finds typos, swaps and unfinished words, and nothing else") {
  constexpr std::array<std::string_view, 4> words{"log_uniform", "log_uniform_values", "normal",
                                                  "beta"};
  CHECK(nearest("nromal", words) == "normal");
  CHECK(nearest("Normal", words) == "normal");
  CHECK(nearest("loguniform", words) == "log_uniform");
  CHECK(nearest("log_uniform_val", words) == "log_uniform_values");
  CHECK(nearest("bet", words) == "beta");
  CHECK(nearest("xyz", words).empty());
  CHECK(nearest("x", words).empty());
  CHECK(nearest("", words).empty());
  CHECK(nearest(std::string(1000, 'n'), words).empty());
}

}  // namespace
