// Time as the core sees it: a wall instant for people and records, and the serving clock for leases.
//
// The serving clock is monotonic and counts only while this controller serves: it stands still while
// the process is down, while the host sleeps, and across a late tick. It is persisted, so "crashed for
// ten minutes" means ten minutes in which a heartbeat could have reached us. Wall-clock jumps cannot
// touch a lease. Everything here is pure; service/clock.hpp reads the real clocks.
#pragma once

#include "controller/base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace sweepd {

using std::chrono::milliseconds;

/// Wall time, UTC, in milliseconds. For display and records only; never compared with a client's clock.
using instant = std::chrono::sys_time<milliseconds>;

/// Tag of the serving clock: see the top of this file. It has no now(): `now` is always an argument.
struct serving_clock {
  using duration = milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  static constexpr bool is_steady = true;
};
/// A point of serving time, in milliseconds served since the database was created.
using mono = std::chrono::time_point<serving_clock, milliseconds>;

/// "Now", as it is handed to decide() and tick(): the same moment on both clocks.
struct moment {
  instant wall;
  mono at;

  friend bool operator==(const moment&, const moment&) = default;
};

/// RFC 3339 in UTC with milliseconds: 2026-11-22T17:18:41.250Z
std::string to_rfc3339(instant t);
/// Reads what to_rfc3339 writes; fractions and `Z` optional, other offsets refused.
result<instant> parse_rfc3339(std::string_view text);

}  // namespace sweepd
