// method: sobol. Quasi-random points, more even than independent draws, without end or until a
// finite space is exhausted.
//
// Suggestion k is a pure function of (seed, k). In a finite space it is the k-th configuration that
// the sequence has not met before; where the sequence keeps meeting old ones, the rest follows in a
// shuffled order. Sources: those of sobol.hpp. Pure; what was computed for one question is kept for
// the next.
#pragma once

#include "strategies/encoding.hpp"
#include "strategies/strategy.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace sweepd::strategies {

class sobol_search final : public strategy {
 public:
  explicit sobol_search(space s) : space_(std::move(s)) {}
  void observe(std::span<const observation> trials) override;
  result<std::vector<suggestion>> suggest(const ask& what) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return space_.size(); }
  [[nodiscard]] std::size_t lookahead() const override { return 256; }
  [[nodiscard]] bool learns() const override { return false; }

 private:
  void extend(std::uint64_t count, std::uint64_t seed);

  encoding space_;
  std::uint64_t seed_ = 0;               // of what follows
  std::vector<Eigen::VectorXd> cells_;   // of a finite space, in the order in which they are met
  std::unordered_set<std::string> met_;  // the same, by key
  std::uint64_t taken_ = 0;              // points of the sequence so far
  bool shuffled_ = false;                // the sequence meets hardly anything new
  std::uint64_t shuffled_taken_ = 0;
};

}  // namespace sweepd::strategies
