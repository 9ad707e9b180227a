// The observations of a sweep as the model takes them: points with values, points that failed,
// points still running. Decides what each observation counts as, `metric.impute` included. Pure.
#pragma once

#include "strategies/bayes/kernel.hpp"
#include "strategies/encoding.hpp"
#include "strategies/strategy.hpp"

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace sweepd::strategies::bayes {

/// What the `metric` block says of values and of runs without one.
struct metric_rules {
  enum class impute : std::uint8_t { worst, latest, best };
  bool maximize = false;
  std::optional<impute> ended;    ///< of runs that failed or were cut short, when it is written
  std::optional<impute> running;  ///< of runs whose process has started, when it is written
};

/// Error: invalid, without a metric. An unknown goal is minimize; an unknown impute is as if
/// unwritten.
result<metric_rules> metric_rules_in(const boost::json::object& config);

struct training {
  points x;                                 ///< a row an observation with a value
  Eigen::VectorXd y;                        ///< its value, smaller is better
  std::vector<std::size_t> trial;           ///< which observation it is, from 0
  points failed;                            ///< the program failed there
  points lost;                              ///< the machine was lost there
  points pending;                           ///< no outcome yet
  std::unordered_set<std::string> visited;  ///< encoding::key of every point above
  bool any_ended = false;                   ///< some run has ended, with a value or without

  [[nodiscard]] Eigen::Index known() const {
    return x.rows() + failed.rows() + lost.rows() + pending.rows();
  }
};

/// Observations whose configuration is not of this space are left out.
training training_from(std::span<const observation> trials, const encoding& space,
                       const metric_rules& rules);

/// Adds a row.
void append(points& to, const Eigen::VectorXd& at);

}  // namespace sweepd::strategies::bayes
