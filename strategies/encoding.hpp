// Configurations as points: what a model-based search computes with.
//
// Every parameter that is not constant is one axis. Numbers stand at the cumulative probability of
// their own distribution, in [0, 1], so log scales and priors need no further care; integers and
// quantised values stand at one position a value ("snapped"), so that no model ever sees a point
// that cannot be run (Garrido-Merchán and Hernández-Lobato, arXiv 1805.03463). Listed values are an
// index without order, save numbers listed in order, which are evenly spaced. Pure, immutable.
#pragma once

#include "strategies/space.hpp"

#include <Eigen/Core>
#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::strategies {

/// One coordinate of a point.
struct axis {
  enum class kind : std::uint8_t {
    continuous,  ///< any number in [0, 1]
    ordered,     ///< one of the positions of its levels, in [0, 1]
    unordered,   ///< the index of a level: 0, 1, 2, ...
  };
  kind what = kind::continuous;
  std::size_t leaf = 0;             ///< its parameter, in space::leaves()
  std::uint64_t levels = 0;         ///< number of different values; 0: not countable
  std::vector<double> positions;    ///< of each level when there are few (levels_listed_max)
  std::vector<double> cumulative;   ///< of the levels' prior probabilities, when they differ
  std::vector<std::size_t> choice;  ///< listed values: which one each level is
  std::map<std::string, std::size_t> level_of;  ///< listed values: canonical text -> level
  double least = 0;  ///< continuous: the positions that have finite values
  double most = 1;
};

class encoding {
 public:
  static constexpr std::uint64_t levels_listed_max = 4096;

  explicit encoding(space s);

  [[nodiscard]] std::size_t dims() const { return axes_.size(); }
  [[nodiscard]] const std::vector<axis>& axes() const { return axes_; }
  /// The number of different configurations; none when it is not countable in 62 bits.
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }

  /// A run's configuration as a point; a number outside its range is moved to the nearer end. None:
  /// it lacks a parameter, or has a value that is not listed or no number.
  [[nodiscard]] std::optional<Eigen::VectorXd> encode(const boost::json::object& config) const;
  /// Constants included.
  [[nodiscard]] boost::json::object decode(const Eigen::VectorXd& at) const;

  /// The coordinate of axis j that the quantile u of its distribution means.
  [[nodiscard]] double from_unit(std::size_t j, double u) const;
  /// The allowed coordinate of axis j nearest to x.
  [[nodiscard]] double snap(std::size_t j, double x) const;
  /// The coordinate of a level of axis j, level < levels.
  [[nodiscard]] double at_level(std::size_t j, std::uint64_t level) const;
  /// The level at which the coordinate x of a countable axis stands.
  [[nodiscard]] std::uint64_t level_at(std::size_t j, double x) const;
  /// The configuration of that index < size().
  [[nodiscard]] Eigen::VectorXd cell(std::uint64_t index) const;
  /// Equal for points that are the same configuration, different otherwise.
  [[nodiscard]] static std::string key(const Eigen::VectorXd& at);

 private:
  void add_axis(std::size_t index);

  space space_;
  std::vector<axis> axes_;
  std::vector<boost::json::value> fixed_;  // a value a leaf: the constants'
  std::optional<std::uint64_t> size_;
};

}  // namespace sweepd::strategies
