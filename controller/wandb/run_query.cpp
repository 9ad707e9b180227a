#include "controller/wandb/run_query.hpp"

#include "controller/wandb/environment.hpp"
#include "controller/wandb/json_lines.hpp"
#include "controller/wandb/rows.hpp"

#include <algorithm>
#include <optional>
#include <regex>

namespace sweepd::wandb {
namespace {

constexpr std::size_t filter_depth_max = 16;
constexpr std::size_t pattern_bytes_max = 256;

using found = std::optional<bj::value>;

found at_path(const bj::value& in, std::string_view path) {
  const auto* o = in.if_object();
  const auto* v = o == nullptr ? nullptr : value_at(*o, path);
  return v == nullptr ? found() : found(*v);
}

found config_value(const core::state& s, const core::run& r, std::string_view path) {
  const auto parsed = json::parse(config_text(s, r));
  if (!parsed) return std::nullopt;
  const auto& config = *parsed;
  // "lr", "lr.value" and "opt.mom" of {"lr":{"value":..},"opt":{"value":{"mom":..}}}
  if (auto exact = at_path(config, path)) {
    if (const auto* o = exact->if_object(); o != nullptr && o->contains("value")) return o->at("value");
    return exact;
  }
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return at_path(config, std::string(path.substr(0, dot)) + ".value" + std::string(path.substr(dot)));
}

/// What a key of a filter or an order stands for.
found value_of(const core::state& s, const core::run& r, std::string_view key) {
  const auto text = [](std::string v) -> found {
    if (v.empty()) return std::nullopt;
    return bj::value(std::move(v));
  };
  for (const std::string_view prefix : {"summary_metrics.", "summaryMetrics.", "summary."})
    if (key.starts_with(prefix)) return at_path(r.summary, key.substr(prefix.size()));
  if (key.starts_with("config.")) return config_value(s, r, key.substr(7));
  if (key == "name") return text(name_of_run(r.id));
  if (key == "state") return text(std::string(json::enum_name(r.state)));
  if (key == "sweep") {
    const auto& sw = *core::find(s, r.sweep);
    return core::is_home(sw) ? std::nullopt : text(sw.id.value);
  }
  if (key == "display_name" || key == "displayName") {
    auto shown = about(r, "display_name");
    if (shown.empty()) shown = enqueued_name(s, r);
    return text(shown.empty() ? name_of_run(r.id) : shown);
  }
  if (key == "created_at" || key == "createdAt") return time_value(r.created);
  if (key == "heartbeat_at" || key == "heartbeatAt" || key == "updated_at")
    return time_value(std::max(r.last_signal_wall, r.created));
  if (key == "tags") {
    const auto* tags = r.about.if_contains("tags");
    return tags == nullptr ? found(bj::array()) : found(*tags);
  }
  if (key == "group" || key == "groupName") return text(about(r, "group"));
  if (key == "jobType" || key == "job_type") return text(about(r, "job_type"));
  if (key == "host") return text(r.host);
  if (key == "notes" || key == "description" || key == "commit") return text(about(r, key));
  if (key == "username" || key == "user.username" || key == "entity")
    return text(split_project(core::find(s, r.sweep)->project).first);
  return std::nullopt;
}

std::optional<int> compare(const bj::value& a, const bj::value& b) {
  if (a.is_number() && b.is_number()) {
    const auto x = a.to_number<double>(), y = b.to_number<double>();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_string() && b.is_string()) return std::string_view(a.get_string()).compare(std::string_view(b.get_string()));
  if (a.is_bool() && b.is_bool()) return static_cast<int>(a.get_bool()) - static_cast<int>(b.get_bool());
  return std::nullopt;
}

bool equal(const found& a, const bj::value& b) {
  if (!a) return b.is_null();
  if (const auto c = compare(*a, b)) return *c == 0;
  if (const auto* list = a->if_array(); list != nullptr && !b.is_array())  // as MongoDB: any element
    return std::any_of(list->begin(), list->end(), [&](const auto& x) { return equal(x, b); });
  return *a == b;
}

bool in(const found& a, const bj::value& list) {
  const auto* all = list.if_array();
  return all != nullptr && std::any_of(all->begin(), all->end(), [&](const auto& b) { return equal(a, b); });
}

/// libstdc++'s matcher without backtracking: a pattern from outside must not cost more than it is long. Throws.
std::regex pattern_of(const bj::value& pattern, bool any_case) {
  auto flags = std::regex::ECMAScript | std::regex_constants::__polynomial;
  if (any_case) flags |= std::regex::icase;
  return std::regex(std::string(pattern.get_string()), flags);
}

result<void> check_pattern(const bj::value& v, const std::string& where) {
  if (!v.is_string()) return fail(errc::invalid, "must be a text", where);
  if (v.get_string().size() > pattern_bytes_max) return fail(errc::too_large, "is longer than 256 bytes", where);
  try {
    [[maybe_unused]] const auto good = pattern_of(v, false);
    return {};
  } catch (const std::regex_error& e) {
    return fail(errc::invalid, "is not a regular expression: " + std::string(e.what()), where);
  }
}

bool regex_matches(const found& a, const bj::value& pattern, bool any_case) {
  if (!a || !a->is_string()) return false;
  const std::string text(a->get_string().subview(0, 1'000));  // std::regex recurses over its input
  return std::regex_search(text, pattern_of(pattern, any_case));
}

bool holds(const found& a, std::string_view op, const bj::value& b);

bool condition(const found& a, const bj::value& wanted) {
  const auto* ops = wanted.if_object();
  if (ops == nullptr || ops->empty() || !ops->begin()->key().starts_with('$')) return equal(a, wanted);
  const auto* options = ops->if_contains("$options");
  const bool any_case = options != nullptr && options->is_string() && options->get_string() == "i";
  return std::all_of(ops->begin(), ops->end(), [&](const auto& m) {
    if (m.key() == "$regex") return regex_matches(a, m.value(), any_case);
    return m.key() == "$options" || holds(a, m.key(), m.value());
  });
}

bool holds(const found& a, std::string_view op, const bj::value& b) {
  if (op == "$eq") return equal(a, b);
  if (op == "$ne") return !equal(a, b);
  if (op == "$in") return in(a, b);
  if (op == "$nin") return !in(a, b);
  if (op == "$exists") return a.has_value() == (!b.is_bool() || b.get_bool());
  if (op == "$not") return !condition(a, b);
  const auto c = a ? compare(*a, b) : std::nullopt;
  if (!c) return false;
  if (op == "$gt") return *c > 0;
  if (op == "$gte") return *c >= 0;
  if (op == "$lt") return *c < 0;
  return *c <= 0;  // $lte; others were refused
}

bool matches_all(const core::state& s, const core::run& r, const bj::object& filter) {
  return std::all_of(filter.begin(), filter.end(), [&](const auto& m) {
    const std::string_view key = m.key();
    const auto part = [&](const bj::value& f) { return matches_all(s, r, f.get_object()); };
    if (key == "$and") return std::all_of(m.value().get_array().begin(), m.value().get_array().end(), part);
    if (key == "$or") return std::any_of(m.value().get_array().begin(), m.value().get_array().end(), part);
    if (key == "$nor") return std::none_of(m.value().get_array().begin(), m.value().get_array().end(), part);
    return condition(value_of(s, r, key), m.value());
  });
}

result<void> check_condition(const bj::value& v, const std::string& where, std::size_t depth) {
  static const std::vector<std::string_view> known{"$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte",
                                                   "$exists", "$regex", "$not", "$options"};
  if (depth > filter_depth_max) return fail(errc::invalid, "is nested too deeply", where);
  const auto* ops = v.if_object();
  if (ops == nullptr || ops->empty() || !ops->begin()->key().starts_with('$')) return {};
  for (const auto& m : *ops) {
    const std::string_view key = m.key();
    if (std::find(known.begin(), known.end(), key) == known.end())
      return fail(errc::invalid, "unknown operator '" + std::string(key) + "'." + graphql::did_you_mean(key, known),
                  where);
    if (key == "$regex")
      if (auto good = check_pattern(m.value(), where + ".$regex"); !good) return good;
    if (key == "$not")
      if (auto good = check_condition(m.value(), where, depth + 1); !good) return good;
  }
  return {};
}

result<void> check_filter(const bj::value& v, std::size_t depth) {
  const auto* o = v.if_object();
  if (o == nullptr) return fail(errc::invalid, "must be an object", "filters");
  if (depth > filter_depth_max) return fail(errc::invalid, "is nested too deeply", "filters");
  for (const auto& m : *o) {
    const std::string_view key = m.key();
    if (key == "$and" || key == "$or" || key == "$nor") {
      if (!m.value().is_array()) return fail(errc::invalid, "must be a list", "filters." + std::string(key));
      for (const auto& part : m.value().get_array())
        if (auto good = check_filter(part, depth + 1); !good) return good;
    } else if (key.starts_with('$')) {
      return fail(errc::invalid, "unknown operator '" + std::string(key) + "'", "filters");
    } else if (auto good = check_condition(m.value(), "filters." + std::string(key), depth); !good) {
      return good;
    }
  }
  return {};
}

}  // namespace

result<run_query> run_query::parse(const bj::object& arguments) {
  run_query out;
  if (const auto text = text_in(arguments, "filters"); !text.empty() && text != "null") {
    const auto v = json::parse(text);
    if (!v) return fail(errc::invalid, v.error().message, "filters");
    if (auto good = check_filter(*v, 0); !good) return failed(good);
    out.filter_ = v->get_object();
  }
  auto order_text = text_in(arguments, "order");
  for (std::string_view rest = order_text; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    auto key = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (key.starts_with(' ')) key.remove_prefix(1);
    if (key.empty()) continue;
    order o;
    o.down = key.starts_with('-');
    if (key.starts_with('-') || key.starts_with('+')) key.remove_prefix(1);
    o.key = key;
    out.orders_.push_back(std::move(o));
  }
  return out;
}

bool run_query::matches(const core::state& s, const core::run& r) const {
  return !r.deleted && matches_all(s, r, filter_);
}

bj::object run_query::page(const core::state& s, std::vector<const core::run*> all,
                           const bj::object& arguments) const {
  std::erase_if(all, [&](const auto* r) { return !matches(s, *r); });
  struct keyed {
    const core::run* r;
    std::vector<found> keys;
  };
  std::vector<keyed> rows;
  for (const auto* r : all) {
    rows.push_back({r, {}});
    for (const auto& o : orders_) rows.back().keys.push_back(value_of(s, *r, o.key));
  }
  const bool down = !orders_.empty() && orders_.back().down;
  std::sort(rows.begin(), rows.end(), [&](const keyed& a, const keyed& b) {
    for (std::size_t i = 0; i < orders_.size(); ++i) {
      if (a.keys[i].has_value() != b.keys[i].has_value()) return a.keys[i].has_value();
      const auto c = a.keys[i] ? compare(*a.keys[i], *b.keys[i]) : std::nullopt;
      if (c && *c != 0) return orders_[i].down ? *c > 0 : *c < 0;
    }
    // Times are shown in whole seconds: within one, what is asked for newest first still comes so.
    const auto &x = down ? b : a, &y = down ? a : b;
    return std::pair(x.r->created, x.r->id.value) < std::pair(y.r->created, y.r->id.value);
  });
  std::vector<std::string> ids;
  for (const auto& k : rows) ids.push_back(k.r->id.value);
  return connection(ids, arguments, [&](std::size_t i) { return run_row(s, *rows[i].r); });
}

}  // namespace sweepd::wandb
