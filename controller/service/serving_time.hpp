// The serving clock: how long this controller has served, over all its lives (base/instant.hpp).
//
// It counts steady time from tick to tick, at most `late_tick` of any gap, and stands still while
// the disk is full and while the process is down. Whoever acts on the strand asks missed() first.
// Used by engine.cpp on the strand only; decides nothing.
#pragma once

#include "controller/service/clock.hpp"

#include <optional>
#include <string>

namespace sweepd::service {

/// A time in which nobody could reach us.
struct outage {
  std::string what;  ///< "late tick", "suspend"
  milliseconds gap{0};
};

class serving_time {
 public:
  serving_time(const clock& clock, milliseconds late_tick);

  /// Goes on from what was stored last.
  void start(mono base);
  /// Not none: since the last tick more than late_tick passed, or the host slept for over a second.
  /// What exceeds late_tick is not counted, and the gap is reported once.
  std::optional<outage> missed();
  /// A turn of the internal tick: the time up to here is counted.
  void tick();
  /// Stands still until thaw(), which says for how long it stood.
  void freeze();
  milliseconds thaw();

  [[nodiscard]] moment now() const;
  [[nodiscard]] milliseconds steady() const { return clock_.steady(); }

 private:
  [[nodiscard]] milliseconds since_tick() const;
  [[nodiscard]] milliseconds sleep_total() const;

  const clock& clock_;
  milliseconds late_tick_;
  mono counted_{};          // up to the last tick
  milliseconds last_tick_;  // steady
  milliseconds slept_;      // boot - steady, as far as it was reported
  bool frozen_ = false;
  milliseconds frozen_since_{0};  // steady
};

}  // namespace sweepd::service
