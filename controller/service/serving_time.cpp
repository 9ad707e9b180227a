#include "controller/service/serving_time.hpp"

#include <algorithm>

namespace sweepd::service {
namespace {

// boot - steady also moves by the time between reading one and the other.
constexpr milliseconds suspend_noticed{1'000};

}  // namespace

serving_time::serving_time(const clock& clock, milliseconds late_tick)
    : clock_(clock), late_tick_(late_tick), last_tick_(clock.steady()), slept_(sleep_total()) {}

void serving_time::start(mono base) {
  counted_ = base;
  last_tick_ = clock_.steady();
  slept_ = sleep_total();
}

// Boot time is read first: being held up between the two makes the difference smaller, never
// larger, so a busy machine does not look like a suspended one.
milliseconds serving_time::sleep_total() const {
  const auto boot = clock_.boot();
  return boot - clock_.steady();
}

milliseconds serving_time::since_tick() const {
  return std::max(clock_.steady() - last_tick_, milliseconds{0});
}

std::optional<outage> serving_time::missed() {
  const auto gap = since_tick();
  const auto slept = sleep_total() - slept_;
  const bool late = gap > late_tick_;
  const bool suspended = slept > suspend_noticed;
  if (!late && !suspended) return std::nullopt;
  tick();
  slept_ = std::max(slept_, slept_ + slept);
  if (suspended) return outage{"suspend", slept};
  return outage{"late tick", gap};
}

void serving_time::tick() {
  if (!frozen_) counted_ += std::min(since_tick(), late_tick_);
  last_tick_ = clock_.steady();
}

void serving_time::freeze() {
  tick();
  frozen_ = true;
  frozen_since_ = last_tick_;
}

milliseconds serving_time::thaw() {
  frozen_ = false;
  last_tick_ = clock_.steady();
  return last_tick_ - frozen_since_;
}

moment serving_time::now() const {
  const auto more = frozen_ ? milliseconds{0} : std::min(since_tick(), late_tick_);
  return {clock_.now(), counted_ + more};
}

}  // namespace sweepd::service
