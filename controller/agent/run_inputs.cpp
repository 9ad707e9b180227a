#include "controller/agent/run_inputs.hpp"

#include "controller/agent/config_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>

extern char** environ;

namespace sweepd::agent {
namespace {

namespace fs = std::filesystem;

env_lookup environment_of(const settings& s) {
  return [&s](const std::string& name) -> result<std::optional<std::string>> {
    const auto& allowed = s.allow_env;
    if (looks_secret(name) && std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      return fail(errc::forbidden, "the sweep's command asks for the environment variable " + name +
                                       ", whose name looks like a secret's; --allow-env " + name +
                                       " allows it");
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::optional<std::string>{};
    return std::optional<std::string>(value);
  };
}

result<void> write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) return fail(errc::disk_full, "cannot write", path.string());
  return {};
}

std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> out;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry(*e);
    const auto equals = entry.find('=');
    if (equals != std::string::npos) out[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return out;
}

/// A server without keys takes any; W&B's clients want one that looks right.
constexpr std::string_view any_key = "local-0000000000000000000000000000000000000000";

/// The agent's own environment, plus fixed names. No name ever comes from a sweep.
std::vector<std::string> environment_for(const settings& s, const joined& sweep, const handout& h,
                                         const spool& into) {
  auto env = own_environment();
  env["SWEEPD_RUN_ID"] = h.run;
  env["SWEEPD_SWEEP_ID"] = s.sweep;
  env["SWEEPD_TRIAL"] = std::to_string(h.trial);
  env["SWEEPD_ATTEMPT"] = std::to_string(h.attempt);
  env["SWEEPD_EPOCH"] = std::to_string(h.epoch);
  env["SWEEPD_URL"] = s.url;
  env["SWEEPD_RUN_DIR"] = into.dir().string();
  env["SWEEPD_METRICS_FILE"] = into.metrics_path().string();
  env["SWEEPD_PARAMS_FILE"] = into.params_path().string();
  // What wandb agent sets; wandb.init() then joins this run, on this server unless told otherwise.
  env["WANDB_RUN_ID"] = h.run;
  env["WANDB_SWEEP_ID"] = s.sweep;
  env["WANDB_SWEEP_PARAM_PATH"] = (into.dir() / "config.yaml").string();
  if (env.emplace("WANDB_BASE_URL", s.url).first->second == s.url) {
    env["WANDB_API_KEY"] = s.api_key.empty() ? std::string(any_key) : s.api_key;
    env["WANDB_CONSOLE"] = "off";  // the agent sends what the program writes: not twice
  }
  env.emplace("WANDB_DIR", s.workdir.string());
  if (const auto slash = sweep.project.find('/'); slash != std::string::npos) {
    env.emplace("WANDB_ENTITY", sweep.project.substr(0, slash));
    env.emplace("WANDB_PROJECT", sweep.project.substr(slash + 1));
  }
  env.erase("WANDB_SERVICE");  // as wandb agent: not the parent's service process
  // Output that a killed Python still has in its buffers is lost, and with it the reason of the crash.
  env.emplace("PYTHONUNBUFFERED", "1");
  std::vector<std::string> out;
  for (const auto& [name, value] : env) out.push_back(name + "=" + value);
  return out;
}

}  // namespace

result<expanded_command> command_for(const settings& s, const joined& sweep,
                                     const boost::json::object& config,
                                     const std::string& json_file) {
  macro_input in;
  in.command = sweep.command;
  in.program = sweep.program;
  in.config = config;
  in.interpreter = s.interpreter;
  in.args_json_file = json_file;
  in.env = environment_of(s);
  SWEEPD_TRY(auto command, expand_command(in));
  if (!program_allowed(command, s.allow_program)) {
    const auto what = command.program_at < command.argv.size() ? command.argv[command.program_at] : "";
    return fail(errc::forbidden, "this agent may not run '" + what +
                                     "': it matches no --allow-program pattern");
  }
  return command;
}

result<void> check_command(const settings& s, const joined& sweep) {
  for (const auto& word : sweep.command)
    if (word.ends_with("=***") && looks_secret(std::string_view(word).substr(0, word.size() - 4)))
      return fail(errc::invalid, "the server hides the value in '" + word +
                                     "' of the sweep's command: write it as ${envvar:NAME}");
  boost::json::object config;
  boost::json::object entry;
  entry["value"] = 0;
  // A placeholder, so that a command made of parameters alone is not taken for an empty one.
  if (sweep.command.size() == 1) config["x"] = entry;
  auto command = command_for(s, sweep, config, "args.json");
  if (!command) return tl::unexpected<error>(command.error());
  return {};
}

result<spawn_spec> prepare_run(const settings& s, const joined& sweep, const handout& h,
                               const spool& into) {
  const auto json_file = into.dir() / "args.json";
  SWEEPD_TRY(auto command, command_for(s, sweep, h.config, json_file.string()));
  const auto write = [&](const fs::path& path, const std::string& text) { return write_file(path, text); };
  if (auto done = write(into.params_path(), python_json(plain_params(h.config)) + "\n"); !done)
    return tl::unexpected<error>(done.error());
  if (auto done = write(into.dir() / "config.yaml", sweep_param_yaml(h.config)); !done)
    return tl::unexpected<error>(done.error());
  if (command.args_json_file_text)
    if (auto done = write(json_file, *command.args_json_file_text); !done)
      return tl::unexpected<error>(done.error());
  spawn_spec spec;
  spec.argv = std::move(command.argv);
  spec.env = environment_for(s, sweep, h, into);
  spec.cwd = s.workdir.string();
  spec.die_with_parent = !s.keep_orphans;
  // A pipe would break with the agent and take the program with it; a file does not.
  if (s.keep_orphans) spec.output_fd = into.output_fd();
  return spec;
}

}  // namespace sweepd::agent
