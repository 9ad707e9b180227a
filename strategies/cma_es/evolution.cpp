#include "strategies/cma_es/evolution.hpp"

#include "strategies/distributions.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <utility>

namespace sweepd::strategies::cma_es {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double narrowest = 1e-7;  // standard deviation, of axes of length 1
constexpr double widest = 1;        // the whole range of a number
constexpr double condition_most = 1e14;
constexpr double choices_rate = 0.3;  // how far a generation moves the shares
constexpr double choices_certainty =
    0.73;  // CatCMA: the chance that a generation is all of one option

// E |N(0, I)|
double usual_length(double d) { return std::sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d)); }

}  // namespace

// The constants of the tutorial's table 1, for a generation of so many individuals.
struct evolution::weighting {
  VectorXd of_rank;  // recombination weights, negative for the worse half
  double mass = 1;   // mu_eff
  double c_width, d_width, c_path, c_one, c_mu;

  weighting(std::size_t count, std::size_t sound, double d) {
    const auto rows = static_cast<Index>(count);
    of_rank.resize(rows);
    for (Index i = 0; i < rows; ++i)
      of_rank[i] =
          std::log((static_cast<double>(count) + 1) / 2) - std::log(static_cast<double>(i) + 1);
    for (Index i = static_cast<Index>(sound); i < rows; ++i)
      if (of_rank[i] > 0) of_rank[i] = 0;  // what failed pulls nothing its way
    const VectorXd good = of_rank.cwiseMax(0);
    const VectorXd bad = of_rank.cwiseMin(0);
    mass = good.sum() * good.sum() / good.squaredNorm();
    const double bad_mass = bad.squaredNorm() > 0 ? bad.sum() * bad.sum() / bad.squaredNorm() : 0;
    c_width = (mass + 2) / (d + mass + 5);
    d_width = 1 + 2 * std::max(0.0, std::sqrt((mass - 1) / (d + 1)) - 1) + c_width;
    c_path = (4 + mass / d) / (d + 4 + 2 * mass / d);
    c_one = 2 / ((d + 1.3) * (d + 1.3) + mass);
    c_mu = std::min(1 - c_one, 2 * (mass - 2 + 1 / mass) / ((d + 2) * (d + 2) + mass));
    const double share = c_mu > 0 ? 1 + c_one / c_mu : 1;
    const double least = std::min(
        {share, 1 + 2 * bad_mass / (mass + 2), c_mu > 0 ? (1 - c_one - c_mu) / (d * c_mu) : 1.0});
    const double bad_sum = -bad.sum();
    of_rank = good / good.sum();
    if (bad_sum > 0) of_rank += bad * (std::max(least, 0.0) / bad_sum);
  }
};

evolution::evolution(landscape l, VectorXd mean, double width, std::size_t population)
    : landscape_(std::move(l)),
      population_(population),
      width_(width),
      mean_(std::move(mean)),
      stretch_(VectorXd::Ones(mean_.size())),
      covariance_(MatrixXd::Identity(mean_.size(), mean_.size())),
      axes_(covariance_),
      lengths_(stretch_),
      path_width_(VectorXd::Zero(mean_.size())),
      path_covariance_(path_width_),
      shares_(landscape_.shares) {}

individual evolution::draw(draws& random) const {
  individual out;
  VectorXd z(mean_.size());
  for (Index j = 0; j < z.size(); ++j) z[j] = random.normal();
  out.step = axes_ * lengths_.cwiseProduct(z);
  for (const auto& shares : shares_) {
    double left = random.unit();
    std::size_t option = 0;
    while (option + 1 < shares.size() && left >= shares[option]) left -= shares[option++];
    out.choices.push_back(option);
  }
  return out;
}

VectorXd evolution::place(const individual& one) const {
  return mean_ + width_ * stretch_.cwiseProduct(one.step);
}

individual evolution::at(const VectorXd& place, std::vector<std::size_t> choices) const {
  individual out{(place - mean_).cwiseQuotient(width_ * stretch_), std::move(choices)};
  if (out.step.size() == 0) return out;
  const double length = (axes_.transpose() * out.step).cwiseQuotient(lengths_).norm();
  const auto d = static_cast<double>(mean_.size());
  const double most = std::sqrt(d) + 2 * d / (d + 2);
  if (length > most) out.step *= most / length;
  return out;
}

void evolution::update(const std::vector<individual>& ranked, std::size_t sound) {
  if (sound == 0 || ranked.size() < 2) return;
  ++generation_;
  const auto d = static_cast<double>(std::max<Index>(mean_.size(), 1));
  const weighting w(ranked.size(), sound, d);
  update_choices(ranked, w);
  if (mean_.size() == 0) return;
  update_numbers(ranked, w);
  decompose();
  keep_margin();
}

void evolution::update_numbers(const std::vector<individual>& ranked, const weighting& w) {
  const auto d = static_cast<double>(mean_.size());
  const auto whitened = [&](const VectorXd& y) -> VectorXd {
    return axes_ * (axes_.transpose() * y).cwiseQuotient(lengths_);
  };
  VectorXd mean_step = VectorXd::Zero(mean_.size());
  for (std::size_t i = 0; i < ranked.size(); ++i)
    if (const double weight = w.of_rank[static_cast<Index>(i)]; weight > 0)
      mean_step += weight * ranked[i].step;
  mean_ += width_ * mean_step;

  const double turn = std::sqrt(w.c_width * (2 - w.c_width) * w.mass);
  path_width_ = (1 - w.c_width) * path_width_ + turn * whitened(mean_step);
  const double faded = 1 - std::pow(1 - w.c_width, 2 * static_cast<double>(generation_ + 1));
  const double length = path_width_.norm();
  const bool straight = length / std::sqrt(faded) < (1.4 + 2 / (d + 1)) * usual_length(d);
  path_covariance_ *= 1 - w.c_path;
  if (straight) path_covariance_ += std::sqrt(w.c_path * (2 - w.c_path) * w.mass) * mean_step;

  const double missing = straight ? 0 : w.c_path * (2 - w.c_path);
  covariance_ *= 1 + w.c_one * missing - w.c_one - w.c_mu * w.of_rank.sum();
  covariance_ += w.c_one * path_covariance_ * path_covariance_.transpose();
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const VectorXd& y = ranked[i].step;
    double weight = w.of_rank[static_cast<Index>(i)];
    if (weight < 0) weight *= d / std::max(whitened(y).squaredNorm(), 1e-12);
    covariance_ += w.c_mu * weight * y * y.transpose();
  }
  const double change = w.c_width / w.d_width * (length / usual_length(d) - 1);
  width_ *= std::exp(std::min(change, 1.0));
}

void evolution::decompose() {
  covariance_ = (covariance_ + covariance_.transpose()) / 2;
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solved(covariance_);
  const double least = std::max(solved.eigenvalues().maxCoeff(), 1e-300) / (10 * condition_most);
  lengths_ = solved.eigenvalues().cwiseMax(least).cwiseSqrt();
  axes_ = solved.eigenvectors();
  width_ = std::min(width_, widest / lengths_.maxCoeff());
}

void evolution::update_choices(const std::vector<individual>& ranked, const weighting& w) {
  for (std::size_t c = 0; c < shares_.size(); ++c) {
    auto& shares = shares_[c];
    const auto options = static_cast<double>(shares.size());
    if (shares.size() < 2) continue;
    for (double& share : shares) share *= 1 - choices_rate;
    for (std::size_t i = 0; i < ranked.size(); ++i)
      shares[ranked[i].choices[c]] +=
          choices_rate * std::max(0.0, w.of_rank[static_cast<Index>(i)]);
    const double least =
        (1 - std::pow(choices_certainty, 1 / static_cast<double>(shares_.size()))) / (options - 1);
    double sum = 0;
    for (double& share : shares) sum += share = std::max(share, least);
    for (double& share : shares) share /= sum;
  }
}

void evolution::keep_margin() {
  for (Index j = 0; j < mean_.size(); ++j)
    if (!landscape_.thresholds[static_cast<std::size_t>(j)].empty()) keep_margin_of(j);
}

// So that each generation has a fair chance to try the value next to the mean's.
void evolution::keep_margin_of(Index j) {
  const auto& borders = landscape_.thresholds[static_cast<std::size_t>(j)];
  const double margin =
      1 / static_cast<double>(population_ * static_cast<std::size_t>(mean_.size()));
  const double spread = width_ * stretch_[j] * std::sqrt(covariance_(j, j));
  const auto above = std::ranges::lower_bound(borders, mean_[j]);
  if (above == borders.begin() || above == borders.end()) {  // in the first or the last cell
    const bool first = above == borders.begin();
    const double border = first ? borders.front() : borders.back();
    const double reach = std::min(std::abs(mean_[j] - border), -probit(margin) * spread);
    mean_[j] = first ? border - reach : border + reach;
    return;
  }
  const double low = *(above - 1);
  const double high = *above;
  const double below_share = normal_share((low - mean_[j]) / spread);
  const double above_share = normal_share((mean_[j] - high) / spread);
  if (below_share >= margin / 2 && above_share >= margin / 2) return;
  const double within = std::max(1 - below_share - above_share, margin / 2);
  double lower = std::max(below_share, margin / 2);
  double upper = std::max(above_share, margin / 2);
  const double excess = (1 - lower - upper - within) / (lower + upper + within - 1.5 * margin);
  lower += excess * (lower - margin / 2);
  upper += excess * (upper - margin / 2);
  const double z_low = -probit(std::clamp(lower, 1e-12, 0.5 - 1e-9));
  const double z_high = -probit(std::clamp(upper, 1e-12, 0.5 - 1e-9));
  mean_[j] = (low * z_high + high * z_low) / (z_low + z_high);
  stretch_[j] = (high - low) / ((z_low + z_high) * width_ * std::sqrt(covariance_(j, j)));
}

bool evolution::exhausted() const {
  if (mean_.size() == 0) return false;
  const double ratio = lengths_.maxCoeff() / lengths_.minCoeff();
  return ratio * ratio >= condition_most || width_ * lengths_.maxCoeff() < narrowest;
}

}  // namespace sweepd::strategies::cma_es
