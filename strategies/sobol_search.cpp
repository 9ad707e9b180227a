#include "strategies/sobol_search.hpp"

#include "strategies/permutation.hpp"
#include "strategies/philox.hpp"
#include "strategies/sobol.hpp"

#include <algorithm>
#include <utility>

namespace sweepd::strategies {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr std::uint64_t stream = stream_of("sobol");
constexpr std::uint64_t batch = 64;
constexpr std::size_t fresh_least = 4;  // of a batch, else the rest is shuffled

// Points first .. first + count - 1 of the sequence, each an allowed configuration.
std::vector<VectorXd> points(const encoding& space, std::uint64_t first, std::uint64_t count,
                             std::uint64_t seed) {
  const auto units = sobol_points(count, space.dims(), seed, stream, first);
  std::vector<VectorXd> out;
  for (Index i = 0; i < units.rows(); ++i) {
    VectorXd at(units.cols());
    for (Index j = 0; j < units.cols(); ++j)
      at[j] = space.from_unit(static_cast<std::size_t>(j), units(i, j));
    out.push_back(std::move(at));
  }
  return out;
}

}  // namespace

void sobol_search::observe(std::span<const observation>) {}

// Finds the first `count` cells of a finite space.
void sobol_search::extend(std::uint64_t count, std::uint64_t seed) {
  if (seed != seed_ || cells_.empty()) {
    cells_.clear();
    met_.clear();
    seed_ = seed;
    taken_ = shuffled_taken_ = 0;
    shuffled_ = false;
  }
  const auto add = [&](VectorXd at) {
    if (met_.insert(encoding::key(at)).second) cells_.push_back(std::move(at));
  };
  while (cells_.size() < count && !shuffled_) {
    const std::size_t before = cells_.size();
    for (auto& at : points(space_, taken_, batch, seed)) add(std::move(at));
    taken_ += batch;
    shuffled_ = cells_.size() - before < fresh_least;
  }
  if (cells_.size() >= count) return;
  const permutation order(*space_.size(), random_bits(seed, 0, stream));
  while (cells_.size() < count) add(space_.cell(order(shuffled_taken_++)));
}

result<std::vector<suggestion>> sobol_search::suggest(const ask& what) {
  std::vector<suggestion> out;
  if (!space_.size()) {
    std::uint64_t position = what.from;
    for (const auto& at : points(space_, what.from, what.n, what.seed))
      out.push_back({position++, space_.decode(at), {}});
    return out;
  }
  const std::uint64_t size = *space_.size();
  const std::uint64_t left = what.from < size ? size - what.from : 0;
  const std::uint64_t end = what.from + std::min<std::uint64_t>(left, what.n);
  extend(end, what.seed);
  for (std::uint64_t position = what.from; position < end; ++position)
    out.push_back({position, space_.decode(cells_[position]), {}});
  return out;
}

}  // namespace sweepd::strategies
