#include "controller/config/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

// Source of the patterns: yaml/pyyaml:lib/yaml/resolver.py and the construct_yaml_* functions of
// lib/yaml/constructor.py. Written by hand because std::regex recurses once per character.

namespace sweepd::config {
namespace {

namespace bj = boost::json;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool digit_or_bar(char c) { return is_digit(c) || c == '_'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Takes the longest prefix of characters that satisfy `want`; its length.
template <class Want>
std::size_t skip(std::string_view& text, Want want) {
  std::size_t n = 0;
  while (n < text.size() && want(text[n])) ++n;
  text.remove_prefix(n);
  return n;
}

bool skip_sign(std::string_view& text) {
  if (text.empty() || (text.front() != '-' && text.front() != '+')) return false;
  text.remove_prefix(1);
  return true;
}

/// (:[0-5]?[0-9])+
bool skip_base60(std::string_view& text) {
  bool any = false;
  while (text.size() >= 2 && text[0] == ':' && is_digit(text[1])) {
    const bool two = text.size() >= 3 && is_digit(text[2]);
    if (two && text[1] > '5') return false;
    text.remove_prefix(two ? 3 : 2);
    any = true;
  }
  return any;
}

/// Takes ([eE][-+][0-9]+)?; false when something else is left.
bool only_exponent(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  return skip_sign(text) && skip(text, is_digit) > 0 && text.empty();
}

bool is_int(std::string_view text) {
  skip_sign(text);
  if (text.empty() || !is_digit(text.front())) return false;
  const bool zero = text.front() == '0';
  text.remove_prefix(1);
  if (!zero) {
    skip(text, digit_or_bar);
    return text.empty() || (skip_base60(text) && text.empty());
  }
  if (text.empty()) return true;
  const auto rest_is = [&](auto want) { return !text.empty() && std::ranges::all_of(text, want); };
  if (text.front() == 'b' || text.front() == 'x') {
    const bool hex = text.front() == 'x';
    text.remove_prefix(1);
    return hex ? rest_is([](char c) { return is_hex(c) || c == '_'; })
               : rest_is([](char c) { return c == '0' || c == '1' || c == '_'; });
  }
  return rest_is([](char c) { return (c >= '0' && c <= '7') || c == '_'; });
}

bool is_float(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  const bool sign = skip_sign(text);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return true;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    if (sign || text.empty() || !is_digit(text.front())) return false;
    skip(text, digit_or_bar);
    return only_exponent(text);
  }
  if (text.empty() || !is_digit(text.front())) return false;
  skip(text, digit_or_bar);
  const bool base60 = skip_base60(text);
  if (text.empty() || text.front() != '.') return false;
  text.remove_prefix(1);
  skip(text, digit_or_bar);
  return base60 ? text.empty() : only_exponent(text);
}

std::optional<bool> as_bool(std::string_view text) {
  static constexpr std::array yes{"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"};
  static constexpr std::array no{"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
  if (std::ranges::find(yes, text) != yes.end()) return true;
  if (std::ranges::find(no, text) != no.end()) return false;
  return std::nullopt;
}

bool is_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

/// A text for messages, shortened.
std::string quoted(std::string_view text) {
  std::string out = "'";
  return out.append(text.substr(0, 40)).append(text.size() > 40 ? "...'" : "'");
}

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string without_bars(std::string_view text) {
  std::string out(text);
  std::erase(out, '_');
  return out;
}

/// Digits in `base` (or groups of base 60 split by ':') as an unsigned number; none: too large.
std::optional<std::uint64_t> magnitude(std::string_view digits, unsigned base) {
  std::uint64_t total = 0;
  std::uint64_t group = 0;
  for (const char c : digits) {
    if (c == ':') {
      if (__builtin_add_overflow(total, group, &total)) return std::nullopt;
      if (__builtin_mul_overflow(total, std::uint64_t{60}, &total)) return std::nullopt;
      group = 0;
      continue;
    }
    const unsigned d = is_digit(c) ? static_cast<unsigned>(c - '0')
                                   : static_cast<unsigned>((c | 0x20) - 'a') + 10U;
    if (__builtin_mul_overflow(group, std::uint64_t{base}, &group)) return std::nullopt;
    if (__builtin_add_overflow(group, std::uint64_t{d}, &group)) return std::nullopt;
  }
  if (__builtin_add_overflow(total, group, &total)) return std::nullopt;
  return total;
}

result<bj::value> to_int(std::string_view written) {
  const std::string plain = without_bars(written);
  std::string_view digits = plain;
  const bool negative = !digits.empty() && digits.front() == '-';
  skip_sign(digits);
  unsigned base = 10;
  if (digits.starts_with("0b") || digits.starts_with("0x")) {
    base = digits[1] == 'b' ? 2 : 16;
    digits.remove_prefix(2);
    if (digits.empty())
      return fail(errc::invalid, quoted(written).append(" is a number without digits"));
  } else if (digits.size() > 1 && digits.front() == '0') {
    base = 8;
  }
  const auto size = magnitude(digits, base);
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (!size || (negative && *size > most + 1))
    return fail(errc::invalid, "the integer " + std::string(written.substr(0, 40)) +
                                   (written.size() > 40 ? "..." : "") +
                                   " does not fit 64 bits; put it in quotes if it is a text");
  if (negative) return bj::value(static_cast<std::int64_t>(0 - *size));
  if (*size <= most) return bj::value(static_cast<std::int64_t>(*size));
  return bj::value(*size);
}

/// A finite decimal without sign; infinity when it is too large for a double.
double decimal(std::string_view text) {
  double out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec == std::errc::result_out_of_range)
    return text.find("e-") != std::string_view::npos ? 0.0 : HUGE_VAL;
  return out;
}

double base60(std::string_view text) {
  double total = 0;
  double unit = 1;
  while (true) {
    const auto colon = text.rfind(':');
    const auto from = colon == std::string_view::npos ? 0 : colon + 1;
    total += decimal(text.substr(from)) * unit;
    if (colon == std::string_view::npos) return total;
    unit *= 60;
    text = text.substr(0, colon);
  }
}

result<bj::value> to_float(std::string_view written) {
  const std::string plain = lower(without_bars(written));
  std::string_view digits = plain;
  const double sign = !digits.empty() && digits.front() == '-' ? -1.0 : 1.0;
  skip_sign(digits);
  if (digits == ".inf") return bj::value(sign * HUGE_VAL);
  if (digits == ".nan") return bj::value(std::nan(""));
  const double size = digits.find(':') != std::string_view::npos ? base60(digits) : decimal(digits);
  if (std::isinf(size))
    return fail(errc::invalid, "the number " + std::string(written.substr(0, 40)) +
                                   " is too large; write .inf if infinity is meant");
  return bj::value(sign * size);
}

/// What Python's float() takes of an unsigned text, restricted to finite numbers.
bool python_float(std::string_view text) {
  if (text.empty() || (!is_digit(text.front()) && text.front() != '.')) return false;
  double out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec != std::errc::invalid_argument && end == text.data() + text.size();
}

bj::value text_value(std::string_view text) {
  return bj::value(bj::string_view(text.data(), text.size()));
}

}  // namespace

result<bj::value> resolve_plain(std::string_view text) {
  if (const auto b = as_bool(text)) return bj::value(*b);
  if (is_float(text)) return to_float(text);
  if (is_int(text)) return to_int(text);
  if (is_null(text)) return bj::value(nullptr);
  if (text == "=" || text == "<<")
    return fail(errc::invalid, "a bare " + quoted(text) + " is not a value; put it in quotes");
  return text_value(text);
}

result<bj::value> resolve_tagged(std::string_view tag, std::string_view text) {
  const auto wrong = [&] {
    return fail(errc::invalid, quoted(text).append(" is not of the type !!").append(tag));
  };
  if (tag == "str") return text_value(text);
  if (tag == "null") return is_null(text) ? result<bj::value>(bj::value(nullptr)) : wrong();
  if (tag == "bool") {
    const auto b = as_bool(text);
    return b ? result<bj::value>(bj::value(*b)) : wrong();
  }
  if (tag == "int") return is_int(text) ? to_int(text) : wrong();
  if (tag == "float") {
    std::string_view unsigned_part = text;
    skip_sign(unsigned_part);
    const auto plain = without_bars(unsigned_part);
    return is_float(text) || python_float(plain) ? to_float(text) : wrong();
  }
  return wrong();
}

std::optional<std::string> number_hint(std::string_view text) {
  const auto write = [&](const std::string& better) {
    return std::string(text) + " is a text in YAML 1.1; write " + better;
  };
  if (text.size() > 64) return std::nullopt;
  const std::string typed = lower(std::string(text));
  std::string_view rest = typed;
  const std::string sign = rest.starts_with('-') ? "-" : "";
  skip_sign(rest);
  if (rest == "inf" || rest == "infinity") return write(sign + ".inf");
  if (rest == "nan") return write(".nan");
  if (rest.starts_with("0o") && rest.size() > 2 &&
      std::ranges::all_of(rest.substr(2), [](char c) { return c >= '0' && c <= '7'; })) {
    if (const auto n = magnitude(rest.substr(2), 8)) return write(sign + std::to_string(*n));
    return std::nullopt;
  }
  if (!python_float(rest)) return std::nullopt;
  auto digits = rest.substr(0, rest.find('e'));
  std::string_view power = rest.substr(digits.size());
  while (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) digits.remove_prefix(1);
  std::string better = sign + (digits.starts_with('.') ? "0" : "") + std::string(digits);
  if (!power.empty()) {
    if (digits.find('.') == std::string_view::npos) better += ".0";
    power.remove_prefix(1);
    better += "e";
    if (power.front() != '-' && power.front() != '+') better += "+";
    better += power;
  }
  return write(better);
}

}  // namespace sweepd::config
