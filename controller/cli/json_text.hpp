// JSON as the commands read and print it: fields by dotted path with harmless defaults (an answer
// of a newer server may lack or add some), and a writer whose output holds no raw control or direction
// characters, so that it is safe on a terminal.
#pragma once

#include "controller/base/instant.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sweepd::cli {

namespace json = boost::json;

/// The value at a dotted path ("metric.best"); null when any part is missing or is JSON null.
const json::value* find(const json::object& o, std::string_view path);

/// A value for people: cleaned text; numbers short; lists and objects as compact JSON; null empty.
std::string scalar(const json::value& v);
/// scalar() of the value at `path`; "" when missing.
std::string field(const json::object& o, std::string_view path);
/// A whole number at `path`, or `otherwise`.
std::int64_t whole(const json::object& o, std::string_view path, std::int64_t otherwise = 0);
bool truth(const json::object& o, std::string_view path);
/// A time at `path`; none when missing or malformed.
std::optional<instant> time_at(const json::object& o, std::string_view path);
/// The array or object at `path`; an empty one when missing.
const json::array& list(const json::object& o, std::string_view path);
const json::object& object_at(const json::object& o, std::string_view path);
/// The object inside, or an empty one.
const json::object& as_object(const json::value& v);

/// One line.
std::string compact(const json::value& v);
/// Indented by two spaces, no final line break.
std::string pretty(const json::value& v);

}  // namespace sweepd::cli
