#include "controller/base/duration.hpp"

#include <array>
#include <cctype>

namespace sweepd {
namespace {

struct unit {
  std::string_view name;
  long long ms;
};
constexpr std::array units{unit{"d", 86'400'000}, unit{"h", 3'600'000}, unit{"m", 60'000},
                           unit{"s", 1'000}, unit{"ms", 1}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

result<milliseconds> parse_duration(std::string_view text) {
  const auto bad = [&](const std::string& why) {
    std::string message("'");
    message.append(text).append("' is not a duration: ").append(why);
    return fail(errc::invalid, message + "; write 90s, 15m or 2h30m");
  };
  if (text.empty()) return bad("it is empty");
  long long total = 0;
  std::size_t next_unit = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    if (!is_digit(rest.front())) return bad("a whole number is expected at '" + std::string(rest) + "'");
    long long n = 0;
    while (!rest.empty() && is_digit(rest.front())) {
      n = n * 10 + (rest.front() - '0');
      if (n > duration_max.count()) return bad("it is longer than 10 years");
      rest.remove_prefix(1);
    }
    std::size_t len = 0;
    while (len < rest.size() && std::isalpha(static_cast<unsigned char>(rest[len])) != 0) ++len;
    const auto name = rest.substr(0, len);
    if (name.empty()) return bad("the unit is missing (ms, s, m, h, d)");
    std::size_t u = 0;
    while (u < units.size() && units[u].name != name) ++u;
    if (u == units.size()) return bad("unknown unit '" + std::string(name) + "'");
    if (u < next_unit) return bad("units must descend, each at most once");
    next_unit = u + 1;
    rest.remove_prefix(len);
    if (n > duration_max.count() / units[u].ms) return bad("it is longer than 10 years");
    total += n * units[u].ms;
    if (total > duration_max.count()) return bad("it is longer than 10 years");
  }
  return milliseconds{total};
}

std::string to_string(milliseconds d) {
  long long rest = d.count();
  std::string out = rest < 0 ? "-" : "";
  if (rest < 0) rest = -rest;
  if (rest == 0) return "0s";
  for (const auto& u : units) {
    if (rest >= u.ms) {
      out += std::to_string(rest / u.ms);
      out += u.name;
      rest %= u.ms;
    }
  }
  return out;
}

}  // namespace sweepd
