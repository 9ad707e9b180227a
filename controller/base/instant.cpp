#include "controller/base/instant.hpp"

#include <cstdio>

namespace sweepd {

std::string to_rfc3339(instant t) {
  namespace ch = std::chrono;
  const auto day = ch::floor<ch::days>(t);
  const ch::year_month_day ymd{day};
  const ch::hh_mm_ss<milliseconds> tod{t - day};
  char out[64];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(ymd.year()),
                unsigned(ymd.month()), unsigned(ymd.day()), int(tod.hours().count()),
                int(tod.minutes().count()), int(tod.seconds().count()),
                int(tod.subseconds().count()));
  return out;
}

result<instant> parse_rfc3339(std::string_view text) {
  namespace ch = std::chrono;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, used = 0;
  const std::string copy(text);
  const auto bad = [&] {
    return fail(errc::invalid, "'" + copy + "' is not a UTC time like 2026-11-22T17:18:41Z");
  };
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &used) != 6)
    return bad();
  std::string_view rest = std::string_view(copy).substr(static_cast<std::size_t>(used));
  int ms = 0;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    int scale = 100;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      ms += scale * (rest.front() - '0');
      scale /= 10;
      rest.remove_prefix(1);
    }
  }
  const ch::year_month_day ymd{ch::year{y}, ch::month{static_cast<unsigned>(mo)},
                               ch::day{static_cast<unsigned>(d)}};
  if (!(rest.empty() || rest == "Z") || !ymd.ok() || h > 23 || mi > 59 || s > 60) return bad();
  return instant{ch::sys_days{ymd}} + ch::hours{h} + ch::minutes{mi} + ch::seconds{s} +
         milliseconds{ms};
}

}  // namespace sweepd
