#include "controller/http/target.hpp"

#include <algorithm>
#include <cstdint>

namespace sweepd::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto b = static_cast<unsigned char>(text[i]);
    if (b < 0x80) {
      ++i;
      continue;
    }
    const std::size_t n = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
    if (b < 0xC2 || b > 0xF4 || i + n > text.size()) return false;
    std::uint32_t c = b & (0xFFu >> (n + 1));
    for (std::size_t k = 1; k < n; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      c = (c << 6) | (next & 0x3Fu);
    }
    const bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
    if (overlong || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) return false;
    i += n;
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view raw, bool plus, bool controls) {
  const auto means_itself = [](char c) { return c > 0x20 && c < 0x7F && c != '%' && c != '+'; };
  if (std::all_of(raw.begin(), raw.end(), means_itself)) return std::string(raw);
  std::string out;
  out.reserve(raw.size());
  bool plain = true;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      if (i + 2 >= raw.size()) return std::nullopt;
      const int high = hex_digit(raw[i + 1]);
      const int low = hex_digit(raw[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    if (c == '\0' || (!controls && is_control(c))) return std::nullopt;
    if (static_cast<unsigned char>(c) >= 0x80) plain = false;
    out += c;
  }
  if (!plain && !is_utf8(out)) return std::nullopt;
  return out;
}

std::optional<std::vector<std::string>> split_path(std::string_view raw) {
  if (!raw.starts_with('/')) return std::nullopt;
  std::vector<std::string> out;
  if (raw.size() == 1) return out;
  out.reserve(8);
  raw.remove_prefix(1);
  for (;;) {
    const auto slash = raw.find('/');
    auto segment = percent_decode(raw.substr(0, slash), false, false);
    if (!segment || *segment == "." || *segment == "..") return std::nullopt;
    out.push_back(std::move(*segment));
    if (slash == std::string_view::npos) return out;
    raw.remove_prefix(slash + 1);
  }
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view raw) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!raw.empty()) {
    const auto end = raw.find('&');
    const auto pair = raw.substr(0, end);
    raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true, true);
    const auto after = equals == std::string_view::npos ? pair.size() : equals + 1;
    auto value = percent_decode(pair.substr(after), true, true);
    if (!name || !value) return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

}  // namespace sweepd::http
