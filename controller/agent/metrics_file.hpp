// The file a program appends its metrics to (SWEEPD_METRICS_FILE): one JSON object a line is one history
// line; {"_summary": {...}} merges into the summary instead. Reading is a pure function of the bytes, so
// history line n is the same line whenever, and by whichever agent, the file is read again: the server's
// count of lines is all that is needed to go on. Bare NaN and Infinity (Python writes them) are taken.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::agent {

/// Longer lines are passed over with a complaint: they would not fit one request with others.
inline constexpr std::size_t metrics_line_bytes_max = 4u << 20;

/// One line as an object; NaN and infinities as the texts "NaN", "Infinity", "-Infinity". None: not a
/// JSON object.
std::optional<boost::json::object> parse_metrics_line(std::string_view line);

/// A place in the file: so many bytes read, so many history lines found in them.
struct metrics_cursor {
  std::uint64_t byte = 0;
  std::uint64_t line = 0;
  friend bool operator==(const metrics_cursor&, const metrics_cursor&) = default;
};

struct metrics_batch {
  std::vector<boost::json::object> history;  ///< lines number from.line, from.line + 1, ...
  boost::json::object summary;
  metrics_cursor from;
  metrics_cursor to;
  std::vector<std::string> complaints;       ///< one for each line passed over
  [[nodiscard]] bool empty() const { return history.empty() && summary.empty(); }
};

class metrics_file {
 public:
  explicit metrics_file(std::filesystem::path path) : path_(std::move(path)) {}

  /// The next lines from `from` on, at most so many and about so many bytes. `ended`: nobody writes any
  /// more, so an unfinished last line counts if it is whole JSON.
  [[nodiscard]] metrics_batch read(metrics_cursor from, std::size_t lines_max, std::size_t bytes_max,
                                   bool ended) const;
  /// Just behind history line `line` (0: the beginning); the end of the file when it has fewer.
  [[nodiscard]] metrics_cursor find(std::uint64_t line, bool ended) const;
  [[nodiscard]] std::uint64_t size() const;

 private:
  std::filesystem::path path_;
};

}  // namespace sweepd::agent
