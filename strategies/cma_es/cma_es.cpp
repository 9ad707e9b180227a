#include "strategies/cma_es/cma_es.hpp"

#include "strategies/bayes/optimiser.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sweepd::strategies::cma_es {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr std::uint64_t stream = stream_of("cma_es");
constexpr std::uint64_t restart_stream = stream_of("cma_es restart");
constexpr std::uint64_t attempts = 32;  // to stay inside the ranges, and off what was visited
constexpr std::size_t restarts_most = 8;
constexpr double rounding = 1e-9;  // of a coordinate, on its way to a value and back

landscape landscape_of(const encoding& space) {
  landscape out;
  for (const auto& a : space.axes()) {
    if (a.what == axis::kind::unordered) {
      std::vector<double> shares;
      for (std::size_t i = 0; i < a.levels; ++i)
        shares.push_back(a.cumulative[i] - (i == 0 ? 0.0 : a.cumulative[i - 1]));
      out.shares.push_back(std::move(shares));
      continue;
    }
    auto& borders = out.thresholds.emplace_back();
    for (std::size_t i = 0; i + 1 < a.positions.size(); ++i)
      borders.push_back((a.positions[i] + a.positions[i + 1]) / 2);
  }
  return out;
}

}  // namespace

result<std::unique_ptr<strategy>> cma_es::make(space s, const boost::json::object& config,
                                               options o) {
  SWEEPD_TRY(const auto rules, bayes::metric_rules_in(config));
  encoding axes(std::move(s));
  if (axes.dims() == 0)
    return fail(errc::invalid, "leaves nothing to search over: every parameter is constant",
                "parameters");
  return std::make_unique<cma_es>(std::move(axes), rules, o);
}

cma_es::cma_es(encoding space, bayes::metric_rules rules, options o)
    : space_(std::move(space)), rules_(rules), options_(o) {}

void cma_es::observe(std::span<const observation> trials) {
  trials_.clear();
  trials_.resize(trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    trials_[i].at = space_.encode(trials[i].config);
    if (trials_[i].at) visited_.insert(encoding::key(*trials_[i].at));
    if (trials[i].what == observation::kind::infeasible) trials_[i].what = outcome::failed;
    if (trials[i].what == observation::kind::no_sample) trials_[i].what = outcome::lost;
  }
  const auto known = bayes::training_from(trials, space_, rules_);
  for (std::size_t r = 0; r < known.trial.size(); ++r) {
    trials_[known.trial[r]].what = outcome::value;
    trials_[known.trial[r]].value = known.y[static_cast<Index>(r)];
  }
  visited_ = known.visited;
}

// The start lies in the middle; after a restart, anywhere.
evolution cma_es::fresh(std::size_t restarts) const {
  auto l = landscape_of(space_);
  const auto d = static_cast<Index>(l.thresholds.size());
  VectorXd mean = VectorXd::Constant(d, 0.5);
  draws random(0, restarts, restart_stream);
  for (Index j = 0; restarts > 0 && j < d; ++j) mean[j] = random.unit();
  const auto axes = static_cast<double>(std::max<std::size_t>(space_.dims(), 1));
  const auto usual = 4 + static_cast<std::size_t>(3 * std::log(axes));
  const std::size_t population = options_.population.value_or(usual);
  return {std::move(l), std::move(mean), options_.step, population << restarts};
}

// The point of a run: choices as levels, numbers at the nearest allowed value.
VectorXd cma_es::point(const evolution& from, const individual& one) const {
  const VectorXd numbers = from.place(one);
  VectorXd out(static_cast<Index>(space_.dims()));
  Index number = 0;
  std::size_t choice = 0;
  for (std::size_t j = 0; j < space_.dims(); ++j)
    out[static_cast<Index>(j)] = space_.axes()[j].what == axis::kind::unordered
                                     ? space_.at_level(j, one.choices[choice++])
                                     : space_.snap(j, std::clamp(numbers[number++], 0.0, 1.0));
  return out;
}

// The individual of a position: the first of its draws whose continuous numbers lie within their
// ranges; after some draws, one that does not, moved to the border.
individual cma_es::drawn(const evolution& from, std::uint64_t position, std::uint64_t seed,
                         std::uint64_t attempt) const {
  draws random(random_bits(seed, position, stream), attempt, stream);
  individual out;
  VectorXd at;
  for (std::uint64_t i = 0; i < attempts; ++i) {
    out = from.draw(random);
    at = from.place(out);
    bool inside = true;
    Index number = 0;
    for (const auto& a : space_.axes()) {
      if (a.what == axis::kind::unordered) continue;
      const double x = at[number++];
      inside = inside && (a.what == axis::kind::ordered || (x >= 0 && x <= 1));
    }
    if (inside) return out;
  }
  return from.at(at.cwiseMax(0).cwiseMin(1), std::move(out.choices));
}

individual cma_es::read(const evolution& from, std::size_t number, std::uint64_t seed) const {
  const VectorXd& at = *trials_[number].at;
  const auto same = drawn(from, number, seed, 0);
  if ((point(from, same) - at).cwiseAbs().maxCoeff() < rounding) return same;
  VectorXd numbers(from.mean().size());
  std::vector<std::size_t> choices;
  Index i = 0;
  for (std::size_t j = 0; j < space_.dims(); ++j) {
    const double x = at[static_cast<Index>(j)];
    if (space_.axes()[j].what == axis::kind::unordered)
      choices.push_back(static_cast<std::size_t>(space_.level_at(j, x)));
    else
      numbers[i++] = x;
  }
  return from.at(numbers, std::move(choices));
}

// Tells `from` the generation that begins with trial `first`; gives how many of it have ended.
std::size_t cma_es::take_generation(evolution& from, std::size_t first, std::uint64_t seed,
                                    double& best) const {
  const std::size_t last = std::min(first + from.population(), trials_.size());
  std::vector<std::size_t> sound;
  std::vector<std::size_t> failed;
  std::size_t ended = 0;
  for (std::size_t i = first; i < last; ++i) {
    const auto& t = trials_[i];
    if (t.what != outcome::open || !t.at) ++ended;
    if (!t.at) continue;
    if (t.what == outcome::value) sound.push_back(i);
    if (t.what == outcome::failed) failed.push_back(i);
  }
  if (2 * ended < from.population()) return ended;
  std::ranges::stable_sort(sound, {}, [&](std::size_t i) { return trials_[i].value; });
  std::vector<individual> ranked;
  for (const std::size_t i : sound) ranked.push_back(read(from, i, seed));
  for (const std::size_t i : failed) ranked.push_back(read(from, i, seed));
  from.update(ranked, sound.size());
  if (!sound.empty()) best = trials_[sound.front()].value;
  return ended;
}

// Every generation that has ended, and is therefore behind the next trial.
cma_es::place cma_es::replayed(std::uint64_t seed) const {
  place out{fresh(0), 0, 0};
  double record = std::numeric_limits<double>::infinity();
  std::size_t since_record = 0;
  for (std::size_t first = 0; first + out.from.population() <= trials_.size();) {
    const std::size_t size = out.from.population();
    double best = record;
    const std::size_t ended = take_generation(out.from, first, seed, best);
    first += size;
    if (2 * ended < size) continue;
    ++out.generation;
    ++since_record;
    if (best < record) {
      record = best;
      since_record = 0;
    }
    const std::size_t patience = 10 + 30 * std::max<std::size_t>(space_.dims(), 1) / size;
    if (out.restarts < restarts_most && (since_record > patience || out.from.exhausted())) {
      out = {fresh(out.restarts + 1), 0, out.restarts + 1};
      record = std::numeric_limits<double>::infinity();
      since_record = 0;
    }
  }
  return out;
}

std::optional<VectorXd> cma_es::next(const evolution& from, std::uint64_t position,
                                     std::uint64_t seed) const {
  const auto size = space_.size();
  if (size && visited_.size() >= *size) return std::nullopt;
  for (std::uint64_t attempt = 0; attempt < attempts; ++attempt) {
    VectorXd at = point(from, drawn(from, position, seed, attempt));
    if (!size || !visited_.contains(encoding::key(at))) return at;
  }
  return bayes::any_unvisited(space_, visited_, {seed, position});
}

result<std::vector<suggestion>> cma_es::suggest(const ask& what) {
  std::vector<suggestion> out;
  const auto told = trials_.size();
  const auto visited = visited_;
  for (std::size_t k = 0; k < what.n; ++k) {
    const auto now = replayed(what.seed);
    auto at = next(now.from, what.from + k, what.seed);
    if (!at) break;
    boost::json::object info{{"model", "cma_es"},
                             {"generation", now.generation},
                             {"restarts", now.restarts},
                             {"population", now.from.population()},
                             {"width", now.from.width()}};
    out.push_back({what.from + k, space_.decode(*at), std::move(info)});
    at = space_.encode(out.back().config);  // as it will be told
    visited_.insert(encoding::key(*at));
    trials_.push_back({std::move(at), outcome::open, 0});
  }
  trials_.resize(told);
  visited_ = visited;
  return out;
}

}  // namespace sweepd::strategies::cma_es
