#include "controller/http/file_name.hpp"

#include "controller/http/handling.hpp"

#include <algorithm>

namespace sweepd::http {
namespace {

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

/// Query strings are percent-decoded bytes: nothing has checked yet that they are UTF-8.
bool valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto b = static_cast<unsigned char>(text[i]);
    const std::size_t n = b < 0x80 ? 1 : b < 0xC2 ? 0 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : b < 0xF5 ? 4 : 0;
    if (n == 0 || i + n > text.size()) return false;
    for (std::size_t k = 1; k < n; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    i += n;
  }
  return true;
}

}  // namespace

result<void> check_file_name(std::string_view name, std::string where) {
  if (name.empty()) return fail(errc::invalid, "is required", std::move(where));
  if (!valid_utf8(name)) return fail(errc::invalid, "must be UTF-8", std::move(where));
  if (auto good = check_text(name, file_name_bytes_max, where); !good) return good;
  if (name.find('\\') != std::string_view::npos)
    return fail(errc::invalid, "must not contain a backslash", std::move(where));
  std::size_t depth = 0;
  for (std::string_view rest = name;; ++depth) {
    const auto slash = rest.find('/');
    const auto segment = rest.substr(0, slash);
    if (segment.empty() || segment == "." || segment == "..")
      return fail(errc::invalid, "must not have an empty, '.' or '..' segment", std::move(where));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (depth + 1 > file_name_depth_max)
    return fail(errc::invalid, "must not be deeper than 16 segments", std::move(where));
  return {};
}

std::string attachment(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto last = slash == std::string_view::npos ? name : name.substr(slash + 1);
  std::string simple, full;
  constexpr std::string_view hex = "0123456789ABCDEF";
  for (const char c : last) {
    simple += plain(c) ? c : '_';
    if (plain(c)) {
      full += c;
    } else {
      const auto b = static_cast<unsigned char>(c);
      full += '%';
      full += hex[b >> 4];
      full += hex[b & 15];
    }
  }
  return "attachment; filename=\"" + simple + "\"; filename*=UTF-8''" + full;
}

}  // namespace sweepd::http
