// Sweeps that are searched outside: the runs that whoever searches has asked for and no agent has taken
// yet, and what a local controller is told of its schedule. Pure look-ups.
#pragma once

#include "controller/core/types.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sweepd::core {

/// A local controller or a scheduler searches, and stops runs early by itself.
bool driven_outside(const sweep_spec& spec);

/// A waiting trial whose first run has its id already, as that run: pending, with no agent. Nothing of the
/// state refers to it until it is handed out.
std::optional<run> promised_run(const sweep& sw, const trial& t);
/// All of the sweep's, oldest first.
std::vector<run> promised_runs(const sweep& sw);
/// The one with that id; none when it was handed out, or never was.
std::optional<run> promised_run(const state& s, const run_id& id);

/// The trial that an entry of a local controller's schedule led to; null: none yet.
const trial* scheduled_trial(const sweep& sw, std::string_view schedule_id);
/// What such a trial's search_info says.
std::string schedule_note(std::string_view schedule_id);

}  // namespace sweepd::core
