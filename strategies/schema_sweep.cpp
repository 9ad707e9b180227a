// The top level of a sweep file: its keys, and what must hold between them.
#include "strategies/early_stop/rule.hpp"
#include "strategies/nearest.hpp"
#include "strategies/schema.hpp"
#include "strategies/search_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;
using words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 22> top_level_keys{
    "method", "parameters", "metric", "metrics", "early_terminate", "run_cap", "scheduler",
    "controller", "command", "apiVersion", "kind", "description", "program", "job", "image_uri",
    "entity", "project", "name",
    // ours, beside W&B's; what crash_policy holds is checked by its own reader
    "crash_policy", "max_concurrent_runs", "seed", "search"};
constexpr std::string_view grid_key = "randomize_order";  // ours too, for method grid only

constexpr std::array<std::string_view, 7> methods{
    "grid", "random", "bayes", "custom",
    // ours; W&B's language has the four before
    "tpe", "cma_es", "sobol"};
constexpr std::array<std::string_view, 2> goals{"minimize", "maximize"};
constexpr std::array<std::string_view, 3> imputes{"latest", "best", "worst"};
constexpr std::array<std::string_view, 4> running_imputes{"latest", "best", "worst", "false"};
constexpr std::array<std::string_view, 3> engines{"wandb", "optuna", "ax"};

std::string_view text_at(const bj::object& object, std::string_view key) {
  const auto* v = object.if_contains(key);
  return v != nullptr && v->is_string() ? std::string_view(v->get_string()) : std::string_view();
}

std::optional<double> whole_in(const bj::value& v) {
  const auto x = number_in(v);
  return x && std::trunc(*x) == *x ? x : std::nullopt;
}

bool written_as_integer(const bj::value& v) { return v.is_int64() || v.is_uint64(); }

void check_known(const bj::object& object, std::string_view path, words known, problem_list& out) {
  for (const auto& [key, item] : object)
    if (std::ranges::find(known, std::string_view(key)) == known.end()) {
      auto hint = did_you_mean(key, known);
      if (hint.empty() && !path.empty()) hint = "; known are " + listed(known, "and");
      out.add(join_path(path, key), "is an unknown key" + hint);
    }
}

void check_text(const bj::object& object, std::string_view key, std::string_view path,
                problem_list& out) {
  const auto* v = object.if_contains(key);
  if (v != nullptr && !v->is_string())
    out.add(join_path(path, key),
            "must be a text, not " + shown(*v) +
                (v->is_bool() || v->is_number() ? "; write it in quotes" : ""));
}

void check_choice(const bj::object& object, std::string_view key, std::string_view path,
                  words choices, problem_list& out) {
  const auto* v = object.if_contains(key);
  if (v == nullptr) return;
  const auto text = text_at(object, key);
  if (v->is_string() && std::ranges::find(choices, text) != choices.end()) return;
  std::string message = "must be " + listed(choices) + ", not " + shown(*v);
  if (v->is_string()) message += did_you_mean(text, choices);
  if (v->is_bool() && std::ranges::find(choices, std::string_view("false")) != choices.end())
    message += "; write \"false\" in quotes";
  out.add(join_path(path, key), message);
}

void check_metric(const bj::value& metric, std::string_view path, problem_list& out) {
  static constexpr std::array<std::string_view, 5> known{"name", "goal", "target", "impute",
                                                         "impute_while_running"};
  if (!metric.is_object())
    return out.add(std::string(path),
                   "must be a map such as {name: loss, goal: minimize}, not " + shown(metric));
  const auto& object = metric.get_object();
  check_known(object, path, known, out);
  if (!object.contains("name"))
    out.add(join_path(path, "name"), "is missing: the name under which runs log the metric");
  check_text(object, "name", path, out);
  check_choice(object, "goal", path, goals, out);
  check_choice(object, "impute", path, imputes, out);
  check_choice(object, "impute_while_running", path, running_imputes, out);
  const auto* target = object.if_contains("target");
  if (target != nullptr && !number_in(*target))
    out.add(join_path(path, "target"), "must be a finite number, not " + shown(*target));
}

void check_metrics(const bj::object& config, problem_list& out) {
  if (const auto* metric = config.if_contains("metric")) check_metric(*metric, "metric", out);
  const auto* metrics = config.if_contains("metrics");
  if (metrics == nullptr) return;
  if (!metrics->is_array()) {
    out.add("metrics", "must be a list of at least two metrics, not " + shown(*metrics));
  } else {
    const auto& list = metrics->get_array();
    if (list.size() < 2)
      out.add("metrics", "must list at least two metrics; for one write metric: {name: ...}");
    for (std::size_t i = 0; i < list.size(); ++i)
      check_metric(list[i], join_path("metrics", std::to_string(i)), out);
  }
  if (config.contains("metric"))
    out.add("metrics",
            "metric and metrics cannot both be set: keep metric for one objective, metrics for "
            "several");
  else if (config.contains("method") && text_at(config, "method") != "custom")
    out.add("metrics",
            "needs method: custom; for method " + shown(config.at("method")) + " write one metric");
}

// Hyperband's rungs, see wandb/sweeps:src/sweeps/hyperband_stopping.py.
void check_rungs(const bj::object& rule, problem_list& out) {
  const std::string path = "early_terminate";
  const auto* max_iter = rule.if_contains("max_iter");
  const auto* s = rule.if_contains("s");
  const bool has_min = rule.contains("min_iter");
  if (max_iter == nullptr && !has_min)
    return out.add(path, "needs min_iter, or max_iter together with s");
  if (max_iter == nullptr) return;
  if (s == nullptr) {
    const std::string text = "is missing: max_iter needs s, the number of rungs";
    return has_min ? out.add_stricter(path + ".s", text) : out.add(path + ".s", text);
  }
  if (!number_in(*s)) return;  // told by check_early_terminate
  if (!written_as_integer(*s))
    return out.add_stricter(path + ".s", "must be written as an integer, not " + shown(*s));
  const auto* written_eta = rule.if_contains("eta");
  const auto eta = written_eta == nullptr ? 3.0 : number_in(*written_eta).value_or(0);
  const auto last = whole_in(*max_iter);
  if (last && eta > 1 && (*number_in(*s) < 1 || *last < eta))
    out.add_stricter(path, "has no rung: s must be at least 1, and max_iter at least eta");
}

void check_hyperband(const bj::object& rule, problem_list& out) {
  static constexpr std::array<std::string_view, 6> known{"type", "max_iter", "min_iter",
                                                         "s",    "eta",      "strict"};
  const std::string path = "early_terminate";
  check_known(rule, path, known, out);
  const auto check = [&](std::string_view key, auto&& fits, std::string_view wanted) {
    const auto* v = rule.if_contains(key);
    if (v != nullptr && !fits(*v))
      out.add(join_path(path, key), "must be " + std::string(wanted) + ", not " + shown(*v));
  };
  check("max_iter", [](const bj::value& v) { return whole_in(v).has_value(); }, "an integer");
  check(
      "min_iter", [](const bj::value& v) { return whole_in(v).value_or(0) >= 1; },
      "an integer of at least 1");
  check("s", [](const bj::value& v) { return number_in(v).has_value(); }, "a number");
  check("eta", [](const bj::value& v) { return number_in(v).value_or(0) > 1; }, "a number above 1");
  check("strict", [](const bj::value& v) { return v.is_bool(); }, "true or false");
  check_rungs(rule, out);
}

// The rules that are ours alone: the rule itself says what is wrong with its values.
void check_our_rule(const bj::object& config, std::string_view type, problem_list& out) {
  static constexpr std::array<std::string_view, 7> asha_keys{
      "type", "resource", "min_resource", "max_resource", "eta", "grace_period", "keep_failed"};
  static constexpr std::array<std::string_view, 7> median_keys{
      "type", "resource", "interval", "warmup", "min_runs", "value", "keep_failed"};
  const auto& rule = config.at("early_terminate").get_object();
  check_known(rule, "early_terminate", type == "asha" ? words(asha_keys) : words(median_keys), out);
  if (!config.contains("metric")) return;  // told below; without one no rule can be made
  if (const auto made = early_stop::rule::make(config);
      !made && made.error().where.starts_with("early_terminate"))
    out.add(made.error().where, made.error().text);
}

void check_early_terminate(const bj::object& config, problem_list& out) {
  const auto* block = config.if_contains("early_terminate");
  if (block == nullptr) return;
  const std::string path = "early_terminate";
  if (!block->is_object())
    return out.add(path,
                   "must be a map such as {type: hyperband, min_iter: 3}, not " + shown(*block));
  const auto& rule = block->get_object();
  const auto type = text_at(rule, "type");
  if (!rule.contains("type"))
    out.add(path + ".type", "is missing: write type: hyperband, or our asha or median");
  check_choice(rule, "type", path, early_stop::rule_types, out);
  if (type == "asha" || type == "median")
    check_our_rule(config, type, out);
  else if (type.empty() || type == "hyperband")  // of another one it is not known what it may hold
    check_hyperband(rule, out);
  if (!config.contains("metric"))
    out.add_stricter(path, "needs a metric to compare runs by: write metric: {name: ...}");
}

void check_scheduler(const bj::object& config, problem_list& out) {
  static constexpr std::array<std::string_view, 4> known{"engine", "source", "optimizer",
                                                         "search_space"};
  const auto* block = config.if_contains("scheduler");
  if (block == nullptr) return;
  const std::string path = "scheduler";
  if (!block->is_object())
    return out.add(path, "must be a map such as {engine: wandb}, not " + shown(*block));
  const auto& scheduler = block->get_object();
  check_known(scheduler, path, known, out);
  if (!scheduler.contains("engine"))
    out.add(path + ".engine", "is missing: write " + listed(engines));
  check_choice(scheduler, "engine", path, engines, out);
  for (const std::string_view key : {"source", "optimizer", "search_space"})
    check_text(scheduler, key, path, out);
  for (const std::string_view key : {"optimizer", "search_space"})
    if (scheduler.contains(key) && !scheduler.contains("source"))
      out.add(join_path(path, key), "needs source: the file in which this function stands");
  const auto engine = text_at(scheduler, "engine");
  const auto method = text_at(config, "method");
  if ((engine == "optuna" || engine == "ax") && method != "custom")
    out.add(path + ".engine", "engine " + std::string(engine) + " needs method: custom");
  if (engine == "wandb" && method == "custom")
    out.add(path + ".engine", "engine wandb does not do method: custom; write method: grid, random or bayes");
  if (config.contains("early_terminate"))
    out.add("early_terminate", "cannot stand beside scheduler, which has to stop runs itself");
  if (const auto* controller = config.if_contains("controller");
      controller != nullptr && controller->is_object() &&
      text_at(controller->get_object(), "type") == "local")
    out.add("controller.type", "local cannot stand beside scheduler: keep one of the two");
}

void check_controller(const bj::object& config, problem_list& out) {
  static constexpr std::array<std::string_view, 2> types{"local", "cloud"};
  const auto* block = config.if_contains("controller");
  if (block == nullptr) return;
  if (!block->is_object())
    return out.add("controller", "must be a map such as {type: cloud}, not " + shown(*block));
  if (!block->get_object().contains("type"))
    out.add("controller.type", "is missing: write local or cloud");
  check_choice(block->get_object(), "type", "controller", types, out);
}

void check_plain_keys(const bj::object& config, problem_list& out) {
  static constexpr std::array<std::string_view, 1> sweep_kind{"sweep"};
  for (const std::string_view key :
       {"apiVersion", "description", "program", "job", "image_uri", "entity", "project", "name"})
    check_text(config, key, "", out);
  check_choice(config, "kind", "", sweep_kind, out);
  if (const auto* command = config.if_contains("command");
      command != nullptr && !command->is_array())
    out.add("command",
            "must be a list of arguments such as [\"${env}\", python, \"${program}\", "
            "\"${args}\"], not " +
                shown(*command));
  if (const auto* cap = config.if_contains("run_cap");
      cap != nullptr && whole_in(*cap).value_or(0) <= 0)
    out.add("run_cap", "must be an integer of at least 1, not " + shown(*cap));
}

// The keys that are ours alone.
void check_our_keys(const bj::object& config, problem_list& out) {
  const auto method = text_at(config, "method");
  const auto check_integer = [&](std::string_view key, double least) {
    const auto* v = config.if_contains(key);
    if (v != nullptr && (!written_as_integer(*v) || v->to_number<double>() < least))
      out.add(std::string(key), "must be an integer of at least " +
                                    std::to_string(static_cast<int>(least)) + ", not " + shown(*v));
  };
  check_integer("max_concurrent_runs", 1);
  check_integer("seed", 0);
  check_search(config, out);
  if (const auto* shuffle = config.if_contains(grid_key)) {
    if (!shuffle->is_bool())
      out.add(std::string(grid_key), "must be true or false, not " + shown(*shuffle));
    else if (!method.empty() && method != "grid")
      out.add(std::string(grid_key), "is for method: grid only; remove it");
  }
}

void check_method(const bj::object& config, problem_list& out) {
  if (!config.contains("method"))
    return out.add("method", "is missing: write grid, random or bayes");
  check_choice(config, "method", "", methods, out);
  const auto method = text_at(config, "method");
  if (searches_by_model(method) && method != "sobol" && !config.contains("metric") &&
      !config.contains("metrics"))
    out.add_stricter("metric", "is missing: method " + std::string(method) +
                                   " needs a metric to improve; write metric: "
                                   "{name: loss, goal: minimize}");
}

}  // namespace

void check_sweep_keys(const bj::object& config, problem_list& out) {
  std::vector<std::string_view> known(top_level_keys.begin(), top_level_keys.end());
  known.push_back(grid_key);
  check_known(config, "", known, out);
  check_method(config, out);
  check_metrics(config, out);
  check_early_terminate(config, out);
  check_scheduler(config, out);
  check_controller(config, out);
  check_plain_keys(config, out);
  check_our_keys(config, out);
}

}  // namespace sweepd::strategies
