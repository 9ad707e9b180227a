// The public API's questions about many runs: MongoDB-like filters and sort orders, as its clients
// pass them through. Pure; evaluated on the strand.
#pragma once

#include "controller/base/json_text.hpp"
#include "controller/core/types.hpp"

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace sweepd::wandb {

namespace bj = boost::json;

/// $and $or $nor $not $in $nin $ne $eq $gt $gte $lt $lte $exists $regex on name, state, sweep, group, tags,
/// jobType, display_name, created_at, heartbeat_at, config.X, summary_metrics.X, ...; orders
/// "+created_at", "-summary_metrics.loss", comma separated.
class run_query {
 public:
  /// From the arguments filters (JSON text) and order. Errors: invalid.
  static result<run_query> parse(const bj::object& arguments);

  [[nodiscard]] bool matches(const core::state& s, const core::run& r) const;
  /// The page of a connection that the arguments ask for.
  [[nodiscard]] bj::object page(const core::state& s, std::vector<const core::run*> all,
                                const bj::object& arguments) const;

 private:
  struct order {
    std::string key;
    bool down = false;
  };
  bj::object filter_;
  std::vector<order> orders_;
};

}  // namespace sweepd::wandb
