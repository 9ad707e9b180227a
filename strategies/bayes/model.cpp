#include "strategies/bayes/model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace sweepd::strategies::bayes {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::VectorXd;

constexpr Index fit_rows_max = 100;     // observations that a fit is made of
constexpr Index factor_rows_max = 600;  // observations in the factor
constexpr Index shortest_chain = 8;     // the first fit of a chain
constexpr std::size_t fits_kept = 256;
constexpr int first_steps = 40;
constexpr int further_steps = 15;

points picked(const points& x, const std::vector<Index>& rows) {
  points out(static_cast<Index>(rows.size()), x.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) out.row(static_cast<Index>(i)) = x.row(rows[i]);
  return out;
}

VectorXd picked(const VectorXd& y, const std::vector<Index>& rows) {
  VectorXd out(static_cast<Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) out[static_cast<Index>(i)] = y[rows[i]];
  return out;
}

void add_bytes(std::string& to, const double* from, Index count) {
  to.append(reinterpret_cast<const char*>(from), static_cast<std::size_t>(count) * sizeof(double));
}

void add_bytes(std::string& to, const hyperparameters& h) {
  add_bytes(to, h.log_length.data(), h.log_length.size());
  add_bytes(to, h.log_single.data(), h.log_single.size());
  for (const double* one : {&h.log_amplitude, &h.log_noise, &h.log_additive, &h.log_pairs})
    add_bytes(to, one, 1);
}

}  // namespace

Index milestone_of(Index n) {
  const auto step = std::bit_floor(static_cast<std::uint64_t>(std::max<Index>(n / 12, 1)));
  return n - n % static_cast<Index>(step);
}

std::vector<Index> representative(const points& x, const VectorXd& y, Index count) {
  std::vector<Index> all(static_cast<std::size_t>(x.rows()));
  std::iota(all.begin(), all.end(), Index{0});
  if (x.rows() <= count) return all;
  std::ranges::stable_sort(all, [&](Index a, Index b) { return y[a] < y[b]; });
  std::vector<Index> out(all.begin(), all.begin() + count / 3);
  // Then always the point farthest from those taken (Gonzalez, "Clustering to minimize the maximum
  // intercluster distance", 1985).
  ArrayXd far = ArrayXd::Constant(x.rows(), std::numeric_limits<double>::infinity());
  const auto take = [&](Index i) {
    far = far.min((x.rowwise() - x.row(i)).rowwise().squaredNorm().array());
    far[i] = -1;
  };
  for (const Index i : out) take(i);
  while (static_cast<Index>(out.size()) < count) {
    Index next = 0;
    far.maxCoeff(&next);
    out.push_back(next);
    take(next);
  }
  std::ranges::sort(out);
  return out;
}

hyperparameters model_maker::fitted_on(const points& x, const VectorXd& y,
                                       const hyperparameters& start) {
  std::string key;
  add_bytes(key, x.data(), x.size());
  add_bytes(key, y.data(), y.size());
  add_bytes(key, start);
  const auto known = fits_.find(key);
  if (known != fits_.end()) return known->second;
  if (fits_.size() >= fits_kept) fits_.clear();
  const int steps = x.rows() <= shortest_chain * 2 ? first_steps : further_steps;
  return fits_[key] = fit(x, output_warp(y).warped(), unordered_, priors_, start, steps);
}

hyperparameters model_maker::fitted(const points& x, const VectorXd& y, Index milestone) {
  // A history half as long first: its optimum is where this one starts.
  const Index shorter =
      static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(milestone - 1)));
  const auto start = milestone <= shortest_chain || milestone < 2
                         ? expected(x.cols(), priors_, true)
                         : fitted(x, y, shorter);
  const auto rows = representative(x.topRows(milestone), y.head(milestone), fit_rows_max);
  return fitted_on(picked(x, rows), picked(y, rows), start);
}

growing_factor model_maker::factored(const hyperparameters& h, const anchored& known,
                                     Index in_bulk) {
  const points& x = known.x();
  std::string key;
  add_bytes(key, h);
  const points bulk = x.topRows(in_bulk);
  add_bytes(key, bulk.data(), bulk.size());
  // The longest common beginning with the factor that is there, if it has the same bulk.
  Index same = 0;
  if (key == bulk_key_)
    while (same < x.rows() && same < factored_.rows() && x.row(same) == factored_.row(same)) ++same;
  if (same == 0) {
    factor_ = factor_of(anchored(known.kernel(), bulk));
    same = in_bulk;
  }
  factor_.keep(same);
  extend(factor_, known);
  bulk_key_ = std::move(key);
  factored_ = x;
  return factor_;
}

model_maker::made model_maker::make(const points& x, const VectorXd& y) {
  const Index milestone = milestone_of(x.rows());
  output_warp outputs(y);
  const auto h = fitted(x, y, milestone);
  auto rows = representative(x.topRows(milestone), y.head(milestone), factor_rows_max);
  const auto in_bulk = static_cast<Index>(rows.size());
  for (Index i = milestone; i < x.rows(); ++i) rows.push_back(i);
  anchored known(covariance(h, unordered_), picked(x, rows));
  const VectorXd values = picked(outputs.warped(), rows);
  auto factor = factored(h, known, in_bulk);
  posterior believed(std::move(known), values, std::move(factor));
  const VectorXd means = believed.smoothed(values);
  return {std::move(outputs), std::move(rows), std::move(believed), means};
}

}  // namespace sweepd::strategies::bayes
