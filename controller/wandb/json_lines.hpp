// JSON as W&B's programs write it: Python's bare NaN and Infinity among the values. Pure.
#pragma once

#include "controller/base/json_text.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace sweepd::wandb {

namespace bj = boost::json;

/// The text with NaN, Infinity and -Infinity outside of strings put in quotes, which is how they travel
/// everywhere else here.
std::string with_quoted_nan(std::string_view text);

/// A JSON object as text from a program. Errors: invalid.
result<bj::object> object_of(std::string_view text, const std::string& what);

/// The JSON text with what no JSON text may hold put right: halves of surrogate pairs, as Python writes
/// them for bytes that it could not decode, and bytes that are no UTF-8 become U+FFFD.
std::string repaired(std::string_view text);

/// A member by its dotted path; a key that itself contains dots wins. null: it is not there.
const bj::value* value_at(const bj::object& in, std::string_view path);

/// A line of history or of system metrics as it is stored: one JSON object on one line. A line that is
/// none is kept as {"_unreadable": TEXT}, so that nothing acknowledged is lost.
std::string stored_line(std::string_view line);

}  // namespace sweepd::wandb
