// method: random. Independent draws from each parameter's distribution, without end.
//
// Suggestion k is a pure function of (seed, k, the parameter's name): asking again, in other
// portions or after a restart gives the same. Source: wandb/sweeps:src/sweeps/random_search.py,
// whose draws come from a process-global generator instead. Pure.
#pragma once

#include "strategies/space.hpp"
#include "strategies/strategy.hpp"

#include <cstdint>
#include <vector>

namespace sweepd::strategies {

class random_search final : public strategy {
 public:
  explicit random_search(space s);
  void observe(std::span<const observation> trials) override;
  result<std::vector<suggestion>> suggest(const ask& what) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
  [[nodiscard]] std::size_t lookahead() const override { return 256; }
  [[nodiscard]] bool learns() const override { return false; }

 private:
  space space_;
  std::vector<std::uint64_t> streams_;  // one a leaf
};

}  // namespace sweepd::strategies
