// What can go wrong, as a value: a closed set of codes, a sentence for a person, and a place.
// Used by every layer. One table in error.cpp maps a code to its name, HTTP status and exit code.
#pragma once

#include <string>
#include <string_view>

namespace sweepd {

/// The closed set of operating errors. Bugs are assertions or exceptions, never an errc.
enum class errc {
  invalid,       ///< the caller's input is wrong; `where` says where
  not_found,     ///< no such thing, or not in the caller's project
  conflict,      ///< the state does not allow it (a stale epoch, a terminal run, ...)
  unauthorized,  ///< no key, or an unknown or expired one
  forbidden,     ///< the key's role does not allow it
  too_large,     ///< over a named limit
  busy,          ///< try again after a while: a queue is full, a rate was exceeded
  unavailable,   ///< we cannot serve at the moment (starting, draining)
  disk_full,     ///< read-only until there is room again
  internal,      ///< our fault; details are in the log, under the request id
};

/// An operating error. `where` is a JSON path (`/items/1/x`) or `file:line:column`, or empty.
struct error {
  errc code = errc::internal;
  std::string message;
  std::string where;

  friend bool operator==(const error&, const error&) = default;
};

std::string_view name(errc code);  ///< e.g. "not_found"
int http_status(errc code);        ///< e.g. 404
int exit_code(errc code);          ///< the CLI's exit code, see cli/README or `sweepd help exit-codes`
std::string to_string(const error& e);  ///< "where: message", or just the message

}  // namespace sweepd
