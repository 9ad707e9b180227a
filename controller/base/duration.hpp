// Durations as people write them: 90s, 15m, 2h30m, 7d, 250ms. A bare number is refused.
#pragma once

#include "controller/base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace sweepd {

using std::chrono::milliseconds;

/// Longest accepted duration: 10 years. Above it a sum of two could overflow an instant.
inline constexpr milliseconds duration_max = std::chrono::hours{24 * 3650};

/// Reads `90s`, `2h30m`, `1d`, `1.5h` is refused; units ms, s, m, h, d, each at most once, descending.
result<milliseconds> parse_duration(std::string_view text);
/// The shortest exact form: 90s -> "1m30s", 0 -> "0s".
std::string to_string(milliseconds d);

}  // namespace sweepd
