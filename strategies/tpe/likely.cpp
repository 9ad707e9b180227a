#include "strategies/tpe/likely.hpp"

#include "strategies/tpe/parzen.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace sweepd::strategies::tpe {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double good_share = 0.1;
constexpr std::size_t good_most = 25;
constexpr std::size_t full_weight = 25;
constexpr std::uint64_t stream = stream_of("tpe");
constexpr std::size_t tries_for_fresh = 8;  // rounds of candidates, before giving up

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

likely_point likely_to_be_good(const encoding& space, const bayes::training& known,
                               std::size_t candidates, bayes::draw_key key) {
  const auto n = static_cast<std::size_t>(known.x.rows());
  std::vector<Index> good(n);
  std::iota(good.begin(), good.end(), Index{0});
  std::ranges::stable_sort(good, {}, [&](Index i) { return known.y[i]; });
  const std::size_t best =
      std::clamp<std::size_t>(good_of(n + static_cast<std::size_t>(known.failed.rows())), 1, n);
  std::vector<Index> rest(good.begin() + static_cast<std::ptrdiff_t>(best), good.end());
  good.resize(best);
  std::ranges::sort(good);  // oldest first
  std::ranges::sort(rest);
  const MatrixXd others = stacked(rows_of(known.x, rest), known.failed, known.pending);
  const parzen good_density(space, rows_of(known.x, good), ramp(best));
  const parzen other_density(space, others, ramp(static_cast<std::size_t>(others.rows())));

  draws random(key.seed, key.position, stream);
  const bool finite = space.size().has_value();
  likely_point out;
  out.good = best;
  out.others = static_cast<std::size_t>(others.rows());
  for (std::size_t round = 0; round < tries_for_fresh && !out.at; ++round)
    for (std::size_t i = 0; i < candidates; ++i) {
      VectorXd x = good_density.draw(random);
      if (finite && known.visited.contains(encoding::key(x))) continue;
      const double ratio = good_density.log_density(x) - other_density.log_density(x);
      if (out.at && ratio <= out.log_ratio) continue;
      out.at = std::move(x);
      out.log_ratio = ratio;
    }
  return out;
}

}  // namespace sweepd::strategies::tpe
