// method: tpe. The multivariate tree-structured Parzen estimator.
//
// The best tenth of the runs and the others are each made into a density; of some draws from the
// first the one is proposed at which the first exceeds the second most. Runs that are not ended
// count among the others (constant liar), so agents that ask together get different points; runs
// that failed do, too. O(runs x axes x candidates) a suggestion: for thousands of runs, where a
// Gaussian process is slow. Sources: Bergstra et al., "Algorithms for hyper-parameter optimization"
// (NIPS 2011), section 4; Watanabe, arXiv 2304.11127; Falkner, Klein, Hutter, arXiv 1807.01774 (the
// multivariate form). Pure.
#pragma once

#include "strategies/bayes/training.hpp"
#include "strategies/encoding.hpp"
#include "strategies/strategy.hpp"

#include <Eigen/Core>
#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace sweepd::strategies::tpe {

struct options {
  std::size_t start = 10;       ///< quasi-random points first
  std::size_t candidates = 24;  ///< drawn for each suggestion
};

class tpe final : public strategy {
 public:
  /// Errors: invalid, without a metric, and when every parameter is constant.
  static result<std::unique_ptr<strategy>> make(space s, const boost::json::object& config,
                                                options o);

  tpe(encoding space, bayes::metric_rules rules, options o);
  void observe(std::span<const observation> trials) override;
  result<std::vector<suggestion>> suggest(const ask& what) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return space_.size(); }
  [[nodiscard]] std::size_t lookahead() const override { return 4; }
  [[nodiscard]] bool learns() const override { return true; }

 private:
  struct proposal {
    Eigen::VectorXd at;
    boost::json::object info;
  };
  [[nodiscard]] std::optional<proposal> next(std::uint64_t seed, std::uint64_t position) const;
  [[nodiscard]] proposal modelled(std::uint64_t seed, std::uint64_t position) const;

  encoding space_;
  bayes::metric_rules rules_;
  options options_;
  bayes::training known_;
};

}  // namespace sweepd::strategies::tpe
