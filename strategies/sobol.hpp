// Quasi-random points: Sobol's sequence under a random digital shift.
//
// Any run of 2^k points covers every axis evenly, whatever the shift; the shift is a pure function
// of (seed, stream). Sources: Joe and Kuo, "Constructing Sobol sequences with better
// two-dimensional projections" (SIAM J. Sci. Comput. 30, 2008; direction numbers as in
// Boost.Random); Owen, "Quasi- Monte Carlo sampling", SIGGRAPH 2003 course, section 2.7 (digital
// shift). Pure.
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>

namespace sweepd::strategies {

/// `count` points from number `first` on, one a row, every coordinate strictly between 0 and 1. Above
/// 3,000 dimensions the further coordinates are independent draws.
Eigen::MatrixXd sobol_points(std::size_t count, std::size_t dims, std::uint64_t seed,
                             std::uint64_t stream, std::uint64_t first = 0);

}  // namespace sweepd::strategies
