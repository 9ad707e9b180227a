// How a command ends: exit codes, and the sentence an error becomes.
//   error: cannot pause sweep k3f9ab12 — the sweep is finished — see 'sweepd show k3f9ab12'
//   [request 7f3c]
// what was tried — why it did not work — what to do next.
#pragma once

#include "controller/base/result.hpp"
#include "controller/cli/output.hpp"
#include "controller/config/yaml_reader.hpp"

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::cli {

/// The exit codes; `sweepd help exit-codes` prints this table.
namespace exit_with {
inline constexpr int success = 0;
inline constexpr int failure = 1;
inline constexpr int usage = 2;
inline constexpr int timed_out = 3;
inline constexpr int not_authorised = 4;
inline constexpr int not_found = 5;
inline constexpr int conflict = 6;
inline constexpr int bad_input = 65;
inline constexpr int unreachable = 69;
inline constexpr int interrupted = 130;
}  // namespace exit_with

struct exit_code_row {
  int code;
  std::string_view meaning;
};
/// All of them with their meaning, in ascending order.
const std::vector<exit_code_row>& exit_codes();
/// The exit code for an error's code.
int exit_code_of(errc code);

/// What a command is doing, so that a failure can be told: kept up to date while it goes on.
struct step {
  std::string doing;       ///< "pause sweep k3f9ab12"; the error says "cannot " before it
  std::string next;        ///< what a person should do if it fails; empty: by the error's code
  bool usage = false;      ///< the command line is at fault: exit 2
  std::string request_id;  ///< of the exchange that failed
  std::vector<config::problem> problems;  ///< every problem of an input file
};

/// What is known about the connection, for advice.
struct connection {
  std::string url;
  std::string url_origin;
  bool has_key = false;
  std::string key_origin;
};

/// The advice for an error without a better one.
std::string usual_advice(errc code, const connection& c, std::string_view command_name);

/// Prints the error (as JSON on stderr when the output format is JSON) and returns the exit code.
int report(std::ostream& err, const look& how, bool colour, const error& e, const step& at,
           const connection& c, std::string_view command_name);

}  // namespace sweepd::cli
