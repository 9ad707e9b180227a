#include "controller/config/sweep_yaml.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace sweepd;
using namespace sweepd::config;
using namespace std::chrono_literals;

namespace {

namespace bj = boost::json;

parsed_sweep good(std::string_view yaml) {
  auto s = parse_sweep(yaml, "sweep.yaml");
  if (!s)
    for (const auto& p : s.error()) MESSAGE(p.where << ": " << p.message);
  REQUIRE(s);
  return std::move(*s);
}

std::string problems_of(std::string_view yaml) {
  const auto s = parse_sweep(yaml, "s");
  if (s) return "accepted";
  std::string out;
  for (const auto& p : s.error()) out += p.where.substr(2) + " " + p.message + "\n";
  return out;
}

bool says(std::string_view yaml, const std::string& line) {
  const auto all = problems_of(yaml);
  if (all.find(line) != std::string::npos) return true;
  MESSAGE(all);
  return false;
}

}  // namespace

TEST_CASE("sweep_yaml: a W&B sweep file is read unchanged, with our keys beside it") {
  const std::string_view yaml =
      "program: train.py\nname: first\ndescription: a try\nentity: team\nproject: mnist\n"
      "method: grid\nmetric: {name: val/loss, goal: maximize, target: 0.9}\nrun_cap: 20\n"
      "command: [\"${env}\", python, 3.10, \"${program}\", \"${args}\"]\n"
      "parameters:\n  lr: {values: [0.1, 0.01]}\n  n: {values: [16, 32, 64]}\n  seed: {value: 1}\n"
      "early_terminate: {type: hyperband, min_iter: 3}\n"
      "max_concurrent_runs: 4\nseed: 7\nrandomize_order: true\n"
      "crash_policy:\n  fail_after: 1m\n";
  const auto s = good(yaml);
  CHECK(s.spec.name == "first");
  CHECK(s.spec.description == "a try");
  CHECK(s.entity == "team");
  CHECK(s.project == "mnist");
  CHECK(s.spec.method == "grid");
  CHECK(s.spec.program == "train.py");
  CHECK(s.spec.command ==
        std::vector<std::string>{"${env}", "python", "3.10", "${program}", "${args}"});
  CHECK(s.spec.metric == "val/loss");
  CHECK(s.spec.goal == core::goal::maximize);
  CHECK(s.spec.target == 0.9);
  CHECK(s.spec.run_cap == 20);
  CHECK(s.spec.max_concurrent_runs == 4);
  CHECK(s.seed_given);
  CHECK(s.spec.seed == 7);
  CHECK(s.spec.randomize_order);
  CHECK(s.spec.size == 6);
  CHECK(s.spec.yaml == yaml);
  CHECK_FALSE(s.spec.config.contains("crash_policy"));
  CHECK(s.spec.config.at("parameters").at("n").at("values").as_array().size() == 3);
  REQUIRE(s.policy);
  CHECK(s.policy->fail_after == 1min);
  CHECK(parse_policy(s.policy_yaml, "p") == *s.policy);
}

TEST_CASE("sweep_yaml: what is not written stays unset") {
  const auto s = good("method: random\nparameters: {x: {min: 0.0, max: 1.0}}\n");
  CHECK_FALSE(s.seed_given);
  CHECK(s.spec.seed == 0);
  CHECK_FALSE(s.spec.run_cap);
  CHECK_FALSE(s.spec.max_concurrent_runs);
  CHECK_FALSE(s.spec.size);
  CHECK_FALSE(s.policy);
  CHECK(s.policy_yaml.empty());
  CHECK(s.spec.metric.empty());
  CHECK(s.spec.goal == core::goal::minimize);
  CHECK(s.spec.command.empty());
  CHECK(s.project.empty());
  CHECK(good("method: grid\nrun_cap: 10.0\nparameters: {x: {values: [1, .inf]}}\n").spec.run_cap ==
        10);
}

TEST_CASE("sweep_yaml: what the W&B client sends, PyYAML's sorted dump, is read") {
  const auto s = good(
      "method: random\nmetric:\n  goal: minimize\n  name: loss\nparameters:\n  batch:\n    "
      "values:\n"
      "    - 16\n    - 32\n  lr:\n    distribution: log_uniform_values\n    max: 0.1\n    min: "
      "1.0e-05\n"
      "program: train.py\n");
  CHECK(s.spec.config.at("parameters").at("lr").at("min").as_double() == 1e-5);
}

TEST_CASE("sweep_yaml: a number that YAML 1.1 reads as a text comes with what to write") {
  CHECK(problems_of("method: bayes\nmetric: {name: l}\nparameters:\n  lr:\n"
                    "    distribution: log_uniform_values\n    min: 1e-3\n    max: 1e-1\n") ==
        "6:10 parameters.lr.min: must be a number; 1e-3 is a text in YAML 1.1; write 1.0e-3\n"
        "7:10 parameters.lr.max: must be a number; 1e-1 is a text in YAML 1.1; write 1.0e-1\n");
  CHECK(says("method: random\nrun_cap: '20'\nparameters: {x: {min: \"0.5\", max: 1.0}}\n",
             "2:10 run_cap: must be a number, not the text '20'; remove the quotes\n"
             "3:23 parameters.x.min: must be a number, not the text '0.5'; remove the quotes\n"));
}

TEST_CASE("sweep_yaml: all problems at once, in the order of the file, each at its place") {
  const auto all = problems_of(
      "methd: grid\n"
      "name: \"a\\nb\"\n"
      "metric:\n"
      "  goal: smallest\n"
      "parameters:\n"
      "  lr:\n"
      "    min: 0.1\n"
      "    max: 0.001\n"
      "  n:\n"
      "    distribution: log_unif\n"
      "    min: 1\n"
      "    max: 2\n"
      "command: [python, [x], ~]\n"
      "crash_policy:\n"
      "  crash_after: 300\n"
      "  rules:\n"
      "    - {when: {cause: [oom]}, do: fail}\n");
  CHECK(all ==
        "1:1 methd: is an unknown key; did you mean 'method'?\n"
        "1:1 method: is missing: write grid, random or bayes\n"
        "2:7 name: may not contain line ends, control or text direction characters\n"
        "3:1 metric.name: is missing: the name under which runs log the metric\n"
        "4:9 metric.goal: must be minimize or maximize, not 'smallest'\n"
        "7:10 parameters.lr.min: min 0.1 is not less than max 0.001\n"
        "10:19 parameters.n.distribution: unknown distribution 'log_unif'; did you mean "
        "'log_uniform_values'?\n"
        "13:19 command[1]: must be one word of the command; write it in quotes\n"
        "13:24 command[2]: must be one word of the command; write it in quotes\n"
        "15:16 crash_policy.crash_after: 300 has no unit; write 300s, 300m or 300h\n"
        "17:7 crash_policy.rules: the last rule must match everything, so that nothing is left to "
        "chance; add at the end: - {when: {}, do: fail}\n");
}

TEST_CASE("sweep_yaml: files that are no sweep are told so") {
  CHECK(problems_of("") == "1:1 the file is empty (or holds only comments)\n");
  CHECK(problems_of("- a\n- b\n") ==
        "1:1 a sweep file is a mapping that begins like: method: random\n");
  CHECK(problems_of("train.py\n").find("a sweep file is a mapping") != std::string::npos);
  CHECK(says("method: grid\n", "parameters"));
  CHECK(says("method: grid\nparameters: {}\n", "2:1 parameters"));
  CHECK(says("method: sorted\nparameters: {a: {value: 1}}\n", "1:9 method"));
  CHECK(says("method: grid\nparameters: {x: {min: 0.0, max: 1.0}}\n", "parameters.x"));
  CHECK(says("method: grid\nproject: a/b\nparameters: {a: {value: 1}}\n",
             "2:10 project: may not contain '/'"));
  CHECK(says("method: grid\nname: " + std::string(129, 'x') + "\nparameters: {a: {value: 1}}\n",
             "2:7 name: is longer than 128 bytes"));
  CHECK(says("method: grid\nname: \"\\u202Ex\"\nparameters: {a: {value: 1}}\n",
             "2:7 name: may not contain"));
  CHECK(says("method: grid\nseed: -1\nparameters: {a: {value: 1}}\n", "2:7 seed"));
}

TEST_CASE("sweep_yaml: too many parameters and too deep a file are refused") {
  std::string many = "method: random\nparameters:\n";
  for (int i = 0; i < 1'001; ++i) many += "  p" + std::to_string(i) + ": {value: 1}\n";
  CHECK(says(many, "2:1 parameters: has 1001 parameters; the limit is 1000"));
  CHECK(says("method: grid\nparameters: {a: {value: " + std::string(25, '[') +
                 std::string(25, ']') + "}}\n",
             "nested deeper than 24 levels"));
  const auto deep = good("method: grid\nparameters: {a: {value: " + std::string(21, '[') +
                         std::string(21, ']') + "}}\n");
  CHECK(json::parse<core::sweep_spec>(json::to_text(deep.spec)));
}

TEST_CASE(
    "sweep_yaml: aliases and merge keys reach the strategy expanded, with the place of the text") {
  const auto s = good(
      "method: grid\nparameters:\n  a: &a {values: [1, 2]}\n  b: *a\n  c:\n    <<: *a\n"
      "    values: [3]\n");
  CHECK(s.spec.size == 4);
  CHECK(says("method: random\nparameters:\n  a: &a {min: 1e-3, max: 1.0}\n  b: *a\n",
             "3:15 parameters.a.min: must be a number"));
}

TEST_CASE("sweep_yaml: the spec survives being stored") {
  const auto s = good(
      "method: grid\nparameters:\n  a: {values: [.nan, .inf, -.inf, 1.5, yes, ~, '1e-3', [1, {k: "
      "v}]]}\n");
  const auto back = json::parse<core::sweep_spec>(json::to_text(s.spec));
  REQUIRE(back);
  CHECK(back->config == s.spec.config);
  CHECK(bj::serialize(s.spec.config.at("parameters").at("a").at("values")) ==
        R"(["NaN","Infinity","-Infinity",1.5E0,true,null,"1e-3",[1,{"k":"v"}]])");
}
