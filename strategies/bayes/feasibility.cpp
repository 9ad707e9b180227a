#include "strategies/bayes/feasibility.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sweepd::strategies::bayes {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::VectorXd;

namespace {

constexpr Index rows_max = 100;     // outcomes in a process, the latest
constexpr Index bad_max = 60;       // of them failed and lost
constexpr Index repeats_least = 3;  // equal values before they are more than chance
constexpr double firmness = 8;      // power of the probability of a new value
constexpr double equal = 1e-6;      // as values are: a share of the median's distance from the least

points last_rows(const points& x, Index count) { return x.bottomRows(std::min(count, x.rows())); }

}  // namespace

feasibility::feasibility(const points& delivered, const points& failed, const points& lost,
                         const axis_flags& unordered) {
  if (failed.rows() + lost.rows() == 0) return;
  const points bad = last_rows(failed, std::max(bad_max / 2, bad_max - lost.rows()));
  const points gone = last_rows(lost, bad_max - bad.rows());
  points all(bad.rows() + gone.rows(), delivered.cols());
  all << bad, gone;
  failing_.emplace(last_rows(delivered, rows_max - all.rows()), all, unordered, 1);
}

void feasibility::learn_repeats(const points& delivered, const VectorXd& y,
                                const axis_flags& unordered) {
  const double least = y.minCoeff();
  std::vector<double> sorted(y.data(), y.data() + y.size());
  const auto median = sorted.begin() + y.size() / 2;  // a mean would be a diverged loss's
  std::ranges::nth_element(sorted, median);
  const double wide = equal * (*median - least);
  points fresh(delivered.rows(), delivered.cols());
  points again = fresh;
  Index known = 0;
  Index repeats = 0;
  for (Index i = 0; i < y.size(); ++i)
    if (y[i] - least <= wide)
      again.row(repeats++) = delivered.row(i);
    else
      fresh.row(known++) = delivered.row(i);
  if (repeats < repeats_least || known == 0) return;
  repeating_.emplace(last_rows(fresh.topRows(known), rows_max / 2),
                     last_rows(again.topRows(repeats), rows_max / 2), unordered, firmness);
}

double feasibility::probability(const VectorXd& where) const {
  return failing_ ? std::exp(failing_->log_shares(where.transpose())[0]) : 1;
}

ArrayXd feasibility::log_weights(const points& where) const {
  ArrayXd out = ArrayXd::Zero(where.rows());
  if (failing_) out += failing_->log_shares(where);
  if (repeating_) out += repeating_->log_shares(where);
  return out;
}

double feasibility::log_weight(const VectorXd& where, VectorXd& slope) const {
  slope.setZero(where.size());
  double out = 0;
  if (failing_) out += failing_->log_share(where, slope);
  if (repeating_) out += repeating_->log_share(where, slope);
  return out;
}

}  // namespace sweepd::strategies::bayes
