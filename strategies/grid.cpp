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

/// A JSON number as an integer, if it is one: 3 and 3.0 are the same cell.
std::optional<std::int64_t> whole(const bj::value& v) {
  if (v.is_int64()) return v.get_int64();
  if (!v.is_double()) return std::nullopt;
  const double x = v.get_double();
  if (!(x >= -0x1p63 && x < 0x1p63) || std::trunc(x) != x) return std::nullopt;
  return static_cast<std::int64_t>(x);
}

/// `map` without the keys that no listed value has: programs write keys of their own into it.
bj::object only(const std::set<std::string, std::less<>>& keys, const bj::object& map) {
  bj::object out;
  for (const auto& [key, value] : map)
    if (keys.contains(std::string_view(key))) out[key] = value;
  return out;
}

}  // namespace

// Listed values without repetitions: of equal ones the last is handed out, at the place of the first.
grid_axis::listing grid_axis::listed(const bj::array& values) {
  listing out;
  for (const auto& v : values) {
    const auto [at, added] = out.places.emplace(canonical(v), out.values.size());
    if (added)
      out.values.push_back(v);
    else
      out.values[at->second] = v;
    if (const auto* map = v.if_object())
      for (const auto& entry : *map) out.keys.emplace(entry.key());
  }
  return out;
}

result<grid_axis> grid_axis::make(const leaf& l) {
  grid_axis out;
  const auto& config = l.what.filled();
  switch (l.what.what()) {
    case kind::constant:
    case kind::categorical:
      out.values_ = listed(l.what.choices());
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
  if (const auto* list = std::get_if<listing>(&values_)) return list->values.size();
  if (const auto* range = std::get_if<integers>(&values_)) return range->count;
  return std::get<multiples>(values_).count;
}

bj::value grid_axis::at(std::uint64_t i) const {
  if (const auto* list = std::get_if<listing>(&values_)) return list->values[i];
  if (const auto* range = std::get_if<integers>(&values_))
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(range->first) + i * range->step);
  const auto& steps = std::get<multiples>(values_);
  if (i == 0) return steps.first;
  if (i == 1) return steps.second;
  return steps.first + static_cast<double>(i) * (steps.second - steps.first);
}

std::optional<std::uint64_t> grid_axis::find(const bj::value& v) const {
  if (const auto* list = std::get_if<listing>(&values_)) {
    const auto* map = v.if_object();
    const auto at = list->places.find(map != nullptr && !list->keys.empty()
                                          ? canonical(only(list->keys, *map))
                                          : canonical(v));
    return at == list->places.end() ? std::nullopt : std::optional(at->second);
  }
  if (const auto* range = std::get_if<integers>(&values_)) {
    const auto x = whole(v);
    if (!x || *x < range->first) return std::nullopt;
    const auto from_first =
        static_cast<std::uint64_t>(*x) - static_cast<std::uint64_t>(range->first);
    const auto i = from_first / range->step;
    if (from_first % range->step != 0 || i >= range->count) return std::nullopt;
    return i;
  }
  const auto& steps = std::get<multiples>(values_);
  if (!v.is_number()) return std::nullopt;
  const double near = std::round((v.to_number<double>() - steps.first) / (steps.second - steps.first));
  if (!(near >= 0 && near < static_cast<double>(steps.count))) return std::nullopt;
  const auto i = static_cast<std::uint64_t>(near);
  return canonical(at(i)) == canonical(v) ? std::optional(i) : std::nullopt;
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

std::optional<std::uint64_t> grid_cells::find(const bj::object& config) const {
  std::uint64_t cell = 0;
  for (std::size_t k = 0; k < axes_.size(); ++k) {
    const auto& one = space_.leaves()[k];
    if (one.what.constant()) continue;
    const auto* value = value_in(config, one);
    const auto place = value == nullptr ? std::nullopt : axes_[k].find(*value);
    if (!place) return std::nullopt;
    cell = cell * axes_[k].count() + *place;
  }
  return cell;
}

grid::grid(grid_cells cells, bool shuffled) : cells_(std::move(cells)), shuffled_(shuffled) {}

void grid::observe(std::span<const observation> trials) {
  visited_.clear();
  done_ = 0;
  for (const auto& one : trials) visit(one.config);
}

void grid::visit(const bj::object& config) {
  if (const auto cell = cells_.find(config)) ++visited_[*cell];
}

void grid::leave(const bj::object& config) {
  const auto cell = cells_.find(config);
  const auto at = cell ? visited_.find(*cell) : visited_.end();
  if (at == visited_.end() || --at->second > 0) return;
  visited_.erase(at);
  done_ = shuffled_ ? 0 : std::min(done_, *cell);
}

result<std::vector<suggestion>> grid::suggest(const ask& what) {
  std::optional<permutation> order;
  if (shuffled_) order.emplace(cells_.count(), what.seed);
  if (shuffled_ && done_seed_ != what.seed) done_ = 0;
  done_seed_ = what.seed;
  std::vector<suggestion> out;
  const bool from_done = what.from <= done_;
  auto position = from_done ? done_ : what.from;
  for (; position < cells_.count() && out.size() < what.n; ++position) {
    const auto cell = order ? (*order)(position) : position;
    const bool visited = visited_.contains(cell);
    if (!visited) out.push_back({position, cells_.at(cell), {}});
    if (visited && from_done && position == done_) ++done_;
  }
  return out;
}

}  // namespace sweepd::strategies
