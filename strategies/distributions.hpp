// The mathematics of the sweep language's distributions: quantile (ppf) and cumulative probability.
//
// Plain numbers in and out: which JSON keys they come from and which JSON type goes out is
// parameter.cpp's business. Formulas: wandb/sweeps:src/sweeps/params.py. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace sweepd::strategies {

/// A continuous distribution, rounded to multiples of `step` when there is one.
struct distribution {
  enum class family : std::uint8_t {
    linear,               ///< uniform on [first, second]
    logarithmic,          ///< exp of a uniform on [first, second]
    inverse_logarithmic,  ///< exp of minus a uniform on [first, second], increasing in u
    gaussian,             ///< mean first, standard deviation second
    log_gaussian,         ///< exp of a gaussian
    beta,                 ///< shapes first and second
  };
  family of = family::linear;
  double first = 0;
  double second = 1;
  std::optional<double> step;
  /// exp(ln min) may miss min by a rounding error; an unrounded quantile is kept in [least, most].
  std::optional<double> least;
  std::optional<double> most;
};

/// The value below which the share u of all draws lies, 0 <= u <= 1. The normal family gives
/// infinities at 0 and 1; a gaussian with sigma 0 and a beta with a shape 0 give NaN.
double quantile(const distribution& d, double u);

/// The share of draws (before rounding to the step) at or below x: 0 to 1, or NaN as above.
double probability_up_to(const distribution& d, double x);

/// The quantile of the standard normal distribution: infinite at 0 and 1.
double probit(double u);
/// The share of the standard normal distribution below z.
double normal_share(double z);

/// Which of `count` equally likely indices the quantile u means: the least i with (i+1)/count >= u.
std::uint64_t index_at(double u, std::uint64_t count);

}  // namespace sweepd::strategies
