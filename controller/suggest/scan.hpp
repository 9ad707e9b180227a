// Cuts JSON text into pieces without reading it: where a value ends, what the members of an object are.
// Checks only that quotes and brackets are closed; whoever reads a piece checks the rest. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sweepd::suggest {

/// The first place at or after `at` that is no blank; text.size() when there is none.
std::size_t after_blanks(std::string_view text, std::size_t at);

/// The place behind the value that begins at `at`; none when it is not closed, or no value begins there.
std::optional<std::size_t> after_value(std::string_view text, std::size_t at);

/// Walks the members of the object that a text is. A caller that finds out by itself where a value
/// ends spares the walk over it.
class member_walk {
 public:
  explicit member_walk(std::string_view text) : text_(text) {}
  /// Goes to the next member; `end`: the place behind the value of the last one. False behind the last
  /// member, and when the text is not one object: see well_formed().
  bool next(std::size_t end);
  bool next_after_value();  ///< the same, finding the end of the last value
  [[nodiscard]] std::string_view key() const { return key_; }  ///< as written, with its quotes
  [[nodiscard]] std::size_t value_at() const { return value_at_; }
  [[nodiscard]] bool well_formed() const { return well_formed_; }

 private:
  bool member(std::size_t at);

  std::string_view text_;
  std::string_view key_;
  std::size_t value_at_ = 0;
  bool begun_ = false;
  bool well_formed_ = false;
};

}  // namespace sweepd::suggest
