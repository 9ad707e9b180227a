// One run of a request, reduced to what the strategies and the stopping rules ask of it.
//
// Semantics: wandb/sweeps:src/sweeps/run.py (a run's metric values) and bayes_search.py (what a state
// means to a model); the mapping is written out in strategies/README.md. Pure.
#pragma once

#include "controller/base/result.hpp"
#include "strategies/strategy.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::suggest {

enum class run_state : std::uint8_t {
  pending,
  running,
  finished,
  killed,
  crashed,
  failed,
  preempted,
  preempting,
};

std::string_view word_of(run_state s);  ///< "running"

struct run_facts {
  std::string name;
  run_state state = run_state::pending;
  bool stopped = false;
  /// The metric's finite values in the history, in order: neither bools nor texts nor missing ones.
  std::vector<double> values;
  /// What metric_rule::resource was logged as in the same rows; NaN where it was not. Empty without one.
  std::vector<double> resource;
  std::optional<double> summary;  ///< the metric in the summary, if finite
};

/// The metric that runs are judged by. Without a name nothing is read of a history.
struct metric_rule {
  std::optional<std::string> name;
  bool maximize = false;
  std::string resource = {};  ///< what early_terminate counts by, if anything: epoch, ...
};

struct read_run {
  run_facts facts;
  strategies::observation seen;
};

/// Reads one run. Errors: invalid, `where` beginning with `path`: no object, a state that does not
/// exist, a config or a history of the wrong shape.
result<read_run> reduce_run(const boost::json::value& run, const metric_rule& metric,
                            const std::string& path);

}  // namespace sweepd::suggest
