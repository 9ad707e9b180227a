// method: cma_es. Covariance matrix adaptation, replayed from the history at each question.
//
// Nothing is kept: the n-th trial of the history belongs to the generation that its number says,
// and the distribution is what the generations before it made of the start. A trial that lies where
// this replay would have drawn it counts exactly as in the textbook; any other (drawn when less was
// known, or by hand) counts by its place, with a shortened step. A generation counts once half of
// it has ended, so that agents never wait and lost runs stop nothing. After stagnation the search
// starts anew elsewhere, with twice the population: Auger and Hansen, "A restart CMA evolution
// strategy with increasing population size" (CEC 2005). For many runs (above 100 an axis) on mostly
// numeric axes. Pure.
#pragma once

#include "strategies/bayes/training.hpp"
#include "strategies/cma_es/evolution.hpp"
#include "strategies/encoding.hpp"
#include "strategies/strategy.hpp"

#include <Eigen/Core>
#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace sweepd::strategies::cma_es {

struct options {
  std::optional<std::size_t> population;  ///< none: 4 + 3 ln(axes)
  double step = 0.25;  ///< the first standard deviation, as a share of each range
};

class cma_es final : public strategy {
 public:
  /// Errors: invalid, without a metric, and when every parameter is constant.
  static result<std::unique_ptr<strategy>> make(space s, const boost::json::object& config,
                                                options o);

  cma_es(encoding space, bayes::metric_rules rules, options o);
  void observe(std::span<const observation> trials) override;
  result<std::vector<suggestion>> suggest(const ask& what) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return space_.size(); }
  [[nodiscard]] std::size_t lookahead() const override { return 4; }
  [[nodiscard]] bool learns() const override { return true; }

 private:
  enum class outcome : std::uint8_t { open, value, failed, lost };
  struct trial {
    std::optional<Eigen::VectorXd> at;  ///< none: not of this space
    outcome what = outcome::open;
    double value = 0;
  };
  struct place {  ///< of a trial's number in the search
    evolution from;
    std::size_t generation = 0;
    std::size_t restarts = 0;
  };
  [[nodiscard]] evolution fresh(std::size_t restarts) const;
  [[nodiscard]] place replayed(std::uint64_t seed) const;
  [[nodiscard]] individual read(const evolution& from, std::size_t number,
                                std::uint64_t seed) const;
  [[nodiscard]] std::size_t take_generation(evolution& from, std::size_t first, std::uint64_t seed,
                                            double& best) const;
  [[nodiscard]] Eigen::VectorXd point(const evolution& from, const individual& one) const;
  [[nodiscard]] individual drawn(const evolution& from, std::uint64_t position, std::uint64_t seed,
                                 std::uint64_t attempt) const;
  [[nodiscard]] std::optional<Eigen::VectorXd> next(const evolution& from, std::uint64_t position,
                                                    std::uint64_t seed) const;

  encoding space_;
  bayes::metric_rules rules_;
  options options_;
  std::vector<trial> trials_;
  std::unordered_set<std::string> visited_;
};

}  // namespace sweepd::strategies::cma_es
