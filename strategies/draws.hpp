// Independent numbers, one after the other, all of them a function of (seed, position, stream): for
// searches that need an unknown count of draws for one suggestion. Pure but for its own count.
#pragma once

#include "strategies/philox.hpp"

#include <cmath>
#include <cstdint>

namespace sweepd::strategies {

class draws {
 public:
  draws(std::uint64_t seed, std::uint64_t position, std::uint64_t stream)
      : seed_(random_bits(seed, position, stream)), stream_(stream) {}
  /// Strictly between 0 and 1.
  double unit() { return random_unit(seed_, count_++, stream_); }
  /// Standard normal: Box and Muller, "A note on the generation of random normal deviates" (1958).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(unit()));
    return radius * std::cos(6.283185307179586 * unit());
  }
  /// 0 .. count-1, count at least 1.
  std::uint64_t index(std::uint64_t count) {
    const auto i = static_cast<std::uint64_t>(unit() * static_cast<double>(count));
    return i < count ? i : count - 1;
  }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t count_ = 0;
};

}  // namespace sweepd::strategies
