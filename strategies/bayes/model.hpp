// The model of one moment: hyperparameters, factor and posterior for what was observed. Keeps fits
// and factors by content, so that a history that grew by a few runs is not paid for again.
//
// A fit of n observations is made at milestones (n rounded down to about n/12), on at most a fixed
// number of them, starting from the fit of a shorter history: a chain that depends on the
// observations alone, never on what was asked before. One object, one thread.
#pragma once

#include "strategies/bayes/fit.hpp"
#include "strategies/bayes/posterior.hpp"
#include "strategies/bayes/warp.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sweepd::strategies::bayes {

class model_maker {
 public:
  model_maker(axis_flags unordered, const priors& expected)
      : unordered_(std::move(unordered)), priors_(expected) {}

  struct made {
    output_warp outputs;             ///< of all observations
    std::vector<Eigen::Index> rows;  ///< the observations in the factor
    posterior believed;
    Eigen::VectorXd fitted;  ///< posterior means at the rows
  };
  /// From at least one observation: x one point a row, y smaller is better.
  made make(const points& x, const Eigen::VectorXd& y);

 private:
  hyperparameters fitted(const points& x, const Eigen::VectorXd& y, Eigen::Index milestone);
  hyperparameters fitted_on(const points& x, const Eigen::VectorXd& y,
                            const hyperparameters& start);
  growing_factor factored(const hyperparameters& h, const anchored& known, Eigen::Index in_bulk);

  axis_flags unordered_;
  priors priors_;
  std::map<std::string, hyperparameters> fits_;
  std::string bulk_key_;  // of the factor's hyperparameters and its first rows
  points factored_;       // the rows of the factor
  growing_factor factor_;
};

/// The number of first observations that a fit of n of them is made of.
Eigen::Index milestone_of(Eigen::Index n);

/// At most `count` of the rows, ascending: the best third, the rest far from one another.
std::vector<Eigen::Index> representative(const points& x, const Eigen::VectorXd& y,
                                         Eigen::Index count);

}  // namespace sweepd::strategies::bayes
