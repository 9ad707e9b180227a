#include "strategies/bayes/candidates.hpp"

#include "strategies/philox.hpp"
#include "strategies/sobol.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sweepd::strategies::bayes {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr std::uint64_t spread_stream = 1;
constexpr std::uint64_t near_stream = 2;
constexpr std::uint64_t centre_stream = 3;
constexpr std::uint64_t shift_stream = 6;
constexpr std::uint64_t inner_stream = 7;
constexpr double inner_share = 0.9;
constexpr double coordinates = 64;  // different ones an axis among spread points
constexpr Index start_candidates = 512;
constexpr double longest_step = 0.2;     // 10^-0.7
constexpr double shortest_step = 0.001;  // 10^-3

// Independent numbers in (0, 1), one after the other.
class draws {
 public:
  draws(draw_key key, std::uint64_t stream)
      : seed_(random_bits(key.seed, key.position, stream)), stream_(stream) {}
  double next() { return random_unit(seed_, count_++, stream_); }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t count_ = 0;
};

// One coordinate moved: another level, or a step of a size between the shortest and the longest.
double moved(const encoding& space, std::size_t j, double from, draws& random) {
  const auto& a = space.axes()[j];
  const double u = random.next();
  if (a.what == axis::kind::unordered) {
    const auto other = static_cast<double>(a.levels - 1);
    if (other < 1) return from;
    const double step = 1 + std::floor(u * other);
    return std::fmod(from + step, static_cast<double>(a.levels));
  }
  const double size = shortest_step * std::pow(longest_step / shortest_step, std::abs(2 * u - 1));
  const double step = u < 0.5 ? -size : size;
  double to = from + step;
  if (to < a.least || to > a.most) to = from - step;
  to = space.snap(j, to);
  if (to != from || a.levels < 2) return to;
  const auto level = space.level_at(j, from);
  const bool up = level == 0 || (step > 0 && level + 1 < a.levels);
  return space.at_level(j, up ? level + 1 : level - 1);
}

// How crowded a candidate's projections are by a known point: small where all axes differ.
double crowding(const encoding& space, const VectorXd& a, const VectorXd& b) {
  double log_sum = 0;
  for (std::size_t j = 0; j < space.dims(); ++j) {
    const auto i = static_cast<Index>(j);
    const bool same = space.axes()[j].what == axis::kind::unordered;
    const double gap = same ? (a[i] == b[i] ? 0.0 : 0.5) : a[i] - b[i];
    log_sum -= std::log(gap * gap + 1e-3);
  }
  return std::exp(log_sum);
}

VectorXd centre(const encoding& space, draw_key key) {
  draws random(key, centre_stream);
  VectorXd out(static_cast<Index>(space.dims()));
  for (std::size_t j = 0; j < space.dims(); ++j) {
    const bool named = space.axes()[j].what == axis::kind::unordered;
    out[static_cast<Index>(j)] = space.from_unit(j, named ? random.next() : 0.5);
  }
  return out;
}

}  // namespace

points spread_points(const encoding& space, Index count, draw_key key) {
  points out = sobol_points(static_cast<std::size_t>(count), space.dims(),
                            random_bits(key.seed, key.position, spread_stream), spread_stream);
  draws random(key, shift_stream);
  for (std::size_t j = 0; j < space.dims(); ++j) {
    // Few different coordinates an axis, elsewhere with each key: a model pays for each once.
    const double shift = random.next();
    for (Index i = 0; i < count; ++i) {
      double& u = out(i, static_cast<Index>(j));
      u = space.from_unit(j, (std::floor(u * coordinates) + shift) / coordinates);
    }
  }
  return out;
}

points inner_points(const encoding& space, Index count, draw_key key) {
  points out = sobol_points(static_cast<std::size_t>(count), space.dims(),
                            random_bits(key.seed, key.position, inner_stream), inner_stream);
  for (std::size_t j = 0; j < space.dims(); ++j)
    for (Index i = 0; i < count; ++i) {
      double& u = out(i, static_cast<Index>(j));
      const bool named = space.axes()[j].what == axis::kind::unordered;
      u = space.from_unit(j, named ? u : 0.5 + inner_share * (u - 0.5));
    }
  return out;
}

points near_points(const encoding& space, const points& centres, Index count, draw_key key) {
  draws random(key, near_stream);
  const auto d = static_cast<Index>(space.dims());
  points out(centres.rows() * count, d);
  for (Index c = 0; c < centres.rows(); ++c)
    for (Index i = 0; i < count; ++i) {
      const Index row = c * count + i;
      out.row(row) = centres.row(c);
      // From one axis to all of them, few more often than many.
      const double wanted = std::pow(static_cast<double>(d), random.next());
      const auto must = static_cast<Index>(random.next() * static_cast<double>(d));
      for (Index j = 0; j < d; ++j)
        if (random.next() * static_cast<double>(d) < wanted - 1 || j == must)
          out(row, j) = moved(space, static_cast<std::size_t>(j), centres(c, j), random);
    }
  return out;
}

VectorXd start_point(const encoding& space, const training& known, draw_key key) {
  const VectorXd middle = centre(space, key);
  if (known.known() == 0) return middle;
  const points offered = spread_points(space, start_candidates, key);
  VectorXd out = offered.row(0).transpose();
  double least = std::numeric_limits<double>::infinity();
  for (Index i = 0; i < offered.rows(); ++i) {
    const VectorXd at = offered.row(i).transpose();
    if (known.visited.contains(encoding::key(at))) continue;
    double sum = 0;
    for (const points* list : {&known.x, &known.failed, &known.lost, &known.pending})
      for (Index r = 0; r < list->rows() && sum < least; ++r)
        sum += crowding(space, at, list->row(r).transpose());
    if (sum < least) {
      least = sum;
      out = at;
    }
  }
  return out;
}

}  // namespace sweepd::strategies::bayes
