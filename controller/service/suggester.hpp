// Keeps a few suggestions ready for every sweep, so that a hand-out never waits for a model.
//
// The strategies live on a thread pool, one request of a sweep at a time; the strand only says when
// one is worth asking for and what has changed since the last. Members are called on the strand,
// except that the outcome is delivered on a pool thread. Decides nothing: the engine turns an
// outcome into a command. A strategy's history is sent as differences, so that asking costs what
// changed, not what is.
//
// A strategy that learns is asked again as soon as a trial has an outcome that it has not heard of:
// the new suggestions replace those that were ready. Until they come, the old ones are handed out,
// with one exception, fresh_due(): a sweep that runs one trial at a time would else never use its
// last result.
#pragma once

#include "controller/core/types.hpp"
#include "strategies/strategy.hpp"

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace sweepd::service {

/// What a strategy answered.
struct suggested {
  sweep_id sweep;
  result<std::vector<strategies::suggestion>> got;
  bool exhausted = false;     ///< fewer came than were asked for
  std::size_t lookahead = 1;
  bool replace = false;       ///< in place of what is ready, which is older than the last outcome
  std::uint64_t trials = 0;   ///< of the sweep, when it was asked: later ones it does not know
  int changes = 0;            ///< of the sweep's file, when it was asked
};

/// Makes a sweep's strategy: strategies::make_strategy, or a test's own.
using strategy_maker =
    std::function<result<std::unique_ptr<strategies::strategy>>(const boost::json::object&)>;

class suggester {
 public:
  using deliver = std::function<void(suggested)>;
  /// A hand-out waits for fresh suggestions no longer than this.
  static constexpr milliseconds fresh_wait_max{2'000};

  suggester(unsigned threads, strategy_maker make, deliver to);
  ~suggester();

  /// Asks the sweep's strategy, if it is worth asking now. `now`: steady.
  void consider(const core::state& s, const sweep_id& id, milliseconds now);
  /// These trials changed: their sweeps' strategies will hear of it with the next request.
  void trials_changed(const std::set<std::pair<sweep_id, std::uint64_t>>& trials);
  /// An outcome has reached the strand: the next request may go out.
  void arrived(const suggested& outcome);
  /// When a hand-out of this sweep should stop waiting for suggestions that know the last outcome;
  /// none: it should not wait. It should while no other run of the sweep is live.
  [[nodiscard]] std::optional<milliseconds> fresh_due(const core::sweep& sw) const;
  /// Waits for the strategies that are at work; what is queued is dropped. Idempotent.
  void stop();

 private:
  struct searcher;
  struct request;
  /// How a trial's outcome was last told.
  struct told {
    strategies::observation::kind what = strategies::observation::kind::pending;
    std::optional<double> value;
    friend bool operator==(const told&, const told&) = default;
  };
  struct entry {
    std::shared_ptr<searcher> worker;
    int changes = 0;                    ///< of the sweep's file, when the strategy was made
    bool learns = false;                ///< it must hear of the trials
    bool in_flight = false;
    std::size_t lookahead = 1;          ///< until the strategy has said
    std::set<std::uint64_t> changed;    ///< trials since the last request
    std::vector<told> outcomes;         ///< by trial number - 1; what the last request told
    std::optional<milliseconds> stale_since;    ///< what is ready is older than an outcome
    std::optional<milliseconds> awaited_since;  ///< the same, and its replacement is being made
  };
  static suggested work(searcher& w, request r);
  entry& entry_of(const core::sweep& sw);
  static void note_news(const core::state& s, const core::sweep& sw, entry& e, milliseconds now);
  static request ask_for(const core::state& s, const core::sweep& sw, entry& e);

  strategy_maker make_;
  deliver deliver_;
  std::unordered_map<sweep_id, entry> entries_;
  boost::asio::thread_pool pool_;
};

}  // namespace sweepd::service
