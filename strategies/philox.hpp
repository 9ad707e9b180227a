// A counter-based random generator: a number is a pure function of (seed, position, stream), so
// suggestion k needs no memory of the k - 1 before it and is the same on every machine.
//
// Philox4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011),
// section 3.3. The standard library's distributions are not used: they differ between
// implementations.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sweepd::strategies {

using philox_counter = std::array<std::uint32_t, 4>;
using philox_key = std::array<std::uint32_t, 2>;

/// The block of 128 random bits that stands at `counter` in the sequence of `key`.
constexpr philox_counter philox(philox_counter counter, philox_key key) {
  constexpr int rounds = 10;
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

/// 64 random bits at (seed, position, stream).
constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t position,
                                    std::uint64_t stream) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const auto block =
      philox({low(position), high(position), low(stream), high(stream)}, {low(seed), high(seed)});
  return (std::uint64_t{block[1]} << 32) | block[0];
}

/// A number strictly between 0 and 1, one of 2^52 evenly spaced: an open interval, so that
/// quantiles of unbounded distributions stay finite.
constexpr double random_unit(std::uint64_t seed, std::uint64_t position, std::uint64_t stream) {
  return (static_cast<double>(random_bits(seed, position, stream) >> 12) + 0.5) * 0x1p-52;
}

/// A stream's number from its name (FNV-1a), so that a parameter's draws do not depend on which
/// other parameters stand beside it.
constexpr std::uint64_t stream_of(std::string_view name) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

}  // namespace sweepd::strategies
