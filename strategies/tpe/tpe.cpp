#include "strategies/tpe/tpe.hpp"

#include "strategies/bayes/candidates.hpp"
#include "strategies/bayes/optimiser.hpp"
#include "strategies/tpe/parzen.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sweepd::strategies::tpe {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double good_share = 0.1;
constexpr std::size_t good_most = 25;
constexpr std::size_t full_weight = 25;
constexpr std::uint64_t stream = stream_of("tpe");
constexpr std::size_t tries_for_fresh = 8;  // rounds of candidates, before any unvisited cell

MatrixXd rows_of(const MatrixXd& from, const std::vector<Index>& which) {
  MatrixXd out(static_cast<Index>(which.size()), from.cols());
  for (std::size_t i = 0; i < which.size(); ++i)
    out.row(static_cast<Index>(i)) = from.row(which[i]);
  return out;
}

MatrixXd stacked(const MatrixXd& a, const MatrixXd& b, const MatrixXd& c) {
  MatrixXd out(a.rows() + b.rows() + c.rows(), a.cols());
  out << a, b, c;
  return out;
}

}  // namespace

std::size_t good_of(std::size_t n) {
  const auto tenth = static_cast<std::size_t>(std::ceil(good_share * static_cast<double>(n)));
  return std::min(tenth, good_most);
}

VectorXd ramp(std::size_t n) {
  const auto rows = static_cast<Index>(n);
  const auto full = static_cast<Index>(std::min(n, full_weight));
  VectorXd out = VectorXd::Ones(rows);
  for (Index i = 0; i < rows - full; ++i) {
    const double lowest = 1 / static_cast<double>(n);
    const double step = rows - full > 1 ? (1 - lowest) / static_cast<double>(rows - full - 1) : 0;
    out[i] = lowest + step * static_cast<double>(i);
  }
  return out;
}

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
  const auto n = static_cast<std::size_t>(known_.x.rows());
  std::vector<Index> good(n);
  std::iota(good.begin(), good.end(), Index{0});
  std::ranges::stable_sort(good, {}, [&](Index i) { return known_.y[i]; });
  const std::size_t best =
      std::clamp<std::size_t>(good_of(n + static_cast<std::size_t>(known_.failed.rows())), 1, n);
  std::vector<Index> rest(good.begin() + static_cast<std::ptrdiff_t>(best), good.end());
  good.resize(best);
  std::ranges::sort(good);  // oldest first
  std::ranges::sort(rest);
  const MatrixXd others = stacked(rows_of(known_.x, rest), known_.failed, known_.pending);
  const parzen good_density(space_, rows_of(known_.x, good), ramp(best));
  const parzen other_density(space_, others, ramp(static_cast<std::size_t>(others.rows())));

  draws random(seed, position, stream);
  const bool finite = space_.size().has_value();
  std::optional<VectorXd> at;
  double most = 0;
  for (std::size_t round = 0; round < tries_for_fresh && !at; ++round)
    for (std::size_t i = 0; i < options_.candidates; ++i) {
      VectorXd x = good_density.draw(random);
      if (finite && known_.visited.contains(encoding::key(x))) continue;
      const double ratio = good_density.log_density(x) - other_density.log_density(x);
      if (at && ratio <= most) continue;
      at = std::move(x);
      most = ratio;
    }
  proposal out;
  out.info["model"] = "tpe";
  out.info["good"] = best;
  out.info["others"] = others.rows();
  if (at) out.info["log_ratio"] = most;
  out.at = at ? std::move(*at) : VectorXd();
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
