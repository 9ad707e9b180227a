// Sweeps that are searched in a client: a local controller writes its schedule, a scheduler enqueues runs. What
// is asked for is a trial at once, and a run for everybody who looks, although no agent has it yet.
#pragma once

#include "controller/wandb/environment.hpp"

#include <deque>
#include <string>
#include <vector>

namespace sweepd::wandb {

/// A local controller's text: {"schedule":[{"id":..,"data":{"args":{..}|null}}],"earlystop":[run names]}
/// (wandb/wandb: wandb_controller.py). Errors: invalid, with the place.
result<core::cmd::write_controller> read_controller(const core::sweep& sw, const std::string& text);

/// {"lr":{"value":0.1}}: every member an object with a value. `where` is its place. Errors: invalid.
result<bj::object> run_config(const bj::value& v, const std::string& where);

/// The run that a scheduler opens for its own log lines; it is in no sweep.
run_id scheduler_run_of(const sweep_id& id);
bool has_scheduler(const core::sweep_spec& spec);

/// Adds the sweep's runs that no agent has yet to a list of runs; `keep` holds them.
void add_promised(const core::sweep& sw, std::deque<core::run>& keep, std::vector<const core::run*>& all);

/// Runs that were before, by the clients' filter over the project's runs, with what the search is to know of them:
/// their configuration where they have all of the sweep's parameters, and the sweep is no grid.
/// Errors: invalid; not_found, when no run is meant.
result<std::vector<core::cmd::create_sweep::prior>> priors_of(const core::state& s, const http::principal& who,
                                                              const std::string& project,
                                                              const core::sweep_spec& spec,
                                                              const std::string& filters);

}  // namespace sweepd::wandb
