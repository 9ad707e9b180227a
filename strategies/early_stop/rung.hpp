// One rung: the values that runs had when they reached it, split where the threshold lies, and the runs
// that are judged by it. Every change costs O(log n); the threshold costs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

namespace sweepd::strategies::early_stop {

/// A run's number within its sweep, given by board::enter().
using seat = std::uint32_t;

class rung {
 public:
  using entry = std::pair<double, seat>;  ///< ranked value: the lowest is best

  /// `cut`: how many values shall lie before the threshold, of those that there are then.
  void insert(entry e, std::size_t cut);
  void erase(const entry& e, std::size_t cut);
  [[nodiscard]] std::size_t size() const { return before_.size() + rest_.size(); }
  /// None while there is no value.
  [[nodiscard]] std::optional<double> threshold() const;

  std::set<entry> judged;        ///< runs whose highest rung this is and that may be stopped
  std::size_t provisional = 0;   ///< values of crashed runs: they are here, and count for nothing

 private:
  void split(std::size_t cut);
  std::set<entry> before_, rest_;  ///< the threshold is the first of rest_
};

}  // namespace sweepd::strategies::early_stop
