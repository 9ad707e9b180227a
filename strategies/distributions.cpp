#include "strategies/distributions.hpp"

#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sweepd::strategies {
namespace {

namespace policies = boost::math::policies;

// Boost.Math throws by default; here every input has an answer, if only NaN or an infinity.
using quiet = policies::policy<policies::domain_error<policies::ignore_error>,
                               policies::pole_error<policies::ignore_error>,
                               policies::overflow_error<policies::ignore_error>,
                               policies::underflow_error<policies::ignore_error>,
                               policies::denorm_error<policies::ignore_error>,
                               policies::rounding_error<policies::ignore_error>,
                               policies::evaluation_error<policies::ignore_error>>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double root_two = 1.4142135623730950488;

double share_of_range(double x, double from, double to) {
  return std::clamp((x - from) / (to - from), 0.0, 1.0);
}

double plain_quantile(const distribution& d, double u) {
  using enum distribution::family;
  switch (d.of) {
    case linear:
      return d.first + u * (d.second - d.first);
    case logarithmic:
      return std::exp(d.first + u * (d.second - d.first));
    case inverse_logarithmic:
      return std::exp(-(d.first + (1 - u) * (d.second - d.first)));
    case gaussian:
      return d.second > 0 ? d.first + d.second * probit(u) : not_a_number;
    case log_gaussian:
      return d.second > 0 ? std::exp(d.first + d.second * probit(u)) : not_a_number;
    case beta:
      if (!(d.first > 0) || !(d.second > 0)) return not_a_number;
      if (u <= 0) return 0;
      if (u >= 1) return 1;
      return boost::math::ibeta_inv(d.first, d.second, u, quiet{});
  }
  return not_a_number;
}

}  // namespace

double probit(double u) {
  if (u <= 0) return -infinity;
  if (u >= 1) return infinity;
  return -root_two * boost::math::erfc_inv(2 * u, quiet{});
}

double normal_share(double z) { return 0.5 * std::erfc(-z / root_two); }

double quantile(const distribution& d, double u) {
  double x = plain_quantile(d, u);
  if (d.step) return std::nearbyint(x / *d.step) * *d.step + 0.0;  // halves to even; no -0
  if (d.least && x < *d.least) x = *d.least;
  if (d.most && x > *d.most) x = *d.most;
  return x;
}

double probability_up_to(const distribution& d, double x) {
  using enum distribution::family;
  switch (d.of) {
    case linear:
      return share_of_range(x, d.first, d.second);
    case logarithmic:
      return x > 0 ? share_of_range(std::log(x), d.first, d.second) : 0;
    case inverse_logarithmic:
      return x > 0 ? 1 - share_of_range(-std::log(x), d.first, d.second) : 0;
    case gaussian:
      return d.second > 0 ? normal_share((x - d.first) / d.second) : not_a_number;
    case log_gaussian:
      if (!(d.second > 0)) return not_a_number;
      return x > 0 ? normal_share((std::log(x) - d.first) / d.second) : 0;
    case beta:
      if (!(d.first > 0) || !(d.second > 0)) return not_a_number;
      return boost::math::ibeta(d.first, d.second, std::clamp(x, 0.0, 1.0), quiet{});
  }
  return not_a_number;
}

std::uint64_t index_at(double u, std::uint64_t count) {
  const auto n = static_cast<double>(count);
  double i = std::ceil(u * n) - 1;
  // u * n may round up past a whole number (0.07 * 100 > 7): the index below reaches u already.
  if (i >= 1 && i / n >= u) i -= 1;
  if (!(i > 0)) return 0;  // u = 0 would be -1: W&B's library leaves the range there
  if (i >= n) return count - 1;
  return std::min(static_cast<std::uint64_t>(i), count - 1);
}

}  // namespace sweepd::strategies
