#include "controller/config/yaml_text.hpp"

#include <yaml-cpp/exceptions.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace sweepd::config {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool continues(unsigned char c) { return (c & 0xC0U) == 0x80U; }

/// The character at `i`: its code point and length, or length 0 when it is not well-formed UTF-8.
struct utf8_char {
  std::uint32_t code = 0;
  std::size_t length = 0;
};
utf8_char decode(std::string_view s, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(s[i + k]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || i + length > s.size()) return {};
  std::uint32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t k = 1; k < length; ++k) {
    if (!continues(byte(k))) return {};
    code = (code << 6U) | (byte(k) & 0x3FU);
  }
  static constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

std::string hex(std::uint32_t code) {
  std::array<char, 16> out{};
  const int n = std::snprintf(out.data(), out.size(), "U+%04X", code);
  return {out.data(), static_cast<std::size_t>(n)};
}

/// Why a character may not stand in a YAML file; empty: it may.
std::string refused(std::uint32_t code, bool before_newline) {
  if (code == '\t' || code == '\n') return {};
  if (code == 0) return "a NUL byte: this is not a text file";
  if (code == '\r')
    return before_newline ? "" : "a lone carriage return; end lines with LF or CR LF";
  if (code == 0xFEFF) return "a byte order mark in the middle of the file; remove it";
  if (code < 0x20 || code == 0x7F || (code >= 0x80 && code < 0xA0 && code != 0x85))
    return "the control character " + hex(code) + "; in a text in double quotes write an escape";
  return {};
}

/// Anchors and tags that stand before a scalar.
void skip_properties(std::string_view& text) {
  while (text.starts_with('&') || text.starts_with('!')) {
    text.remove_prefix(std::min(text.find_first_of(" \n"), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  }
}

bool is_quote(std::string_view text) { return text.starts_with('"') || text.starts_with('\''); }

/// The length of the quoted text at the front, quotes included; 0: nothing closes it.
std::size_t quoted_length(std::string_view text) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return 0;
}

}  // namespace

place yaml_text::at(int line_number, int byte_column) const {
  const auto lines = static_cast<int>(line_starts.size());
  const int l = std::clamp(line_number, 0, lines - 1);
  const auto content = line(l);
  const auto bytes = std::min(content.size(), static_cast<std::size_t>(std::max(byte_column, 0)));
  if (l != counted_line_ || bytes < counted_bytes_) {
    counted_line_ = l;
    counted_bytes_ = 0;
    counted_characters_ = 0;
  }
  for (; counted_bytes_ < bytes; ++counted_bytes_)
    if (!continues(static_cast<unsigned char>(content[counted_bytes_]))) ++counted_characters_;
  return {l + 1, counted_characters_ + 1};
}

std::string_view yaml_text::line(int number) const {
  const auto n = static_cast<std::size_t>(number);
  if (number < 0 || n >= line_starts.size()) return {};
  const auto from = line_starts[n];
  const auto to = n + 1 < line_starts.size() ? line_starts[n + 1] - 1 : text.size();
  return std::string_view(text).substr(from, to - from);
}

std::string_view yaml_text::from(int line_number, int byte_column) const {
  const auto n = static_cast<std::size_t>(std::max(line_number, 0));
  if (n >= line_starts.size()) return {};
  const auto begin = line_starts[n] + static_cast<std::size_t>(std::max(byte_column, 0));
  return std::string_view(text).substr(std::min(begin, text.size()));
}

std::optional<int> yaml_text::tab_before(int line_number, int byte_column) const {
  const auto content = line(line_number);
  const auto blank = content.substr(0, content.find_first_not_of(" \t"));
  const auto tab = blank.find('\t');
  if (tab == std::string_view::npos || byte_column < static_cast<int>(blank.size()))
    return std::nullopt;
  return static_cast<int>(tab);
}

bool quote_never_closed(std::string_view text) {
  skip_properties(text);
  return is_quote(text) && quoted_length(text) == 0;
}

bool colon_follows(std::string_view text, std::string_view key) {
  skip_properties(text);
  if (is_quote(text))
    text.remove_prefix(quoted_length(text));
  else if (text.starts_with(key))
    text.remove_prefix(key.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.starts_with(':');
}

std::string explain_yaml(const std::string& message) {
  using namespace YAML::ErrorMsg;
  static const std::array<std::pair<std::string_view, std::string_view>, 10> better{{
      {MAP_VALUE, "a ':' is not expected here; put the text in quotes, or check the indentation"},
      {MAP_KEY, "a key is not expected here; check the indentation"},
      {END_OF_MAP, "this does not belong to what stands before it; check indentation and quotes"},
      {END_OF_MAP_FLOW, "a '{' is never closed; add '}'"},
      {END_OF_SEQ, "this does not belong to the list before it; check the indentation"},
      {END_OF_SEQ_FLOW, "a '[' is never closed; add ']'"},
      {EOF_IN_SCALAR, "a quote is never closed"},
      {UNKNOWN_TOKEN, "a value cannot begin with this character; put the text in quotes"},
      {FLOW_END, "a bracket is closed that was never opened"},
      {UNKNOWN_ANCHOR, "this alias has no anchor before it"},
  }};
  for (const auto& [theirs, ours] : better)
    if (message == theirs) return std::string(ours);
  return message;
}

result<yaml_text> prepare_yaml(std::string_view text, std::string_view source,
                               const yaml_limits& limits) {
  const auto at = [&](int line, int column) { return where(source, {line, column}); };
  if (text.size() > limits.bytes_max)
    return fail(errc::too_large,
                "the file has " + std::to_string(text.size()) + " bytes; the limit is " +
                    std::to_string(limits.bytes_max),
                at(1, 1));
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return fail(errc::invalid, "the file is UTF-16; save it as UTF-8", at(1, 1));
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());

  yaml_text out;
  out.text.reserve(text.size());
  out.line_starts.push_back(0);
  int column = 1;
  for (std::size_t i = 0; i < text.size();) {
    const int line = static_cast<int>(out.line_starts.size());
    const auto c = decode(text, i);
    if (c.length == 0)
      return fail(errc::invalid, "the file is not UTF-8 here; save it as UTF-8", at(line, column));
    const bool before_newline = i + 1 < text.size() && text[i + 1] == '\n';
    if (auto why = refused(c.code, before_newline); !why.empty())
      return fail(errc::invalid, "there is " + why, at(line, column));
    if (c.code != '\r') out.text.append(text, i, c.length);
    i += c.length;
    ++column;
    if (c.code == '\n') {
      out.line_starts.push_back(out.text.size());
      column = 1;
    }
  }
  return out;
}

}  // namespace sweepd::config
