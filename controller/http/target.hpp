// The request target as data: percent-decoding, path segments, the query. Pure.
// Called by the gate, the router and the session. A decoded segment is data for a handler and never
// becomes a file path here; "." and ".." are refused rather than resolved.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::http {

/// Percent-decoded; none when malformed, not UTF-8, or holding NUL (control characters too, unless
/// `controls`). `plus` reads '+' as a space, as queries do.
std::optional<std::string> percent_decode(std::string_view raw, bool plus, bool controls);

/// Decoded segments of "/a/b": {"a","b"}; "/" has none, "/a/" ends in an empty one. None when it
/// does not start with '/', cannot be decoded, or has a "." or ".." segment.
std::optional<std::vector<std::string>> split_path(std::string_view raw);

/// "a=1&b" -> {{"a","1"},{"b",""}}; none when it cannot be decoded. Empty pairs are skipped.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view raw);

/// True for well-formed UTF-8 without overlong forms and surrogates.
bool is_utf8(std::string_view text);

}  // namespace sweepd::http
