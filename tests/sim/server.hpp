// The simulated controller: the real core, a store that holds only what was committed, a serving clock
// that stands still while it is down, and the oracles that watch every event.
#pragma once

#include "controller/core/commands.hpp"
#include "controller/core/store.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace sweepd::sim {

using core::answer_to;
using std::chrono::milliseconds;
using reply_to = std::function<void(const result<answer_to>&)>;

/// Thrown by an oracle.
struct violation {
  std::string sentence;
};

class server {
 public:
  explicit server(std::int64_t wall_start) : wall_(wall_start) {}

  /// Virtual time goes on, in ms since the simulation's start.
  void at(std::int64_t t);
  [[nodiscard]] bool up() const { return up_ && !suspended_; }

  /// Handled at once; `reply` is called by commit(), unless the server dies before.
  void tell(const core::command& c, const core::actor& who, reply_to reply);
  /// Fires what is due.
  void tick();
  [[nodiscard]] std::optional<std::int64_t> next_tick() const;
  /// Everything so far is durable, and the replies go out.
  void commit();
  [[nodiscard]] bool dirty() const { return !replies_.empty() || !pending_.empty(); }

  void die();      ///< kill -9: what was not committed never happened
  void restart();  ///< from the rows, with a fresh grace
  void suspend();
  void resume();
  void jump_clock(std::int64_t by) { wall_ += by; }

  /// A signal of this run has reached us: for the false-crash oracle.
  void heard(const run_id& run);
  /// The last events as lines, for a failure's report.
  [[nodiscard]] std::vector<std::string> trace() const;
  /// Checks every invariant now, and the fold of the log against the state if asked.
  void check(bool fold) const;

  core::state s;
  std::uint64_t events = 0;
  std::uint64_t steps = 0;
  std::uint64_t targets = 0;       ///< times a metric.target was reached
  bool keep_log = false;

 private:
  struct rows {
    std::unordered_map<sweep_id, core::sweep> sweeps;
    std::map<std::pair<sweep_id, std::uint64_t>, core::trial> trials;
    std::unordered_map<run_id, core::run> runs;
    std::unordered_map<agent_id, core::agent> agents;
  };
  struct logged {
    moment at;
    core::actor who;
    core::event what;
  };
  /// An event, or what happened to the server itself.
  struct traced {
    std::int64_t t;
    core::actor who;
    std::variant<core::event, std::string> what;
  };
  [[nodiscard]] moment now() const;
  void remember(core::actor who, std::variant<core::event, std::string> what);
  void take(const core::decision& d);
  void watch(const core::actor& who, const core::event& e);
  void watch_move(const core::actor& who, const core::ev::run_moved& e);

  std::int64_t t_ = 0;
  std::int64_t wall_ = 0;
  std::int64_t served_ = 3'600'000;  ///< serving clock when last started or stopped
  std::int64_t up_since_ = 0;
  bool up_ = true;
  bool suspended_ = false;
  std::int64_t outage_at_ = -1;      ///< serving time of the last outage of ours
  std::deque<traced> trace_;
  rows durable_;
  std::vector<logged> log_, pending_;
  std::vector<std::pair<reply_to, result<answer_to>>> replies_;
  std::unordered_set<run_id> stopped_early_;      ///< killed by the rule, once each
  std::vector<run_id> stopped_early_pending_;     ///< and not committed
  std::unordered_map<agent_id, std::uint64_t> deaths_;  ///< seen, of runs of this agent
  std::unordered_map<run_id, std::int64_t> last_heard_;  ///< serving time
  std::map<std::pair<std::string, std::uint64_t>, std::map<int, run_id>> handed_out_;
};

}  // namespace sweepd::sim
