#include "strategies/grid.hpp"

#include "strategies/canonical.hpp"
#include "strategies/permutation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

// Listed values without repetitions; the first of equal ones stays.
bj::array distinct(const bj::array& values) {
  bj::array out;
  std::set<std::string> seen;
  for (const auto& v : values)
    if (seen.insert(canonical(v)).second) out.push_back(v);
  return out;
}

}  // namespace

result<grid_axis> grid_axis::make(const leaf& l) {
  grid_axis out;
  const auto& config = l.what.filled();
  switch (l.what.what()) {
    case kind::constant:
    case kind::categorical:
      out.values_ = distinct(l.what.choices());
      return out;
    case kind::int_uniform: {
      const auto first = config.at("min").to_number<std::int64_t>();
      const auto last = config.at("max").to_number<std::int64_t>();
      const auto count = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first) + 1;
      out.values_ = integers{first, 1, count};
      return out;
    }
    case kind::q_uniform:
      return q_uniform(l);
    case kind::categorical_w_probabilities:
      return fail(
          errc::invalid,
          "method grid tries every value once and takes no probabilities; leave them out, or "
          "use method random",
          place_of(l));
    default:
      return fail(
          errc::invalid,
          "method grid cannot list the values of " +
              std::string(rules_of(l.what.what()).distribution) +
              "; write values: [...], int_uniform, q_uniform or a value, or use method random",
          place_of(l));
  }
}

result<grid_axis> grid_axis::q_uniform(const leaf& l) {
  grid_axis out;
  const auto& config = l.what.filled();
  const auto& min = config.at("min");
  const auto& max = config.at("max");
  const auto& q = config.at("q");
  if (min.is_int64() && max.is_int64() && q.is_int64()) {
    const auto step = static_cast<std::uint64_t>(q.get_int64());
    const auto width =
        static_cast<std::uint64_t>(max.get_int64()) - static_cast<std::uint64_t>(min.get_int64());
    out.values_ = integers{min.get_int64(), step, (width - 1) / step + 1};  // max is left out
    return out;
  }
  const auto first = min.to_number<double>();
  const auto step = q.to_number<double>();
  const double count = std::ceil((max.to_number<double>() - first) / step);
  const double second = first + step;
  if (!(second > first) || !(count < 0x1p53))
    return fail(errc::invalid, "is too small: the grid cannot tell its values apart",
                place_of(l) + ".q");
  out.values_ = multiples{first, second, static_cast<std::uint64_t>(std::max(count, 1.0))};
  return out;
}

std::uint64_t grid_axis::count() const {
  if (const auto* listed = std::get_if<bj::array>(&values_)) return listed->size();
  if (const auto* range = std::get_if<integers>(&values_)) return range->count;
  return std::get<multiples>(values_).count;
}

bj::value grid_axis::at(std::uint64_t i) const {
  if (const auto* listed = std::get_if<bj::array>(&values_)) return (*listed)[i];
  if (const auto* range = std::get_if<integers>(&values_))
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(range->first) + i * range->step);
  const auto& steps = std::get<multiples>(values_);
  if (i == 0) return steps.first;
  if (i == 1) return steps.second;
  return steps.first + static_cast<double>(i) * (steps.second - steps.first);
}

result<grid_cells> grid_cells::make(space s) {
  grid_cells out;
  for (const auto& one : s.leaves()) {
    SWEEPD_TRY(auto axis, grid_axis::make(one));
    if (axis.count() > std::numeric_limits<std::uint64_t>::max() / out.count_)
      return fail(errc::invalid,
                  "the grid has more than 2^64 cells; list fewer values, or use method random",
                  "parameters");
    out.count_ *= axis.count();
    out.axes_.push_back(std::move(axis));
  }
  out.space_ = std::move(s);
  return out;
}

bj::object grid_cells::at(std::uint64_t i) const {
  std::vector<bj::value> values(axes_.size());
  for (std::size_t k = axes_.size(); k-- > 0;) {
    values[k] = axes_[k].at(i % axes_[k].count());
    i /= axes_[k].count();
  }
  return space_.assemble(values);
}

grid::grid(grid_cells cells, bool shuffled) : cells_(std::move(cells)), shuffled_(shuffled) {}

// A cell is handed out by its position alone, whatever became of the others.
void grid::observe(std::span<const observation>) {}

result<std::vector<suggestion>> grid::suggest(const ask& what) {
  std::optional<permutation> order;
  if (shuffled_) order.emplace(cells_.count(), what.seed);
  std::vector<suggestion> out;
  const std::uint64_t left = what.from < cells_.count() ? cells_.count() - what.from : 0;
  const std::uint64_t end = what.from + std::min<std::uint64_t>(left, what.n);
  for (std::uint64_t position = what.from; position < end; ++position)
    out.push_back({position, cells_.at(order ? (*order)(position) : position), {}});
  return out;
}

}  // namespace sweepd::strategies
