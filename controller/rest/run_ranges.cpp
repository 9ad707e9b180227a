#include "controller/rest/run_ranges.hpp"

#include "controller/base/json_text.hpp"
#include "controller/rest/mask.hpp"

#include <algorithm>
#include <cmath>

namespace sweepd::rest {
namespace {

namespace bj = boost::json;

inline constexpr std::size_t ranges_max = 100;
inline constexpr std::size_t texts_max = 1'000;
inline constexpr std::string_view metric_name = "@metric";

/// As it stands on the axis of a chart.
std::string shown(const bj::value& v) {
  return v.is_string() ? std::string(std::string_view(v.get_string())) : json::to_text(v);
}

std::optional<double> number_of(const bj::value& v) {
  boost::system::error_code ec;
  const auto n = v.is_number() ? v.to_number<double>(ec) : NAN;
  return !ec && std::isfinite(n) ? std::optional(n) : std::nullopt;
}

}  // namespace

bj::value parameter_of(const bj::value& config, bj::string_view name) {
  const auto* object = config.if_object();
  const auto* entry = object == nullptr ? nullptr : object->if_contains(name);
  if (entry == nullptr) return nullptr;
  const auto* fields = entry->if_object();
  const auto* value = fields == nullptr ? nullptr : fields->if_contains("value");
  if (value == nullptr) value = entry;
  if (value->is_array() || value->is_object()) return bj::value(json::to_text(*value));
  return *value;
}

sort_value sort_value::of(double n) {
  sort_value out;
  if (std::isfinite(n)) out.number = n;
  return out;
}

sort_value sort_value::of(std::string t) {
  sort_value out;
  out.text = std::move(t);
  return out;
}

sort_value sort_value::of(const bj::value& v) {
  if (v.is_null()) return {};
  if (const auto n = number_of(v)) return of(*n);
  return of(shown(v));
}

sort_value sort_value::of(const bj::value* v) { return v == nullptr ? sort_value{} : of(*v); }

int compare(const sort_value& a, const sort_value& b, bool descending) {
  if (a.missing() != b.missing()) return a.missing() ? 1 : -1;
  int c = 0;
  if (a.number && b.number) c = *a.number < *b.number ? -1 : *a.number > *b.number ? 1 : 0;
  else if (a.number.has_value() != b.number.has_value()) c = a.number ? -1 : 1;
  else c = a.text.compare(b.text);
  return descending ? -c : c;
}

result<ranges> ranges::parse(std::string_view text) {
  ranges out;
  if (text.empty()) return out;
  const auto wrong = [](std::string why) { return fail(errc::invalid, std::move(why), "?ranges"); };
  json::text_limits limits;
  limits.unique_keys_to_depth = limits.depth_max;
  auto value = json::parse(text, limits);
  if (!value) return wrong("is not valid JSON, or names a parameter twice");
  if (!value->is_object()) return wrong("must be an object of NAME: [from, to] or NAME: [text, ...]");
  if (value->get_object().size() > ranges_max) return wrong("names more than 100 parameters");
  for (const auto& [name, item] : value->get_object()) {
    one o;
    o.name = std::string(name);
    const auto* list = item.if_array();
    if (list == nullptr || list->empty() || list->size() > texts_max)
      return wrong("'" + o.name + "' must be a list: two numbers, or texts");
    if (secret_name(o.name)) return wrong("'" + o.name + "' is hidden, and cannot be filtered by");
    const auto from = number_of(list->front());
    const auto to = number_of(list->back());
    if (from && to && list->size() == 2) {
      o.between = std::pair(*from, *to);
    } else {
      for (const auto& word : *list) {
        if (!word.is_string()) return wrong("'" + o.name + "' must be a list: two numbers, or texts");
        o.among.emplace_back(word.get_string());
      }
    }
    out.wanted_.push_back(std::move(o));
  }
  return out;
}

bool ranges::match(const bj::value& config, std::optional<double> metric) const {
  return std::all_of(wanted_.begin(), wanted_.end(), [&](const one& o) {
    const auto v = o.name != metric_name ? parameter_of(config, o.name)
                   : metric              ? bj::value(*metric)
                                         : bj::value(nullptr);
    if (!o.between) return std::find(o.among.begin(), o.among.end(), shown(v)) != o.among.end();
    const auto n = number_of(v);
    return n && *n >= o.between->first && *n <= o.between->second;
  });
}

}  // namespace sweepd::rest
