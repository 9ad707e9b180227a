// The port every search strategy implements, and the factory that makes one from a sweep file.
//
// A strategy is a pure function of (config, what it observed, seed): it has no clock, no thread, no
// global generator. It runs on a worker pool, never on the controller's strand. Its proposals form a
// sequence; proposal k is the same for the same seed and the same observations, whoever asks and in
// whatever portions, so a restarted controller goes on where the recorded trials end.
#pragma once

#include "controller/base/result.hpp"

#include <boost/describe.hpp>
#include <boost/json.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sweepd::strategies {

/// One configuration proposed for a trial.
struct suggestion {
  /// Place in the strategy's own sequence, from 0. The next suggestion has a higher one; gaps are
  /// allowed (a duplicate cell is skipped). Stored with the trial.
  std::uint64_t position = 0;
  /// {"lr": {"value": 0.1}, "net": {"value": {"depth": 3}}} — W&B's shape, constants included.
  boost::json::object config;
  /// What the model knew: success_probability, predicted_value, ...; empty for grid and random.
  boost::json::object search_info;
  std::string hash{};  ///< config_hash(config), where somebody had time for it ahead; empty: nobody
};
BOOST_DESCRIBE_STRUCT(suggestion, (), (position, config, search_info))

/// One trial as a strategy sees it.
struct observation {
  enum class kind {
    pending,     ///< handed out (or about to be) and not ended
    value,       ///< finished, with a finite metric
    partial,     ///< ended early (stopped, killed) after it had logged the metric
    infeasible,  ///< the program failed, or its metric was never finite: evidence about the point
    no_sample,   ///< lost with its machine or its agent: evidence only where neighbours are lost too
  };
  kind what = kind::pending;
  boost::json::object config;
  /// The best finite metric so far by the goal, over history and summary. Set with `value` and
  /// `partial`; the others may have logged one too, which only `metric.impute` reads.
  std::optional<double> value;
  std::optional<double> last;   ///< the last finite one logged
  std::optional<double> worst;  ///< the worst finite one logged, by the goal
  bool running = false;         ///< pending, and its process has started (`impute_while_running`)
};

/// What suggest() is asked for.
struct ask {
  std::uint64_t seed = 0;  ///< of all draws
  std::uint64_t from = 0;  ///< the first position wanted
  std::size_t n = 1;
};

class strategy {
 public:
  virtual ~strategy() = default;
  /// Tells the whole history, oldest first; what is prepared and not yet a trial comes last, as
  /// pending. What is known from the last call may be kept, but must not change an answer.
  virtual void observe(std::span<const observation> trials) = 0;
  /// Up to n suggestions whose positions start at `from`; each sees the earlier ones of the call as
  /// pending. Fewer than n: the space is exhausted. A pure function of the file, what was observed
  /// and `what`.
  virtual result<std::vector<suggestion>> suggest(const ask& what) = 0;
  /// Number of distinct configurations, if finite and countable (a grid); none otherwise.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
  /// How many suggestions may be prepared ahead: many where nothing is learnt, few for a model.
  [[nodiscard]] virtual std::size_t lookahead() const = 0;
  /// False: observe() is not needed by whoever counts positions; positions alone tell what is next.
  [[nodiscard]] virtual bool learns() const = 0;
};

/// Makes the strategy that `config` (the sweep file as JSON) asks for by `method`.
/// Errors: invalid, `where` a path such as `parameters.lr`.
result<std::unique_ptr<strategy>> make_strategy(const boost::json::object& config);

/// The identity of a configuration: SHA-256 (hex) of its canonical typed form. true and 1, "1" and 1
/// differ; 3.0 and 3 at the top level are equal, as W&B's grid has it; key order does not matter.
std::string config_hash(const boost::json::object& config);
inline std::string config_hash(const suggestion& s) { return s.hash.empty() ? config_hash(s.config) : s.hash; }

}  // namespace sweepd::strategies
