// A run's history and system metrics as the public API reads them: rows chosen by step and key, thinned
// out to a number of samples. Read from the store off the strand; the rest is pure.
#pragma once

#include "controller/core/store.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sweepd::wandb {

namespace bj = boost::json;

enum class stream { history, system };

/// All lines of a stream, from the first on. Empty rows only hold a place.
result<std::vector<std::string>> read_lines(core::reader& from, const run_id& run, stream which,
                                            std::uint64_t count);

struct row_query {
  std::vector<std::string> keys;       ///< only rows that have them all, cut down to them; empty: all
  std::optional<std::int64_t> min_step;
  std::optional<std::int64_t> max_step;
  bool max_inclusive = true;
  std::size_t samples = 0;             ///< at most; 0: no limit
  bool steps = true;                   ///< rows without "_step" get the number of their line
};

/// {"keys":[..],"samples":n,"minStep":a,"maxStep":b} as JSON text. Errors: invalid.
result<row_query> read_spec(const std::string& text);

/// The chosen rows: the first and the last, and evenly between them.
std::vector<bj::object> choose_rows(const std::vector<std::string>& lines, const row_query& q);

/// {"sets":[],"keys":{NAME:{typeCounts,monotonic,previousValue}},"lastStep":n}
bj::object key_summary(const std::vector<std::string>& lines);

}  // namespace sweepd::wandb
