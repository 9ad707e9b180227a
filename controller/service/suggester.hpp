// Keeps a few suggestions ready for every sweep, so that a hand-out never waits for a model.
//
// The strategies live on a thread pool, one request of a sweep at a time; the strand only says when
// one is worth asking for and what has changed since the last. Members are called on the strand,
// except that the outcome is delivered on a pool thread. Decides nothing: the engine turns an
// outcome into a command. A strategy's history is sent as differences, so that asking costs what
// changed, not what is.
#pragma once

#include "controller/core/types.hpp"
#include "strategies/strategy.hpp"

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
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
};

class suggester {
 public:
  using deliver = std::function<void(suggested)>;

  suggester(unsigned threads, deliver to);
  ~suggester();

  /// Asks the sweep's strategy, if it is worth asking now.
  void consider(const core::state& s, const sweep_id& id);
  /// These trials changed: their sweeps' strategies will hear of it with the next request.
  void trials_changed(const std::set<std::pair<sweep_id, std::uint64_t>>& trials);
  /// An outcome has reached the strand: the next request may go out.
  void arrived(const suggested& outcome);
  /// Waits for the strategies that are at work; what is queued is dropped. Idempotent.
  void stop();

 private:
  struct searcher;
  struct request;
  struct entry {
    std::shared_ptr<searcher> worker;
    bool in_flight = false;
    bool told_all = false;              ///< the strategy knows the history up to the last request
    std::size_t lookahead = 1;          ///< until the strategy has said
    std::set<std::uint64_t> changed;    ///< trials since the last request
  };
  static suggested work(searcher& w, request r);
  static request ask_for(const core::state& s, const core::sweep& sw, entry& e);

  deliver deliver_;
  std::unordered_map<sweep_id, entry> entries_;
  boost::asio::thread_pool pool_;
};

}  // namespace sweepd::service
