#include "controller/http/rate_limit.hpp"

#include <algorithm>

namespace sweepd::http {
namespace {

constexpr std::int64_t burst_seconds = 5;
constexpr std::int64_t whole = 1'000;
/// Keys that are remembered; those that have been quiet need not be.
constexpr std::size_t keys_max = 10'000;

}  // namespace

rate_limit::rate_limit(std::int64_t per_second)
    : per_second_(per_second), full_(per_second * burst_seconds * whole) {}

/// A thousandth of a token a millisecond for each token a second.
rate_limit::bucket rate_limit::refilled(const bucket& b, milliseconds steady_now) const {
  const auto passed = std::clamp<std::int64_t>((steady_now - b.filled).count(), 0, burst_seconds * 1'000);
  return {std::min(full_, b.tokens + passed * per_second_), steady_now};
}

bool rate_limit::take(const std::string& key, milliseconds steady_now) {
  if (per_second_ <= 0) return true;
  if (by_key_.size() >= keys_max && !by_key_.contains(key))
    std::erase_if(by_key_, [&](const auto& e) { return refilled(e.second, steady_now).tokens == full_; });
  auto& b = by_key_.try_emplace(key, bucket{full_, steady_now}).first->second;
  b = refilled(b, steady_now);
  if (b.tokens < whole) return false;
  b.tokens -= whole;
  return true;
}

}  // namespace sweepd::http
