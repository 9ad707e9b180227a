// JSON as text, both ways exactly: a double that is written reads back with the same bits, here and in
// any reader that rounds correctly, and whole doubles stay doubles (2.0).
//
// Boost.JSON 1.81 alone will not do: its parser misses by a unit in the last place for about one double
// in five, so a learning rate would reach the program changed; and its writer makes 1E-1 of 0.1 and a
// bare word of NaN. Everything in sweepd that turns text into values or back comes through here
// (tests/tidy refuses the library's own functions elsewhere). Thread rule: a text_reader belongs to one
// thread; the functions are free. Does not look at what the values mean: that is json_record.hpp.
#pragma once

#include "controller/base/result.hpp"

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace sweepd::json {

struct text_limits {
  std::size_t depth_max = 32;
  std::size_t values_max = std::numeric_limits<std::size_t>::max();
  /// Objects down to this depth may not repeat a key: in a control message a second "reason" must not
  /// win silently. Below it the last one wins.
  std::size_t unique_keys_to_depth = 0;
  bool any_bytes = false;  ///< texts need not be UTF-8
};

/// Reads JSON texts, keeping its buffers from one to the next. Numbers without point and exponent are
/// integers while they fit 64 bits. Refused: bare NaN and Infinity, numbers beyond the range of a double,
/// trailing text. Errors: invalid (where: the repeated key, if that is it), too_large.
class text_reader {
 public:
  explicit text_reader(const text_limits& limits = {});
  ~text_reader();
  text_reader(const text_reader&) = delete;
  text_reader& operator=(const text_reader&) = delete;

  /// The value lives in `memory`.
  result<boost::json::value> read(std::string_view text, boost::json::storage_ptr memory = {});

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// One text, once.
result<boost::json::value> parse(std::string_view text, const text_limits& limits = {});

/// On one line, without blanks. NaN and the infinities, which JSON lacks, become the texts "NaN",
/// "Infinity" and "-Infinity" by which they travel.
std::string to_text(const boost::json::value& v);
std::string to_text(const boost::json::object& v);

/// A finite double with the fewest digits that read back the same, in the form of Python's repr():
/// 0.1, 2.0, 1e-05, 1e+16.
std::string number_text(double finite);

}  // namespace sweepd::json
