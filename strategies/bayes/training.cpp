#include "strategies/bayes/training.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace sweepd::strategies::bayes {
namespace {

namespace bj = boost::json;
using impute = metric_rules::impute;

std::string_view text_in(const bj::object& o, std::string_view key) {
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_string() ? std::string_view(v->get_string()) : std::string_view();
}

std::optional<impute> impute_in(const bj::object& metric, std::string_view key) {
  const auto text = text_in(metric, key);
  if (text == "worst") return impute::worst;
  if (text == "latest") return impute::latest;
  if (text == "best") return impute::best;
  return std::nullopt;
}

// What an observation counts as: with a value, or in which other list it belongs.
struct reading {
  std::optional<double> value;
  observation::kind otherwise = observation::kind::pending;
};

// The imputed value of a run; 0 when it has none, as W&B's library has it.
double imputed(const observation& o, impute how, double worst_of_all) {
  switch (how) {
    case impute::worst:
      return worst_of_all;
    case impute::latest:
      return o.last.value_or(0);
    case impute::best:
      break;
  }
  return o.value.value_or(0);
}

reading read(const observation& o, const metric_rules& rules, double worst_of_all) {
  using enum observation::kind;
  switch (o.what) {
    case value:
      if (o.value) return {o.value, value};
      break;
    case pending:
      if (!o.running || !rules.running) return {std::nullopt, pending};
      return {o.value ? *o.value : imputed(o, *rules.running, worst_of_all), pending};
    case partial:
      if (!rules.ended && o.value) return {o.value, partial};
      break;
    case infeasible:
    case no_sample:
      break;
  }
  if (rules.ended) return {imputed(o, *rules.ended, worst_of_all), o.what};
  return {std::nullopt, o.what == no_sample ? no_sample : infeasible};
}

// The worst finite value that any ended run logged; 0 when none did.
double worst_logged(std::span<const observation> trials, bool maximize) {
  std::optional<double> out;
  for (const auto& o : trials) {
    if (o.what == observation::kind::pending) continue;
    for (const auto& v : {o.worst, o.value, o.last})
      if (v && std::isfinite(*v))
        out = !out ? *v : maximize ? std::min(*out, *v) : std::max(*out, *v);
  }
  return out.value_or(0);
}

points stacked(const std::vector<Eigen::VectorXd>& rows, std::size_t dims) {
  points out(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(dims));
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.row(static_cast<Eigen::Index>(i)) = rows[i].transpose();
  return out;
}

}  // namespace

result<metric_rules> metric_rules_in(const bj::object& config) {
  const auto* metric = config.if_contains("metric");
  if (metric == nullptr || !metric->is_object())
    return fail(errc::invalid,
                "is missing: method bayes needs a metric to improve; write metric: {name: loss, "
                "goal: minimize}",
                "metric");
  const auto& block = metric->get_object();
  return metric_rules{text_in(block, "goal") == "maximize", impute_in(block, "impute"),
                      impute_in(block, "impute_while_running")};
}

training training_from(std::span<const observation> trials, const encoding& space,
                       const metric_rules& rules) {
  training out;
  const double worst = worst_logged(trials, rules.maximize);
  std::vector<Eigen::VectorXd> valued;
  std::vector<Eigen::VectorXd> failed;
  std::vector<Eigen::VectorXd> lost;
  std::vector<Eigen::VectorXd> pending;
  std::vector<double> values;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const auto& o = trials[i];
    if (o.what != observation::kind::pending) out.any_ended = true;
    const auto at = space.encode(o.config);
    if (!at) continue;
    out.visited.insert(encoding::key(*at));
    const auto read_as = read(o, rules, worst);
    if (read_as.value && std::isfinite(*read_as.value)) {
      valued.push_back(*at);
      values.push_back(rules.maximize ? -*read_as.value : *read_as.value);
      out.trial.push_back(i);
    } else if (read_as.otherwise == observation::kind::pending) {
      pending.push_back(*at);
    } else {
      (read_as.otherwise == observation::kind::no_sample ? lost : failed).push_back(*at);
    }
  }
  out.x = stacked(valued, space.dims());
  out.y =
      Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
  out.failed = stacked(failed, space.dims());
  out.lost = stacked(lost, space.dims());
  out.pending = stacked(pending, space.dims());
  return out;
}

void append(points& to, const Eigen::VectorXd& at) {
  to.conservativeResize(to.rows() + 1, Eigen::NoChange);
  to.row(to.rows() - 1) = at.transpose();
}

}  // namespace sweepd::strategies::bayes
