// A density over a search space: one product kernel around each given point, and one wide prior.
//
// Continuous axes: a normal kernel, cut to [0, 1]. Ordered axes: the mass of that kernel in the
// cell of each level. Unordered axes: the point's own level, mixed with the levels' prior
// probabilities. The kernels are joint over all axes, so what belongs together stays together.
// Sources: Watanabe, "Tree-structured Parzen estimator", arXiv 2304.11127, sections 3.3 and 3.4,
// and optuna/optuna:optuna/samplers/_tpe/parzen_estimator.py (bandwidths of the multivariate
// estimator). Pure, immutable.
#pragma once

#include "strategies/draws.hpp"
#include "strategies/encoding.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace sweepd::strategies::tpe {

class parzen {
 public:
  /// `centres`: one point a row, with a positive weight each; the prior counts as one of weight 1.
  parzen(const encoding& space, Eigen::MatrixXd centres, const Eigen::VectorXd& weights);

  [[nodiscard]] Eigen::VectorXd draw(draws& random) const;
  [[nodiscard]] double log_density(const Eigen::VectorXd& at) const;

 private:
  struct cell {
    double from;
    double to;
  };
  [[nodiscard]] double width(Eigen::Index kernel) const;
  [[nodiscard]] double centre(Eigen::Index kernel, Eigen::Index axis) const;
  [[nodiscard]] std::size_t drawn_level(Eigen::Index kernel, std::size_t axis, draws& random) const;
  void add_axis(std::size_t axis, double x, Eigen::VectorXd& log_kernels) const;
  void add_choice(std::size_t axis, double x, Eigen::VectorXd& log_kernels) const;
  [[nodiscard]] cell cell_of(std::size_t axis, double x) const;

  const encoding& space_;
  Eigen::MatrixXd centres_;
  Eigen::VectorXd weights_;  // of the centres, then of the prior; their sum is 1
  Eigen::MatrixXd inside_;   // how much of each kernel lies on each axis that is not unordered
  double bandwidth_;
  double blend_;  // how much an unordered level counts for all of them together
};

}  // namespace sweepd::strategies::tpe
