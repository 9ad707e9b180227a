// What a command works with: its arguments, the settings, how to print, the server, and the step it
// is at (for error messages). Made by run() in cli.cpp, passed to every command function.
#pragma once

#include "controller/cli/api.hpp"
#include "controller/cli/arguments.hpp"
#include "controller/cli/errors.hpp"
#include "controller/cli/output.hpp"
#include "controller/cli/settings.hpp"
#include "controller/cli/surroundings.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sweepd::cli {

class context {
 public:
  context(surroundings& around, const command& what, arguments given)
      : io(around), spec(what), args(std::move(given)) {}

  surroundings& io;
  const command& spec;
  arguments args;
  sweepd::cli::settings config;
  look how;
  bool colour_err = false;
  step at;

  /// The server, connected to when first used.
  api& server();
  /// The same, or null when nothing has been asked of it.
  [[nodiscard]] const api* used_server() const { return server_.get(); }
  [[nodiscard]] connection connected() const;

  /// Says what is being done now, and what a person should do if it fails.
  void doing(std::string what, std::string next = {});
  /// An error of the command line: exit 2.
  tl::unexpected<error> usage(std::string why, std::string next = {});
  /// An error with its own advice.
  tl::unexpected<error> refuse(errc code, std::string why, std::string next);

  /// A message for people on stderr; silent with -q.
  void note(std::string_view text);
  /// Asks a yes/no question on the terminal. --yes answers it. Without a terminal: usage error.
  result<bool> confirmed(std::string_view question);
  /// The comma separated words of an option that has a closed set of them, checked, so that a typo
  /// does not silently match nothing; "" when it is not given.
  result<std::string> words(std::string_view option_name);
  /// {"reason": ...} when --reason was given, else {}.
  [[nodiscard]] json::object with_reason() const;

 private:
  std::unique_ptr<api> server_;
};

/// --reason, --dry-run, --yes.
std::vector<option> changing_options(std::vector<option> more = {});
/// --limit.
std::vector<option> listing_options(std::vector<option> more = {});
/// --limit as a number: 1000 unless given, 0 for all.
result<std::uint64_t> wanted_limit(context& c);

/// Follows the pages of a list, prints it, and says on stderr when something was left out or
/// nothing was there (`none`).
result<int> print_pages(context& c, std::string_view path,
                        std::vector<std::pair<std::string, std::string>> query,
                        const std::vector<column>& columns, std::string_view none);

/// Reads a file, or standard input for "-". Errors: invalid; not larger than `bytes_max`.
result<std::string> read_input(context& c, const std::string& name, std::size_t bytes_max);
/// How a file is called in messages.
std::string input_name(const std::string& name);

}  // namespace sweepd::cli
