#include "controller/wandb/graphql_values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sweepd::wandb::graphql {
namespace {

using type_kind = type_def::kind;

tl::unexpected<error> wrong(const std::string& what, const std::string& why) {
  return fail(errc::invalid, what + ": " + why);
}

/// Scalars that take any JSON value as it is; all others are texts unless named in scalar().
bool takes_anything(std::string_view name) { return name == "JSON"; }

result<bj::value> whole_number(const bj::value& v, const std::string& what, std::int64_t least,
                               std::int64_t most, const std::string& type) {
  std::int64_t n = 0;
  if (v.is_int64()) {
    n = v.get_int64();
  } else if (v.is_uint64()) {
    return wrong(what, "is too large for " + type);
  } else if (v.is_double() && std::trunc(v.get_double()) == v.get_double() &&
             std::abs(v.get_double()) < 9e15) {
    n = static_cast<std::int64_t>(v.get_double());
  } else {
    return wrong(what, "must be " + type);
  }
  if (n < least || n > most) return wrong(what, "is outside the range of " + type);
  return bj::value(n);
}

result<bj::value> scalar(const type_def& t, const bj::value& v, const std::string& what) {
  using limits32 = std::numeric_limits<std::int32_t>;
  using limits64 = std::numeric_limits<std::int64_t>;
  const std::string_view name = t.name;
  if (takes_anything(name)) return v;
  if (name == "Int") return whole_number(v, what, limits32::min(), limits32::max(), t.name);
  if (name == "Int64" || name == "Duration")
    return whole_number(v, what, limits64::min(), limits64::max(), t.name);
  if (name == "Float") {
    if (!v.is_number()) return wrong(what, "must be Float");
    return bj::value(v.to_number<double>());
  }
  if (name == "Boolean") {
    if (!v.is_bool()) return wrong(what, "must be Boolean");
    return v;
  }
  if (name == "ID" && v.is_int64()) return bj::value(std::to_string(v.get_int64()));
  if (name == "JSONString" && (v.is_object() || v.is_array())) return bj::value(json::to_text(v));
  if (!v.is_string()) return wrong(what, "must be " + t.name);
  return v;
}

result<bj::value> coerce(const schema& s, const type_ref& t, const bj::value& v, const std::string& what);
result<std::optional<bj::value>> json_of(const literal& v, const bj::object& variables, const std::string& what);

result<bj::value> input_object(const schema& s, const type_def& t, const bj::value& v, const std::string& what) {
  if (!v.is_object()) return wrong(what, "must be an object (" + t.name + ")");
  bj::object out;
  for (const auto& [key, item] : v.get_object()) {
    const auto* field = schema::input(t.inputs, key);
    if (field == nullptr) {
      std::vector<std::string_view> known;
      for (const auto& f : t.inputs) known.push_back(f.name);
      return wrong(what, "has no field '" + std::string(key) + "' (" + t.name + ")." + did_you_mean(key, known));
    }
    SWEEPD_TRY(out[key], coerce(s, field->type, item, what + "." + std::string(key)));
  }
  for (const auto& f : t.inputs) {
    if (out.contains(f.name)) continue;
    if (f.fallback) {
      SWEEPD_TRY(const auto value, json_of(*f.fallback, {}, what));
      SWEEPD_TRY(out[f.name], coerce(s, f.type, value.value_or(nullptr), what + "." + f.name));
    } else if (f.type.required) {
      return wrong(what + "." + f.name, "is required (" + to_string(f.type) + ")");
    }
  }
  return bj::value(std::move(out));
}

result<bj::value> coerce(const schema& s, const type_ref& t, const bj::value& v, const std::string& what) {
  if (v.is_null()) {
    if (t.required) return wrong(what, "must not be null (" + to_string(t) + ")");
    return v;
  }
  if (t.is_list()) {
    bj::array out;
    if (!v.is_array()) {
      SWEEPD_TRY(auto one, coerce(s, t.of.front(), v, what));
      out.push_back(std::move(one));
      return bj::value(std::move(out));
    }
    std::size_t i = 0;
    for (const auto& item : v.get_array()) {
      SWEEPD_TRY(auto one, coerce(s, t.of.front(), item, what + "[" + std::to_string(i++) + "]"));
      out.push_back(std::move(one));
    }
    return bj::value(std::move(out));
  }
  const auto& base = *s.find(t.name);
  if (base.is == type_kind::input) return input_object(s, base, v, what);
  if (base.is == type_kind::scalar) return scalar(base, v, what);
  const auto text = v.is_string() ? std::string(v.get_string()) : std::string();
  if (std::find(base.members.begin(), base.members.end(), text) == base.members.end()) {
    const std::vector<std::string_view> known(base.members.begin(), base.members.end());
    return wrong(what, "is not a value of " + base.name + "." + did_you_mean(text, known));
  }
  return v;
}

/// A literal as JSON, before it is coerced. none: a variable that was not given.
result<std::optional<bj::value>> json_of(const literal& v, const bj::object& variables, const std::string& what) {
  using kind = literal::kind;
  switch (v.is) {
    case kind::variable: {
      const auto* given = variables.if_contains(v.text);
      if (given == nullptr) return std::nullopt;
      return *given;
    }
    case kind::null: return bj::value(nullptr);
    case kind::boolean: return bj::value(v.text == "true");
    case kind::integer:
    case kind::real: {
      auto n = json::parse(v.text);
      if (!n) return wrong(what, "is not a number we can hold");
      return std::move(*n);
    }
    case kind::text:
    case kind::name: return bj::value(v.text);
    case kind::list: {
      bj::array out;
      for (const auto& item : v.items) {
        SWEEPD_TRY(auto one, json_of(item, variables, what));
        out.push_back(one ? std::move(*one) : bj::value(nullptr));
      }
      return bj::value(std::move(out));
    }
    case kind::object: break;
  }
  bj::object out;
  for (const auto& [key, item] : v.members) {
    SWEEPD_TRY(auto one, json_of(item, variables, what));
    if (one) out[key] = std::move(*one);
  }
  return bj::value(std::move(out));
}

bool fits_scalar(const type_def& t, literal::kind k) {
  using kind = literal::kind;
  if (takes_anything(t.name)) return true;
  if (t.name == "Int" || t.name == "Int64" || t.name == "Duration") return k == kind::integer;
  if (t.name == "Float") return k == kind::integer || k == kind::real;
  if (t.name == "Boolean") return k == kind::boolean;
  if (t.name == "ID") return k == kind::text || k == kind::integer;
  return k == kind::text;
}

}  // namespace

std::string to_string(const place& at) {
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string to_string(const literal& v) {
  using kind = literal::kind;
  std::string out;
  switch (v.is) {
    case kind::variable: return "$" + v.text;
    case kind::null: return "null";
    case kind::text: return json::to_text(bj::value(v.text));
    case kind::list:
      for (const auto& i : v.items) out += (out.empty() ? "" : ", ") + to_string(i);
      return "[" + out + "]";
    case kind::object:
      for (const auto& [key, i] : v.members) out += (out.empty() ? "" : ", ") + key + ": " + to_string(i);
      return "{" + out + "}";
    default: return v.text;
  }
}

result<bj::object> coerce_variables(const schema& s, const operation& op, const bj::object& given) {
  bj::object out;
  for (const auto& v : op.variables) {
    const auto what = "variable '$" + v.name + "'";
    const auto placed = [&](error e) {
      e.where = to_string(v.at);
      return tl::unexpected<error>(std::move(e));
    };
    if (const auto* value = given.if_contains(v.name)) {
      auto coerced = coerce(s, v.type, *value, what);
      if (!coerced) return placed(std::move(coerced).error());
      out[v.name] = std::move(*coerced);
    } else if (v.fallback) {
      auto json = json_of(*v.fallback, {}, what);
      if (!json) return placed(std::move(json).error());
      auto coerced = coerce(s, v.type, json->value_or(nullptr), what);
      if (!coerced) return placed(std::move(coerced).error());
      out[v.name] = std::move(*coerced);
    } else if (v.type.required) {
      return placed(error{errc::invalid, what + " is required (" + to_string(v.type) + ")", {}});
    }
  }
  return out;
}

result<bj::object> coerce_arguments(const schema& s, const std::vector<input_def>& declared,
                                    const std::vector<argument>& written, const bj::object& variables) {
  bj::object out;
  for (const auto& d : declared) {
    const auto what = "argument '" + d.name + "'";
    const auto it = std::find_if(written.begin(), written.end(), [&](const auto& a) { return a.name == d.name; });
    std::optional<bj::value> value;
    if (it != written.end()) {
      SWEEPD_TRY(value, json_of(it->value, variables, what));
    }
    if (!value && d.fallback) {
      SWEEPD_TRY(value, json_of(*d.fallback, {}, what));
    }
    if (!value) {
      if (d.type.required) return wrong(what, "is required (" + to_string(d.type) + ")");
      continue;
    }
    SWEEPD_TRY(out[d.name], coerce(s, d.type, *value, what));
  }
  return out;
}

result<void> check_literal(const schema& s, const type_ref& t, const literal& v, const std::string& what) {
  using kind = literal::kind;
  if (v.is == kind::variable) return {};
  if (v.is == kind::null) {
    if (t.required) return wrong(what, "must not be null (" + to_string(t) + ")");
    return {};
  }
  if (t.is_list()) {
    if (v.is != kind::list) return check_literal(s, t.of.front(), v, what);
    for (const auto& item : v.items)
      if (auto good = check_literal(s, t.of.front(), item, what); !good) return good;
    return {};
  }
  const auto& base = *s.find(t.name);
  if (base.is == type_kind::scalar) {
    if (!fits_scalar(base, v.is)) return wrong(what, "must be " + base.name);
    return {};
  }
  if (base.is == type_kind::enum_) {
    if (v.is == kind::name && std::find(base.members.begin(), base.members.end(), v.text) != base.members.end())
      return {};
    const std::vector<std::string_view> known(base.members.begin(), base.members.end());
    return wrong(what, "is not a value of " + base.name + "." + did_you_mean(v.text, known));
  }
  if (v.is != kind::object) return wrong(what, "must be an object (" + base.name + ")");
  for (const auto& [key, item] : v.members) {
    const auto* field = schema::input(base.inputs, key);
    if (field == nullptr) {
      std::vector<std::string_view> known;
      for (const auto& f : base.inputs) known.push_back(f.name);
      return wrong(what, "has no field '" + key + "' (" + base.name + ")." + did_you_mean(key, known));
    }
    if (auto good = check_literal(s, field->type, item, what + "." + key); !good) return good;
  }
  for (const auto& f : base.inputs) {
    const bool there = std::any_of(v.members.begin(), v.members.end(), [&](const auto& m) { return m.first == f.name; });
    if (!there && f.type.required && !f.fallback)
      return wrong(what + "." + f.name, "is required (" + to_string(f.type) + ")");
  }
  return {};
}

}  // namespace sweepd::wandb::graphql
