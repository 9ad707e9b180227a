#include "strategies/encoding.hpp"

#include "strategies/canonical.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

constexpr double edge = 1e-9;  // of unbounded distributions: 6 standard deviations

// The value at a leaf's path in a run's configuration: {"a": {"value": {"b": 1}}}.
const bj::value* value_at(const bj::object& config, const leaf& l) {
  const auto* entry = config.if_contains(l.path.front());
  if (entry == nullptr || !entry->is_object()) return nullptr;
  const bj::value* at = entry->get_object().if_contains("value");
  for (std::size_t depth = 1; depth < l.path.size() && at != nullptr; ++depth)
    at = at->is_object() ? at->get_object().if_contains(l.path[depth]) : nullptr;
  return at;
}

std::optional<double> number_of(const bj::value& v) {
  if (!v.is_number()) return std::nullopt;
  const double x = v.to_number<double>();
  return std::isfinite(x) ? std::optional(x) : std::nullopt;
}

bool in_order(const bj::array& values, const std::vector<std::size_t>& choice) {
  if (choice.size() < 3) return false;
  double sign = 0;
  for (std::size_t i = 0; i + 1 < choice.size(); ++i) {
    const auto a = number_of(values[choice[i]]);
    const auto b = number_of(values[choice[i + 1]]);
    if (!a || !b || *a == *b || (*b - *a) * sign < 0) return false;
    sign = *b - *a;
  }
  return true;
}

void list_choices(const parameter& p, axis& out) {
  const auto& values = p.choices();
  std::vector<double> share;
  const auto* shares = p.filled().if_contains("probabilities");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto [at, fresh] = out.level_of.emplace(canonical(values[i]), out.choice.size());
    if (fresh) {
      out.choice.push_back(i);
      share.push_back(0);
    }
    share[at->second] += shares == nullptr ? 1 : shares->get_array()[i].to_number<double>();
  }
  double sum = 0;
  for (const double s : share) out.cumulative.push_back(sum += s);
  for (double& c : out.cumulative) c /= sum;
  out.levels = out.choice.size();
  out.what = in_order(values, out.choice) ? axis::kind::ordered : axis::kind::unordered;
}

// The steps of a quantised parameter: multiples of q between its least and its greatest value.
void list_steps(const parameter& p, axis& out) {
  const double q = p.filled().at("q").to_number<double>();
  const double low = p.ppf(out.least).to_number<double>();
  const double high = p.ppf(out.most).to_number<double>();
  const double count = std::round((high - low) / q) + 1;
  out.what = axis::kind::ordered;
  // More levels are not counted: their positions are found by rounding the value.
  if (!(count <= static_cast<double>(encoding::levels_listed_max))) return;
  out.levels = static_cast<std::uint64_t>(count);
  for (std::uint64_t i = 0; i < out.levels; ++i)
    out.positions.push_back(p.cdf(low + static_cast<double>(i) * q));
}

double middle_of(std::uint64_t level, std::uint64_t levels) {
  return (static_cast<double>(level) + 0.5) / static_cast<double>(levels);
}

std::uint64_t bin_of(double u, std::uint64_t levels) {
  const double at = std::floor(u * static_cast<double>(levels));
  return at <= 0 ? 0 : std::min(static_cast<std::uint64_t>(at), levels - 1);
}

}  // namespace

encoding::encoding(space s) : space_(std::move(s)) {
  for (std::size_t i = 0; i < space_.leaves().size(); ++i) add_axis(i);
  std::uint64_t product = 1;
  bool countable = true;
  for (const auto& a :
       axes_) {  // least > 0: an unbounded distribution has values beyond the listed
    countable =
        countable && a.levels > 0 && product <= (std::uint64_t{1} << 62) / a.levels && a.least == 0;
    if (countable) product *= a.levels;
  }
  if (countable) size_ = product;
}

void encoding::add_axis(std::size_t index) {
  const auto& p = space_.leaves()[index].what;
  fixed_.push_back(p.constant() ? p.choices().front() : bj::value());
  if (p.constant()) return;
  axis a;
  a.leaf = index;
  if (!p.choices().empty()) {
    list_choices(p, a);
  } else if (p.what() == kind::int_uniform) {
    a.what = axis::kind::ordered;
    const auto& f = p.filled();
    a.levels = static_cast<std::uint64_t>(f.at("max").to_number<std::int64_t>()) -
               static_cast<std::uint64_t>(f.at("min").to_number<std::int64_t>()) + 1;
  } else {
    if (!std::isfinite(p.ppf(0.5).to_number<double>())) {  // sigma: 0, shapes of 0
      fixed_.back() = p.ppf(0.5);
      return;
    }
    if (!std::isfinite(p.ppf(0).to_number<double>())) a.least = edge;
    if (!std::isfinite(p.ppf(1).to_number<double>())) a.most = 1 - edge;
    if (p.filled().contains("q")) list_steps(p, a);
  }
  if (a.what == axis::kind::ordered && a.positions.empty() && a.levels <= levels_listed_max &&
      a.levels > 0)
    for (std::uint64_t i = 0; i < a.levels; ++i) a.positions.push_back(middle_of(i, a.levels));
  axes_.push_back(std::move(a));
}

std::optional<Eigen::VectorXd> encoding::encode(const bj::object& config) const {
  Eigen::VectorXd out(static_cast<Eigen::Index>(dims()));
  for (std::size_t j = 0; j < dims(); ++j) {
    const auto& a = axes_[j];
    const auto& l = space_.leaves()[a.leaf];
    const auto* value = value_at(config, l);
    if (value == nullptr) return std::nullopt;
    double x = 0;
    if (!a.choice.empty()) {
      const auto found = a.level_of.find(canonical(*value));
      if (found == a.level_of.end()) return std::nullopt;
      x = at_level(j, found->second);
    } else {
      const auto number = number_of(*value);
      if (!number) return std::nullopt;
      x = l.what.cdf(*number);
      if (l.what.what() == kind::int_uniform)  // cdf stands at the bin's upper edge
        x -= 0.5 / static_cast<double>(a.levels);
      x = snap(j, x);
    }
    out[static_cast<Eigen::Index>(j)] = x;
  }
  return out;
}

bj::object encoding::decode(const Eigen::VectorXd& at) const {
  auto values = fixed_;
  for (std::size_t j = 0; j < dims(); ++j) {
    const auto& a = axes_[j];
    const auto& p = space_.leaves()[a.leaf].what;
    const double x = at[static_cast<Eigen::Index>(j)];
    values[a.leaf] = a.choice.empty() ? p.ppf(x) : p.choices()[a.choice[level_at(j, x)]];
  }
  return space_.assemble(values);
}

double encoding::from_unit(std::size_t j, double u) const {
  const auto& a = axes_[j];
  if (a.cumulative.empty()) return snap(j, u);
  auto level = std::ranges::upper_bound(a.cumulative, u);
  if (level == a.cumulative.end())
    level = std::ranges::lower_bound(a.cumulative, a.cumulative.back());
  return at_level(j, static_cast<std::uint64_t>(level - a.cumulative.begin()));
}

double encoding::snap(std::size_t j, double x) const {
  const auto& a = axes_[j];
  if (a.what == axis::kind::continuous) return std::clamp(x, a.least, a.most);
  if (a.what == axis::kind::unordered)
    return std::clamp(std::round(x), 0.0, static_cast<double>(a.levels - 1));
  if (!a.positions.empty()) return a.positions[level_at(j, x)];
  const auto& p = space_.leaves()[a.leaf].what;
  if (p.what() == kind::int_uniform) return middle_of(bin_of(x, a.levels), a.levels);
  return p.cdf(p.ppf(std::clamp(x, a.least, a.most)).to_number<double>());
}

double encoding::at_level(std::size_t j, std::uint64_t level) const {
  const auto& a = axes_[j];
  if (a.what == axis::kind::unordered) return static_cast<double>(level);
  if (!a.positions.empty()) return a.positions[level];
  return snap(j, middle_of(level, a.levels));
}

std::uint64_t encoding::level_at(std::size_t j, double x) const {
  const auto& a = axes_[j];
  if (a.what == axis::kind::unordered) return static_cast<std::uint64_t>(snap(j, x));
  if (a.positions.empty()) return bin_of(x, a.levels);
  const auto above = std::ranges::lower_bound(a.positions, x);
  if (above == a.positions.begin()) return 0;
  if (above == a.positions.end()) return a.levels - 1;
  const auto i = static_cast<std::uint64_t>(above - a.positions.begin());
  return *above - x < x - *(above - 1) ? i : i - 1;
}

Eigen::VectorXd encoding::cell(std::uint64_t index) const {
  Eigen::VectorXd out(static_cast<Eigen::Index>(dims()));
  for (std::size_t j = dims(); j-- > 0;) {
    out[static_cast<Eigen::Index>(j)] = at_level(j, index % axes_[j].levels);
    index /= axes_[j].levels;
  }
  return out;
}

std::string encoding::key(const Eigen::VectorXd& at) {
  std::string out(static_cast<std::size_t>(at.size()) * sizeof(double), '\0');
  if (!out.empty()) std::memcpy(out.data(), at.data(), out.size());
  return out;
}

}  // namespace sweepd::strategies
