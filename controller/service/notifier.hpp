// Who waits for the next durable event (the event streams), and who waits for a run (the claims).
//
// Both are bookkeeping only: they know deadlines and order, in the injected steady time; the engine
// says when to look and what to answer. Strand only.
#pragma once

#include "controller/core/commands.hpp"
#include "controller/service/completion.hpp"
#include "controller/service/controller.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace sweepd::service {

/// Waiters for events beyond a number.
class notifier {
 public:
  /// Beyond it the one who waits longest is answered early (it asks again).
  static constexpr std::size_t waiting_max = 10'000;

  /// `id` is for cancel(); unique among those that wait.
  void add(std::uint64_t id, std::uint64_t after, milliseconds due, completion<std::uint64_t> to);
  /// Events up to `seq` are durable: answers whoever waited for one of them.
  void durable(std::uint64_t seq);
  /// Answers those whose patience is over; cancel() one of them; finish() all.
  void expire(milliseconds now);
  void cancel(std::uint64_t id);
  void finish();
  /// Drops all unanswered, which destroys the coroutines that wait.
  void abandon();

  [[nodiscard]] std::optional<milliseconds> next_due() const;
  [[nodiscard]] std::uint64_t newest() const { return durable_; }

 private:
  struct waiting {
    std::uint64_t after = 0;
    milliseconds due{0};
    completion<std::uint64_t> to;
  };
  void answer(std::uint64_t id);

  std::map<std::uint64_t, waiting> waiting_;               // by id: oldest first
  std::set<std::pair<std::uint64_t, std::uint64_t>> by_after_;  // after, id
  std::set<std::pair<milliseconds, std::uint64_t>> by_due_;
  std::uint64_t durable_ = 0;
};

/// A claim that found nothing yet.
struct waiting_claim {
  std::uint64_t id = 0;
  core::cmd::claim what;
  caller who;
  milliseconds due{0};       ///< steady: when its patience is over
  core::answer::wait last;   ///< what it was told last, if only it had been told
  completion<result<core::answer_to>> to;
};

/// The claims that wait, a line for each sweep, first come first served.
class claim_lines {
 public:
  /// Refusals that concern one agent only, looked past in one call of serve().
  static constexpr int refusals_max = 64;

  explicit claim_lines(std::size_t per_sweep_max) : per_sweep_max_(per_sweep_max) {}

  [[nodiscard]] bool full(const sweep_id& sweep) const;
  /// At the end of its line. An earlier claim of the same agent is given back to be answered: an
  /// agent asks one thing at a time, so nobody listens to the earlier one any more.
  std::optional<waiting_claim> add(waiting_claim c, milliseconds now);

  /// Asks `attempt` for the claims of a line in order until one is refused for a reason that holds
  /// for all. attempt(claim) gives the new `wait`, or none when it has answered the claim (it takes
  /// `to`); it must not change the lines.
  using attempt = std::function<std::optional<core::answer::wait>(waiting_claim&)>;
  void serve(const sweep_id& sweep, milliseconds now, const attempt& one);

  /// Those whose patience is over.
  std::vector<waiting_claim> expired(milliseconds now);
  std::optional<waiting_claim> cancel(std::uint64_t id);
  std::vector<waiting_claim> take_all();
  /// Sweeps where waiting may end by itself by now (a backoff, a cooldown); each is told once.
  std::vector<sweep_id> to_retry(milliseconds now);
  [[nodiscard]] std::vector<sweep_id> sweeps() const;

  [[nodiscard]] std::optional<milliseconds> next_due() const;
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  using line = std::list<waiting_claim>;
  struct place {
    sweep_id sweep;
    line::iterator at;
  };
  waiting_claim remove(std::uint64_t id);
  void retry_later(const sweep_id& sweep, const core::answer::wait& w, milliseconds now);

  std::size_t per_sweep_max_;
  std::unordered_map<sweep_id, line> lines_;
  std::unordered_map<std::uint64_t, place> places_;
  std::unordered_map<agent_id, std::uint64_t> by_agent_;
  std::set<std::pair<milliseconds, std::uint64_t>> by_due_;
  std::map<sweep_id, milliseconds> retry_;
};

}  // namespace sweepd::service
