// How sweeps, runs, agents and holds look as tables and as pages; shared by the commands that show
// them (sweeps, runs, show, explain, watch, launch).
#pragma once

#include "controller/cli/output.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace sweepd::cli {

std::vector<column> sweep_columns();
std::vector<column> run_columns();
std::vector<column> agent_columns();
/// Of `explain`: what each run holds, why, and when it lets go.
std::vector<column> hold_columns();

/// "37/240": trials done of those expected; the second part is missing for an endless search.
std::string progress(const json::object& sweep);
/// "finished 30, running 4, crashed 1": the states that occur.
std::string run_counts(const json::object& sweep);
/// "accuracy 0.931 (run ab12cd34)"; "" when nothing was measured.
std::string best_so_far(const json::object& sweep);
/// "paused (breaker: 5 runs died in a row)".
std::string state_words(const json::object& sweep);
/// Time until an RFC 3339 instant at `path`, as "in 4m", "now"; "" when missing.
std::string due(const json::object& o, std::string_view path, const look& how);

void print_sweep(std::ostream& out, const look& how, const json::object& sweep);
/// The answer of /sweeps/{sweep}/rungs.
void print_rungs(std::ostream& out, const look& how, const json::object& table);
/// `events`: the run's history, oldest first.
void print_run(std::ostream& out, const look& how, const json::object& run,
               const json::array& events);

}  // namespace sweepd::cli
