// What a crash policy would do to a sweep as it stands: run, rule, from -> to, what it releases.
// Asks the very questions that tick() asks, and changes nothing.
#pragma once

#include "controller/core/types.hpp"

namespace sweepd::core {

struct previewed_action {
  static constexpr bool has_defaults = true;
  run_id run;
  std::uint64_t trial = 0;
  agent_id agent;
  run_state state = run_state::crashed;  ///< now
  sweepd::core::cause cause = sweepd::core::cause::none;  ///< as known or as it would be
  std::string rule;
  run_state from = run_state::crashed;
  run_state to = run_state::failed;
  milliseconds due_in{0};
  std::vector<std::string> releases;
  std::string then;  ///< "requeued, 1 of 3", "fail", ...
};
BOOST_DESCRIBE_STRUCT(previewed_action, (),
                      (run, trial, agent, state, cause, rule, from, to, due_in, releases, then))

struct policy_preview {
  static constexpr bool has_defaults = true;
  std::string policy_hash;
  policy_mode mode = policy_mode::enforce;
  milliseconds ahead{0};
  std::vector<previewed_action> actions;  ///< soonest first
};
BOOST_DESCRIBE_STRUCT(policy_preview, (), (policy_hash, mode, ahead, actions))

/// What `policy` would do by now + ahead, if nothing is heard until then. A policy other than the one
/// in force counts its timers from now, as it would when set. The sweep must exist.
policy_preview preview(const state& s, const sweep_id& id, const crash_policy& policy, moment now,
                       milliseconds ahead);

}  // namespace sweepd::core
