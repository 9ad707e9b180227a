#include "strategies/parameter.hpp"

#include "strategies/schema.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

error first_problem(problem_list& problems) {
  auto found = problems.take().front();
  return error{errc::invalid, std::move(found.text), std::move(found.path)};
}

double number(const bj::object& filled, std::string_view key) {
  return filled.at(key).to_number<double>();
}

// The continuous distribution behind a kind; nothing for the others.
std::optional<distribution> shape_of(kind k, const bj::object& filled) {
  using enum distribution::family;
  const auto two = [&](distribution::family of, std::string_view first, std::string_view second) {
    return distribution{of, number(filled, first), number(filled, second), {}, {}, {}};
  };
  const auto logs = [&](distribution::family of) {
    const double min = number(filled, "min");
    const double max = number(filled, "max");
    const double low = std::log(min);
    const double high = std::log(max);
    return of == logarithmic ? distribution{of, low, high, {}, min, max}
                             : distribution{of, -high, -low, {}, min, max};
  };
  switch (k) {
    case kind::uniform:
    case kind::q_uniform:
      return two(linear, "min", "max");
    case kind::log_uniform:
    case kind::q_log_uniform:
      return two(logarithmic, "min", "max");
    case kind::inv_log_uniform:
      return two(inverse_logarithmic, "min", "max");
    case kind::log_uniform_values:
    case kind::q_log_uniform_values:
      return logs(logarithmic);
    case kind::inv_log_uniform_values:
      return logs(inverse_logarithmic);
    case kind::normal:
    case kind::q_normal:
      return two(gaussian, "mu", "sigma");
    case kind::log_normal:
    case kind::q_log_normal:
      return two(log_gaussian, "mu", "sigma");
    case kind::beta:
    case kind::q_beta:
      return two(beta, "a", "b");
    case kind::constant:
    case kind::categorical:
    case kind::categorical_w_probabilities:
    case kind::int_uniform:
    case kind::nested:
      break;
  }
  return std::nullopt;
}

}  // namespace

result<parameter> parameter::make(const bj::value& config, std::string_view path) {
  problem_list problems;
  if (!config.is_object()) {
    check_parameter(config, path, 0, problems);
    return tl::unexpected(first_problem(problems));
  }
  const auto& object = config.get_object();
  const auto k = intended_kind(object);
  if (!k)
    check_parameter(config, path, 0, problems);
  else if (*k == kind::nested)
    problems.add(std::string(path), "is a group of parameters, not a parameter");
  else {
    check_as(*k, object, path, problems);
    check_consistency(object, path, problems);
  }
  if (!problems.empty()) return tl::unexpected(first_problem(problems));

  parameter out;
  out.kind_ = *k;
  out.filled_ = strategies::filled(*k, object);
  if (*k == kind::constant) out.choices_.push_back(out.filled_.at("value"));
  if (const auto* values = out.filled_.if_contains("values")) out.choices_ = values->get_array();
  out.count_ = out.choices_.size();
  if (*k == kind::int_uniform) {
    const auto whole = [&](std::string_view key) {
      return object.at(key).to_number<std::int64_t>();
    };
    out.first_ = whole("min");
    out.count_ =
        static_cast<std::uint64_t>(whole("max")) - static_cast<std::uint64_t>(out.first_) + 1;
  }
  if (const auto* shares = out.filled_.if_contains("probabilities")) {
    double sum = 0;
    for (const auto& share : shares->get_array())
      out.cumulative_.push_back(sum += share.to_number<double>());
  }
  if (auto shape = shape_of(*k, out.filled_)) {
    out.shape_ = *shape;
    if (const auto* q = out.filled_.if_contains("q")) {
      out.shape_.step = q->to_number<double>();
      out.integer_step_ = !q->is_double();
    }
  }
  return out;
}

bj::value parameter::ppf(double u) const {
  switch (kind_) {
    case kind::constant:
      return choices_.front();
    case kind::categorical:
      return choices_[index_at(u, count_)];
    case kind::categorical_w_probabilities: {
      if (u >= 1) return choices_.front();  // as W&B's library; random draws stay below 1
      auto at = std::ranges::upper_bound(cumulative_, u);
      // The sum may stay a rounding error below 1: the rest belongs to the last possible value.
      if (at == cumulative_.end()) at = std::ranges::lower_bound(cumulative_, cumulative_.back());
      return choices_[static_cast<std::size_t>(at - cumulative_.begin())];
    }
    case kind::int_uniform:
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) + index_at(u, count_));
    default:
      break;
  }
  const double x = quantile(shape_, u);
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (integer_step_ && x >= -limit && x < limit) return static_cast<std::int64_t>(x);
  return x;
}

double parameter::cdf(double x) const {
  const auto share_of = [&](double index) {
    return std::clamp((std::floor(index) + 1) / static_cast<double>(count_), 0.0, 1.0);
  };
  switch (kind_) {
    case kind::constant:
      return 0;
    case kind::categorical:
      return share_of(x);
    case kind::categorical_w_probabilities: {
      if (!(x >= 0)) return 0;
      const auto last = static_cast<double>(cumulative_.size() - 1);
      return cumulative_[static_cast<std::size_t>(std::min(std::floor(x), last))];
    }
    case kind::int_uniform:
      return share_of(x - static_cast<double>(first_));
    default:
      return probability_up_to(shape_, x);
  }
}

bj::object filled(kind k, const bj::object& parameter) {
  bj::object out = parameter;
  const auto& rules = rules_of(k);
  if (!rules.distribution.empty() && !out.contains("distribution"))
    out["distribution"] = rules.distribution;
  for (const auto& rule : rules.keys) {
    if (!rule.fill || out.contains(rule.name)) continue;
    if (rule.fill->whole)
      out[rule.name] = static_cast<std::int64_t>(rule.fill->value);
    else
      out[rule.name] = rule.fill->value;
  }
  if (k != kind::nested) return out;
  for (auto& [name, inner] : out.at("parameters").as_object())
    inner = filled(*intended_kind(inner.as_object()), inner.as_object());
  return out;
}

}  // namespace sweepd::strategies
