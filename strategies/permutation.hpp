// A shuffled order of 0 .. size-1 that is never written down: a keyed Feistel network over the next
// even number of bits, walked along its cycle until it lands inside (Black and Rogaway, "Ciphers
// with arbitrary finite domains", CT-RSA 2002, section 5). O(1) memory, about 2 steps a look-up
// (4 at worst on average), stable for a seed. Pure.
#pragma once

#include <cstdint>

namespace sweepd::strategies {

class permutation {
 public:
  /// `size` at least 1.
  permutation(std::uint64_t size, std::uint64_t seed);
  /// The element at place `i` < size.
  std::uint64_t operator()(std::uint64_t i) const;

 private:
  [[nodiscard]] std::uint64_t encrypt(std::uint64_t x) const;

  std::uint64_t size_;
  std::uint64_t seed_;
  int half_bits_;  // 1 .. 32
};

}  // namespace sweepd::strategies
