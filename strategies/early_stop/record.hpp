// What early termination keeps of one run: a few numbers, however much the run logs. Stored with the
// run, so that a restarted controller needs no history. rule::observe() is what changes it.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace sweepd::strategies::early_stop {

struct rung_record {
  static constexpr bool has_defaults = true;
  std::uint64_t count = 0;     ///< finite metric values logged
  double resource = 0;         ///< how far the run has come: that count, or the last of the resource
  std::optional<double> best;  ///< of those values, by the goal
  double sum = 0;              ///< of those values
  std::vector<double> values;  ///< what counts at each rung reached, from the first rung on
  friend bool operator==(const rung_record&, const rung_record&) = default;
};
BOOST_DESCRIBE_STRUCT(rung_record, (), (count, resource, best, sum, values))

}  // namespace sweepd::strategies::early_stop
