#include "controller/cli/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace sweepd::cli {
namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

/// Reads one code point and moves `at` behind it; broken bytes give U+FFFD, one byte each.
char32_t next_point(std::string_view s, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xF0 && first < 0xF5 ? 3 : first >= 0xE0 ? 2 : first >= 0xC2 ? 1 : 0;
  if (more == 0 || first >= 0xF5 || at + static_cast<std::size_t>(more) > s.size())
    return replacement;
  char32_t point = first & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    const unsigned char c = byte(at + static_cast<std::size_t>(i));
    if ((c & 0xC0) != 0x80) return replacement;
    point = (point << 6) | (c & 0x3Fu);
  }
  constexpr std::array<char32_t, 4> least{0, 0x80, 0x800, 0x10000};
  if (point < least[static_cast<std::size_t>(more)] || point > 0x10FFFF ||
      (point >= 0xD800 && point <= 0xDFFF))
    return replacement;
  at += static_cast<std::size_t>(more);
  return point;
}

void append_point(std::string& out, char32_t p) {
  const auto put = [&](char32_t c) { out += static_cast<char>(c); };
  if (p < 0x80) {
    put(p);
  } else if (p < 0x800) {
    put(0xC0 | (p >> 6)), put(0x80 | (p & 0x3F));
  } else if (p < 0x10000) {
    put(0xE0 | (p >> 12)), put(0x80 | ((p >> 6) & 0x3F)), put(0x80 | (p & 0x3F));
  } else {
    put(0xF0 | (p >> 18)), put(0x80 | ((p >> 12) & 0x3F));
    put(0x80 | ((p >> 6) & 0x3F)), put(0x80 | (p & 0x3F));
  }
}

/// Controls (C0, DEL, C1) and the invisible marks that reorder or hide text.
bool is_hidden(char32_t p) {
  return p < 0x20 || (p >= 0x7F && p <= 0x9F) || p == 0x061C || (p >= 0x200B && p <= 0x200F) ||
         (p >= 0x2028 && p <= 0x202E) || (p >= 0x2060 && p <= 0x206F) || p == 0xFEFF ||
         (p >= 0xE0000 && p <= 0xE007F);
}

/// Skips what follows an ESC (or a C1 introducer): CSI up to its final byte, OSC and the other
/// strings up to BEL or ST, two-character sequences whole.
void skip_escape(std::string_view s, std::size_t& at, char32_t introducer) {
  char32_t kind = introducer;
  if (introducer == 0x1B) {
    if (at >= s.size()) return;
    const char c = s[at];
    if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 0x20) return;
    ++at;
    kind = c == '[' ? 0x9B : c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_' ? 0x9D : 0;
    if (kind == 0) {
      if (c > 0x2F) return;
      while (at < s.size() && s[at] >= 0x20 && s[at] <= 0x2F) ++at;
      if (at < s.size() && s[at] >= 0x30 && s[at] <= 0x7E) ++at;
      return;
    }
  }
  if (kind == 0x9B) {
    while (at < s.size() && s[at] >= 0x20 && s[at] <= 0x3F) ++at;
    if (at < s.size() && s[at] >= 0x40 && s[at] <= 0x7E) ++at;
    return;
  }
  while (at < s.size()) {
    const char c = s[at];
    if (c == '\n') return;  // an unfinished string must not swallow the rest of a log
    ++at;
    if (c == '\a') return;
    if (c == '\x1B' && at < s.size() && s[at] == '\\') return void(++at);
    if (c == '\xC2' && at < s.size() && s[at] == '\x9C') return void(++at);
  }
}

std::string cleaned(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t p = next_point(text, at);
    if (p == 0x1B || p == 0x9B || p == 0x9D || p == 0x90 || p == 0x98 || p == 0x9E || p == 0x9F) {
      skip_escape(text, at, p == 0x1B || p == 0x9B ? p : 0x9D);
    } else if (p == '\n' || p == '\t' || p == '\r') {
      out += keep_lines ? static_cast<char>(p) : ' ';
    } else if (!is_hidden(p)) {
      append_point(out, p);
    }
  }
  return out;
}

std::size_t width_of(char32_t p) {
  struct range {
    char32_t from, to;
  };
  // The blocks of combining marks that occur in practice.
  static constexpr std::array none{
      range{0x300, 0x36F},   range{0x483, 0x489},   range{0x591, 0x5BD},   range{0x610, 0x61A},
      range{0x64B, 0x65F},   range{0x1AB0, 0x1AFF}, range{0x1DC0, 0x1DFF}, range{0x20D0, 0x20FF},
      range{0xFE00, 0xFE0F}, range{0xFE20, 0xFE2F}};
  // Unicode's East Asian Wide and Fullwidth blocks, and emoji.
  static constexpr std::array wide{
      range{0x1100, 0x115F},   range{0x2E80, 0x303E},   range{0x3041, 0x33FF},
      range{0x3400, 0x4DBF},   range{0x4E00, 0x9FFF},   range{0xA000, 0xA4CF},
      range{0xAC00, 0xD7A3},   range{0xF900, 0xFAFF},   range{0xFE30, 0xFE6F},
      range{0xFF00, 0xFF60},   range{0xFFE0, 0xFFE6},   range{0x1F300, 0x1F64F},
      range{0x1F680, 0x1F6FF}, range{0x1F900, 0x1FAFF}, range{0x20000, 0x3FFFD}};
  const auto in = [p](const auto& table) {
    return std::any_of(table.begin(), table.end(),
                       [p](const range& r) { return p >= r.from && p <= r.to; });
  };
  if (is_hidden(p) || in(none)) return 0;
  return in(wide) ? 2 : 1;
}

}  // namespace

std::string clean(std::string_view text) { return cleaned(text, false); }
std::string clean_block(std::string_view text) { return cleaned(text, true); }

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) width += width_of(next_point(text, at));
  return width;
}

std::string fit(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t after = at;
    const std::size_t w = width_of(next_point(text, after));
    if (used + w > width - 1) break;
    used += w;
    at = after;
  }
  return std::string(text.substr(0, at)) + std::string(ellipsis);
}

std::string pad(std::string_view text, std::size_t width, bool right) {
  const std::size_t has = display_width(text);
  const std::string spaces(width > has ? width - has : 0, ' ');
  return right ? spaces + std::string(text) : std::string(text) + spaces;
}

std::string short_number(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.6g", value);
  return out;
}

std::string short_age(milliseconds d) {
  const long long s = std::max<long long>(0, d.count() / 1000);
  char out[48];
  if (s < 60) {
    std::snprintf(out, sizeof out, "%llds", s);
  } else if (s < 3600) {
    if (s < 600 && s % 60 != 0)
      std::snprintf(out, sizeof out, "%lldm%02llds", s / 60, s % 60);
    else
      std::snprintf(out, sizeof out, "%lldm", s / 60);
  } else if (s < 86'400) {
    std::snprintf(out, sizeof out, "%lldh%02lldm", s / 3600, s / 60 % 60);
  } else {
    std::snprintf(out, sizeof out, "%lldd", s / 86'400);
  }
  return out;
}

std::string short_size(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  static constexpr std::array units{"kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1000; value >= 999.95 && unit + 1 < units.size(); ++unit) value /= 1000;
  char out[32];
  std::snprintf(out, sizeof out, "%.1f %s", value, units[unit]);
  return out;
}

std::string counted(std::uint64_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

std::string local_time(instant t) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char out[32];
  std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S", &parts);
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (u >= '0' && u <= '9') || (u >= 'A' && u <= 'Z') || (u >= 'a' && u <= 'z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out += {'%', hex[u >> 4], hex[u & 15]};
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find(separator);
    const auto part = text.substr(0, end);
    if (!part.empty()) out.emplace_back(part);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (const auto& p : parts) {
    if (!out.empty()) out += separator;
    out += p;
  }
  return out;
}

}  // namespace sweepd::cli
