#include "strategies/tpe/parzen.hpp"

#include "strategies/distributions.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sweepd::strategies::tpe {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr double magnitude = 0.2;    // of the bandwidth
constexpr double prior_width = 1.0;  // the whole axis
constexpr double narrowest = 100;    // no kernel is narrower than 1 / min(narrowest, kernels + 1)
constexpr double root_two_pi = 2.5066282746310002;
constexpr double least_mass = 1e-300;

double mass_between(double from, double to, double centre, double width) {
  return normal_share((to - centre) / width) - normal_share((from - centre) / width);
}

double share(const axis& a, std::size_t level) {
  return a.cumulative[level] - (level == 0 ? 0.0 : a.cumulative[level - 1]);
}

}  // namespace

parzen::parzen(const encoding& space, Eigen::MatrixXd centres, const VectorXd& weights)
    : space_(space), centres_(std::move(centres)), weights_(weights.size() + 1) {
  weights_ << weights, 1.0;
  weights_ /= weights_.sum();
  const auto kernels = static_cast<double>(weights_.size());
  const auto known = std::max(1.0, kernels - 1);
  const double scott = std::pow(known, -1.0 / (static_cast<double>(space.dims()) + 4));
  bandwidth_ = std::clamp(magnitude * scott, 1 / std::min(narrowest, kernels + 1), prior_width);
  blend_ = 1 / kernels;
  inside_ = Eigen::MatrixXd::Ones(weights_.size(), static_cast<Index>(space.dims()));
  for (std::size_t j = 0; j < space.dims(); ++j)
    for (Index k = 0; k < inside_.rows() && space.axes()[j].what != axis::kind::unordered; ++k)
      inside_(k, static_cast<Index>(j)) =
          mass_between(0, 1, centre(k, static_cast<Index>(j)), width(k));
}

double parzen::width(Index kernel) const {
  return kernel == centres_.rows() ? prior_width : bandwidth_;
}

double parzen::centre(Index kernel, Index axis) const {
  return kernel == centres_.rows() ? 0.5 : centres_(kernel, axis);
}

std::size_t parzen::drawn_level(Index kernel, std::size_t axis, draws& random) const {
  const auto& a = space_.axes()[axis];
  const double all = blend_ * static_cast<double>(a.levels);
  const bool own = kernel < centres_.rows() && random.unit() * (all + 1) > all;
  if (own) return space_.level_at(axis, centres_(kernel, static_cast<Index>(axis)));
  return space_.level_at(axis, space_.from_unit(axis, random.unit()));
}

VectorXd parzen::draw(draws& random) const {
  double left = random.unit();
  Index kernel = 0;
  while (kernel < centres_.rows() && left >= weights_[kernel]) left -= weights_[kernel++];
  VectorXd out(static_cast<Index>(space_.dims()));
  for (std::size_t j = 0; j < space_.dims(); ++j) {
    const auto i = static_cast<Index>(j);
    if (space_.axes()[j].what == axis::kind::unordered) {
      out[i] = space_.at_level(j, drawn_level(kernel, j, random));
      continue;
    }
    const double at = centre(kernel, i);
    const double from = normal_share(-at / width(kernel));
    const double to = normal_share((1 - at) / width(kernel));
    const double x = at + width(kernel) * probit(from + random.unit() * (to - from));
    out[i] = space_.snap(j, std::clamp(x, 0.0, 1.0));
  }
  return out;
}

// An ordered coordinate stands for the cell between the middles to its neighbours.
parzen::cell parzen::cell_of(std::size_t axis, double x) const {
  const auto& at = space_.axes()[axis].positions;
  const auto level = static_cast<std::size_t>(space_.level_at(axis, x));
  return {level == 0 ? 0.0 : (at[level - 1] + at[level]) / 2,
          level + 1 == at.size() ? 1.0 : (at[level] + at[level + 1]) / 2};
}

void parzen::add_choice(std::size_t axis, double x, VectorXd& log_kernels) const {
  const auto& a = space_.axes()[axis];
  const double all = blend_ * static_cast<double>(a.levels);
  const double prior = share(a, space_.level_at(axis, x));
  const double other = std::log(std::max(all * prior / (all + 1), least_mass));
  const double same = std::log((all * prior + 1) / (all + 1));
  const auto column = centres_.col(static_cast<Index>(axis));
  for (Index k = 0; k < centres_.rows(); ++k) log_kernels[k] += column[k] == x ? same : other;
  log_kernels[centres_.rows()] += std::log(std::max(prior, least_mass));
}

void parzen::add_axis(std::size_t axis, double x, VectorXd& log_kernels) const {
  const bool cells = !space_.axes()[axis].positions.empty();
  const cell within = cells ? cell_of(axis, x) : cell{x, x};
  for (Index k = 0; k < log_kernels.size(); ++k) {
    const double at = centre(k, static_cast<Index>(axis));
    const double w = width(k);
    const double whole = inside_(k, static_cast<Index>(axis));
    const double z = (x - at) / w;
    log_kernels[k] +=
        cells ? std::log(std::max(mass_between(within.from, within.to, at, w), least_mass) / whole)
              : -0.5 * z * z - std::log(w * root_two_pi * whole);
  }
}

double parzen::log_density(const VectorXd& at) const {
  VectorXd log_kernels = weights_.array().max(least_mass).log();
  for (std::size_t j = 0; j < space_.dims(); ++j) {
    const double x = at[static_cast<Index>(j)];
    if (space_.axes()[j].what == axis::kind::unordered)
      add_choice(j, x, log_kernels);
    else
      add_axis(j, x, log_kernels);
  }
  const double most = log_kernels.maxCoeff();
  return most + std::log((log_kernels.array() - most).exp().sum());
}

}  // namespace sweepd::strategies::tpe
