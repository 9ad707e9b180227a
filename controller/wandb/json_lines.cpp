#include "controller/wandb/json_lines.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace sweepd::wandb {
namespace {

constexpr std::array<std::string_view, 3> words{"-Infinity", "Infinity", "NaN"};
constexpr std::size_t depth_max = 30;  ///< whoever reads a line back wraps it once or twice

/// The four hex digits of "\\uXXXX" at `i`; none: there is no such escape.
std::optional<unsigned> escape_at(std::string_view text, std::size_t i) {
  if (i + 6 > text.size() || text[i] != '\\' || text[i + 1] != 'u') return std::nullopt;
  unsigned v = 0;
  const auto got = std::from_chars(text.data() + i + 2, text.data() + i + 6, v, 16);
  return got.ec == std::errc() && got.ptr == text.data() + i + 6 ? std::optional(v) : std::nullopt;
}

bool leading(std::optional<unsigned> v) { return v && *v >= 0xD800 && *v < 0xDC00; }
bool trailing(std::optional<unsigned> v) { return v && *v >= 0xDC00 && *v < 0xE000; }

/// How many bytes of a well-formed UTF-8 sequence start at `i`; 0: none does.
std::size_t sequence_at(std::string_view text, std::size_t i) {
  const auto at = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned first = at(i);
  const std::size_t n = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (n == 0 || i + n > text.size()) return 0;
  for (std::size_t k = 1; k < n; ++k)
    if ((at(i + k) & 0xC0) != 0x80) return 0;
  if (n > 2 && ((first == 0xE0 && at(i + 1) < 0xA0) || (first == 0xED && at(i + 1) > 0x9F) ||
                (first == 0xF0 && at(i + 1) < 0x90) || (first == 0xF4 && at(i + 1) > 0x8F)))
    return 0;
  return n;
}

}  // namespace

std::string repaired(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto escape = escape_at(text, i);
    if (leading(escape) && trailing(escape_at(text, i + 6))) {
      out += text.substr(i, 12);
      i += 12;
    } else if (leading(escape) || trailing(escape)) {
      out += "\\ufffd";
      i += 6;
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      out += text.substr(i, 2);
      i += 2;
    } else if (const auto n = sequence_at(text, i); n > 0) {
      out += text.substr(i, n);
      i += n;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  return out;
}

std::string with_quoted_nan(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      if (c == '"') in_text = false;
      continue;
    }
    if (c == 'N' || c == 'I' || c == '-') {
      bool found = false;
      for (const auto w : words) {
        if (text.substr(i, w.size()) != w) continue;
        out += '"';
        out += w;
        out += '"';
        i += w.size() - 1;
        found = true;
        break;
      }
      if (found) continue;
    }
    in_text = c == '"';
    out += c;
  }
  return out;
}

result<bj::object> object_of(std::string_view text, const std::string& what) {
  json::text_limits limits;
  limits.depth_max = depth_max;
  auto v = json::parse(with_quoted_nan(text), limits);
  if (!v) return fail(errc::invalid, std::move(v).error().message, what);
  if (!v->is_object()) return fail(errc::invalid, "must be a JSON object", what);
  return std::move(v->get_object());
}

const bj::value* value_at(const bj::object& in, std::string_view path) {
  if (const auto* whole = in.if_contains(path)) return whole;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const auto* step = in.if_contains(path.substr(0, dot));
    const auto* below = step == nullptr ? nullptr : step->if_object();
    if (below == nullptr) continue;
    if (const auto* v = value_at(*below, path.substr(dot + 1))) return v;
  }
  return nullptr;
}

std::string stored_line(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  auto good = object_of(line, "");
  if (!good) return json::to_text(bj::object{{"_unreadable", line}});
  // As it came, but for the quotes: a number must not change on its way through a double.
  auto out = with_quoted_nan(line);
  if (out.find('\n') == std::string::npos) return out;
  return json::to_text(*good);
}

}  // namespace sweepd::wandb
