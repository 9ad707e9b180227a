#include "controller/suggest/known_choices.hpp"

#include "controller/base/json_text.hpp"
#include "strategies/space.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::suggest {
namespace {

namespace bj = boost::json;
using strategies::leaf;

std::optional<double> as_number(const bj::value& v) {
  if (v.is_bool()) return v.get_bool() ? 1 : 0;
  if (v.is_number()) return v.to_number<double>();
  return std::nullopt;
}

bool false_in_python(const bj::value& v) {
  if (const auto x = as_number(v)) return *x == 0;
  return v.is_null() || (v.is_string() && v.get_string().empty()) ||
         (v.is_array() && v.get_array().empty()) || (v.is_object() && v.get_object().empty());
}

}  // namespace

bool equal_in_python(const bj::value& a, const bj::value& b) {
  if (a.is_array() && b.is_array())
    return std::ranges::equal(a.get_array(), b.get_array(), equal_in_python);
  if (a.is_object() && b.is_object()) {
    const auto& other = b.get_object();
    return a.get_object().size() == other.size() &&
           std::ranges::all_of(a.get_object(), [&](const auto& entry) {
             const auto* found = other.if_contains(entry.key());
             return found != nullptr && equal_in_python(entry.value(), *found);
           });
  }
  if (a.is_double() || b.is_double() || a.is_bool() || b.is_bool()) {
    const auto x = as_number(a), y = as_number(b);
    return x && y && *x == *y;
  }
  return a == b;
}

result<void> check_choices(const bj::object& config,
                           std::span<const strategies::observation> runs) {
  SWEEPD_TRY(const auto space,
             strategies::space::make(config.at("parameters").as_object()));
  std::vector<const leaf*> listed;
  for (const auto& one : space.leaves())
    if (one.what.what() == strategies::kind::categorical) listed.push_back(&one);
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (const auto* one : listed) {
      const auto* value = value_in(runs[i].config, *one);
      if (value == nullptr || false_in_python(*value)) continue;
      const auto& choices = one->what.choices();
      if (std::ranges::any_of(choices, [&](const auto& c) { return equal_in_python(c, *value); }))
        continue;
      return fail(errc::invalid,
                  json::to_text(*value) + " is not a permitted value of the categorical parameter " +
                      name_of(*one) + " in this sweep",
                  "runs." + std::to_string(i) + ".config." + name_of(*one));
    }
  return {};
}

}  // namespace sweepd::suggest
