// A point that is likely to be among the best: the Parzen estimator's proposal, without a strategy
// around it. Method tpe asks for nothing else; method bayes does now and then. Pure.
#pragma once

#include "strategies/bayes/candidates.hpp"
#include "strategies/bayes/training.hpp"
#include "strategies/encoding.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <optional>

namespace sweepd::strategies::tpe {

struct likely_point {
  std::optional<Eigen::VectorXd> at;  ///< none: every draw was a configuration already visited
  double log_ratio = 0;               ///< of the two densities there
  std::size_t good = 0;               ///< runs that the first density is made of
  std::size_t others = 0;             ///< and the second
};

/// The best tenth of the runs against the others, the failed and the pending: of `candidates` draws
/// from the first density, the one at which it exceeds the second most. At least one run in `known`
/// has a value.
likely_point likely_to_be_good(const encoding& space, const bayes::training& known,
                               std::size_t candidates, bayes::draw_key key);

/// The number of runs that count as good, of n.
std::size_t good_of(std::size_t n);

/// The weights of n runs, oldest first: the last 25 count fully, the older the less.
Eigen::VectorXd ramp(std::size_t n);

}  // namespace sweepd::strategies::tpe
