// ppf and cdf: a parameter's quantiles, and its shares up to values.
#include "controller/suggest/ops.hpp"
#include "strategies/fill.hpp"

#include <cmath>
#include <string_view>
#include <vector>

namespace sweepd::suggest {
namespace {

namespace bj = boost::json;

result<double> number_of(const bj::value& v, const std::string& path) {
  if (v.is_number()) return v.to_number<double>();
  if (v.is_string()) {
    const std::string_view text(v.get_string());
    if (text == "NaN") return std::nan("");
    if (text == "Infinity") return HUGE_VAL;
    if (text == "-Infinity") return -HUGE_VAL;
  }
  return fail(errc::invalid, "must be a number, or NaN, Infinity, -Infinity as texts", path);
}

result<std::vector<double>> numbers_in(const request& r) {
  const auto* x = r.field("x");
  if (x == nullptr || !x->is_array()) return fail(errc::invalid, "must be a list of numbers", "x");
  std::vector<double> out;
  for (const auto& item : x->get_array()) {
    SWEEPD_TRY(const auto number, number_of(item, "x." + std::to_string(out.size())));
    out.push_back(number);
  }
  return out;
}

/// A parameter that fits no kind is W&B's ValidationError; a wrong number, or bounds, its ValueError.
template <class Ask>
bj::object quantiles(const request& r, const Ask& ask) {
  const auto* param = r.field("param");
  if (param == nullptr || !param->is_object())
    return refused(refusal::value_error, "must be a parameter, a JSON object", "param");
  const auto x = numbers_in(r);
  if (!x) return refused(x.error());
  const auto y = ask(*param, *x);
  if (y) return {{"y", bj::array(y->begin(), y->end())}};
  if (y.error().where == "x") return refused(y.error());
  const auto filled = strategies::fill_parameter("param", param->get_object());
  const bool fits = !filled || filled->kind_of;
  return refused(y.error(), fits ? refusal::value_error : refusal::validation_error);
}

}  // namespace

bj::object ppf(const request& r) { return quantiles(r, strategies::ppf); }
bj::object cdf(const request& r) { return quantiles(r, strategies::cdf); }

}  // namespace sweepd::suggest
