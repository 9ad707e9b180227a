// Dispatch: command line -> command, settings and look; errors -> a sentence and an exit code.
#include "controller/cli/cli.hpp"

#include "controller/cli/context.hpp"
#include "controller/cli/help.hpp"
#include "controller/cli/text.hpp"
#include "strategies/nearest.hpp"

#include <algorithm>
#include <array>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>
#include <ostream>

namespace sweepd::cli {
namespace {

constexpr std::array<std::string_view, 6> setting_flags{"url",    "project", "api-key-file",
                                                        "config", "output",  "color"};

int usage_error(surroundings& io, const std::string& why, const std::string& next) {
  io.err << "error: " << why << " — " << next << '\n';
  return exit_with::usage;
}

int unknown_command(surroundings& io, const std::string& name, const command_line& line) {
  if (is_group_word(name)) {
    std::vector<std::string_view> verbs;
    for (const auto& c : commands())
      if (c.name.starts_with(name + " ")) verbs.push_back(c.name.substr(name.size() + 1));
    const auto word = line.words.empty() ? std::string{} : line.words.front();
    return usage_error(io,
                       word.empty() || word.starts_with('-')
                           ? "'" + name + "' needs a word behind it"
                           : "there is no command '" + clean(name + " " + word) + "'" +
                                 strategies::did_you_mean(word, verbs),
                       "there are " + name + " " + strategies::listed(verbs, "and"));
  }
  return usage_error(
      io,
      "there is no command '" + clean(name) + "'" + strategies::did_you_mean(name, command_names()),
      "'sweepd help' lists them");
}

/// `sweepd help [COMMAND|TOPIC]`.
int help(surroundings& io, const std::vector<std::string>& words) {
  std::string name = join(words, " ");
  if (name.empty() || name == "help" || name == "--help" || name == "-h") {
    io.out << overview();
    return exit_with::success;
  }
  if (const auto* c = find_command(name)) {
    io.out << help_page(*c);
    return exit_with::success;
  }
  if (const auto page = topic_page(name); !page.empty()) {
    io.out << page;
    return exit_with::success;
  }
  if (is_group_word(name)) {
    for (const auto& c : commands())
      if (c.name.starts_with(name + " ")) io.out << help_page(c) << '\n';
    return exit_with::success;
  }
  auto known = command_names();
  known.insert(known.end(), topics().begin(), topics().end());
  return usage_error(
      io,
      "there is no command or topic '" + clean(name) + "'" + strategies::did_you_mean(name, known),
      "'sweepd help' lists them");
}

bool is_utf8(const surroundings& io) {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const auto v = io.env(name))
      return v->find("UTF-8") != std::string::npos || v->find("utf8") != std::string::npos ||
             v->find("UTF8") != std::string::npos || v->find("utf-8") != std::string::npos;
  return false;
}

bool coloured(const surroundings& io, const std::string& wish, bool terminal) {
  if (wish != "auto") return wish == "always";
  return terminal && !io.env("NO_COLOR") && io.env("TERM").value_or("dumb") != "dumb";
}

result<void> settle(context& c) {
  std::map<std::string, std::string> flags;
  for (const auto name : setting_flags)
    if (c.args.has(name)) flags[std::string(name)] = c.args.value(name);
  SWEEPD_TRY(c.config, load_settings(flags, c.io.env));
  const auto as = parse_format(c.config.output.value);
  if (!as) return fail(as.error().code, as.error().message, c.config.output.origin);
  c.how.as = *as;
  c.how.headers = !c.args.has("no-headers");
  c.how.quiet = c.args.has("quiet");
  c.how.terminal = c.io.out_terminal;
  c.how.symbols = c.how.terminal && is_utf8(c.io);
  c.how.width = c.how.terminal ? c.io.columns() : 120;
  c.how.columns = split(c.args.value("columns"), ',');
  c.how.now = c.io.now();
  c.how.colour = coloured(c.io, c.config.color.value, c.io.out_terminal);
  c.colour_err = coloured(c.io, c.config.color.value, c.io.err_terminal);
  return {};
}

int finish(context& c, const result<int>& outcome) {
  c.io.out.flush();
  if (outcome) {
    if (c.io.out.good()) return *outcome;
    c.io.err << "error: the output could not be written — is the disk full?\n";
    return exit_with::failure;
  }
  if (const auto* server = c.used_server()) {
    if (c.at.request_id.empty()) c.at.request_id = server->request_id();
    if (c.at.problems.empty()) c.at.problems = server->problems();
  }
  return report(c.io.err, c.how, c.colour_err, outcome.error(), c.at, c.connected(), c.spec.name);
}

int run_command(const command& spec, const std::vector<std::string>& words, surroundings& io) {
  auto given = parse_arguments(spec, words);
  if (!given)
    return usage_error(io, given.error().message,
                       "see 'sweepd help " + std::string(spec.name) + "'");
  if (given->has("help")) return help(io, {std::string(spec.name)});
  context c(io, spec, std::move(*given));
  if (auto ok = settle(c); !ok) {
    // A flag is a usage error; a broken file or variable is bad input.
    c.at.usage = ok.error().where.starts_with("--");
    c.doing("use these settings", "'sweepd help settings' shows what there is");
    return report(io.err, c.how, c.colour_err, ok.error(), c.at, c.connected(), spec.name);
  }
  return finish(c, spec.run(c));
}

}  // namespace

const std::vector<option>& common_options() {
  static const std::vector<option> all{
      {"output", 'o', "FORMAT", "how to print", "table wide json jsonl csv name"},
      {"no-headers", '\0', "", "no heading line"},
      {"columns", '\0', "A,B", "only these columns, by heading or field"},
      {"quiet", 'q', "", "ids only, no messages"},
      {"url", '\0', "URL", "the server"},
      {"api-key-file", '\0', "FILE", "file whose first line is the API key"},
      {"project", '\0', "PROJECT", "entity/project; 'all' for every one"},
      {"config", '\0', "FILE", "settings file"},
      {"color", '\0', "WHEN", "auto, always or never", "auto always never"},
      {"help", 'h', "", "show this page"},
  };
  return all;
}

const std::vector<command>& commands() {
  static const std::vector<command> all = [] {
    std::vector<command> out;
    for (auto table :
         {launch_commands(), sweep_commands(), control_commands(), watch_commands(),
          wait_commands(), export_commands(), run_commands(), action_commands(), policy_commands(),
          local_commands(), event_commands(), key_commands(), webhook_commands(),
          admin_commands()})
      out.insert(out.end(), table.begin(), table.end());
    return out;
  }();
  return all;
}

const command* find_command(std::string_view name) {
  const auto& all = commands();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const command& c) { return c.name == name; });
  return at == all.end() ? nullptr : &*at;
}

bool is_group_word(std::string_view word) {
  return std::any_of(commands().begin(), commands().end(), [&](const command& c) {
    return c.name.size() > word.size() && c.name.starts_with(word) && c.name[word.size()] == ' ';
  });
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> out{"help"};
  for (const auto& c : outside_commands()) out.push_back(c.name);
  for (const auto& c : commands()) out.push_back(c.name);
  return out;
}

int run(const std::vector<std::string>& args, surroundings& io) {
  if (args.empty()) {
    io.err << overview();
    return exit_with::usage;
  }
  if (args.front() == "--version" || args.front() == "-V") {
    io.out << "sweepd " SWEEPD_VERSION "\n";
    return exit_with::success;
  }
  const auto line = split_command_line(args);
  if (line.name == "help") return help(io, line.words);
  if (line.name.empty()) {
    const auto& w = line.words;
    if (std::find(w.begin(), w.end(), "--help") != w.end() ||
        std::find(w.begin(), w.end(), "-h") != w.end())
      return help(io, {});
    return usage_error(io, "no command is given", "'sweepd help' lists them");
  }
  const auto* spec = find_command(line.name);
  if (spec == nullptr) return unknown_command(io, line.name, line);
  return run_command(*spec, line.words, io);
}

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  std::signal(SIGPIPE, SIG_DFL);  // `sweepd runs | head` ends quietly, as other tools do
  std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
  auto around = process_surroundings();
  try {
    return run(args, around);
  } catch (const std::exception& e) {
    // A bug or no memory: third-party exceptions end here (house rule: one of three edges).
    std::fprintf(stderr, "error: internal fault: %s — please report it\n", e.what());
    return exit_with::failure;
  }
}

}  // namespace sweepd::cli
