#include "strategies/bayes/optimiser.hpp"

#include "strategies/bayes/lbfgs.hpp"
#include "strategies/permutation.hpp"
#include "strategies/philox.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace sweepd::strategies::bayes {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr std::uint64_t whole_space_max = 2048;  // configurations that are all judged
constexpr std::uint64_t levels_swept_max = 32;   // of an axis: all are tried
constexpr std::uint64_t order_stream = 4;
constexpr double apart = 0.2;  // least distance of two ascents' starts, in length scales

using visited_set = std::unordered_set<std::string>;

// Candidates in the order of their values, best first, judged exactly where it matters.
class ranking {
 public:
  ranking(const acquisition& f, points offered, Index exact) : offered_(std::move(offered)) {
    const Index n = offered_.rows();
    order_.resize(static_cast<std::size_t>(n));
    std::iota(order_.begin(), order_.end(), Index{0});
    if (n > exact) {
      values_ = f.bounds_at(offered_);
      sort();
      points best(exact, offered_.cols());
      for (Index i = 0; i < exact; ++i)
        best.row(i) = offered_.row(order_[static_cast<std::size_t>(i)]);
      offered_ = std::move(best);
      order_.resize(static_cast<std::size_t>(exact));
      std::iota(order_.begin(), order_.end(), Index{0});
    }
    values_ = f.at(offered_);
    sort();
  }
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] VectorXd at(std::size_t i) const { return offered_.row(order_[i]).transpose(); }
  [[nodiscard]] double value(std::size_t i) const { return values_[order_[i]]; }

 private:
  void sort() {
    std::ranges::stable_sort(order_, [&](Index a, Index b) { return values_[a] > values_[b]; });
  }
  points offered_;
  VectorXd values_;
  std::vector<Index> order_;
};

points stacked(const points& a, const points& b) {
  points out(a.rows() + b.rows(), a.cols());
  out << a, b;
  return out;
}

// The best starts that are not next to each other.
std::vector<promising> starts_of(const ranking& ranked, const acquisition& f, int count) {
  std::vector<promising> out;
  for (std::size_t i = 0; i < ranked.size() && out.size() < static_cast<std::size_t>(count); ++i) {
    const VectorXd at = ranked.at(i);
    const bool alone = std::ranges::all_of(out, [&](const promising& other) {
      return f.model().kernel().distance(other.at, at) > apart;
    });
    if (alone) out.push_back({at, ranked.value(i)});
  }
  return out;
}

// Gradient ascent on the continuous axes.
void ascend(const acquisition& f, const encoding& space, promising& from, int steps) {
  box bounds{from.at, from.at};
  bool any = false;
  for (std::size_t j = 0; j < space.dims(); ++j) {
    const auto& a = space.axes()[j];
    if (a.what != axis::kind::continuous) continue;
    bounds.least[static_cast<Index>(j)] = a.least;
    bounds.most[static_cast<Index>(j)] = a.most;
    any = true;
  }
  if (!any) return;
  const auto climbed = minimize(
      [&](const VectorXd& at, VectorXd& slope) {
        const double value = -f(at, slope);
        slope = -slope;
        for (std::size_t j = 0; j < space.dims(); ++j)
          if (space.axes()[j].what != axis::kind::continuous) slope[static_cast<Index>(j)] = 0;
        return value;
      },
      from.at, bounds, {steps, 1e-3, 1e-5});
  if (-climbed.value > from.value) from = {climbed.at, -climbed.value};
}

// The other levels that one axis may take next: all when they are few, else steps of growing size.
std::vector<double> other_levels(const encoding& space, std::size_t j, double x) {
  const auto& a = space.axes()[j];
  std::vector<double> out;
  if (a.what == axis::kind::continuous) return out;
  if (a.levels == 0) {
    for (const double step : {-0.1, -0.03, -0.01, 0.01, 0.03, 0.1}) {
      const double to = space.snap(j, std::clamp(x + step, a.least, a.most));
      if (to != x) out.push_back(to);
    }
    return out;
  }
  const std::uint64_t here = space.level_at(j, x);
  if (a.levels <= levels_swept_max || a.what == axis::kind::unordered) {
    for (std::uint64_t level = 0; level < a.levels; ++level)
      if (level != here) out.push_back(space.at_level(j, level));
    return out;
  }
  for (std::uint64_t step = 1; step < a.levels; step *= 2) {
    if (here >= step) out.push_back(space.at_level(j, here - step));
    if (here + step < a.levels) out.push_back(space.at_level(j, here + step));
  }
  return out;
}

// Takes the best level of each countable axis in turn; true when one changed.
bool sweep_levels(const acquisition& f, const encoding& space, promising& from) {
  bool changed = false;
  for (std::size_t j = 0; j < space.dims(); ++j) {
    const auto i = static_cast<Index>(j);
    const auto levels = other_levels(space, j, from.at[i]);
    if (levels.empty()) continue;
    points offered = from.at.transpose().replicate(static_cast<Index>(levels.size()), 1);
    for (std::size_t k = 0; k < levels.size(); ++k) offered(static_cast<Index>(k), i) = levels[k];
    Index best = 0;
    const double value = f.at(offered).maxCoeff(&best);
    if (!(value > from.value)) continue;
    from = {offered.row(best).transpose(), value};
    changed = true;
  }
  return changed;
}

std::optional<promising> first_unvisited(const ranking& ranked, const visited_set& visited) {
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    VectorXd at = ranked.at(i);
    if (!visited.contains(encoding::key(at))) return promising{std::move(at), ranked.value(i)};
  }
  return std::nullopt;
}

points unvisited_cells(const encoding& space, const visited_set& visited) {
  std::vector<VectorXd> left;
  for (std::uint64_t i = 0; i < *space.size(); ++i) {
    VectorXd cell = space.cell(i);
    if (!visited.contains(encoding::key(cell))) left.push_back(std::move(cell));
  }
  points out(static_cast<Index>(left.size()), static_cast<Index>(space.dims()));
  for (std::size_t i = 0; i < left.size(); ++i)
    out.row(static_cast<Index>(i)) = left[i].transpose();
  return out;
}

}  // namespace

std::optional<VectorXd> any_unvisited(const encoding& space, const visited_set& visited,
                                      draw_key key) {
  const auto size = space.size().value_or(0);
  if (size == 0 || visited.size() >= size) return std::nullopt;
  const permutation order(size, random_bits(key.seed, key.position, order_stream));
  for (std::uint64_t i = 0; i < size; ++i) {
    VectorXd cell = space.cell(order(i));
    if (!visited.contains(encoding::key(cell))) return cell;
  }
  return std::nullopt;
}

std::optional<promising> promising_inside(const acquisition& f, const encoding& space,
                                          const visited_set& visited, draw_key key, Index count) {
  points offered = f.likely(inner_points(space, count, key));
  if (offered.rows() == 0) return std::nullopt;
  return first_unvisited(ranking(f, std::move(offered), count), visited);
}

std::optional<promising> most_promising(const acquisition& f, const encoding& space,
                                        const points& incumbents, const visited_set& visited,
                                        draw_key key, const search_effort& effort) {
  const auto size = space.size();
  if (size && *size <= whole_space_max) {
    points left = unvisited_cells(space, visited);
    if (left.rows() == 0) return std::nullopt;
    const Index all = left.rows();
    return first_unvisited(ranking(f, std::move(left), std::max(all, effort.screened)), visited);
  }
  const ranking ranked(f,
                       stacked(spread_points(space, effort.spread, key),
                               near_points(space, incumbents, effort.near, key)),
                       effort.screened);
  std::optional<promising> best = first_unvisited(ranked, visited);
  for (auto& from : starts_of(ranked, f, effort.starts)) {
    for (int round = 0; round < effort.rounds; ++round) {
      if (!visited.contains(encoding::key(from.at)) && (!best || from.value > best->value))
        best = from;
      ascend(f, space, from, effort.steps);
      if (!sweep_levels(f, space, from)) break;
    }
    if (!visited.contains(encoding::key(from.at)) && (!best || from.value > best->value))
      best = from;
  }
  if (best || !size) return best;
  auto some = any_unvisited(space, visited, key);
  if (!some) return std::nullopt;
  const double value = f.at(some->transpose())[0];
  return promising{std::move(*some), value};
}

}  // namespace sweepd::strategies::bayes
