#include "strategies/sobol.hpp"

#include "strategies/philox.hpp"

#include <boost/random/sobol.hpp>

#include <algorithm>
#include <vector>

namespace sweepd::strategies {
namespace {

constexpr std::size_t sobol_dims_max = 3000;  // Boost's table ends at 3,667

double unit(std::uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }

}  // namespace

Eigen::MatrixXd sobol_points(std::size_t count, std::size_t dims, std::uint64_t seed,
                             std::uint64_t stream, std::uint64_t first) {
  Eigen::MatrixXd out(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(dims));
  if (dims == 0 || count == 0) return out;
  const std::size_t covered = std::min(dims, sobol_dims_max);
  std::vector<std::uint64_t> shift(dims);
  for (std::size_t j = 0; j < dims; ++j) shift[j] = random_bits(seed, j, stream);
  boost::random::sobol sequence(covered);
  sequence.seed(first);
  for (Eigen::Index i = 0; i < out.rows(); ++i) {
    for (std::size_t j = 0; j < covered; ++j)
      out(i, static_cast<Eigen::Index>(j)) = unit(sequence() ^ shift[j]);
    for (std::size_t j = covered; j < dims; ++j)
      out(i, static_cast<Eigen::Index>(j)) =
          unit(random_bits(shift[j], first + static_cast<std::uint64_t>(i), stream));
  }
  return out;
}

}  // namespace sweepd::strategies
