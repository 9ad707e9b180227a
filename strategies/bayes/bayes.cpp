#include "strategies/bayes/bayes.hpp"

#include "strategies/bayes/explain.hpp"
#include "strategies/distributions.hpp"
#include "strategies/philox.hpp"
#include "strategies/sobol.hpp"
#include "strategies/tpe/likely.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace sweepd::strategies::bayes {
namespace {

namespace bj = boost::json;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index incumbents_max = 8;  // points that the next one must be better than
constexpr Index centres_max = 6;     // incumbents around which candidates are drawn
constexpr Index pending_max = 64;    // pending points that are fantasied; later ones first
constexpr Index fantasies = 16;      // joint samples
// Every eighth suggestion (every 24th beyond five dimensions, where little can be seen) looks
// around: it is spread over the space and aims farther than the next improvement, by a share of the
// values' deviation. Where little is left to gain by going on, three of four do. Little is 0.2 % of
// the values' deviation, or 2 % of the noise's.
constexpr Index look_every_few = 8;
constexpr Index look_every_many = 24;
constexpr Index few_axes = 5;
constexpr Index polish_every = 4;
// Where little is left, one of the three asks where good runs lie dense instead: a Parzen estimator
// errs in other ways than a Gaussian process does.
constexpr Index dense_turn = 2;  // of polish_every
constexpr std::size_t dense_candidates = 24;
constexpr Index looked_at = 128;
constexpr double farther = 0.3;
constexpr double little = 2e-3;
constexpr double little_of_noise = 0.02;
// Few runs do not tell a wide basin from one of many. The most probable length scales alone keep a
// search where it is; with every second suggestion they are expected to be 0.6 times as long.
constexpr priors smooth_priors{};
constexpr priors rough_priors{.length_median = -1.2};
constexpr std::uint64_t uniform_stream = 5;
constexpr std::uint64_t fantasy_seed = 0x5eed;

// Imputed values are to be believed: one far from its neighbours is no noise.
priors believing(priors p, const metric_rules& rules) {
  if (!rules.ended && !rules.running) return p;
  p.noise_median = -8;
  p.noise_spread = 1.5;
  return p;
}

axis_flags flags_of(const encoding& axes) {
  axis_flags out;
  for (const auto& a : axes.axes()) out.push_back(a.what == axis::kind::unordered);
  return out;
}

Index start_length(std::size_t dims) { return std::min<Index>(10, static_cast<Index>(dims) + 4); }

// The rows with the least values, ascending by value.
std::vector<Index> least_rows(const VectorXd& values, Index count) {
  std::vector<Index> out(static_cast<std::size_t>(values.size()));
  std::iota(out.begin(), out.end(), Index{0});
  std::ranges::stable_sort(out, [&](Index a, Index b) { return values[a] < values[b]; });
  out.resize(std::min(out.size(), static_cast<std::size_t>(count)));
  return out;
}

points rows_of(const points& x, const std::vector<Index>& rows) {
  points out(static_cast<Index>(rows.size()), x.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) out.row(static_cast<Index>(i)) = x.row(rows[i]);
  return out;
}

// Less search where each look at the model costs more: time is bounded, and much is known by then.
search_effort effort_for(Index rows) {
  search_effort out;
  if (rows > 100) {
    out.spread = 640;
    out.near = 32;
    out.starts = 3;
    out.steps = 15;
  }
  if (rows > 300) {
    out.spread = 512;
    out.screened = 128;
    out.steps = 10;
  }
  return out;
}

// Standard normal numbers, a row a sample, a column a point: quasi-random, the same every time.
MatrixXd normal_samples(Index samples, Index count) {
  MatrixXd out = sobol_points(static_cast<std::size_t>(samples), static_cast<std::size_t>(count),
                              fantasy_seed, 0);
  const distribution standard{distribution::family::gaussian, 0, 1, {}, {}, {}};
  return out.unaryExpr([&](double u) { return quantile(standard, u); });
}

}  // namespace

result<std::unique_ptr<strategy>> bayes_search::make(space searched, const bj::object& config) {
  SWEEPD_TRY(const auto rules, metric_rules_in(config));
  encoding axes(std::move(searched));
  if (axes.dims() == 0)
    return fail(
        errc::invalid,
        "leaves nothing to search over: method bayes needs a parameter that is not constant",
        "parameters");
  return std::make_unique<bayes_search>(std::move(axes), rules);
}

bayes_search::bayes_search(encoding axes, metric_rules rules)
    : axes_(std::move(axes)),
      rules_(rules),
      unordered_(flags_of(axes_)),
      smooth_(unordered_, believing(smooth_priors, rules)),
      rough_(unordered_, believing(rough_priors, rules)) {
  known_ = training_from({}, axes_, rules_);
}

void bayes_search::observe(std::span<const observation> trials) {
  known_ = training_from(trials, axes_, rules_);
}

result<std::vector<suggestion>> bayes_search::suggest(const ask& what) {
  std::vector<suggestion> out;
  training known = known_;
  for (std::size_t k = 0; k < what.n; ++k) {
    const std::uint64_t position = what.from + k;
    auto next = propose(known, {what.seed, position});
    if (!next) break;
    out.push_back({position, axes_.decode(next->at), std::move(next->info)});
    // The point as the next call will read it: its configuration may be a rounding error away.
    const Eigen::VectorXd at = axes_.encode(out.back().config).value_or(next->at);
    known.visited.insert(encoding::key(at));
    append(known.pending, at);
  }
  return out;
}

std::optional<bayes_search::proposal> bayes_search::propose(const training& known, draw_key key) {
  if (axes_.size() && known.visited.size() >= *axes_.size()) return std::nullopt;
  if (known.x.rows() == 0 && known.any_ended) return uniform(known, key);
  const Index length = start_length(axes_.dims());
  if (known.known() < length || known.x.rows() < 2) return start(known, key, length);
  // Equal values teach nothing: go on filling the space. A model would only run to its corners.
  if (known.y.minCoeff() == known.y.maxCoeff()) return start(known, key, length);
  return modelled(known, key);
}

std::optional<bayes_search::proposal> bayes_search::uniform(const training& known,
                                                            draw_key key) const {
  constexpr std::uint64_t attempts = 64;
  const std::uint64_t seed = random_bits(key.seed, key.position, uniform_stream);
  VectorXd at(static_cast<Index>(axes_.dims()));
  for (std::uint64_t attempt = 0; attempt < attempts; ++attempt) {
    for (std::size_t j = 0; j < axes_.dims(); ++j)
      at[static_cast<Index>(j)] = axes_.from_unit(j, random_unit(seed, attempt, j));
    if (!known.visited.contains(encoding::key(at))) return proposal{at, info_of_uniform()};
  }
  if (!axes_.size()) return proposal{at, info_of_uniform()};
  auto left = any_unvisited(axes_, known.visited, key);
  if (!left) return std::nullopt;
  return proposal{std::move(*left), info_of_uniform()};
}

std::optional<bayes_search::proposal> bayes_search::start(const training& known, draw_key key,
                                                          Index length) const {
  VectorXd at = start_point(axes_, known, key);
  if (known.visited.contains(encoding::key(at)) && axes_.size()) {
    auto left = any_unvisited(axes_, known.visited, key);
    if (!left) return std::nullopt;
    at = std::move(*left);
  }
  return proposal{std::move(at), info_of_start(known, rules_, length)};
}

std::optional<promising> bayes_search::where_dense(const training& known, draw_key key) const {
  auto found = tpe::likely_to_be_good(axes_, known, dense_candidates, key);
  if (!found.at) return std::nullopt;
  return promising{std::move(*found.at), found.log_ratio};
}

std::optional<bayes_search::proposal> bayes_search::modelled(const training& known, draw_key key) {
  auto& maker = known.known() % 2 == 0 ? smooth_ : rough_;
  auto made = maker.make(known.x, known.y);
  const auto& believed = made.believed;
  const auto best = least_rows(made.fitted, incumbents_max);
  const points incumbents = rows_of(believed.x(), best);
  const Index waiting = std::min(known.pending.rows(), pending_max);
  points open(incumbents.rows() + waiting, believed.x().cols());
  open << incumbents, known.pending.bottomRows(waiting);

  posterior model = believed;
  model.assume(open, normal_samples(fantasies, open.rows()));
  const Index place = known.known();
  feasibility feasible(known.x, known.failed, known.lost, unordered_);
  if (place % polish_every != 0) feasible.learn_repeats(known.x, known.y, unordered_);
  const VectorXd to_beat = model.at(open).means.rowwise().minCoeff();
  const points centres = incumbents.topRows(std::min(incumbents.rows(), centres_max));
  const Index look_every =
      believed.x().cols() <= few_axes ? look_every_few : look_every_many;
  const bool looks = place % look_every == look_every - 1;
  const double worth = std::max(little, little_of_noise * std::sqrt(believed.kernel().noise()));
  std::optional<promising> next;
  bool dense = false;
  if (!looks)
    next = most_promising({model, feasible, to_beat}, axes_, centres, known.visited, key,
                          effort_for(believed.observed()));
  if (looks || (next && next->value < std::log(worth) && place % polish_every != 0)) {
    const acquisition far(model, feasible, to_beat.array() - farther);
    auto other = place % polish_every == dense_turn ? where_dense(known, key) : std::nullopt;
    dense = other.has_value();
    if (!other) other = promising_inside(far, axes_, known.visited, key, looked_at);
    if (other) next = std::move(other);  // none: nothing new in a finite space, or all fails
    if (!next) next = most_promising(far, axes_, centres, known.visited, key, {});
  }
  if (!next) return std::nullopt;
  const circumstances of{known,          rules_,  made,
                         to_beat.mean(), feasible.probability(next->at), dense};
  return proposal{next->at, info_of_model(of, next->at)};
}

}  // namespace sweepd::strategies::bayes
