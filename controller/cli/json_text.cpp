#include "controller/cli/json_text.hpp"

#include "controller/base/json_text.hpp"
#include "controller/cli/text.hpp"

#include <cstdio>

namespace sweepd::cli {
namespace {

/// Code points that are escaped in output: those which clean() would drop.
bool needs_escape(std::string_view character) { return clean(character).empty(); }

void append_escaped(std::string& out, std::string_view s) {
  const auto unit = [&](unsigned value) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, "\\u%04x", value);
    out += buffer;
  };
  out += '"';
  for (std::size_t at = 0; at < s.size();) {
    const auto c = static_cast<unsigned char>(s[at]);
    if (c == '"' || c == '\\') {
      out += {'\\', s[at++]};
    } else if (c == '\n') {
      out += "\\n", ++at;
    } else if (c == '\t') {
      out += "\\t", ++at;
    } else if (c == '\r') {
      out += "\\r", ++at;
    } else if (c < 0x20 || c == 0x7F) {
      unit(c), ++at;
    } else if (c < 0x80) {
      out += s[at++];
    } else {
      const std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
      const auto point = s.substr(at, length);
      at += point.size();
      if (!needs_escape(point)) {
        out += point;
        continue;
      }
      unsigned value = c & (0x7Fu >> length);
      for (std::size_t i = 1; i < point.size(); ++i)
        value = (value << 6) | (static_cast<unsigned char>(point[i]) & 0x3Fu);
      if (value >= 0x10000) {
        unit(0xD800 + ((value - 0x10000) >> 10));
        value = 0xDC00 + ((value - 0x10000) & 0x3FF);
      }
      unit(value);
    }
  }
  out += '"';
}

void append_value(std::string& out, const json::value& v, int depth, bool indent) {
  const auto line = [&](int d) {
    if (indent) out += "\n" + std::string(static_cast<std::size_t>(d) * 2, ' ');
  };
  const auto entries = [&](const auto& items, char open, char close, auto&& each) {
    out += open;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += indent ? "," : ", ";
      first = false;
      line(depth + 1);
      each(item);
    }
    if (!first) line(depth);
    out += close;
  };
  switch (v.kind()) {
    case json::kind::string:
      return append_escaped(out, v.get_string());
    case json::kind::array:
      return entries(v.get_array(), '[', ']',
                     [&](const json::value& x) { append_value(out, x, depth + 1, indent); });
    case json::kind::object:
      return entries(v.get_object(), '{', '}', [&](const json::key_value_pair& x) {
        append_escaped(out, x.key());
        out += ": ";
        append_value(out, x.value(), depth + 1, indent);
      });
    default:
      out += sweepd::json::to_text(v);
  }
}

}  // namespace

const json::value* find(const json::object& o, std::string_view path) {
  const json::object* here = &o;
  while (true) {
    const auto dot = path.find('.');
    const auto* v = here->if_contains(json::string_view(path.data(), std::min(dot, path.size())));
    if (v == nullptr || v->is_null()) return nullptr;
    if (dot == std::string_view::npos) return v;
    if (!v->is_object()) return nullptr;
    here = &v->get_object();
    path.remove_prefix(dot + 1);
  }
}

std::string scalar(const json::value& v) {
  switch (v.kind()) {
    case json::kind::null:
      return {};
    case json::kind::string:
      return clean(std::string_view(v.get_string()));
    case json::kind::double_:
      return short_number(v.get_double());
    default:
      return clean(compact(v));
  }
}

std::string field(const json::object& o, std::string_view path) {
  const auto* v = find(o, path);
  return v == nullptr ? std::string{} : scalar(*v);
}

std::int64_t whole(const json::object& o, std::string_view path, std::int64_t otherwise) {
  const auto* v = find(o, path);
  if (v == nullptr || !v->is_number()) return otherwise;
  if (v->is_double()) return static_cast<std::int64_t>(v->get_double());
  boost::system::error_code ec;
  const auto n = v->to_number<std::int64_t>(ec);
  return ec ? otherwise : n;
}

bool truth(const json::object& o, std::string_view path) {
  const auto* v = find(o, path);
  return v != nullptr && v->is_bool() && v->get_bool();
}

std::optional<instant> time_at(const json::object& o, std::string_view path) {
  const auto* v = find(o, path);
  if (v == nullptr || !v->is_string()) return std::nullopt;
  const auto t = parse_rfc3339(std::string_view(v->get_string()));
  return t ? std::optional(*t) : std::nullopt;
}

const json::array& list(const json::object& o, std::string_view path) {
  static const json::array none;
  const auto* v = find(o, path);
  return v != nullptr && v->is_array() ? v->get_array() : none;
}

const json::object& object_at(const json::object& o, std::string_view path) {
  static const json::object none;
  const auto* v = find(o, path);
  return v != nullptr && v->is_object() ? v->get_object() : none;
}

const json::object& as_object(const json::value& v) {
  static const json::object none;
  return v.is_object() ? v.get_object() : none;
}

std::string compact(const json::value& v) {
  std::string out;
  append_value(out, v, 0, false);
  return out;
}

std::string pretty(const json::value& v) {
  std::string out;
  append_value(out, v, 0, true);
  return out;
}

}  // namespace sweepd::cli
