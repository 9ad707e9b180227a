#include "tests/support/world.hpp"

#include "controller/core/diagnose.hpp"
#include "controller/core/holds.hpp"
#include "controller/core/preview.hpp"

using namespace sweepd;
using namespace sweepd::core;
using namespace std::chrono_literals;

namespace {

crash_policy requeue_everything() {
  crash_policy p;
  crash_rule r;
  r.action = rule_action::requeue;
  p.rules = {r};
  p.breaker.consecutive = 0;
  p.breaker.ratio_percent = 0;
  p.budget.per_sweep_percent.reset();
  return p;
}

crash_rule on(cause c, rule_action a) {
  crash_rule r;
  r.when.cause = {c};
  r.action = a;
  return r;
}

}  // namespace

TEST_CASE("rules: the first match wins, a death by signal is crashed, then failed by policy, then requeued") {
  world w;
  const auto sw = w.make_sweep(requeue_everything());
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.finish(r, {}, 9);
  CHECK(w.at(r).state == run_state::failed);
  CHECK(w.at(r).cause == cause::signal);
  CHECK(w.at(r).marked_by_policy);
  CHECK(w.trial_of(r).state == trial_state::waiting);
  CHECK(w.trial_of(r).requeues_counted == 1);
  CHECK(w.trial_of(r).not_before >= w.now.at + 8s);  // 10 s, jitter 20 %
  CHECK(w.trial_of(r).not_before <= w.now.at + 12s);
}

TEST_CASE("rules: a late heartbeat does not wake a run whose death its agent has reported") {
  world w;
  const auto sw = w.make_sweep(requeue_everything());
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.finish(r, {}, 9);
  w.beat(a, {r});
  CHECK(w.at(r).state == run_state::failed);
  CHECK(w.trial_of(r).state == trial_state::waiting);
}

TEST_CASE("rules: budget.per_trial ends the retries, and attempts never exceed trials and recorded retries") {
  world w;
  const auto sw = w.make_sweep(requeue_everything(), 1);
  const auto a = w.join(sw);
  for (int i = 0; i < 4; ++i) {
    const auto r = w.start(a);
    w.finish(r, 1);
    w.pass(1h);
    w.beat(a);
  }
  CHECK(w.at(sw).state == sweep_state::finished);
  CHECK(w.at(sw).by_number.at(1).runs.size() == 4);
  CHECK(w.at(sw).retries_recorded == 3);
}

TEST_CASE("rules: without a block a failed run is not retried, and a preempted one is") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.finish(r, 1);
  CHECK(w.at(r).state == run_state::failed);
  CHECK(w.trial_of(r).state == trial_state::done);
}

TEST_CASE("rules: an exit code in a range makes the configuration infeasible") {
  world w;
  crash_policy p;
  crash_rule bad;
  bad.when.exit_code = {{64, 78}};
  bad.action = rule_action::infeasible;
  p.rules = {bad, crash_rule{}};
  const auto a = w.join(w.make_sweep(p));
  const auto r = w.start(a);
  w.finish(r, 65);
  CHECK(w.trial_of(r).state == trial_state::infeasible);
}

TEST_CASE("rules: a log pattern quarantines the agent, which gets nothing until it is released") {
  world w;
  crash_policy p;
  crash_rule ecc;
  ecc.when.log = "uncorrectable ECC";
  ecc.action = rule_action::requeue;
  ecc.quarantine_agent = 1h;
  p.rules = {ecc, crash_rule{}};
  const auto a = w.join(w.make_sweep(p));
  const auto r = w.start(a);
  w.print(r, "step 1\nNVRM: uncorrectable ECC error\n");
  w.finish(r, 1);
  REQUIRE(w.s.agents.at(a).quarantined_until);
  CHECK(std::get<answer::wait>(w.claim(a)).code == "quarantined");
  w.live_on({a}, 61min);
  CHECK(std::holds_alternative<answer::handout>(w.claim(a)));
}

TEST_CASE("rules: `after` is the time spent crashed; elsewhere prefers another agent") {
  world w;
  crash_policy p = requeue_everything();
  auto lost = on(cause::agent_lost, rule_action::requeue);
  lost.after = 1min;
  lost.elsewhere = true;
  p.rules.insert(p.rules.begin(), lost);
  p.backoff.initial = 0ms;
  const auto sw = w.make_sweep(p);
  const auto a = w.join(sw);
  const auto b = w.join(sw);
  const auto r = w.start(a);
  w.live_on({b}, 5min + 30s);
  CHECK(w.at(r).state == run_state::crashed);
  w.live_on({b}, 1min);
  CHECK(w.at(r).state == run_state::failed);
  // The lost agent is back and asks first: it gets another configuration.
  const auto mine = std::get<answer::handout>(w.claim(a));
  CHECK(mine.trial != w.at(r).trial);
  CHECK(std::get<answer::handout>(w.claim(b)).trial == w.at(r).trial);
}

TEST_CASE("modes: observe records what it would do, and changes nothing; off does nothing") {
  for (const auto mode : {policy_mode::observe, policy_mode::off}) {
    world w;
    auto p = requeue_everything();
    p.mode = mode;
    const auto a = w.join(w.make_sweep(p));
    const auto r = w.start(a);
    w.finish(r, {}, 9);
    w.pass(24h);
    CHECK(w.at(r).state == run_state::crashed);
    CHECK(w.count<ev::policy_would>() == (mode == policy_mode::observe ? 1 : 0));
    CHECK(w.count<ev::trial_requeued>() == 0);
  }
}

TEST_CASE("breaker: five deaths in a row on two agents pause the sweep; a probe that succeeds reopens it") {
  world w;
  const auto sw = w.make_sweep({}, 100);
  const auto a = w.join(sw);
  const auto b = w.join(sw);
  for (int i = 0; i < 5; ++i) w.finish(w.start(i % 2 ? a : b), {}, 9);
  CHECK(w.at(sw).state == sweep_state::paused);
  CHECK(w.at(sw).paused == pause_reason::breaker);
  CHECK(std::get<answer::wait>(w.claim(a)).code == "breaker");
  w.live_on({a, b}, 10min + 5s);
  CHECK(w.at(sw).breaker == breaker_state::half_open);
  const auto probe = w.start(a);
  CHECK(std::holds_alternative<answer::wait>(w.claim(b)));  // one probe only
  SUBCASE("it dies: the breaker stays open for another cooldown") {
    w.finish(probe, {}, 9);
    CHECK(w.at(sw).breaker == breaker_state::open);
    CHECK(w.at(sw).state == sweep_state::paused);
  }
  SUBCASE("it succeeds") {
    w.report(probe, 1);
    w.finish(probe, 0);
    CHECK(w.at(sw).state == sweep_state::running);
    CHECK(w.at(sw).breaker == breaker_state::closed);
  }
}

TEST_CASE("breaker: an agent whose runs die while others succeed is quarantined, the sweep goes on") {
  world w;
  const auto sw = w.make_sweep({}, 100);
  const auto good = w.join(sw);
  const auto bad = w.join(sw);
  for (int i = 0; i < 3; ++i) {
    const auto g = w.start(good);
    w.report(g, 1);
    w.finish(g, 0);
    w.finish(w.start(bad), {}, 9);
  }
  CHECK(w.s.agents.at(bad).quarantined_until.has_value());
  CHECK_FALSE(w.s.agents.at(good).quarantined_until.has_value());
  CHECK(w.at(sw).state == sweep_state::running);
}

TEST_CASE("zombies: a run whose trial was handed out again is superseded, and its data is kept") {
  world w;
  auto p = requeue_everything();
  p.backoff.initial = 0ms;
  p.rules.front().after = 0ms;
  const auto sw = w.make_sweep(p);
  const auto a = w.join(sw);
  const auto zombie = w.start(a);
  const auto b = w.join(sw);
  w.live_on({b}, 6min);
  REQUIRE(w.at(zombie).state == run_state::failed);
  const auto second = w.start(b);
  REQUIRE(w.at(second).trial == w.at(zombie).trial);

  w.report(zombie, 0.5);
  CHECK(w.at(zombie).health == run_health::superseded);
  CHECK(w.at(zombie).history_lines == 1);
  SUBCASE("first_finished: the zombie finishes first, its result counts, the other is stopped") {
    w.finish(zombie, 0);
    CHECK(w.trial_of(second).value == 0.5);
    CHECK(w.trial_of(second).outcome_run == zombie.value);
    CHECK(w.at(second).state == run_state::killed);
    CHECK(w.beat(b, {second}).stop == std::vector{second});
  }
  SUBCASE("first_finished: the replacement finishes first, the zombie is told to stop") {
    w.report(second, 0.7);
    w.finish(second, 0);
    CHECK(w.trial_of(second).value == 0.7);
    CHECK(w.report(zombie, 0.1).stop);
    w.finish(zombie, 0);
    CHECK(w.trial_of(second).value == 0.7);  // the optimizer hears once per trial
    CHECK(w.at(zombie).state == run_state::failed);
  }
}

TEST_CASE("policy: a tightened timer starts now, not in the past; if_hash guards against a race") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.pass(4min);
  crash_policy tight;
  tight.crash_after = 2min;
  CHECK_FALSE(w.tell(cmd::set_policy{sw, tight, "", "", "000000000000"}).has_value());
  w.ask(cmd::set_policy{sw, tight, "", "", w.at(sw).policy_hash}, w.operator_);
  w.pass(1min + 50s);
  CHECK(w.at(r).state == run_state::running);
  w.pass(20s);
  CHECK(w.at(r).state == run_state::crashed);
}

TEST_CASE("explain: each hold says what it keeps, why, and until when") {
  world w;
  sweep_spec spec;
  spec.max_concurrent_runs = 1;
  const auto sw = w.make_sweep({}, 10, spec);
  const auto a = w.join(sw);
  w.start(a);
  w.pass(6min);
  const auto why = explain(w.s, sw, w.now);
  REQUIRE(why.holds.size() == 1);
  CHECK(why.holds[0].state == run_state::crashed);
  CHECK(why.holds[0].release_in == 9min);
  CHECK(why.holds[0].what == std::vector<std::string>{"configuration", "end of the sweep"});
}

TEST_CASE("preview: says rule, move and release, and changes nothing") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.pass(6min);
  const auto before = json::to_text(w.at(r));
  const auto p = preview(w.s, sw, requeue_everything(), w.now, 1h);
  REQUIRE(p.actions.size() == 1);
  CHECK(p.actions[0].run == r);
  CHECK(p.actions[0].then == "requeued, 1 of 3");
  CHECK(p.actions[0].due_in == 10min);  // another policy: its timers start when it is set
  CHECK(preview(w.s, sw, w.at(sw).policy, w.now, 0ms).actions[0].due_in == 9min);
  CHECK(json::to_text(w.at(r)) == before);
}

TEST_CASE("diagnose: the cause and the words it was drawn from") {
  struct row {
    std::optional<int> code, signal;
    const char* log;
    cause expected;
  };
  const row rows[] = {
      {1, {}, "Traceback (most recent call last):\n  File \"t.py\"\nValueError: bad\n", cause::exception},
      {1, {}, "x\ntorch.cuda.OutOfMemoryError: CUDA out of memory. Tried\n", cause::oom},
      {{}, 9, "step 3\n", cause::signal},
      {{}, 9, "step 3\nKilled\n", cause::oom},
      {137, {}, "", cause::signal},
      {{}, 15, "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO PREEMPTION ***\n",
       cause::preempted},
      {{}, 15, "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***\n",
       cause::preempted},
      {143, {}, "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-01-01T00:00:00 ***\n", cause::preempted},
      {3, {}, "done\n", cause::exit_code},
      {0, {}, "Traceback (most recent call last):\n", cause::none},
      {1, {}, "the process Killed it at karaoke\n", cause::exit_code},
      {2, {}, "usage: t.py\nt.py: error: argument --lr: invalid float value: 'x'\n", cause::invalid_config},
      {1, {}, "t.py: error: argument --lr: invalid float value: 'x'\n", cause::exit_code},
  };
  for (const auto& r : rows) {
    const auto d = diagnose(r.code, r.signal, r.log, {});
    CHECK_MESSAGE(d.cause == r.expected, r.log);
  }
  const auto told = diagnose({}, 9, "", {{"cgroup memory.events", "oom_kill 1"}});
  CHECK(told.cause == cause::oom);
  CHECK(told.why.size() == 2);
  CHECK(diagnose(126, {}, "", {{std::string(configuration_source), "parameter 'lr' has no value"}}).cause ==
        cause::invalid_config);
}

TEST_CASE("breaker: a probe that is preempted or stopped makes room for another one") {
  world w;
  const auto sw = w.make_sweep({}, 100);
  const auto a = w.join(sw);
  for (int i = 0; i < 5; ++i) w.finish(w.start(a), {}, 9);
  w.live_on({a}, 10min + 5s);
  const auto probe = w.start(a);
  w.act(probe, cmd::run_verb::stop);
  w.beat(a, {});
  CHECK(std::holds_alternative<answer::handout>(w.claim(a)));
}
