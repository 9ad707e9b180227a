// Early termination and metric.target: how a run's state decides what its values at the rungs count, who
// is stopped, and the rung table for people. The rules are in strategies/early_stop/.
#pragma once

#include "controller/core/types.hpp"

namespace sweepd::core {

/// The rung seat of a run in its present state: live, preempted, killed and finished runs count, a
/// crashed one is provisional, a failed one is removed (or kept, if the rule says so and it is not
/// infeasible). A trial has one seat: what was handed out again or superseded has none.
strategies::early_stop::standing seat_standing(const state& s, const run& r);

/// One line of the rung table.
struct rung_line {
  double rung = 0;
  std::uint64_t runs = 0;         ///< values that count
  std::uint64_t provisional = 0;  ///< of crashed runs
  std::uint64_t judged = 0;       ///< running, and judged here
  std::optional<double> threshold;
  bool decides = false;           ///< enough runs are there to judge by it
};
BOOST_DESCRIBE_STRUCT(rung_line, (), (rung, runs, provisional, judged, threshold, decides))

struct rung_table {
  std::string rule;      ///< hyperband, asha, median; empty: the sweep has none
  std::string resource;  ///< empty: rungs count logged values of the metric
  std::uint64_t stopped = 0;  ///< runs that it has stopped so far
  std::vector<rung_line> rungs;
};
BOOST_DESCRIBE_STRUCT(rung_table, (), (rule, resource, stopped, rungs))

/// The sweep must exist. Counting the stopped runs costs O(runs).
rung_table rungs_of(const state& s, const sweep_id& id);
/// Where the run stands, in words: "rung 9: 0.71 is worse than the threshold 0.52 of 8 runs"; empty when
/// it has reached none.
std::string rung_words(const state& s, const run& r);
/// What its values at the rungs count now: "counted", "provisional", "removed"; empty: it has none.
std::string seat_words(const state& s, const run& r);

}  // namespace sweepd::core
