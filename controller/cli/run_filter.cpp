#include "controller/cli/run_filter.hpp"

#include "controller/cli/resolve.hpp"

namespace sweepd::cli {
std::vector<option> run_filter_options() {
  return {
      {"sweep", '\0', "SWEEP", "only runs of this sweep"},
      {"state", '\0', "STATE", "only these states, comma separated",
       "pending running preempting preempted crashed failed killed finished"},
      {"older-than", '\0', "DURATION", "in their state for longer than this (30m, 2h)"},
      {"cause", '\0', "CAUSE", "only these causes, comma separated",
       "exit_code signal oom exception preempted agent_lost exited_silently silent never_started "
       "stalled user_stop invalid_config metric_missing metric_nan superseded early_stop"},
      {"health", '\0', "HEALTH", "only this health", "ok suspect stalled exiting superseded"},
      {"agent", '\0', "AGENT", "only runs of this agent"},
  };
}

result<std::vector<std::pair<std::string, std::string>>> run_filter(context& c) {
  SWEEPD_TRY(auto states, c.words("state"));
  SWEEPD_TRY(auto causes, c.words("cause"));
  SWEEPD_TRY(auto healths, c.words("health"));
  const auto age = c.args.duration("older-than");
  if (!age) return c.usage(age.error().message);
  SWEEPD_TRY(auto sweep, sweep_option(c));
  SWEEPD_TRY(auto agent, agent_option(c));
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) out.emplace_back(name, std::move(value));
  };
  add("sweep", std::move(sweep));
  add("state", std::move(states));
  add("older_than", *age ? to_string(**age) : std::string{});
  add("agent", std::move(agent));
  add("cause", std::move(causes));
  add("health", std::move(healths));
  return out;
}

}  // namespace sweepd::cli
