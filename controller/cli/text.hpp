// Text as a terminal shows it: cleaned of control characters, measured in columns, cut to a width;
// and numbers, ages and sizes as people read them. Everything that came from a server, a sweep file
// or a program passes through clean() before it reaches a terminal. Pure: no stream, clock or
// locale.
#pragma once

#include "controller/base/duration.hpp"
#include "controller/base/instant.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::cli {

/// One line, safe to print: escape sequences, control characters and text-direction overrides are
/// removed, line breaks and tabs become spaces, broken UTF-8 becomes U+FFFD.
std::string clean(std::string_view text);
/// The same, but line breaks, tabs and carriage returns stay: for logs on a terminal.
std::string clean_block(std::string_view text);

/// Columns that the text takes on a terminal (wide characters take two, combining ones none).
std::size_t display_width(std::string_view text);
/// Cut to at most `width` columns; a cut text ends in an ellipsis.
std::string fit(std::string_view text, std::size_t width);
/// Filled with spaces to `width` columns.
std::string pad(std::string_view text, std::size_t width, bool right);

/// Six significant digits, no trailing zeros: 0.931, 1e-05, 12000.
std::string short_number(double value);
/// One or two units: 45s, 12m, 3h05m, 4d. Negative ages are "0s".
std::string short_age(milliseconds d);
std::string short_size(std::uint64_t bytes);  ///< 812 B, 1.4 MB
/// "1 run", "37 runs".
std::string counted(std::uint64_t n, std::string_view noun);

/// Local time as `YYYY-MM-DD HH:MM:SS` in the process's time zone.
std::string local_time(instant t);

/// For a path segment or a query value of a URL.
std::string percent_encode(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);

}  // namespace sweepd::cli
