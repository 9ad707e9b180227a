// The sweep file's `command` -> the argument vector of one run, exactly as `wandb agent` 0.31 makes it
// (wandb/sdk/launch/sweeps/utils.py: create_sweep_command, create_sweep_command_args;
// wandb/wandb_agent.py: Agent._command_run). Pure: no process, file or environment is touched here.
// No shell ever sees a value: what comes out goes to execve word by word.
#pragma once

#include "controller/base/result.hpp"

#include <boost/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::agent {

/// Looks an environment variable up for ${envvar:NAME}. None: not set, the name itself stays (as
/// W&B does). An error: the agent may not hand that variable out.
using env_lookup = std::function<result<std::optional<std::string>>(const std::string& name)>;

struct macro_input {
  std::vector<std::string> command;    ///< as in the sweep file; empty: W&B's default
  std::string program;                 ///< may be empty when the command has no ${program}
  boost::json::object config;          ///< {"lr": {"value": 0.1}, ...}
  std::string interpreter = "python";  ///< what ${interpreter} becomes
  std::string args_json_file;          ///< what ${args_json_file} becomes
  env_lookup env;                      ///< empty: nothing is set
};

struct expanded_command {
  std::vector<std::string> argv;
  /// The text of the file at args_json_file, when the command asks for it; the caller writes it.
  std::optional<std::string> args_json_file_text;
  /// Index of the first word that is neither ${env} nor ${interpreter}: what is really being run.
  std::size_t program_at = 0;
};

/// Errors: invalid (no program though asked for, a parameter without value, a NUL byte, nothing left
/// to run); whatever `env` refuses.
result<expanded_command> expand_command(const macro_input& in);

/// The command for people: quoted as a shell would need it, values of secret-looking names hidden.
std::string display_command(const std::vector<std::string>& argv);

/// True for names such as API_KEY, token, db_password: their values are not shown and not handed out.
bool looks_secret(std::string_view name);

/// Does what the command really runs match one of the patterns (fnmatch; `*` stops at `/`)? True when
/// there are none. A path with `..` never matches.
bool program_allowed(const expanded_command& command, const std::vector<std::string>& patterns);

}  // namespace sweepd::agent
