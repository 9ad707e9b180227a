#include "strategies/permutation.hpp"

#include "strategies/philox.hpp"

#include <algorithm>
#include <bit>

namespace sweepd::strategies {
namespace {

constexpr int rounds = 6;
constexpr std::uint64_t stream = stream_of("permutation");

}  // namespace

permutation::permutation(std::uint64_t size, std::uint64_t seed)
    : size_(size),
      seed_(seed),
      half_bits_(std::max(1, (static_cast<int>(std::bit_width(size - 1)) + 1) / 2)) {}

std::uint64_t permutation::encrypt(std::uint64_t x) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = x >> half_bits_;
  std::uint64_t right = x & mask;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::uint64_t mixed = random_bits(seed_, right, stream + round) & mask;
    const std::uint64_t next = left ^ mixed;
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

std::uint64_t permutation::operator()(std::uint64_t i) const {
  do i = encrypt(i);
  while (i >= size_);
  return i;
}

}  // namespace sweepd::strategies
