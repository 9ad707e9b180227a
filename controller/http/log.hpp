// Structured log lines, one JSON object each, on stderr. Synchronous: a line is out before the
// caller goes on, so nothing is lost when the process ends. Built on spdlog, which no header shows.
//
// Never in a line: Authorization, cookies, query strings, bodies. A request is named by its route's
// pattern; what a client sent is quoted by JSON, so it cannot forge a line.
// Thread rule: line() and request() may be called from any thread; the rest before threads start.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sweepd::http::log {

enum class level { debug, info, warn, error, off };

/// Lines below it are not written. The default is info.
void set_level(level least);
/// "debug", "info", "warn", "error", "off"; anything else leaves the level as it is and gives
/// false.
bool set_level(std::string_view name);

/// Sends lines to `sink` instead of stderr; an empty one: back to stderr.
void redirect(std::function<void(level, std::string_view line)> sink);

/// `log::line(level::warn, "accept failed", {{"error", text}})`
void line(level l, std::string_view message,
          std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {});

/// One answered (or abandoned) request.
struct request_record {
  std::string_view method;
  std::string_view pattern;     ///< the route's; "-" when none was reached
  int status = 0;               ///< 0: the client went away or was cut before an answer
  double ms = 0;
  std::uint64_t bytes_in = 0;   ///< of the body, as sent
  std::uint64_t bytes_out = 0;  ///< of the body
  std::string_view key_id;      ///< "-" when none
  std::string_view request_id;
  std::string_view peer;
  std::string_view note;        ///< why it was refused or cut; may be empty
};
/// Below 400: info; below 500: warn; else error.
void request(const request_record& r);

}  // namespace sweepd::http::log
