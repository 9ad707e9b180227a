#include "strategies/fill.hpp"

#include "strategies/parameter.hpp"
#include "strategies/schema.hpp"

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

void check_bounds_inside(const bj::object& parameter, std::string_view path, problem_list& out) {
  check_bounds(parameter, path, out);
  const auto* group = parameter.if_contains("parameters");
  if (group == nullptr) return;
  const auto place = join_path(path, "parameters");
  for (const auto& [name, inner] : group->get_object())
    check_bounds_inside(inner.get_object(), join_path(place, name), out);
}

}  // namespace

result<filled_parameter> fill_parameter(std::string_view name, const bj::object& config) {
  if (!matches_a_kind(config, 0)) return filled_parameter{std::nullopt, config};
  problem_list problems;
  check_bounds_inside(config, name, problems);
  if (!problems.empty())
    return fail(errc::invalid, problems.items().front().text, problems.items().front().path);
  const auto k = *intended_kind(config);
  return filled_parameter{std::string(rules_of(k).schema_name), filled(k, config)};
}

result<bj::array> ppf(const bj::value& parameter, std::span<const double> u) {
  SWEEPD_TRY(const auto made, strategies::parameter::make(parameter, "param"));
  bj::array out;
  for (const double share : u) {
    if (!(share >= 0 && share <= 1))
      return fail(errc::invalid, "a quantile lies between 0 and 1", "x");
    out.push_back(made.ppf(share));
  }
  return out;
}

result<std::vector<double>> cdf(const bj::value& parameter, std::span<const double> x) {
  SWEEPD_TRY(const auto made, strategies::parameter::make(parameter, "param"));
  std::vector<double> out;
  for (const double value : x) out.push_back(made.cdf(value));
  return out;
}

}  // namespace sweepd::strategies
