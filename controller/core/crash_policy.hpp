// The crash policy as data: timers, rules, budgets, backoff, breaker; and the pure questions asked of it.
// Written by operators as YAML (config/policy_yaml.hpp reads it), stored as JSON, versioned by hash.
// Who decides with it: decide_*.cpp and tick.cpp. What it does not do: change any state.
#pragma once

#include "controller/base/instant.hpp"
#include "controller/base/json_record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sweepd::core {

/// Why a run ended, or is believed to have ended. Drawn by classify() from evidence that is kept.
enum class cause {
  none, exit_code, signal, oom, exception, preempted, agent_lost, exited_silently, silent,
  never_started, stalled, user_stop, invalid_config, metric_missing, metric_nan, superseded, early_stop
};
BOOST_DESCRIBE_ENUM(cause, none, exit_code, signal, oom, exception, preempted, agent_lost,
                    exited_silently, silent, never_started, stalled, user_stop, invalid_config,
                    metric_missing, metric_nan, superseded, early_stop)

enum class policy_mode { off, observe, enforce };
BOOST_DESCRIBE_ENUM(policy_mode, off, observe, enforce)

/// What a rule does to the run's trial. The run itself becomes Failed in every case but `hold`
/// (stays as it is until an operator acts) and `ignore` (Failed, but nothing is counted).
enum class rule_action { fail, requeue, infeasible, ignore, hold, pause_sweep };
BOOST_DESCRIBE_ENUM(rule_action, fail, requeue, infeasible, ignore, hold, pause_sweep)

enum class reconcile_mode { first_finished, keep_original, keep_replacement, furthest };
BOOST_DESCRIBE_ENUM(reconcile_mode, first_finished, keep_original, keep_replacement, furthest)

enum class cap_mode { with_metric, attempts, trials };
BOOST_DESCRIBE_ENUM(cap_mode, with_metric, attempts, trials)

/// All conditions that are written must hold. An empty one matches everything.
struct rule_when {
  static constexpr bool has_defaults = true;
  std::vector<sweepd::core::cause> cause;
  std::vector<std::pair<int, int>> exit_code;  ///< inclusive ranges, 0..255
  std::vector<int> signal;
  std::string log;                    ///< ECMAScript regular expression over the log tail; empty = any
  std::optional<int> attempts_lt;     ///< this is attempt n, and n < attempts_lt
  std::optional<milliseconds> ran_lt; ///< the run lived shorter than this
  std::optional<std::uint64_t> steps_lt;  ///< fewer history lines than this
  friend bool operator==(const rule_when&, const rule_when&) = default;
};
BOOST_DESCRIBE_STRUCT(rule_when, (), (cause, exit_code, signal, log, attempts_lt, ran_lt, steps_lt))

struct crash_rule {
  static constexpr bool has_defaults = true;
  rule_when when;
  rule_action action = rule_action::fail;  ///< YAML key `do`
  /// Time spent Crashed before the rule acts. None: at once when the process is known to be gone
  /// (exited_silently, signal, oom, ...), fail_after when it may return (silent, agent_lost).
  std::optional<milliseconds> after;
  bool count = true;                 ///< the requeue uses up budget.per_trial
  std::optional<int> max;            ///< this rule requeues a trial at most so many times
  bool elsewhere = false;            ///< prefer another agent for the next attempt
  bool same_run = false;             ///< keep the run id; the epoch rises
  std::optional<milliseconds> quarantine_agent;
  friend bool operator==(const crash_rule&, const crash_rule&) = default;
};
BOOST_DESCRIBE_STRUCT(crash_rule, (),
                      (when, action, after, count, max, elsewhere, same_run, quarantine_agent))

struct retry_budget {
  static constexpr bool has_defaults = true;
  int per_trial = 3;
  std::optional<int> per_sweep;              ///< an absolute number of counted requeues
  std::optional<double> per_sweep_percent = 10;  ///< of the run_cap or grid size; at least 5 requeues
  friend bool operator==(const retry_budget&, const retry_budget&) = default;
};
BOOST_DESCRIBE_STRUCT(retry_budget, (), (per_trial, per_sweep, per_sweep_percent))

struct retry_backoff {
  static constexpr bool has_defaults = true;
  milliseconds initial{10'000};
  double factor = 2;
  milliseconds max{600'000};
  double jitter_percent = 20;
  friend bool operator==(const retry_backoff&, const retry_backoff&) = default;
};
BOOST_DESCRIBE_STRUCT(retry_backoff, (), (initial, factor, max, jitter_percent))

struct breaker_settings {
  static constexpr bool has_defaults = true;
  int consecutive = 5;         ///< 0: off
  double ratio_percent = 50;   ///< more than this share of the last `ratio_of` endings died; 0: off
  int ratio_of = 20;
  milliseconds cooldown{600'000};
  int probe = 1;               ///< runs let through after the cooldown
  int agent_consecutive = 3;   ///< deaths in a row on one agent while others succeed; 0: off
  milliseconds agent_quarantine{1'800'000};
  friend bool operator==(const breaker_settings&, const breaker_settings&) = default;
};
BOOST_DESCRIBE_STRUCT(breaker_settings, (),
                      (consecutive, ratio_percent, ratio_of, cooldown, probe, agent_consecutive,
                       agent_quarantine))

/// Everything an operator can set. The defaults are W&B's behaviour plus crashed -> failed after
/// fail_after, with no requeue.
struct crash_policy {
  static constexpr bool has_defaults = true;
  policy_mode mode = policy_mode::enforce;
  milliseconds offer_ttl{600'000};
  milliseconds exit_grace{30'000};
  milliseconds suspect_after{90'000};
  milliseconds crash_after{300'000};
  std::optional<milliseconds> stall_after;  ///< none: off
  milliseconds fail_after{600'000};
  milliseconds preempt_return{3'600'000};
  milliseconds revive_window{604'800'000};
  std::optional<milliseconds> start_grace;  ///< none: max(5m, crash_after)
  milliseconds undo_window{3'600'000};
  std::vector<crash_rule> rules;  ///< first match wins; the last must match everything
  retry_budget budget;
  retry_backoff backoff;
  reconcile_mode reconcile = reconcile_mode::first_finished;
  breaker_settings breaker;
  cap_mode cap_counts = cap_mode::with_metric;

  [[nodiscard]] milliseconds grace() const;  ///< start_grace with its default filled in
  friend bool operator==(const crash_policy&, const crash_policy&) = default;
};
BOOST_DESCRIBE_STRUCT(crash_policy, (),
                      (mode, offer_ttl, exit_grace, suspect_after, crash_after, stall_after,
                       fail_after, preempt_return, revive_window, start_grace, undo_window, rules,
                       budget, backoff, reconcile, breaker, cap_counts))

/// The first 12 hex digits of SHA-256 over the policy's canonical JSON. Names a version in the audit log.
std::string policy_hash(const crash_policy& p);

/// What a rule may look at.
struct death {
  sweepd::core::cause cause = sweepd::core::cause::none;
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string log_tail;
  int attempt = 1;
  milliseconds ran{0};
  std::uint64_t steps = 0;
};

/// The rule that applies, and its place (1-based; 0 = the built-in catch-all `do: fail`).
struct rule_choice {
  crash_rule rule;
  int number = 0;
  std::string text;  ///< "rule 2 (do requeue when cause agent_lost, silent)"
};
rule_choice choose_rule(const crash_policy& p, const death& d);

/// True when the process is known to be gone, so that there is nothing to wait for.
bool process_gone(cause c);
/// A run that ended so says something of its configuration: the program itself failed, or its
/// metric was never a number. The other causes are the machine's, the network's or a person's.
bool tells_of_the_point(cause c);

/// How long a run stays Crashed before `choice` acts.
milliseconds act_after(const crash_policy& p, const rule_choice& choice, cause c);

/// Wait before attempt n+1 (n >= 1 counted or uncounted requeues so far); jitter from `salt`, so that
/// the same trial always gets the same delay.
milliseconds backoff_delay(const retry_backoff& b, int n, std::uint64_t salt);

/// Counted requeues a sweep may spend in all, for `expected` runs (0 = unknown).
int sweep_budget(const retry_budget& b, std::uint64_t expected);

}  // namespace sweepd::core
