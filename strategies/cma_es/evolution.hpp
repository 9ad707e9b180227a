// The distribution that CMA-ES moves: a normal one over numbers, and shares over choices.
//
// Knows nothing of runs: it draws individuals, and is told a generation of them, best first.
// Sources: Hansen, "The CMA evolution strategy: a tutorial", arXiv 1604.00772 (weights, negative
// ones included: equations 49-53; update: appendix A); Hamano et al., "CMA-ES with margin", arXiv
// 2205.13482, section 4 (an integer is never settled for good); Hamano et al., "CatCMA", arXiv
// 2405.09962, section 4.2 (the least share of a choice); Hansen, "Injecting external solutions into
// CMA-ES", arXiv 1110.4181 (individuals that were not drawn here: their step is shortened). A
// value, no randomness of its own.
#pragma once

#include "strategies/draws.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace sweepd::strategies::cma_es {

/// What is searched: numbers within [0, 1], and choices.
struct landscape {
  /// Of each number: where one value ends and the next begins, ascending; empty: continuous.
  std::vector<std::vector<double>> thresholds;
  /// Of each choice: the prior share of every option.
  std::vector<std::vector<double>> shares;
};

struct individual {
  Eigen::VectorXd step;  ///< of the numbers, in units of the distribution's overall width
  std::vector<std::size_t> choices;  ///< the option of each choice
};

class evolution {
 public:
  /// `width`: the standard deviation of each number at the start; `population`: at least 2.
  evolution(landscape l, Eigen::VectorXd mean, double width, std::size_t population);

  [[nodiscard]] individual draw(draws& random) const;
  /// Where its numbers lie.
  [[nodiscard]] Eigen::VectorXd place(const individual& one) const;
  /// The individual at a place that may be any other's: its step no longer than usual ones.
  [[nodiscard]] individual at(const Eigen::VectorXd& place, std::vector<std::size_t> choices) const;
  /// One generation, best first; those from `sound` on failed: they count as worst only.
  void update(const std::vector<individual>& ranked, std::size_t sound);

  [[nodiscard]] std::size_t population() const { return population_; }
  [[nodiscard]] const Eigen::VectorXd& mean() const { return mean_; }
  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] const std::vector<std::vector<double>>& shares() const { return shares_; }
  /// Nothing more is to be expected: too narrow to tell points apart, or too flat to compute with.
  [[nodiscard]] bool exhausted() const;

 private:
  struct weighting;
  void update_numbers(const std::vector<individual>& ranked, const weighting& w);
  void update_choices(const std::vector<individual>& ranked, const weighting& w);
  void keep_margin();
  void keep_margin_of(Eigen::Index j);
  void decompose();

  landscape landscape_;
  std::size_t population_;
  double width_;
  Eigen::VectorXd mean_;
  Eigen::VectorXd stretch_;  ///< the margin's matrix A, of the numbers that have thresholds
  Eigen::MatrixXd covariance_;
  Eigen::MatrixXd axes_;     ///< of the covariance, as columns
  Eigen::VectorXd lengths_;  ///< square roots of its eigenvalues
  Eigen::VectorXd path_width_;
  Eigen::VectorXd path_covariance_;
  std::size_t generation_ = 0;
  std::vector<std::vector<double>> shares_;
};

}  // namespace sweepd::strategies::cma_es
