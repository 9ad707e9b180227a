// Around the YAML parser: is this text at all (size, encoding, control characters, line ends), what
// stands at a mark, what its messages mean, and the slips of writing that yaml-cpp lets through.
// Used by yaml_reader.cpp only.
#pragma once

#include "controller/config/yaml_reader.hpp"

#include <optional>

namespace sweepd::config {

/// A text with its lines known. `text` is UTF-8 without byte order mark, with LF line ends.
struct yaml_text {
  std::string text;
  std::vector<std::size_t> line_starts;  ///< byte offsets; never empty

  /// The place of a 0-based line and byte column, as yaml-cpp counts; beyond the end: the end.
  [[nodiscard]] place at(int line, int byte_column) const;
  /// The bytes of a 0-based line, without its end; empty beyond the last.
  [[nodiscard]] std::string_view line(int number) const;
  /// The text from a 0-based line and byte column to the end.
  [[nodiscard]] std::string_view from(int line, int byte_column) const;
  /// The column of a tab in the line's indentation, if what stands at `byte_column` comes after it.
  [[nodiscard]] std::optional<int> tab_before(int line, int byte_column) const;

 private:
  /// Where at() counted to last: marks come in order, and counting each from the start of a long
  /// line would cost the square of its length.
  mutable int counted_line_ = -1;
  mutable std::size_t counted_bytes_ = 0;
  mutable int counted_characters_ = 0;
};

/// Whether `text`, after any anchors and tags, begins with a quote that nothing closes.
bool quote_never_closed(std::string_view text);

/// Whether `text` begins with the key `key` (in quotes or plain, on one line) and then a ':'.
bool colon_follows(std::string_view text, std::string_view key);

/// yaml-cpp's error messages, said so that they help.
std::string explain_yaml(const std::string& message);

/// Errors: invalid or too_large, with `where`.
result<yaml_text> prepare_yaml(std::string_view text, std::string_view source,
                               const yaml_limits& limits);

}  // namespace sweepd::config
