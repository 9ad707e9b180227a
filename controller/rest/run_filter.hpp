// Which runs are meant: the filter shared by the list of runs and the bulk actions, so that what a
// person saw in the list is what the action takes.
#pragma once

#include "controller/core/types.hpp"
#include "controller/http/router.hpp"
#include "controller/rest/query.hpp"

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

inline sort_key key_of(const core::run& r) { return {r.created, r.id.value}; }

}  // namespace sweepd::rest
