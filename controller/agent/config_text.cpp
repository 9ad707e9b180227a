#include "controller/agent/config_text.hpp"

#include "controller/base/json_text.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace sweepd::agent {
namespace {

namespace bj = boost::json;

/// repr(float)
std::string python_float(double d) {
  if (std::isfinite(d)) return json::number_text(d);
  return std::isnan(d) ? "nan" : d > 0 ? "inf" : "-inf";
}

/// Takes one code point off the front of valid UTF-8.
char32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t len = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (len == 1 || text.size() < len) {
    text.remove_prefix(1);
    return first;
  }
  char32_t cp = first & (0xFFu >> (len + 1));
  for (std::size_t i = 1; i < len; ++i) cp = (cp << 6) | (byte(i) & 0x3Fu);
  text.remove_prefix(len);
  return cp;
}

/// What str.isprintable() refuses beyond ASCII: controls, format characters, odd spaces, private use.
bool unprintable(char32_t c) {
  struct range {
    char32_t from, to;
  };
  static constexpr std::array ranges{
      range{0x80, 0xA0},      range{0xAD, 0xAD},      range{0x600, 0x605},   range{0x61C, 0x61C},
      range{0x1680, 0x1680},  range{0x180E, 0x180E},  range{0x2000, 0x200F}, range{0x2028, 0x202F},
      range{0x205F, 0x206F},  range{0x3000, 0x3000},  range{0xD800, 0xF8FF}, range{0xFEFF, 0xFEFF},
      range{0xFFF0, 0xFFFB},  range{0xFFFE, 0xFFFF},  range{0xE0000, 0x10FFFF}};
  for (const auto& r : ranges)
    if (c >= r.from && c <= r.to) return true;
  return false;
}

std::string hex_escape(const char* format, char32_t c) {
  std::array<char, 16> buf{};
  std::snprintf(buf.data(), buf.size(), format, static_cast<unsigned>(c));
  return buf.data();
}

std::string repr_text(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  while (!text.empty()) {
    const auto before = text;
    const char32_t c = take_code_point(text);
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F || (c >= 0x80 && c <= 0xFF && unprintable(c))) {
      out += hex_escape("\\x%02x", c);
    } else if (c > 0xFF && unprintable(c)) {
      out += c > 0xFFFF ? hex_escape("\\U%08x", c) : hex_escape("\\u%04x", c);
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out + quote;
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char32_t c = take_code_point(text);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default:
        if (c >= 0x20 && c < 0x7F) {
          out += static_cast<char>(c);
        } else if (c <= 0xFFFF) {
          out += hex_escape("\\u%04x", c);
        } else {
          out += hex_escape("\\u%04x", 0xD800 + ((c - 0x10000) >> 10));
          out += hex_escape("\\u%04x", 0xDC00 + ((c - 0x10000) & 0x3FF));
        }
    }
  }
  return out + '"';
}

/// A double-quoted YAML text. Surrogate pairs mean nothing to YAML, so characters stay as they are.
std::string yaml_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto before = text;
    const char32_t c = take_code_point(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7F) {
      out += hex_escape("\\x%02x", c);
    } else if (c >= 0x80 && unprintable(c)) {
      out += c > 0xFFFF ? hex_escape("\\U%08x", c) : hex_escape("\\u%04x", c);
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out + '"';
}

/// YAML 1.1 takes 1e-05 for a text: a float needs its point.
std::string yaml_float(double d) {
  auto text = python_float(d);
  const auto e = text.find('e');
  if (e != std::string::npos && text.find('.') == std::string::npos) text.insert(e, ".0");
  return text;
}

enum class dialect { repr, json, yaml };

std::string text_in(dialect as, std::string_view text) {
  if (as == dialect::repr) return repr_text(text);
  return as == dialect::json ? json_text(text) : yaml_text(text);
}

std::string render(const bj::value& v, dialect as) {
  const bool python = as == dialect::repr;
  switch (v.kind()) {
    case bj::kind::null: return python ? "None" : "null";
    case bj::kind::bool_: return v.get_bool() ? (python ? "True" : "true") : (python ? "False" : "false");
    case bj::kind::int64: return std::to_string(v.get_int64());
    case bj::kind::uint64: return std::to_string(v.get_uint64());
    case bj::kind::double_:
      return as == dialect::yaml ? yaml_float(v.get_double()) : python_float(v.get_double());
    case bj::kind::string: return text_in(as, v.get_string());
    case bj::kind::array: {
      std::string out = "[";
      for (const auto& item : v.get_array()) out += (out.size() > 1 ? ", " : "") + render(item, as);
      return out + "]";
    }
    case bj::kind::object: {
      std::string out = "{";
      for (const auto& [key, item] : v.get_object())
        out += (out.size() > 1 ? ", " : "") + text_in(as, key) + ": " + render(item, as);
      return out + "}";
    }
  }
  return {};
}

}  // namespace

std::string python_repr(const bj::value& v) { return render(v, dialect::repr); }
std::string python_json(const bj::value& v) { return render(v, dialect::json); }

std::string python_str(const bj::value& v) {
  if (v.is_string()) return std::string(v.get_string());
  return python_repr(v);
}

bj::object plain_params(const bj::object& config) {
  bj::object out;
  for (const auto& [name, entry] : config) {
    if (!entry.is_object()) continue;
    if (const auto* value = entry.get_object().if_contains("value")) out[name] = *value;
  }
  return out;
}

std::string sweep_param_yaml(const bj::object& config) {
  std::string out = "wandb_version: 1\n";
  for (const auto& [name, value] : plain_params(config))
    out += "\n" + yaml_text(name) + ":\n  value: " + render(value, dialect::yaml) + "\n";
  return out;
}

}  // namespace sweepd::agent
