#include "controller/base/json_text.hpp"
#include "strategies/nearest.hpp"
#include "strategies/schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <utility>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

constexpr std::size_t shown_length_max = 60;

std::string quoted(std::string_view text) { return std::string("'").append(text).append("'"); }

bool is_integer(const bj::value& v) { return v.is_int64() || v.is_uint64(); }

bool reads_as_number(std::string_view text) {
  double x = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), x);
  return ec == std::errc{} && end == text.data() + text.size() && std::isfinite(x);
}

std::string not_a_number(const bj::value& v) {
  if (v.is_string() && reads_as_number(std::string_view(v.get_string())))
    return "must be a number, not the text " + shown(v) +
           "; write it without quotes, and an exponent with a dot (1.0e-3): YAML reads 1e-3 as "
           "text";
  return "must be a finite number, not " + shown(v);
}

void check_probabilities(const bj::value& v, const std::string& path, problem_list& out) {
  if (!v.is_array() || v.get_array().empty())
    return out.add(path, "must be a list of at least one probability, not " + shown(v));
  for (std::size_t i = 0; i < v.get_array().size(); ++i) {
    const auto& item = v.get_array()[i];
    const auto x = number_in(item);
    const auto place = join_path(path, std::to_string(i));
    if (!x)
      out.add(place, not_a_number(item));
    else if (*x < 0)
      out.add(place, "must be 0 or above, not " + shown(item));
  }
}

void check_integer(const bj::value& v, const std::string& path, problem_list& out) {
  if (v.is_uint64() &&
      v.get_uint64() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return out.add_stricter(path, "must fit in 64 bits with a sign, not " + shown(v));
  if (is_integer(v)) return;
  if (v.is_double())
    return out.add(path, "must be written as an integer (3, not 3.0), not " + shown(v) +
                             "; for real numbers use distribution: uniform");
  out.add(path, "must be an integer, not " + shown(v));
}

void check_key(const key_rule& rule, const kind_rules& rules, const bj::value& v,
               const std::string& path, problem_list& out) {
  const auto x = number_in(v);
  switch (rule.type) {
    case key_type::anything:
      return;
    case key_type::number:
      if (!x) out.add(path, not_a_number(v));
      return;
    case key_type::positive_number:
      if (!x) return out.add(path, not_a_number(v));
      if (*x > 0) return;
      if (rule.name == "min")
        return out.add(path, "must be above 0, not " + shown(v) + ": in " +
                                 std::string(rules.distribution) +
                                 " min and max are the values themselves, not exponents");
      return out.add(path, "must be above 0, not " + shown(v));
    case key_type::number_from_zero:
      if (!x) return out.add(path, not_a_number(v));
      if (*x < 0) out.add(path, "must be 0 or above, not " + shown(v));
      return;
    case key_type::integer:
      return check_integer(v, path, out);
    case key_type::list:
      if (!v.is_array())
        out.add(path, "must be a list such as [1, 2, 3], not " + shown(v));
      else if (v.get_array().empty())
        out.add(path, "must list at least one value");
      return;
    case key_type::probabilities:
      return check_probabilities(v, path, out);
    case key_type::parameters:
      if (!v.is_object()) out.add(path, "must be a map of parameters, not " + shown(v));
      return;
  }
}

std::vector<std::string_view> key_names(const kind_rules& rules) {
  std::vector<std::string_view> names;
  for (const auto& rule : rules.keys) names.push_back(rule.name);
  return names;
}

// Why `key` has no place in a parameter of this kind, and where it would have one.
std::string unknown_key(std::string_view key, const kind_rules& rules) {
  auto names = key_names(rules);
  const std::string kind_name =
      rules.what == kind::nested ? "nested" : std::string(rules.distribution);
  std::string text = "is not a key of a parameter of kind " + kind_name;
  const std::string rounded =
      "q_" + std::string(rules.what == kind::int_uniform ? "uniform" : rules.distribution);
  if (key == "q" && kind_of_distribution(rounded))
    return text + "; to round to multiples of q write distribution: " + rounded;
  if (key == "probabilities" && rules.what == kind::categorical)
    return text +
           "; to weigh values leave distribution out, or write distribution: "
           "categorical_w_probabilities";
  const auto hint = did_you_mean(key, names);
  return hint.empty() ? text + ", which takes " + listed(names, "and") : text + hint;
}

std::string unknown_distribution(std::string_view text) {
  std::vector<std::string_view> names;
  for (const auto& row : all_kinds())
    if (!row.distribution.empty()) names.push_back(row.distribution);
  auto found = nearest(text, names);
  if (found.empty()) {
    std::erase_if(names, [](std::string_view name) {
      return !rules_of(*kind_of_distribution(name)).replacement.empty();
    });
    return "unknown distribution " + quoted(text) + "; known are " + listed(names, "and");
  }
  const auto& rules = rules_of(*kind_of_distribution(found));
  if (!rules.replacement.empty()) found = rules.replacement;
  return "unknown distribution " + quoted(text) + "; did you mean " + quoted(found) + "?";
}

std::string no_object(const bj::value& v) {
  if (v.is_array()) return "must be a map; to choose from a list write {values: " + shown(v) + "}";
  return "must be a map such as {values: [1, 2]} or {min: 0.0, max: 1.0}; for a fixed value write "
         "{value: " +
         shown(v) + "}";
}

void check_unknown_kind(const bj::object& parameter, std::string_view path, problem_list& out) {
  static constexpr std::array<std::string_view, 12> all_keys{
      "value", "values", "probabilities", "min",       "max", "q", "mu", "sigma",
      "a",     "b",      "distribution",  "parameters"};
  bool told = false;
  for (const auto& [key, item] : parameter) {
    if (std::ranges::find(all_keys, std::string_view(key)) != all_keys.end()) continue;
    out.add(join_path(path, key), "is not a key of a parameter" + did_you_mean(key, all_keys));
    told = true;
  }
  if (told) return;
  if (parameter.contains("mu") || parameter.contains("sigma"))
    return out.add(std::string(path),
                   "mu and sigma need distribution: normal (or log_normal, "
                   "q_normal, q_log_normal)");
  if (parameter.contains("a") || parameter.contains("b"))
    return out.add(std::string(path), "a and b need distribution: beta (or q_beta)");
  out.add(std::string(path),
          "says nothing to search over: give value, values, min and max, a distribution, or nested "
          "parameters");
}

std::optional<double> number_at(const bj::object& parameter, std::string_view key) {
  const auto* v = parameter.if_contains(key);
  return v == nullptr ? std::nullopt : number_in(*v);
}

void check_shares(const bj::object& parameter, std::string_view path, problem_list& out) {
  const auto* values = parameter.if_contains("values");
  const auto* shares = parameter.if_contains("probabilities");
  if (values == nullptr || shares == nullptr || !values->is_array() || !shares->is_array()) return;
  const auto place = join_path(path, "probabilities");
  const auto count = shares->get_array().size();
  if (count != values->get_array().size())
    return out.add(place, "must be as many as values: " + std::to_string(count) +
                              " probabilities for " + std::to_string(values->get_array().size()) +
                              " values");
  double sum = 0;
  for (const auto& share : shares->get_array()) {
    const auto x = number_in(share);
    if (!x) return;  // already told
    sum += *x;
  }
  // The tolerance is numpy.isclose's, as in W&B's check.
  if (!(std::abs(sum - 1) <= 1e-8 + 1e-5))
    out.add(place, "must sum to 1, not " + shown(bj::value(sum)));
}

std::string deprecation(kind k, const bj::object& parameter) {
  const auto& rules = rules_of(k);
  std::string text =
      std::string(rules.distribution) +
      " is deprecated, for its min and max are exponents of e; write distribution: " +
      std::string(rules.replacement) + " and the limits themselves";
  auto low = number_at(parameter, "min");
  auto high = number_at(parameter, "max");
  if (!low || !high) return text;
  if (k == kind::inv_log_uniform) {
    std::swap(low, high);
    low = -*low;
    high = -*high;
  }
  std::array<char, 64> limits{};
  std::snprintf(limits.data(), limits.size(), " (min: %.6g, max: %.6g)", std::exp(*low),
                std::exp(*high));
  return text + limits.data();
}

// check_consistency, and what can be sampled but should not be written. W&B's check looks at the
// top level only, hence `depth`.
void check_values(kind k, const bj::object& parameter, std::string_view path, int depth,
                  problem_list& out) {
  problem_list found;
  check_consistency(parameter, path, found);
  if (!rules_of(k).replacement.empty())
    found.add(join_path(path, "distribution"), deprecation(k, parameter));
  for (auto& item : found.take()) {
    if (depth == 0 && !item.stricter)
      out.add(std::move(item.path), std::move(item.text));
    else
      out.add_stricter(std::move(item.path), std::move(item.text));
  }
  for (const auto& rule : rules_of(k).keys)
    if (rule.type == key_type::number_from_zero && number_at(parameter, rule.name) == 0.0)
      out.add_stricter(join_path(path, rule.name),
                       "0 leaves nothing to draw; give a number above 0, or a fixed {value: ...}");
}

bool valid_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  const auto later = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  return !name.empty() && letter(name.front()) && std::ranges::all_of(name, later);
}

}  // namespace

std::string join_path(std::string_view parent, std::string_view key) {
  return parent.empty() ? std::string(key) : std::string(parent) + "." + std::string(key);
}

std::string shown(const bj::value& v) {
  std::string text = v.is_string() ? quoted(std::string_view(v.get_string())) : json::to_text(v);
  if (text.size() > shown_length_max) {
    std::size_t cut = shown_length_max;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;  // whole UTF-8
    text.resize(cut);
    text += "...";
  }
  return text;
}

std::optional<double> number_in(const bj::value& v) {
  if (!v.is_number()) return std::nullopt;
  const double x = v.to_number<double>();
  if (!std::isfinite(x)) return std::nullopt;
  return x;
}

std::optional<kind> intended_kind(const bj::object& parameter) {
  if (const auto* named = parameter.if_contains("distribution")) {
    if (!named->is_string()) return std::nullopt;
    return kind_of_distribution(std::string_view(named->get_string()));
  }
  if (parameter.contains("parameters")) return kind::nested;
  if (parameter.contains("probabilities")) return kind::categorical_w_probabilities;
  if (parameter.contains("values")) return kind::categorical;
  if (parameter.contains("value")) return kind::constant;
  const auto* min = parameter.if_contains("min");
  const auto* max = parameter.if_contains("max");
  if (min == nullptr && max == nullptr) return std::nullopt;
  const auto fits = [](const bj::value* v) { return v == nullptr || is_integer(*v); };
  return fits(min) && fits(max) ? kind::int_uniform : kind::uniform;
}

void check_as(kind k, const bj::object& parameter, std::string_view path, problem_list& out) {
  const auto& rules = rules_of(k);
  for (const auto& [key, item] : parameter) {
    const std::string_view name = key;
    if (name == "distribution" && !rules.distribution.empty()) continue;
    const auto rule = std::ranges::find(rules.keys, name, &key_rule::name);
    if (rule == rules.keys.end())
      out.add(join_path(path, name), unknown_key(name, rules));
    else
      check_key(*rule, rules, item, join_path(path, name), out);
  }
  for (const auto& rule : rules.keys)
    if (rule.required && !parameter.contains(rule.name))
      out.add(join_path(path, rule.name),
              "is missing" +
                  (k == kind::nested
                       ? std::string()
                       : ": a parameter of kind " + std::string(rules.distribution) + " needs it"));
}

bool matches_a_kind(const bj::object& parameter, int depth) {
  const auto k = intended_kind(parameter);
  if (!k) return false;
  problem_list problems;
  check_as(*k, parameter, "", problems);
  if (!problems.empty()) return false;
  if (*k != kind::nested) return true;
  const auto& group = parameter.at("parameters").get_object();
  return depth < nesting_depth_max && !group.empty() &&
         std::ranges::all_of(
             group,
             [&](const auto& entry) {
               const auto* inner = entry.value().if_object();
               return inner != nullptr && valid_name(entry.key()) &&
                      matches_a_kind(*inner, depth + 1);
             });
}

void check_bounds(const bj::object& parameter, std::string_view path, problem_list& out) {
  const auto low = number_at(parameter, "min");
  const auto high = number_at(parameter, "max");
  if (!low || !high) return;
  const auto& min = parameter.at("min");
  const auto& max = parameter.at("max");
  // Integers are compared as such: as doubles, neighbours above 2^53 would be equal.
  const bool integers = min.is_int64() && max.is_int64();
  const bool ordered = integers ? min.get_int64() < max.get_int64() : *low < *high;
  if (!ordered)
    out.add(join_path(path, "min"), "min " + shown(min) + " is not less than max " + shown(max));
  else if (!std::isfinite(*high - *low))
    out.add_stricter(join_path(path, "max"), "is too far from min for a 64-bit float");
  else if (integers && min.get_int64() == std::numeric_limits<std::int64_t>::min() &&
           max.get_int64() == std::numeric_limits<std::int64_t>::max())
    out.add_stricter(join_path(path, "max"),
                     "leaves 2^64 integers from min: one too many to count");
}

void check_consistency(const bj::object& parameter, std::string_view path, problem_list& out) {
  check_bounds(parameter, path, out);
  check_shares(parameter, path, out);
}

void check_parameter(const bj::value& parameter, std::string_view path, int depth,
                     problem_list& out) {
  if (!parameter.is_object()) return out.add(std::string(path), no_object(parameter));
  const auto& object = parameter.get_object();
  const auto k = intended_kind(object);
  if (!k) {
    const auto* named = object.if_contains("distribution");
    if (named == nullptr) return check_unknown_kind(object, path, out);
    const auto place = join_path(path, "distribution");
    if (!named->is_string()) return out.add(place, "must be a text, not " + shown(*named));
    return out.add(place, unknown_distribution(std::string_view(named->get_string())));
  }
  check_as(*k, object, path, out);
  check_values(*k, object, path, depth, out);
  if (const auto* inner = object.if_contains("parameters"); inner != nullptr && inner->is_object())
    check_parameters(*inner, join_path(path, "parameters"), depth + 1, out);
}

void check_parameters(const bj::value& parameters, std::string_view path, int depth,
                      problem_list& out) {
  if (!parameters.is_object())
    return out.add(std::string(path), "must be a map of parameter names, not " + shown(parameters));
  if (depth > nesting_depth_max)
    return out.add_stricter(std::string(path), "is nested deeper than " +
                                                   std::to_string(nesting_depth_max) + " levels");
  const auto& object = parameters.get_object();
  if (object.empty()) return out.add(std::string(path), "must name at least one parameter");
  for (const auto& [name, parameter] : object) {
    const auto place = join_path(path, name);
    if (!valid_name(name))
      out.add(place,
              "a parameter's name is made of letters, digits, '_', '.' and '-', and begins "
              "with a letter or '_'");
    check_parameter(parameter, place, depth, out);
  }
}

}  // namespace sweepd::strategies
