// What a suggestion says of itself: W&B's search_info, in the metric's own units, and a short
// reason.
#pragma once

#include "strategies/bayes/model.hpp"
#include "strategies/bayes/training.hpp"

#include <Eigen/Core>
#include <boost/json.hpp>

namespace sweepd::strategies::bayes {

/// Of a uniform draw, made because no run has a usable metric.
boost::json::object info_of_uniform();

/// Of a point of the start design, `length` points long.
boost::json::object info_of_start(const training& known, const metric_rules& rules,
                                  Eigen::Index length);

/// What is known when the model proposes a point.
struct circumstances {
  const training& known;
  const metric_rules& rules;
  const model_maker::made& made;
  double to_beat = 0;   ///< the incumbents' value, standardised
  double feasible = 1;  ///< the probability that the run delivers a value
  bool dense = false;   ///< chosen since good runs lie dense there, not by the model
};
boost::json::object info_of_model(const circumstances& of, const Eigen::VectorXd& at);

}  // namespace sweepd::strategies::bayes
