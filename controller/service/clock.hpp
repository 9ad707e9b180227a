// The only place where real clocks are read. Tests hand in a fake_clock (tests/support).
#pragma once

#include "controller/base/instant.hpp"

#include <chrono>

namespace sweepd::service {

class clock {
 public:
  virtual ~clock() = default;
  /// Wall time; may jump.
  [[nodiscard]] virtual instant now() const = 0;
  /// CLOCK_MONOTONIC: stands still while the host sleeps.
  [[nodiscard]] virtual milliseconds steady() const = 0;
  /// CLOCK_BOOTTIME: goes on while the host sleeps; boot - steady grows by each suspend.
  [[nodiscard]] virtual milliseconds boot() const = 0;
};

/// The machine's own clocks.
const clock& system_clock();

/// CLOCK_MONOTONIC in seconds, to measure how long something took; no state depends on it.
double stopwatch();
/// CLOCK_THREAD_CPUTIME_ID in seconds: the processor time of the calling thread.
double thread_seconds();

}  // namespace sweepd::service
