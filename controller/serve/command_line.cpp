#include "controller/serve/command_line.hpp"

#include "controller/serve/serve.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <unistd.h>

namespace sweepd::serve {
namespace {

using text_map = std::map<std::string, std::string>;

text_map environment() {
  text_map out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

/// Flags as they came, every value a text: config judges them with the files and the environment.
struct flags {
  std::map<std::string, std::vector<std::string>> given;  ///< by name without dashes
  std::map<std::string, bool> switches{{"insecure-plaintext", false}, {"webhooks-private", false}};

  void declare(CLI::App& app) {
    app.add_option("--config", given["config"],
                   "file to read (default: sweepd.yaml, the user's, the system's)")
        ->allow_extra_args(false);
    for (const auto& option : config::option_table()) {
      const auto name = option.flag.substr(2);
      if (const auto on = switches.find(name); on != switches.end())
        app.add_flag(option.flag, on->second, option.help);
      else
        app.add_option(option.flag, given[name], option.help)->allow_extra_args(false);
    }
  }

  [[nodiscard]] text_map as_texts() const {
    text_map out;
    for (const auto& [name, values] : given) {
      if (values.empty()) continue;
      std::string all;
      for (const auto& v : values) all += (all.empty() ? "" : ",") + v;
      out[name] = all;
    }
    for (const auto& [name, on] : switches)
      if (on) out[name] = "true";
    return out;
  }
};

int refuse(const std::vector<config::problem>& problems) {
  for (const auto& p : problems)
    std::fprintf(stderr, "error: %s: %s\n", p.where.c_str(), p.message.c_str());
  return exit_config;
}

}  // namespace

std::variant<config::server_config, int> read_command_line(int argc, char** argv) {
  CLI::App app(
      "Runs the server: keeps sweeps, hands out their runs, watches them, and applies crash policies.\n"
      "Every flag is also a variable (--data: SWEEPD_DATA) and a key of the configuration file.",
      "sweepd serve");
  flags f;
  f.declare(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const bool help = e.get_exit_code() == 0;
    app.exit(e);
    return help ? 0 : exit_usage;
  }
  config::config_inputs in;
  in.flags = f.as_texts();
  in.environment = environment();
  auto files = config::read_config_files(config::config_search_path(in.flags, in.environment));
  if (!files) {
    std::fprintf(stderr, "error: %s\n", to_string(files.error()).c_str());
    return exit_config;
  }
  in.files = std::move(*files);
  auto loaded = config::load_server_config(in);
  if (!loaded) return refuse(loaded.error());
  return std::move(*loaded);
}

}  // namespace sweepd::serve
