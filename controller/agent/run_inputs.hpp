// What a run's program is given: its command line, its environment, and the files with its parameters.
// Called once for each run, before it is started; everything goes into the run's own folder.
#pragma once

#include "controller/agent/child_process.hpp"
#include "controller/agent/command_macros.hpp"
#include "controller/agent/server_api.hpp"
#include "controller/agent/settings.hpp"
#include "controller/agent/spool.hpp"

namespace sweepd::agent {

/// The sweep's command with the parameters of `config` filled in. `json_file`: for ${args_json_file}.
/// Errors: invalid; forbidden (a variable or a program that this agent does not allow).
result<expanded_command> command_for(const settings& s, const joined& sweep,
                                     const boost::json::object& config, const std::string& json_file);

/// Checks, before any run is taken, that this agent may and can run the sweep's command at all.
result<void> check_command(const settings& s, const joined& sweep);

/// Writes params.json, config.yaml and, if asked for, args.json; the rest is in what is returned.
result<spawn_spec> prepare_run(const settings& s, const joined& sweep, const handout& h,
                               const spool& into);

}  // namespace sweepd::agent
