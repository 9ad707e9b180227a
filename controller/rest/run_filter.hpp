// Which runs are meant: the filter shared by the list of runs and the bulk actions, so that what a
// person saw in the list is what the action takes.
#pragma once

#include "controller/core/types.hpp"
#include "controller/http/router.hpp"
#include "controller/rest/query.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::rest {

struct run_filter {
  std::string sweep, project, agent;  ///< empty: any
  std::vector<core::run_state> states;
  std::vector<core::cause> causes;
  std::vector<core::run_health> healths;
  std::optional<std::uint64_t> trial;
  std::optional<milliseconds> older_than;  ///< so long in its present state
};

/// From the query parameters sweep, project, agent, state, cause, health, trial, older_than.
result<run_filter> run_filter_of(const query& q);

/// The runs that match and that the caller may see, in no particular order.
std::vector<const core::run*> matching(const core::state& s, const http::principal& who,
                                       const run_filter& f, moment now);

/// The same in steps, for whoever only shows them: between two steps others get their turn on the strand, so what is
/// found is of different moments.
class run_walk {
 public:
  using visitor = std::function<void(const core::state&, const core::run&, moment)>;
  /// Trials looked at in one step: about two milliseconds where memory is cold.
  static constexpr std::size_t step_trials = 4'000;

  run_walk(run_filter f, http::principal who, std::size_t step = step_trials)
      : filter_(std::move(f)), who_(std::move(who)), step_(step) {}

  /// Shows the next ones; false: those were the last. Errors, at the first step only: not_found.
  result<bool> step(const core::state& s, moment now, const visitor& show);

 private:
  result<void> begin(const core::state& s);

  run_filter filter_;
  http::principal who_;
  std::size_t step_;
  bool begun_ = false;
  std::vector<sweep_id> sweeps_;  // still to be walked, the last one first
  std::uint64_t trial_ = 1;       // of that one
};

/// Walks to the end; when it returns, what was shown is durable. `show` is called on the strand.
http::asio::awaitable<result<void>> walk_runs(http::services& svc, run_walk walk, run_walk::visitor show);

inline sort_key key_of(const core::run& r) { return {r.created, r.id.value}; }

}  // namespace sweepd::rest
