// The objects of the REST contract: sweep, trial, run, agent, key, event, policy. Rendered from the
// state on its strand (inside controller.read); the results are values and own all they hold.
//
// Times are RFC 3339 in UTC, durations texts with units, what does not apply is null (never left out),
// and secrets in configurations are masked (mask.hpp).
#pragma once

#include "controller/core/store.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>

namespace sweepd::rest::wire {

boost::json::object sweep(const core::state& s, const core::sweep& sw, moment now);
/// sweep(), and `config`: the whole file as understood. For answers about one sweep.
boost::json::object sweep_in_full(const core::state& s, const core::sweep& sw, moment now);
/// A sweep that is not stored (dry run, validate): what is known from its file alone.
boost::json::object sweep_file(const core::sweep_spec& spec);
boost::json::object trial(const core::state& s, const core::trial& t, moment now);
boost::json::object run(const core::state& s, const core::run& r, moment now);
/// The sweep's rung table: what early termination compares, and by what it stops runs.
boost::json::object rungs(const core::state& s, const core::sweep& sw);
boost::json::object agent(const core::state& s, const core::agent& a, moment now);
boost::json::object key(const core::api_key& k, instant now);
boost::json::object event(const core::stored_event& e);
/// Every setting with its default filled in; durations as texts; rules with `do`, as in YAML.
boost::json::object policy(const core::crash_policy& p);

boost::json::value time(instant t);  ///< null for the epoch itself: "never"
boost::json::value time(const std::optional<instant>& t);
/// The wall time at which the serving clock will read (or read) `at`, if it goes on without a break.
boost::json::value time(mono at, moment now);
/// JSON text as a value; null when it is none.
boost::json::value json_value(std::string_view text);

/// What happens to a run by itself and when, unless a signal changes it; none: nothing is due.
struct due {
  mono at;
  std::string what;
};
std::optional<due> next_of(const core::state& s, const core::run& r, moment now);
/// Could `undo` restore something now?
bool can_undo(const core::state& s, const core::run& r, moment now);

}  // namespace sweepd::rest::wire
