#include "controller/core/crash_policy.hpp"

#include "controller/base/digest.hpp"
#include "controller/base/duration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>

namespace sweepd::core {
namespace {

template <class T>
bool contains(const std::vector<T>& list, const T& x) {
  return std::find(list.begin(), list.end(), x) != list.end();
}

bool log_matches(const std::string& pattern, const std::string& tail) {
  // The reader of the policy has compiled it once already, so it is valid here. `__polynomial` forbids
  // back references and with them exponential time. A pattern that is too complex all the same counts
  // as no match: a policy must never stop the controller.
  try {
    return std::regex_search(
        tail, std::regex(pattern, std::regex::ECMAScript | std::regex_constants::__polynomial));
  } catch (const std::regex_error&) {
    return false;
  }
}

bool matches(const rule_when& w, const death& d) {
  if (!w.cause.empty() && !contains(w.cause, d.cause)) return false;
  if (!w.exit_code.empty()) {
    if (!d.exit_code) return false;
    const bool hit = std::any_of(w.exit_code.begin(), w.exit_code.end(), [&](const auto& range) {
      return *d.exit_code >= range.first && *d.exit_code <= range.second;
    });
    if (!hit) return false;
  }
  if (!w.signal.empty() && (!d.signal || !contains(w.signal, *d.signal))) return false;
  if (w.attempts_lt && d.attempt >= *w.attempts_lt) return false;
  if (w.ran_lt && d.ran >= *w.ran_lt) return false;
  if (w.steps_lt && d.steps >= *w.steps_lt) return false;
  return w.log.empty() || log_matches(w.log, d.log_tail);
}

std::string describe(const crash_rule& r, int number) {
  std::string out = "rule " + std::to_string(number) + " (do " +
                    std::string(json::enum_name(r.action));
  std::string when;
  const auto add = [&](const std::string& text) { when += (when.empty() ? "" : ", ") + text; };
  if (!r.when.cause.empty()) {
    std::string causes;
    for (auto c : r.when.cause) causes += (causes.empty() ? "" : "|") + std::string(json::enum_name(c));
    add("cause " + causes);
  }
  for (const auto& [low, high] : r.when.exit_code)
    add("exit code " + std::to_string(low) + (low == high ? "" : "-" + std::to_string(high)));
  for (auto s : r.when.signal) add("signal " + std::to_string(s));
  if (!r.when.log.empty()) add("log \"" + r.when.log + "\"");
  if (r.when.attempts_lt) add("attempts < " + std::to_string(*r.when.attempts_lt));
  if (r.when.ran_lt) add("ran < " + to_string(*r.when.ran_lt));
  if (r.when.steps_lt) add("steps < " + std::to_string(*r.when.steps_lt));
  return out + (when.empty() ? ", always)" : " when " + when + ")");
}

}  // namespace

milliseconds crash_policy::grace() const {
  return start_grace.value_or(std::max<milliseconds>(std::chrono::minutes{5}, crash_after));
}

std::string policy_hash(const crash_policy& p) { return sha256_hex(json::to_text(p)).substr(0, 12); }

rule_choice choose_rule(const crash_policy& p, const death& d) {
  int number = 0;
  for (const auto& r : p.rules) {
    ++number;
    if (matches(r.when, d)) return {r, number, describe(r, number)};
  }
  crash_rule last;
  if (d.cause == cause::preempted) {  // W&B requeues preempted runs without being told to
    last.action = rule_action::requeue;
    last.count = false;
    last.max = 10;
    return {last, 0, "the built-in rule (do requeue when cause preempted)"};
  }
  return {last, 0, "the built-in rule (do fail, always)"};
}

bool process_gone(cause c) {
  switch (c) {
    case cause::silent:
    case cause::agent_lost:
    case cause::stalled:
    case cause::none: return false;
    default: return true;
  }
}

bool tells_of_the_point(cause c) {
  switch (c) {
    case cause::exit_code:
    case cause::oom:
    case cause::exception:
    case cause::invalid_config:
    case cause::metric_missing:
    case cause::metric_nan: return true;
    default: return false;
  }
}

milliseconds act_after(const crash_policy& p, const rule_choice& choice, cause c) {
  if (choice.rule.after) return *choice.rule.after;
  return process_gone(c) ? milliseconds{0} : p.fail_after;
}

milliseconds backoff_delay(const retry_backoff& b, int n, std::uint64_t salt) {
  const double plain = static_cast<double>(b.initial.count()) * std::pow(b.factor, std::max(0, n - 1));
  const double capped = std::min(plain, static_cast<double>(b.max.count()));
  // SplitMix64's finaliser spreads the salt over [-1, 1).
  std::uint64_t z = salt + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(n + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  const double unit = static_cast<double>(z >> 11) * 0x1.0p-52 - 1.0;
  return milliseconds{std::llround(capped * (1.0 + unit * b.jitter_percent / 100.0))};
}

int sweep_budget(const retry_budget& b, std::uint64_t expected) {
  int limit = std::numeric_limits<int>::max();
  if (b.per_sweep) limit = *b.per_sweep;
  if (b.per_sweep_percent && expected > 0) {
    const double share = static_cast<double>(expected) * *b.per_sweep_percent / 100.0;
    limit = std::min(limit, std::max(5, static_cast<int>(std::min(share, 1e9))));
  }
  return limit;
}

}  // namespace sweepd::core
