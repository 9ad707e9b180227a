// method: grid. Every combination of listed values, once, by its index: nothing is materialised.
//
// The order is W&B's: parameters sorted by name (groups too), values as written, the last parameter
// varies fastest. Cell i is decoded from i in mixed radix, so a grid of 10^9 cells costs no more
// than one of ten. Source: wandb/sweeps:src/sweeps/grid_search.py. Pure.
#pragma once

#include "controller/base/result.hpp"
#include "strategies/space.hpp"
#include "strategies/strategy.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace sweepd::strategies {

/// The values one parameter takes in a grid.
class grid_axis {
 public:
  /// Error: invalid, for kinds that cannot be listed; `where` is the parameter's place.
  static result<grid_axis> make(const leaf& l);
  [[nodiscard]] std::uint64_t count() const;  ///< at least 1
  [[nodiscard]] boost::json::value at(std::uint64_t i) const;
  /// The place of a run's value; none when it is not one of the axis's.
  [[nodiscard]] std::optional<std::uint64_t> find(const boost::json::value& v) const;

 private:
  struct listing {
    boost::json::array values;  ///< no two equal
    std::unordered_map<std::string, std::uint64_t> places;  ///< by canonical text
    std::set<std::string, std::less<>> keys;  ///< of the maps among the values
  };
  struct integers {
    std::int64_t first;
    std::uint64_t step;
    std::uint64_t count;
  };
  struct multiples {  // numpy.arange's arithmetic, as W&B lists q_uniform
    double first;
    double second;
    std::uint64_t count;
  };
  static listing listed(const boost::json::array& values);
  static result<grid_axis> q_uniform(const leaf& l);

  std::variant<listing, integers, multiples> values_;
};

/// The product of the axes.
class grid_cells {
 public:
  /// Errors: as grid_axis::make, and when the cells cannot be counted in 64 bits.
  static result<grid_cells> make(space s);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// The configuration of cell i < count().
  [[nodiscard]] boost::json::object at(std::uint64_t i) const;
  /// The cell that a run's configuration covers. None when a parameter is missing, or has a value that
  /// is not listed. Constants do not count.
  [[nodiscard]] std::optional<std::uint64_t> find(const boost::json::object& config) const;

 private:
  space space_;
  std::vector<grid_axis> axes_;
  std::uint64_t count_ = 1;
};

/// Hands out each cell that no observed run covers, whatever became of the run; without any, cell after
/// cell, so that whoever hands out by position need not tell what was handed out.
class grid final : public strategy {
 public:
  /// `shuffled`: the cells in an order that the seed fixes, instead of W&B's.
  grid(grid_cells cells, bool shuffled);
  void observe(std::span<const observation> trials) override;
  /// observe(), one run at a time: a run is there; a run of that configuration is there no more.
  void visit(const boost::json::object& config);
  void leave(const boost::json::object& config);
  result<std::vector<suggestion>> suggest(const ask& what) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return cells_.count(); }
  [[nodiscard]] std::size_t lookahead() const override { return 256; }
  [[nodiscard]] bool learns() const override { return false; }

 private:
  grid_cells cells_;
  bool shuffled_;
  std::unordered_map<std::uint64_t, std::size_t> visited_;  ///< cell -> runs that cover it
  std::uint64_t done_ = 0;       ///< every position before this one is visited,
  std::uint64_t done_seed_ = 0;  ///< in the order of this seed
};

}  // namespace sweepd::strategies
