// What a command is: its words, operands, options, help and function. One table of these feeds the
// parser, the help pages, the shell completions and the tests, so that they cannot disagree.
#pragma once

#include "controller/base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::cli {

class context;

/// An option. `value` empty: a switch.
struct option {
  std::string_view name;   ///< without the dashes
  char letter = '\0';      ///< one-letter form, or none
  std::string_view value;  ///< what stands for the value in help, e.g. "DURATION"
  std::string_view help;
  std::string_view choices = {};  ///< space separated values for completion, if a closed set
};

/// A command and what there is to say about it.
struct command {
  std::string_view name;      ///< one or two words: "sweeps", "policy show"
  std::string_view group;     ///< heading in the overview
  std::string_view operands;  ///< "SWEEP...", "[FILE]": as in the usage line
  int operands_min = 0;
  int operands_max = 0;       ///< -1: any number
  std::string_view summary;   ///< one line
  std::string_view details;   ///< a paragraph or two; may be empty
  std::string_view examples;  ///< command lines, one each line
  std::vector<option> options = {};
  /// The exit code, or what went wrong.
  result<int> (*run)(context&) = nullptr;
};

/// Every command that this library runs, in the order of the overview.
const std::vector<command>& commands();
/// Options that every command takes.
const std::vector<option>& common_options();

/// The command of that name; null when there is none.
const command* find_command(std::string_view name);
/// True when `word` is the first word of two-word commands ("policy").
bool is_group_word(std::string_view word);
/// The names a person could have meant: every command, and `serve`, `agent`, `help`.
std::vector<std::string_view> command_names();

// The tables of the command files, put together by commands().
std::vector<command> sweep_commands();
std::vector<command> control_commands();
std::vector<command> run_commands();
std::vector<command> action_commands();
std::vector<command> policy_commands();
std::vector<command> admin_commands();
std::vector<command> key_commands();
std::vector<command> webhook_commands();
std::vector<command> local_commands();
std::vector<command> export_commands();
std::vector<command> launch_commands();
std::vector<command> watch_commands();
std::vector<command> wait_commands();
std::vector<command> event_commands();

}  // namespace sweepd::cli
