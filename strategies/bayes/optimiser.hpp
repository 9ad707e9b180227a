// Finds the point that an acquisition promises most for, among those not visited yet.
//
// Screening of many candidates (first by cheap upper bounds), gradient ascent on the continuous
// axes from the best few, then level by level along the countable axes, in turn. Sources: the
// scheme of Optuna's Gaussian process sampler (optuna/optuna:optuna/_gp/optim_mixed.py) and of
// BoTorch's optimize_acqf_mixed. Spaces that are small and finite are searched whole. Pure.
#pragma once

#include "strategies/bayes/acquisition.hpp"
#include "strategies/bayes/candidates.hpp"
#include "strategies/encoding.hpp"

#include <optional>
#include <string>
#include <unordered_set>

namespace sweepd::strategies::bayes {

struct search_effort {
  Eigen::Index spread = 1024;   ///< candidates all over the space
  Eigen::Index near = 40;       ///< candidates around each incumbent
  Eigen::Index screened = 192;  ///< candidates judged exactly
  int starts = 5;               ///< of the ascent
  int steps = 20;               ///< of each ascent
  int rounds = 2;               ///< of ascent and sweep of the countable axes
};

struct promising {
  Eigen::VectorXd at;
  double value = 0;
};

/// None: every configuration was visited. `incumbents`: the best points so far, one a row.
std::optional<promising> most_promising(const acquisition& f, const encoding& space,
                                        const points& incumbents,
                                        const std::unordered_set<std::string>& visited,
                                        draw_key key, const search_effort& effort);

/// The best of `count` points spread over the inside of the space, those left out where runs fail.
/// Far corners, of which a space of many axes has many, and of which a model knows least, are not
/// among them.
std::optional<promising> promising_inside(const acquisition& f, const encoding& space,
                                          const std::unordered_set<std::string>& visited,
                                          draw_key key, Eigen::Index count);

/// Some configuration that was not visited; none when all were. Finite spaces only.
std::optional<Eigen::VectorXd> any_unvisited(const encoding& space,
                                             const std::unordered_set<std::string>& visited,
                                             draw_key key);

}  // namespace sweepd::strategies::bayes
