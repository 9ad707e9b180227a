// Points to try: spread over the space, near the incumbents, and the start design.
//
// All draws are a pure function of (seed, stream). Mixture of global quasi-random and local
// perturbation candidates as in TuRBO, arXiv 1910.01739, section 2 and supplement B. Pure.
#pragma once

#include "strategies/bayes/kernel.hpp"
#include "strategies/bayes/training.hpp"
#include "strategies/encoding.hpp"

#include <cstdint>

namespace sweepd::strategies::bayes {

/// Which draws: one pair a suggestion.
struct draw_key {
  std::uint64_t seed = 0;
  std::uint64_t position = 0;
};

/// `count` allowed points spread evenly by the parameters' distributions.
points spread_points(const encoding& space, Eigen::Index count, draw_key key);

/// `count` of them within the middle nine tenths of every axis.
points inner_points(const encoding& space, Eigen::Index count, draw_key key);

/// `count` points around each row of `centres`: some axes moved, by steps of all sizes.
points near_points(const encoding& space, const points& centres, Eigen::Index count, draw_key key);

/// The next point of a start design given everything known: the centre first, then points that
/// leave no projection empty (the greedy MaxPro criterion; Joseph, Gul, Ba, Biometrika 102, 2015,
/// equation 5).
Eigen::VectorXd start_point(const encoding& space, const training& known, draw_key key);

}  // namespace sweepd::strategies::bayes
