// When may what happen to a run by itself? The deadlines of design's liveness table, and the guards
// that hold marking back when the fault is more likely ours: grace after an outage, mass silence.
// Pure questions; tick.cpp acts on the answers. Everything is in serving time (base/instant.hpp).
#pragma once

#include "controller/core/types.hpp"

namespace sweepd::core {

/// The later of the two signals, never before our own last outage.
mono last_signal(const state& s, const run& r);
/// The agent has been silent for crash_after, has left, or is marked lost.
bool agent_gone(const state& s, const run& r, moment now);
/// Nothing of this sweep crashes before.
mono grace_end(const state& s, const sweep& sw);
/// The next instant at which something can happen to the run by itself; none: nothing can.
std::optional<mono> next_deadline(const state& s, const run& r);
/// When a live run's lease ends if nothing is heard of it until then; none: it has none.
std::optional<mono> lease_end(const state& s, const run& r);
/// When the policy acts on a crashed run; none: never by itself (mode off, rule `hold`).
std::optional<mono> act_deadline(const state& s, const run& r);
/// What a rule may look at, of a run that ended (or is believed to have).
death death_of(const run& r, moment now);

/// Marking is limited after a mass silence: at most max(1, 5 % of the live runs) in each window.
inline constexpr milliseconds mass_window{10'000};
inline constexpr std::uint64_t mass_runs_min = 3;
/// Half or more of at least mass_runs_min live runs are silent.
bool silent_together(const state& s);
std::uint64_t mass_marks_max(const state& s);

}  // namespace sweepd::core
