// Clocks that stand still until a test moves them. Thread-safe.
#pragma once

#include "controller/service/clock.hpp"

#include <atomic>

namespace sweepd::test {

class fake_clock final : public service::clock {
 public:
  [[nodiscard]] instant now() const override { return instant{milliseconds{wall_.load()}}; }
  [[nodiscard]] milliseconds steady() const override { return milliseconds{steady_.load()}; }
  [[nodiscard]] milliseconds boot() const override { return milliseconds{boot_.load()}; }

  /// Time passes, on all three clocks.
  void advance(milliseconds d) {
    wall_ += d.count();
    // Steady before boot: a reader in between must not see a host that slept.
    steady_ += d.count();
    boot_ += d.count();
  }
  /// Somebody sets the wall clock; nothing else notices.
  void jump_wall(milliseconds d) { wall_ += d.count(); }
  /// The host sleeps: steady time stands still.
  void suspend(milliseconds d) {
    wall_ += d.count();
    boot_ += d.count();
  }

 private:
  std::atomic<std::int64_t> wall_{1'790'000'000'000};  // in 2026
  std::atomic<std::int64_t> steady_{5'000'000};
  std::atomic<std::int64_t> boot_{6'000'000};
};

}  // namespace sweepd::test
