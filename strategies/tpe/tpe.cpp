#include "strategies/tpe/tpe.hpp"

#include "strategies/bayes/candidates.hpp"
#include "strategies/bayes/optimiser.hpp"
#include "strategies/tpe/likely.hpp"

#include <utility>

namespace sweepd::strategies::tpe {
using Eigen::VectorXd;

result<std::unique_ptr<strategy>> tpe::make(space s, const boost::json::object& config, options o) {
  SWEEPD_TRY(const auto rules, bayes::metric_rules_in(config));
  encoding axes(std::move(s));
  if (axes.dims() == 0)
    return fail(errc::invalid, "leaves nothing to search over: every parameter is constant",
                "parameters");
  return std::make_unique<tpe>(std::move(axes), rules, o);
}

tpe::tpe(encoding space, bayes::metric_rules rules, options o)
    : space_(std::move(space)), rules_(rules), options_(o) {
  known_ = bayes::training_from({}, space_, rules_);
}

void tpe::observe(std::span<const observation> trials) {
  known_ = bayes::training_from(trials, space_, rules_);
}

tpe::proposal tpe::modelled(std::uint64_t seed, std::uint64_t position) const {
  auto found = likely_to_be_good(space_, known_, options_.candidates, {seed, position});
  proposal out;
  out.info["model"] = "tpe";
  out.info["good"] = found.good;
  out.info["others"] = found.others;
  if (found.at) out.info["log_ratio"] = found.log_ratio;
  out.at = found.at ? std::move(*found.at) : VectorXd();
  return out;
}

std::optional<tpe::proposal> tpe::next(std::uint64_t seed, std::uint64_t position) const {
  const auto size = space_.size();
  if (size && known_.visited.size() >= *size) return std::nullopt;
  const auto ended = static_cast<std::size_t>(known_.x.rows() + known_.failed.rows());
  proposal out;
  if (ended < options_.start || known_.x.rows() == 0) {
    out.at = bayes::start_point(space_, known_, {seed, position});
    out.info["model"] = "start";
  } else {
    out = modelled(seed, position);
  }
  if (size && (out.at.size() == 0 || known_.visited.contains(encoding::key(out.at)))) {
    auto left = bayes::any_unvisited(space_, known_.visited, {seed, position});
    if (!left) return std::nullopt;
    out.at = std::move(*left);
  }
  return out;
}

result<std::vector<suggestion>> tpe::suggest(const ask& what) {
  std::vector<suggestion> out;
  const bayes::training told = known_;
  for (std::size_t k = 0; k < what.n; ++k) {
    const std::uint64_t position = what.from + k;
    auto found = next(what.seed, position);
    if (!found) break;
    out.push_back({position, space_.decode(found->at), std::move(found->info)});
    const auto told_as = space_.encode(out.back().config);  // rounded on its way
    known_.visited.insert(encoding::key(*told_as));
    bayes::append(known_.pending, *told_as);
  }
  known_ = told;
  return out;
}

}  // namespace sweepd::strategies::tpe
