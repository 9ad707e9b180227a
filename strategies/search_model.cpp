#include "strategies/search_model.hpp"

#include "strategies/nearest.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

struct option {
  std::string_view name;
  search_model of;
  bool whole;
  double least;  // itself allowed for whole numbers, not for others
  double most;
  void (*set)(search_settings&, double);
};

constexpr double many = 1'000'000;
constexpr std::array<option, 4> options{{
    {"start", search_model::tpe, true, 1, many,
     [](search_settings& s, double x) { s.tpe.start = static_cast<std::size_t>(x); }},
    {"candidates", search_model::tpe, true, 1, 10'000,
     [](search_settings& s, double x) { s.tpe.candidates = static_cast<std::size_t>(x); }},
    {"population", search_model::cma_es, true, 4, 100'000,
     [](search_settings& s, double x) { s.cma_es.population = static_cast<std::size_t>(x); }},
    {"step", search_model::cma_es, false, 0, 1,
     [](search_settings& s, double x) { s.cma_es.step = x; }},
}};

constexpr std::array<std::string_view, 4> models{"gp", "tpe", "cma_es", "sobol"};

std::string_view method_of(const bj::object& config) {
  const auto* v = config.if_contains("method");
  return v != nullptr && v->is_string() ? std::string_view(v->get_string()) : std::string_view();
}

std::optional<search_model> model_named(std::string_view name) {
  const auto* at = std::ranges::find(models, name);
  if (at == models.end()) return std::nullopt;
  return static_cast<search_model>(at - models.begin());
}

// The model that a file means; none when it names one that does not exist.
std::optional<search_model> model_in(const bj::object& config) {
  if (const auto own = model_named(method_of(config))) return own;
  const auto* search = config.if_contains("search");
  if (search == nullptr || !search->is_object()) return search_model::gp;
  const auto* written = search->get_object().if_contains("model");
  if (written == nullptr) return search_model::gp;
  return written->is_string() ? model_named(written->get_string()) : std::nullopt;
}

std::vector<std::string_view> options_of(search_model m) {
  std::vector<std::string_view> out;
  for (const auto& o : options)
    if (o.of == m) out.push_back(o.name);
  return out;
}

void check_value(const option& o, const bj::value& v, problem_list& out) {
  const auto x = number_in(v);
  const bool kind = x && (!o.whole || v.is_int64() || v.is_uint64());
  if (kind && (o.whole ? *x >= o.least : *x > o.least) && *x <= o.most) return;
  const auto limit = [](double at) { return std::to_string(static_cast<long>(at)); };
  out.add(join_path("search", o.name), std::string("must be ") +
                                           (o.whole ? "an integer from " : "a number above ") +
                                           limit(o.least) + (o.whole ? " to " : " and at most ") +
                                           limit(o.most) + ", not " + shown(v));
}

void check_model(const bj::object& config, const bj::value& written, problem_list& out) {
  const auto method = method_of(config);
  const auto name = written.is_string() ? std::string_view(written.get_string()) : "";
  if (method != "bayes") {
    out.add("search.model", "is for method: bayes; method " + std::string(method) +
                                " is a model already, remove it");
  } else if (!model_named(name)) {
    out.add("search.model", "must be " + listed(models) + ", not " + shown(written) +
                                (name.empty() ? "" : did_you_mean(name, models)));
  }
}

void check_key(std::string_view key, const bj::value& v, search_model m, problem_list& out) {
  const auto* known = std::ranges::find(options, key, &option::name);
  if (known != options.end() && known->of == m) return check_value(*known, v, out);
  const std::string model(models[static_cast<std::size_t>(m)]);
  if (known != options.end()) {
    const std::string owner(models[static_cast<std::size_t>(known->of)]);
    return out.add(join_path("search", key),
                   "is an option of model " + owner + ", not of " + model + ": remove one of them");
  }
  auto names = options_of(m);
  names.push_back("model");
  auto hint = did_you_mean(key, names);
  if (hint.empty()) hint = "; model " + model + " knows " + listed(names, "and");
  out.add(join_path("search", key), "is an unknown search option" + hint);
}

}  // namespace

bool searches_by_model(std::string_view method) {
  return method == "bayes" || (method != "gp" && model_named(method).has_value());
}

void check_search(const bj::object& config, problem_list& out) {
  const auto* search = config.if_contains("search");
  if (search == nullptr) return;
  if (!search->is_object())
    return out.add("search", "must be a map of search options, not " + shown(*search));
  const auto method = method_of(config);
  if (method == "grid" || method == "random")
    for (const auto& [key, value] : search->get_object())
      out.add(join_path("search", key),
              "is an unknown search option: method " + std::string(method) + " has none");
  if (!searches_by_model(method)) return;
  const auto model = model_in(config);
  for (const auto& [key, value] : search->get_object()) {
    if (key == "model")
      check_model(config, value, out);
    else if (model)
      check_key(key, value, *model, out);
  }
}

result<search_settings> search_settings_in(const bj::object& config) {
  search_settings out;
  const auto model = model_in(config);
  problem_list problems;
  if (!model) {
    check_search(config, problems);
    return fail(errc::invalid, problems.items().front().text, problems.items().front().path);
  }
  out.model = *model;
  const auto* search = config.if_contains("search");
  if (search == nullptr || !search->is_object()) return out;
  for (const auto& o : options) {
    const auto* v = search->get_object().if_contains(o.name);
    if (v == nullptr || o.of != out.model) continue;
    check_value(o, *v, problems);
    if (!problems.empty())
      return fail(errc::invalid, problems.items().front().text, problems.items().front().path);
    o.set(out, v->to_number<double>());
  }
  return out;
}

}  // namespace sweepd::strategies
