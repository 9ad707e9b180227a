// What a YAML scalar means: PyYAML's reading of YAML 1.1, which is what the W&B client uses.
//
// Plain (unquoted) scalars, first match wins:
//   bool   yes Yes YES no No NO true True TRUE false False FALSE on On ON off Off OFF  (not y, n)
//   float  1.5  1.  .5  1.0e-3  1.e+5  1_000.5  1:30.5 (base 60)  .inf -.INF .nan
//          A point is needed, and a sign in the exponent: 1e-3, 1.0e5 and -.5 are TEXTS.
//   int    12  -3  1_000  0x1F  0b101  017 (octal: 15)  1:30 (base 60: 90); 0o17 and 09 are texts
//   null   ~ null Null NULL and nothing at all
//   text   everything else. A date stays the text that was written, since JSON has no dates.
// `=` and a `<<` that is not a key are refused, as PyYAML refuses them. Quoted scalars are texts.
// Integers must fit 64 bits and floats must be finite unless written .inf; Python has neither
// limit.
#pragma once

#include "controller/base/result.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace sweepd::config {

/// A plain scalar's value: null, bool, int64, uint64 (only above int64), double or string.
/// Errors: invalid, without a place.
result<boost::json::value> resolve_plain(std::string_view text);

/// The value of a scalar with one of the tags !!int, !!float, !!bool, !!null, !!str (given without
/// the exclamation marks). Errors: invalid: the text is not of that type.
result<boost::json::value> resolve_tagged(std::string_view tag, std::string_view text);

/// For a text where a number was expected: what to write instead, when it looks like one.
/// "1e-3" -> "1e-3 is a text in YAML 1.1; write 1.0e-3". None: it does not look like a number.
std::optional<std::string> number_hint(std::string_view text);

}  // namespace sweepd::config
