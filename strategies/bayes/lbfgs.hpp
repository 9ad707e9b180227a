// Minimising a smooth function in a box: limited-memory BFGS on the free variables, with steps
// projected onto the box.
//
// Sources: Nocedal and Wright, "Numerical Optimization", algorithms 7.4 (two loops) and 3.1
// (backtracking); Bertsekas, "Projected Newton methods", SIAM J. Control 20 (1982), for the set of
// variables held at a bound. No randomness, no state: equal input, equal output. Pure.
#pragma once

#include <Eigen/Core>

#include <functional>

namespace sweepd::strategies::bayes {

/// The value at x; writes the gradient. Infinity where the function cannot be had.
using differentiable = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>;

struct box {
  Eigen::VectorXd least;
  Eigen::VectorXd most;
};

struct minimum {
  Eigen::VectorXd at;
  double value = 0;
};

struct descent_limits {
  int steps = 50;
  double gradient = 1e-4;  ///< stop when no free component is steeper
  double decrease = 1e-7;  ///< stop when a step gains less, relative to 1 + |value|
};

minimum minimize(const differentiable& f, const Eigen::VectorXd& start, const box& bounds,
                 const descent_limits& limits);

}  // namespace sweepd::strategies::bayes
