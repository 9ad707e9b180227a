// stop_runs: which running runs early termination ends now.
#include "controller/base/json_text.hpp"
#include "controller/suggest/ops.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sweepd::suggest {
namespace {

namespace bj = boost::json;
namespace early_stop = strategies::early_stop;
using early_stop::rule_fault;

refusal kind_of(rule_fault::kind k) {
  switch (k) {
    case rule_fault::kind::value:
      break;
    case rule_fault::kind::validation:
      return refusal::validation_error;
    case rule_fault::kind::type:
      return refusal::type_error;
    case rule_fault::kind::key:
      return refusal::key_error;
  }
  return refusal::value_error;
}

/// A natural number of any length: W&B's hundred rungs min_iter * eta^k outgrow every C++ type.
class natural {
 public:
  explicit natural(std::uint64_t x) {
    for (; x > 0; x /= base) digits_.push_back(static_cast<std::uint32_t>(x % base));
  }
  void times(std::uint32_t factor) {
    std::uint64_t carry = 0;
    for (auto& digit : digits_) {
      carry += std::uint64_t{digit} * factor;
      digit = static_cast<std::uint32_t>(carry % base);
      carry /= base;
    }
    if (carry > 0) digits_.push_back(static_cast<std::uint32_t>(carry));
  }
  [[nodiscard]] std::string text() const {
    if (digits_.empty()) return "0";
    auto out = std::to_string(digits_.back());
    for (auto at = digits_.rbegin() + 1; at != digits_.rend(); ++at) {
      const auto part = std::to_string(*at);
      out += std::string(9 - part.size(), '0') + part;
    }
    return out;
  }

 private:
  static constexpr std::uint64_t base = 1'000'000'000;
  std::vector<std::uint32_t> digits_;  ///< the lowest first
};

/// An integer key of early_terminate, in the range where `natural` is exact.
std::optional<std::uint32_t> small_integer(const bj::object& config, bj::string_view key,
                                           std::uint32_t otherwise) {
  const auto* v = config.at("early_terminate").get_object().if_contains(key);
  if (v == nullptr) return otherwise;
  if (!v->is_int64() || v->get_int64() < 1 || v->get_int64() > 1'000'000'000) return std::nullopt;
  return static_cast<std::uint32_t>(v->get_int64());
}

/// Whole rungs as integers, as W&B's are.
std::string rung_text(double x) {
  if (std::trunc(x) != x) return json::number_text(x);
  std::array<char, 400> out{};
  const auto size = std::snprintf(out.data(), out.size(), "%.0f", x);
  return {out.data(), static_cast<std::size_t>(size)};
}

std::string bands_text(const bj::object& config, const std::vector<double>& rungs) {
  const auto& rule = config.at("early_terminate").get_object();
  const auto first = small_integer(config, "min_iter", 0);
  const auto eta = small_integer(config, "eta", 3);
  // Python multiplies integers exactly, everything else as doubles: so did the rule.
  const bool exact = rule.at("type") == "hyperband" && !rule.contains("max_iter") && first && eta;
  natural band(first.value_or(0));
  std::string out;
  for (const auto x : rungs) {
    out += (out.empty() ? "" : ",") + (exact ? band.text() : rung_text(x));
    if (exact) band.times(*eta);
  }
  return "[" + out + "]";
}

std::string answer_of(const bj::object& config, const early_stop::stop_answer& found,
                      const std::vector<run_facts>& runs) {
  bj::array stop, thresholds, lines;
  for (const auto i : found.stop)
    stop.push_back(runs[i].name.empty() ? bj::value(nullptr) : bj::value(runs[i].name));
  for (const auto x : found.thresholds) thresholds.emplace_back(x);
  for (const auto& line : found.lines) lines.emplace_back(line);
  return R"({"stop":)" + json::to_text(stop) + R"(,"info":{"bands":)" +
         bands_text(config, found.bands) + R"(,"thresholds":)" + json::to_text(thresholds) +
         R"(,"lines":)" + json::to_text(lines) + "}}";
}

std::string no(refusal kind, std::string text, std::string where) {
  return json::to_text(refused(kind, std::move(text), std::move(where)));
}

}  // namespace

std::string stop_runs(const request& r) {
  const auto* given = r.config();
  if (given == nullptr) return no(refusal::value_error, "is missing", "config");
  if (!given->is_object())
    return no(refusal::value_error, "a sweep config must be a JSON object", "config");
  if (r.sweep == nullptr)
    return no(refusal::value_error, "is missing; a sweep without runs has []", "runs");
  const auto rule = r.sweep->stopping(given->get_object());
  if (!rule) return no(kind_of(rule.error().what), rule.error().text, rule.error().where);
  std::vector<early_stop::asked_run> asked;
  const auto& runs = r.sweep->runs().facts();
  asked.reserve(runs.size());
  for (const auto& one : runs)
    asked.push_back({one.name, word_of(one.state), one.values, one.resource});
  return answer_of(given->get_object(), (*rule)->ask(asked), runs);
}

}  // namespace sweepd::suggest
