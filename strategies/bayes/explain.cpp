#include "strategies/bayes/explain.hpp"

#include "strategies/bayes/acquisition.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace sweepd::strategies::bayes {
namespace {

namespace bj = boost::json;
using Eigen::Index;
using Eigen::VectorXd;

// W&B's words, spelling included: people search for them.
constexpr std::string_view no_metric = "Some dimmensions of kernel are close to their bounds";
constexpr double near = 0.1;            // distance, in length scales, that is "near" a trial
constexpr double mostly_unknown = 0.5;  // deviation, relative to the prior's, that is exploring

bj::object info(double success, double value, double deviation, double improvement,
                std::string_view warning, std::string why) {
  bj::object out;
  const auto number = [](double x) { return std::isfinite(x) ? x : 0.0; };
  out["success_probability"] = number(success);
  out["predicted_value"] = number(value);
  out["predicted_value_std_dev"] = number(deviation);
  out["expected_improvement"] = number(improvement);
  out["warnings"] = warning.empty() ? bj::value(nullptr) : bj::value(bj::string_view(warning));
  out["why"] = std::move(why);
  return out;
}

double signed_value(double v, const metric_rules& rules) { return rules.maximize ? -v : v; }

std::string reason(const circumstances& of, const VectorXd& at, double deviation) {
  const auto& model = of.made.believed;
  Index nearest = 0;
  const double distance = model.known().distances(at).minCoeff(&nearest);
  const auto row = of.made.rows[static_cast<std::size_t>(nearest)];
  const auto trial = std::to_string(of.known.trial[static_cast<std::size_t>(row)] + 1);
  const double usual = std::sqrt(model.kernel().self());
  if (of.dense) return "where good runs lie dense; the nearest is trial " + trial;
  if (deviation > mostly_unknown * usual) return "explore far from every trial";
  if (distance <= near) return "exploit near trial " + trial;
  return "between exploring and exploiting; the nearest is trial " + trial;
}

}  // namespace

bj::object info_of_uniform() {
  return info(1, 0, 0, 0, no_metric, "uniform draw: no run has logged a usable metric");
}

bj::object info_of_start(const training& known, const metric_rules& rules, Index length) {
  const Index place = known.known() + 1;
  double value = 0;
  if (known.y.size() > 0) value = signed_value(known.y.mean(), rules);
  return info(1, value, 0, 0, {},
              place <= length
                  ? "initial design " + std::to_string(place) + " of " + std::to_string(length)
                  : "initial design: waiting for the first results");
}

bj::object info_of_model(const circumstances& of, const VectorXd& at) {
  const auto here = of.made.believed.around(at);
  const double deviation = std::sqrt(here.variance);
  const double mean = here.means[0];
  const double z = (of.to_beat - mean) / deviation;
  const auto& outputs = of.made.outputs;
  // A standard deviation and an improvement in the metric's unit, through the warp at that place.
  const double unit =
      (outputs.raw(mean + deviation) - outputs.raw(mean - deviation)) / (2 * deviation);
  const double success = 0.5 * std::erfc(-z / std::sqrt(2.0)) * of.feasible;
  const double improvement = std::exp(log_improvement(z)) * deviation * of.feasible * unit;
  return info(success, signed_value(outputs.raw(mean), of.rules), deviation * unit, improvement, {},
              reason(of, at, deviation));
}

}  // namespace sweepd::strategies::bayes
