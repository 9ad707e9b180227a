// A run's parameters as text, in the forms that training programs expect because `wandb agent` gives
// them: Python's str() and repr() for command-line values, json.dumps() for ${args_json}, and the YAML
// file behind WANDB_SWEEP_PARAM_PATH. Pure. Called by command_macros and run_session.
#pragma once

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace sweepd::agent {

/// Python's str(): a text as it is, True, None, 1e-05, and repr() for lists and objects.
std::string python_str(const boost::json::value& v);
/// Python's repr(): as str(), but texts are quoted and escaped.
std::string python_repr(const boost::json::value& v);
/// json.dumps(v) with its defaults: ", " and ": ", ASCII only.
std::string python_json(const boost::json::value& v);

/// {"lr": {"value": 0.1}} -> {"lr": 0.1}. Entries without "value" are left out.
boost::json::object plain_params(const boost::json::object& config);
/// The file WANDB_SWEEP_PARAM_PATH names: `wandb_version: 1`, then `name: {value: ...}` for each.
std::string sweep_param_yaml(const boost::json::object& config);

}  // namespace sweepd::agent
