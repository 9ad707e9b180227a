#include "controller/config/policy_yaml.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace sweepd;
using namespace sweepd::config;
using namespace std::chrono_literals;
using core::rule_action;

namespace {

core::crash_policy good(std::string_view yaml) {
  const auto p = parse_policy(yaml, "p.yaml");
  if (!p)
    for (const auto& x : p.error()) MESSAGE(x.where << ": " << x.message);
  REQUIRE(p);
  return *p;
}

/// All problems, one a line: "line:column message".
std::string problems_of(std::string_view yaml) {
  const auto p = parse_policy(yaml, "p");
  std::string out;
  if (p) return "accepted";
  for (const auto& x : p.error()) out += x.where.substr(2) + " " + x.message + "\n";
  return out;
}

}  // namespace

TEST_CASE("policy_yaml: the page's own example is understood in every part") {
  const auto p = good(R"(
crash_policy:
  mode: enforce                 # off | observe (record what it would do) | enforce
  crash_after: 5m
  fail_after: 10m
  rules:                        # in order, the first match wins; the last must be a catch-all, and is printed
    - {when: {cause: [preempted]},                     do: requeue, count: false, max: 10}
    - {when: {cause: [agent_lost, silent]},            do: requeue, elsewhere: true}
    - {when: {cause: [never_started], attempts_lt: 3}, do: requeue, count: false}
    - {when: {cause: [oom]},                           do: fail, after: 0s}
    - {when: {exit_code: [64-78]},                     do: infeasible}
    - {when: {log: "uncorrectable ECC"},               do: requeue, quarantine_agent: 1h}
    - {when: {},                                       do: fail}
  budget:  {per_trial: 3, per_sweep: 10%}
  backoff: {initial: 10s, factor: 2, max: 10m, jitter: 20%}
  reconcile: first_finished     # first_finished | keep_original | keep_replacement | furthest
  breaker: {consecutive: 5, ratio: 50% of last 20, cooldown: 10m, probe: 1}
)");
  CHECK(p.mode == core::policy_mode::enforce);
  CHECK(p.crash_after == 5min);
  CHECK(p.suspect_after == 90s);
  REQUIRE(p.rules.size() == 7);
  CHECK(p.rules[0].when.cause == std::vector{core::cause::preempted});
  CHECK(p.rules[0].action == rule_action::requeue);
  CHECK_FALSE(p.rules[0].count);
  CHECK(p.rules[0].max == 10);
  CHECK(p.rules[1].when.cause == std::vector{core::cause::agent_lost, core::cause::silent});
  CHECK(p.rules[1].elsewhere);
  CHECK(p.rules[2].when.attempts_lt == 3);
  CHECK(p.rules[3].after == 0ms);
  CHECK(p.rules[4].when.exit_code == std::vector{std::pair{64, 78}});
  CHECK(p.rules[5].when.log == "uncorrectable ECC");
  CHECK(p.rules[5].quarantine_agent == 1h);
  CHECK(p.rules[6] == core::crash_rule{});
  CHECK(p.budget.per_trial == 3);
  CHECK(p.budget.per_sweep_percent == 10.0);
  CHECK_FALSE(p.budget.per_sweep);
  CHECK(p.breaker == core::breaker_settings{});
  CHECK(p.backoff == core::retry_backoff{});
}

TEST_CASE("policy_yaml: every field is read, as a block or under crash_policy") {
  const std::string_view block =
      "mode: observe\noffer_ttl: 1m\nexit_grace: 5s\nsuspect_after: 10s\ncrash_after: 20s\n"
      "stall_after: 1h\nfail_after: 0s\npreempt_return: 2h\nrevive_window: 1d\nstart_grace: 0s\n"
      "undo_window: 10m\nrules:\n"
      "  - when: {cause: oom, signal: [9, SIGTERM, HUP], exit_code: [1, 137, \"64-78\"]}\n"
      "    do: hold\n"
      "  - when: {ran_lt: 2m, steps_lt: 5}\n    do: pause_sweep\n    after: 1m\n"
      "  - when: {log: '^Killed$'}\n    do: requeue\n    same_run: true\n    count: true\n"
      "  - do: ignore\n"
      "budget: {per_trial: 0, per_sweep: 7}\n"
      "backoff: {initial: 1s, factor: 1.5, max: 1s, jitter: 0%}\nreconcile: furthest\n"
      "breaker: {consecutive: off, ratio: 12.5% of last 8, cooldown: 1s, probe: 3, "
      "agent_consecutive: 0, agent_quarantine: 1s}\ncap_counts: attempts\n";
  const auto p = good(block);
  CHECK(p.mode == core::policy_mode::observe);
  CHECK(p.offer_ttl == 1min);
  CHECK(p.exit_grace == 5s);
  CHECK(p.suspect_after == 10s);
  CHECK(p.stall_after == 1h);
  CHECK(p.fail_after == 0ms);
  CHECK(p.preempt_return == 2h);
  CHECK(p.revive_window == 24h);
  CHECK(p.start_grace == 0ms);
  CHECK(p.undo_window == 10min);
  REQUIRE(p.rules.size() == 4);
  CHECK(p.rules[0].when.cause == std::vector{core::cause::oom});
  CHECK(p.rules[0].when.signal == std::vector{9, 15, 1});
  CHECK(p.rules[0].when.exit_code ==
        std::vector{std::pair{1, 1}, std::pair{137, 137}, std::pair{64, 78}});
  CHECK(p.rules[0].action == rule_action::hold);
  CHECK(p.rules[1].when.ran_lt == 2min);
  CHECK(p.rules[1].when.steps_lt == 5U);
  CHECK(p.rules[1].after == 1min);
  CHECK(p.rules[2].same_run);
  CHECK(p.rules[3].action == rule_action::ignore);
  CHECK(p.budget.per_sweep == 7);
  CHECK_FALSE(p.budget.per_sweep_percent);
  CHECK(p.backoff.factor == 1.5);
  CHECK(p.reconcile == core::reconcile_mode::furthest);
  CHECK(p.breaker.consecutive == 0);
  CHECK(p.breaker.ratio_percent == 12.5);
  CHECK(p.breaker.ratio_of == 8);
  CHECK(p.breaker.agent_consecutive == 0);
  CHECK(p.cap_counts == core::cap_mode::attempts);

  std::string nested = "crash_policy:\n";
  for (std::size_t at = 0; at < block.size();) {
    const auto end = block.find('\n', at);
    nested += "  " + std::string(block.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  CHECK(good(nested) == p);
  CHECK(good("method: grid\nparameters: {a: {value: 1}}\ncrash_policy: {mode: off}\n").mode ==
        core::policy_mode::off);
}

TEST_CASE("policy_yaml: off is off, also after a tool has rewritten it as false") {
  for (const auto* off : {"off", "false", "Off", "no", "\"off\""}) {
    CAPTURE(off);
    const std::string o = off;
    const auto p = good("mode: " + o + "\nstall_after: " + o + "\nbreaker: {consecutive: " + o +
                        ", ratio: " + o + ", agent_consecutive: " + o + "}\n");
    CHECK(p.mode == core::policy_mode::off);
    CHECK_FALSE(p.stall_after);
    CHECK(p.breaker.consecutive == 0);
    CHECK(p.breaker.ratio_percent == 0);
    CHECK(good("breaker: " + o).breaker == p.breaker);
  }
  CHECK(problems_of("mode: on") ==
        "1:7 mode: unknown word 'on'; it must be off, observe or enforce\n");
}

TEST_CASE("policy_yaml: nothing written is the built-in policy, with its rules written out") {
  CHECK(good("crash_policy: {}") == built_in_policy());
  const auto p = built_in_policy();
  REQUIRE(p.rules.size() == 2);
  CHECK(p.rules.back() == core::crash_rule{});
  core::crash_policy without = p;
  without.rules.clear();
  for (const auto cause : {core::cause::preempted, core::cause::oom, core::cause::silent}) {
    core::death d;
    d.cause = cause;
    core::crash_rule written = core::choose_rule(p, d).rule;
    written.when = {};
    CHECK(written == core::choose_rule(without, d).rule);
  }
  CHECK(to_yaml(without) == to_yaml(p));
  CHECK(to_yaml(p) ==
        "crash_policy:\n  mode: enforce\n  offer_ttl: 10m\n  exit_grace: 30s\n  suspect_after: "
        "1m30s\n"
        "  crash_after: 5m\n  stall_after: off\n  fail_after: 10m\n  preempt_return: 1h\n"
        "  revive_window: 7d\n  start_grace: auto\n  undo_window: 1h\n  rules:\n"
        "    - {when: {cause: [preempted]}, do: requeue, count: false, max: 10}\n"
        "    - {when: {}, do: fail}\n  budget: {per_trial: 3, per_sweep: 10%}\n"
        "  backoff: {initial: 10s, factor: 2, max: 10m, jitter: 20%}\n  reconcile: first_finished\n"
        "  breaker: {consecutive: 5, ratio: 50% of last 20, cooldown: 10m, probe: 1, "
        "agent_consecutive: 3, agent_quarantine: 30m}\n  cap_counts: with_metric\n");
}

TEST_CASE("policy_yaml: timers that were not written follow those that were") {
  const auto p = good("crash_after: 10s\n");
  CHECK(p.suspect_after == 3s);
  CHECK(good("crash_after: 2m\n").suspect_after == 90s);
  CHECK(good("backoff: {initial: 20m}\n").backoff.max == 20min);
  CHECK(
      problems_of("suspect_after: 5m\n") ==
      "1:16 suspect_after: must be below crash_after (5m), not 5m: a run is suspected before it is "
      "taken for crashed\n");
  CHECK(problems_of("crash_after: 1m\nexit_grace: 2m\n") ==
        "2:13 exit_grace: must not be above crash_after (1m), not 2m: a run that has exited would "
        "wait "
        "longer than a silent one\n");
  CHECK(problems_of("backoff: {initial: 2m, max: 1m}\n") ==
        "1:29 backoff.max: must not be below initial (2m), not 1m\n");
}

TEST_CASE("policy_yaml: durations without a unit come with what to write") {
  CHECK(problems_of("crash_policy:\n  crash_after: 5\n  fail_after: 0\n  offer_ttl: 1:30\n"
                    "  undo_window: 5 minutes\n  exit_grace: 1.5h\n  revive_window:\n"
                    "  preempt_return: [1h]\n  suspect_after: 0s\n") ==
        "2:16 crash_policy.crash_after: 5 has no unit; write 5s, 5m or 5h\n"
        "3:15 crash_policy.fail_after: 0 has no unit; write 0s\n"
        "4:14 crash_policy.offer_ttl: 1:30 has no unit; write a duration such as 90s, 5m or 2h30m\n"
        "5:16 crash_policy.undo_window: '5 minutes' is not a duration: the unit is missing (ms, s, "
        "m, h, "
        "d); write 90s, 15m or 2h30m\n"
        "6:15 crash_policy.exit_grace: '1.5h' is not a duration: the unit is missing (ms, s, m, h, "
        "d); "
        "write 90s, 15m or 2h30m\n"
        "7:3 crash_policy.revive_window: must be a duration such as 90s, 5m or 2h30m, not nothing\n"
        "8:3 crash_policy.preempt_return: must be a duration such as 90s, 5m or 2h30m, not a list\n"
        "9:18 crash_policy.suspect_after: must be at least 1ms, not 0s\n");
}

TEST_CASE("policy_yaml: unknown keys and words come with the nearest known one") {
  CHECK(
      problems_of("crash_policy:\n  crash_aftr: 5m\n  mode: enforced\n  rules:\n"
                  "    - {when: {couse: [oom]}, do: fail}\n"
                  "    - {when: {cause: [out_of_memory, agentlost]}, do: retry}\n"
                  "    - {when: {}, do: fial, quarantine: 1h}\n"
                  "  budget: {per_run: 1}\n  reconcile: first\n") ==
      "2:3 crash_policy.crash_aftr: unknown key; did you mean 'crash_after'?\n"
      "3:9 crash_policy.mode: unknown word 'enforced'; did you mean 'enforce'?\n"
      "5:15 crash_policy.rules[0].when.couse: unknown key; did you mean 'cause'?\n"
      "6:23 crash_policy.rules[1].when.cause[0]: unknown word 'out_of_memory'; it must be "
      "exit_code, "
      "signal, oom, exception, preempted, agent_lost, exited_silently, silent, never_started, "
      "stalled, "
      "user_stop, invalid_config, metric_missing or metric_nan\n"
      "6:38 crash_policy.rules[1].when.cause[1]: unknown word 'agentlost'; did you mean "
      "'agent_lost'?\n"
      "6:55 crash_policy.rules[1].do: unknown word 'retry'; it must be fail, requeue, infeasible, "
      "ignore, hold or pause_sweep\n"
      "7:22 crash_policy.rules[2].do: unknown word 'fial'; did you mean 'fail'?\n"
      "7:28 crash_policy.rules[2].quarantine: unknown key; did you mean 'quarantine_agent'?\n"
      "8:12 crash_policy.budget.per_run: unknown key; known are per_trial and per_sweep\n"
      "9:14 crash_policy.reconcile: unknown word 'first'; did you mean 'first_finished'?\n");
  CHECK(problems_of("crash_polcy: {mode: off}\n") ==
        "1:1 crash_polcy: unknown key; did you mean 'crash_policy'?\n");
  CHECK(problems_of("crash_policy:\n  mode: off\nrules: []\n") ==
        "3:1 rules: belongs into the block crash_policy; indent it\n");
  CHECK(problems_of("rules:\n  - {when: {cause: [superseded]}, do: fail}\n  - {do: fail}\n")
            .find("unknown word 'superseded'") != std::string::npos);
}

TEST_CASE("policy_yaml: rules that cannot be meant are refused") {
  CHECK(problems_of("rules:\n  - {when: {cause: [oom]}, do: fail}\n") ==
        "2:5 rules: the last rule must match everything, so that nothing is left to chance; add at "
        "the "
        "end: - {when: {}, do: fail}\n");
  CHECK(problems_of("rules: []\n").find("add at the end: - {when: {}, do: fail}") !=
        std::string::npos);
  CHECK(
      problems_of(
          "rules:\n  - {do: fail}\n  - {when: {cause: [oom]}, do: hold}\n  - {do: fail}\n") ==
      "3:5 rules[1]: is never reached: the rule at line 2 matches everything; put that one last\n"
      "4:5 rules[2]: is never reached: the rule at line 2 matches everything; put that one last\n");
  CHECK(problems_of(
            "rules:\n  - {when: {log: '(a'}, do: fail}\n  - {when: {log: '(a)\\1'}, do: fail}\n"
            "  - {when: {log: ''}, do: fail}\n  - {do: fail}\n")
            .find("2:18 rules[0].when.log: is not a regular expression (ECMAScript, no "
                  "back-references): '(a'") == 0);
  CHECK(problems_of("rules:\n  - {when: {log: '(a)\\1'}, do: fail}\n  - {do: fail}\n") !=
        "accepted");
  CHECK(problems_of(
            "rules:\n  - {when: {exit_code: [300, 9-3, -1, x]}, do: fail}\n  - {do: fail}\n") ==
        "2:25 rules[0].when.exit_code[0]: must be an exit code from 0 to 255 or a range such as "
        "64-78, "
        "not 300\n"
        "2:30 rules[0].when.exit_code[1]: the range 9-3 runs backwards; write 3-9\n"
        "2:35 rules[0].when.exit_code[2]: must be an exit code from 0 to 255 or a range such as "
        "64-78, "
        "not -1\n"
        "2:39 rules[0].when.exit_code[3]: must be an exit code from 0 to 255 or a range such as "
        "64-78, "
        "not 'x'\n");
  CHECK(problems_of(
            "rules:\n  - {when: {signal: [KILLED, 99], attempts_lt: 1, cause: []}, do: fail}\n"
            "  - {when: {}}\n") ==
        "2:22 rules[0].when.signal[0]: unknown signal 'KILLED'; write its number or a name such as "
        "KILL\n"
        "2:30 rules[0].when.signal[1]: must be between 1 and 64, not 99\n"
        "2:48 rules[0].when.attempts_lt: must be between 2 and 1000000, not 1\n"
        "2:51 rules[0].when.cause: lists nothing; remove it if anything may match\n"
        "3:5 rules[1].do: is missing: write do: fail, requeue, infeasible, ignore, hold or "
        "pause_sweep\n");
  CHECK(problems_of("rules:\n  - {do: fail, max: 3, elsewhere: true}\n") ==
        "2:21 rules[0].max: has a meaning only with do: requeue; this rule says do: fail\n"
        "2:35 rules[0].elsewhere: has a meaning only with do: requeue; this rule says do: fail\n");
  CHECK(problems_of("rules: fail\n").find("1:8 rules: must be a list of rules such as") == 0);
  CHECK(problems_of("crash_policy:\n") ==
        "1:1 crash_policy: must be a mapping of keys to values, not "
        "nothing\n");
}

TEST_CASE("policy_yaml: numbers and shares have bounds and forms") {
  CHECK(
      problems_of("budget: {per_trial: -1, per_sweep: 0.1}\nbackoff: {factor: 0.5, jitter: 0.2}\n"
                  "breaker: {ratio: half, probe: 0, consecutive: 1e1}\n") ==
      "1:21 budget.per_trial: must be between 0 and 1000000, not -1\n"
      "1:36 budget.per_sweep: must be a number of requeues such as 20, a share of the sweep's runs "
      "such as 10%, or unlimited, not 0.1\n"
      "2:19 backoff.factor: must be between 1 and 100, not 0.5\n"
      "2:32 backoff.jitter: must be a percentage such as 20%, not 0.2\n"
      "3:18 breaker.ratio: must be written as \"50% of last 20\" (at most 100%, at most the last "
      "10000), or off; not 'half'\n"
      "3:31 breaker.probe: must be between 1 and 1000, not 0\n"
      "3:47 breaker.consecutive: must be a whole number, not '1e1': 1e1 is a text in YAML 1.1; "
      "write "
      "1.0e+1\n");
  CHECK_FALSE(good("budget: {per_sweep: unlimited}").budget.per_sweep_percent);
}

TEST_CASE("policy_yaml: any policy that can be read is printed so that it reads back the same") {
  std::minstd_rand draw(7);
  const auto pick = [&](unsigned n) { return static_cast<int>(draw() % n); };
  const auto time = [&] { return milliseconds{1 + pick(100'000'000)}; };
  for (int round = 0; round < 300; ++round) {
    core::crash_policy p;
    p.mode = static_cast<core::policy_mode>(pick(3));
    p.crash_after = time() + 10ms;
    p.suspect_after = p.crash_after / 2;
    p.exit_grace = p.crash_after / 3;
    p.offer_ttl = time();
    if (pick(2) == 0) p.stall_after = time();
    if (pick(2) == 0) p.start_grace = time();
    p.fail_after = time();
    p.preempt_return = time();
    p.revive_window = time();
    p.undo_window = time();
    for (int i = pick(5); i > 0; --i) {
      core::crash_rule r;
      r.when.cause = {static_cast<core::cause>(1 + pick(14))};
      if (pick(2) == 0) r.when.exit_code = {{pick(100), 100 + pick(155)}, {7, 7}};
      if (pick(2) == 0) r.when.signal = {1 + pick(31)};
      if (pick(2) == 0) r.when.log = "a \"quoted\" \\d+ é\t\x7F\xC2\x85 #: [x]|^'y'$";
      if (pick(2) == 0) r.when.attempts_lt = 2 + pick(9);
      if (pick(2) == 0) r.when.ran_lt = time();
      if (pick(2) == 0) r.when.steps_lt = 1U + static_cast<unsigned>(pick(9));
      r.action = static_cast<rule_action>(pick(6));
      if (pick(2) == 0) r.after = time();
      if (pick(2) == 0) r.quarantine_agent = time();
      if (r.action == rule_action::requeue) {
        r.count = pick(2) == 0;
        if (pick(2) == 0) r.max = 1 + pick(50);
        r.elsewhere = pick(2) == 0;
        r.same_run = pick(2) == 0;
      }
      p.rules.push_back(r);
    }
    core::crash_rule last;
    last.action = static_cast<rule_action>(pick(6));
    p.rules.push_back(last);
    p.budget.per_trial = pick(10);
    if (const int kind = pick(3); kind < 2) {
      p.budget.per_sweep_percent.reset();
      if (kind == 0) p.budget.per_sweep = pick(1000);
    } else {
      p.budget.per_sweep_percent = pick(1000) / 8.0;
    }
    p.backoff = {time(), 1 + pick(100) / 7.0, 100'000'001ms, pick(100) / 3.0};
    p.reconcile = static_cast<core::reconcile_mode>(pick(4));
    p.breaker = {pick(4), pick(3) / 3.0, 1 + pick(30), time(), 1 + pick(3), pick(4), time()};
    p.cap_counts = static_cast<core::cap_mode>(pick(3));
    const auto yaml = to_yaml(p);
    CAPTURE(yaml);
    REQUIRE(good(yaml) == p);
  }
}
