// Parsed flags and operands. CLI11 does the parsing, inside arguments.cpp only.
#pragma once

#include "controller/base/duration.hpp"
#include "controller/cli/command.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::cli {

class arguments {
 public:
  /// Was the option given?
  [[nodiscard]] bool has(std::string_view option) const;
  /// Its (last) value, or "" when not given.
  [[nodiscard]] std::string value(std::string_view option) const;
  /// A whole number >= `least`. Errors: invalid, naming the option.
  [[nodiscard]] result<std::optional<std::int64_t>> number(std::string_view option,
                                                           std::int64_t least) const;
  /// A duration with units. Errors: invalid, naming the option.
  [[nodiscard]] result<std::optional<milliseconds>> duration(std::string_view option) const;

  std::vector<std::string> operands;
  std::map<std::string, std::vector<std::string>, std::less<>> options;  ///< by long name
};

/// Parses what follows the command's name. Errors: invalid, for a person, with the nearest option
/// when one was mistyped; the caller exits with 2.
result<arguments> parse_arguments(const command& c, const std::vector<std::string>& words);

/// Finds the command in a whole command line: common options may stand before it. `words` is what
/// is left without the command's own words. `name` is empty when there is none.
struct command_line {
  std::string name;
  std::vector<std::string> words;
};
command_line split_command_line(const std::vector<std::string>& args);

}  // namespace sweepd::cli
