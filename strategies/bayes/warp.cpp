#include "strategies/bayes/warp.hpp"

#include "strategies/distributions.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sweepd::strategies::bayes {

using Eigen::Index;
using Eigen::VectorXd;

namespace {

constexpr double heavy = 5;      // the worse half reaches this much farther than the better half
constexpr Index least_rows = 5;  // below, there are no tails to speak of

double normal_quantile(double u) {
  return quantile({distribution::family::gaussian, 0, 1, {}, {}, {}}, u);
}

}  // namespace

output_warp::output_warp(const VectorXd& raw) : warped_(raw) {
  // Huge values would overflow in the squares below.
  squeeze(warped_);
  middle_ = warped_.mean();
  warped_.array() -= middle_;
  const double largest = warped_.cwiseAbs().maxCoeff();
  if (largest > 0) {
    const double deviation =
        largest * std::sqrt((warped_ / largest).squaredNorm() / static_cast<double>(raw.size()));
    if (std::isfinite(deviation) && deviation > 0) spread_ = deviation;
  }
  warped_ /= spread_;
}

void output_warp::squeeze(VectorXd& values) {
  const Index n = values.size();
  if (n < least_rows) return;
  std::vector<double> sorted(values.data(), values.data() + n);
  std::ranges::sort(sorted);
  const auto half = static_cast<std::size_t>(n / 2);
  const double median = n % 2 == 1 ? sorted[half] : sorted[half - 1] / 2 + sorted[half] / 2;
  const double reach = median - sorted.front();
  if (!(sorted.back() - median > heavy * reach) || !(reach > 0)) return;
  double square = 0;
  double count = 0;
  for (const double v : sorted)
    if (v <= median) {
      square += (v - median) * (v - median);
      count += 1;
    }
  const double deviation = std::sqrt(square / count);
  std::vector<double> distinct = sorted;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  knots_raw_.push_back(median);
  knots_squeezed_.push_back(median);
  for (const double v : distinct) {
    if (v <= median) continue;
    const auto below = std::ranges::lower_bound(sorted, v) - sorted.begin();
    const auto through = std::ranges::upper_bound(sorted, v) - sorted.begin();
    const double rank = 0.5 * static_cast<double>(below + through);
    knots_raw_.push_back(v);
    knots_squeezed_.push_back(median + deviation * normal_quantile(rank / static_cast<double>(n)));
  }
  for (double& v : values) {
    const auto at = std::ranges::lower_bound(knots_raw_, v);
    if (v > median) v = knots_squeezed_[static_cast<std::size_t>(at - knots_raw_.begin())];
  }
}

double output_warp::raw(double warped) const {
  const double v = middle_ + spread_ * warped;
  if (knots_raw_.empty() || v <= knots_squeezed_.front()) return v;
  const auto above = std::ranges::lower_bound(knots_squeezed_, v);
  if (above == knots_squeezed_.end()) return knots_raw_.back();
  const auto i = static_cast<std::size_t>(above - knots_squeezed_.begin());
  if (i == 0) return knots_raw_.front();
  const double share = (v - knots_squeezed_[i - 1]) / (knots_squeezed_[i] - knots_squeezed_[i - 1]);
  return knots_raw_[i - 1] + share * (knots_raw_[i] - knots_raw_[i - 1]);
}

}  // namespace sweepd::strategies::bayes
