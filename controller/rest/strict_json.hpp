// Reads a request's JSON body within named limits: depth, number of values, finite numbers only, and
// no key twice in a control message (a second "reason" or "force" must not win silently).
//
// Used by every handler that takes a body. What it does not do: check the shape; json::read does.
#pragma once

#include "controller/base/result.hpp"

#include <boost/json.hpp>

#include <cstddef>
#include <string_view>

namespace sweepd::rest {

struct json_limits {
  std::size_t depth_max = 32;
  std::size_t values_max = 200'000;
  /// Objects down to this depth may not repeat a key; below it the last one wins, as everywhere else.
  /// A run's own data lies deeper than its message.
  std::size_t unique_keys_to_depth = 32;
};

/// Errors: invalid (with what and where in the text, a byte offset or a key), too_large.
result<boost::json::value> parse_strict(std::string_view text, const json_limits& limits);

}  // namespace sweepd::rest
