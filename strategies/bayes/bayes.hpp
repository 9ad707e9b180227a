// method: bayes. Bayesian optimisation with a Gaussian process: proposes where the improvement
// expected over the incumbents is greatest, given runs that failed and runs that are still on their
// way.
//
// Every suggestion is a pure function of (file, observations, seed, position): fits and factors are
// kept by content only. The first suggestions are a space-filling start design. Sources: see
// README.md here. Pure; one object, one thread.
#pragma once

#include "controller/base/result.hpp"
#include "strategies/bayes/model.hpp"
#include "strategies/bayes/optimiser.hpp"
#include "strategies/bayes/training.hpp"
#include "strategies/encoding.hpp"
#include "strategies/strategy.hpp"

#include <boost/json.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace sweepd::strategies::bayes {

class bayes_search final : public strategy {
 public:
  /// Errors: invalid, without a metric, and when every parameter is constant.
  static result<std::unique_ptr<strategy>> make(space searched, const boost::json::object& config);

  bayes_search(encoding axes, metric_rules rules);
  void observe(std::span<const observation> trials) override;
  result<std::vector<suggestion>> suggest(const ask& what) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return axes_.size(); }
  [[nodiscard]] std::size_t lookahead() const override { return 2; }
  [[nodiscard]] bool learns() const override { return true; }

 private:
  struct proposal {
    Eigen::VectorXd at;
    boost::json::object info;
  };
  /// None: every configuration was visited.
  std::optional<proposal> propose(const training& known, draw_key key);
  [[nodiscard]] std::optional<proposal> uniform(const training& known, draw_key key) const;
  [[nodiscard]] std::optional<proposal> start(const training& known, draw_key key,
                                              Eigen::Index length) const;
  std::optional<proposal> modelled(const training& known, draw_key key);
  [[nodiscard]] std::optional<promising> where_dense(const training& known, draw_key key) const;

  encoding axes_;
  metric_rules rules_;
  axis_flags unordered_;
  model_maker smooth_;  // two opinions of how fast the objective changes, asked in turn
  model_maker rough_;
  training known_;
};

}  // namespace sweepd::strategies::bayes
