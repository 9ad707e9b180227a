#include "tests/support/world.hpp"

#include "controller/core/run_state.hpp"

using namespace sweepd;
using namespace sweepd::core;
using namespace std::chrono_literals;

TEST_CASE("hand-out: a run starts, reports, finishes, and its trial has the best value") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  CHECK(w.at(sw).state == sweep_state::running);
  w.report(r, 3);
  w.report(r, 1);
  w.report(r, 2);
  w.finish(r, 0);
  CHECK(w.at(r).state == run_state::finished);
  CHECK(w.trial_of(r).state == trial_state::done);
  CHECK(w.trial_of(r).value == 1.0);
  CHECK(w.at(sw).best == 1.0);
}

TEST_CASE("hand-out: the same request gets the same run, a lost answer is offered again three times") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto first = std::get<answer::handout>(*w.tell(cmd::claim{sw, a, "q1", {}, run_id{"ra"}}));
  const auto again = std::get<answer::handout>(*w.tell(cmd::claim{sw, a, "q1", {}, run_id{"rb"}}));
  CHECK(first.run == again.run);
  CHECK(std::get<answer::handout>(w.claim(a)).run == first.run);
  CHECK(std::get<answer::handout>(w.claim(a)).run == first.run);
  const auto fourth = std::get<answer::handout>(w.claim(a));
  CHECK(fourth.run != first.run);
  CHECK(w.at(first.run).state == run_state::failed);
  CHECK(w.at(first.run).cause == cause::never_started);
  CHECK(fourth.trial == first.trial);  // its configuration comes first
}

TEST_CASE("hand-out: a run that its agent knows is not offered again") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto first = std::get<answer::handout>(w.claim(a));
  const auto second = std::get<answer::handout>(w.claim(a, {first.run}));
  CHECK(first.run != second.run);
}

TEST_CASE("offer: listed and then dropped by its agent returns at once, twice uncounted") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto first = std::get<answer::handout>(w.claim(a));
  w.beat(a, {first.run});
  w.beat(a, {});
  CHECK(w.at(first.run).state == run_state::failed);
  CHECK(w.trial_of(first.run).state == trial_state::waiting);
  CHECK(w.trial_of(first.run).requeues_counted == 0);
}

TEST_CASE("offer: never started within offer_ttl; listing renews it") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto h = std::get<answer::handout>(w.claim(a));
  w.live_on({a}, 15min);
  CHECK(w.at(h.run).state == run_state::pending);
  world v;
  const auto b = v.join(v.make_sweep());
  const auto lost = std::get<answer::handout>(v.claim(b));
  for (int i = 0; i < 119; ++i) {
    v.pass(5s);
    v.beat(b, {});
  }
  CHECK(v.at(lost.run).state == run_state::pending);
  v.pass(10s);
  CHECK(v.at(lost.run).state == run_state::failed);
}

TEST_CASE("liveness: a process that is gone from its agent's map crashes after exit_grace") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.beat(a);
  w.pass(5s);
  w.beat(a, {});
  CHECK(w.at(r).health == run_health::exiting);
  w.pass(29s);
  CHECK(w.at(r).state == run_state::running);
  w.pass(2s);
  CHECK(w.at(r).cause == cause::exited_silently);
  CHECK(w.at(r).state == run_state::failed);  // rules at once: the process is known to be gone
  CHECK(w.at(sw).slots_used == 0);
  CHECK_FALSE(w.at(r).why.empty());
}

TEST_CASE("liveness: a listed run is never crashed, however silent its stream is") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  w.live_on({a}, 2h);
  CHECK(w.at(r).state == run_state::running);
  CHECK(w.at(r).health == run_health::ok);
}

TEST_CASE("liveness: stall_after makes a silent stream stalled, and a word ends it") {
  world w;
  crash_policy p;
  p.stall_after = 30min;
  const auto a = w.join(w.make_sweep(p));
  const auto r = w.start(a);
  w.live_on({a}, 31min);
  CHECK(w.at(r).health == run_health::stalled);
  w.report(r, 1);
  CHECK(w.at(r).health == run_health::ok);
}

TEST_CASE("liveness: both signals silent: suspect, crashed (agent_lost), failed after fail_after") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.pass(89s);
  CHECK(w.at(r).health == run_health::ok);
  w.pass(2s);
  CHECK(w.at(r).health == run_health::suspect);
  w.pass(5min - 92s);
  CHECK(w.at(r).state == run_state::running);
  w.pass(2s);
  CHECK(w.at(r).state == run_state::crashed);
  CHECK(w.at(r).cause == cause::agent_lost);
  CHECK_FALSE(w.at(r).slot_held);
  CHECK(w.at(sw).unsettled.contains(r));
  w.pass(10min - 2s);
  CHECK(w.at(r).state == run_state::crashed);
  w.pass(4s);
  CHECK(w.at(r).state == run_state::failed);
  CHECK(w.at(r).marked_by_policy);
  CHECK(w.trial_of(r).state == trial_state::done);
  CHECK_FALSE(w.at(sw).unsettled.contains(r));
}

TEST_CASE("liveness: a heartbeat at the last moment keeps the run running") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  w.pass(5min - 1ms);
  w.beat(a);
  w.pass(1min);
  CHECK(w.at(r).state == run_state::running);
  CHECK(w.at(r).near_misses == 1);
}

TEST_CASE("liveness: a late heartbeat revives a crashed run, and one that the policy failed") {
  for (const std::chrono::minutes silence : {6min, 16min, std::chrono::minutes{48h}}) {
    world w;
    const auto a = w.join(w.make_sweep());
    const auto r = w.start(a);
    w.pass(silence);
    REQUIRE(w.at(r).state != run_state::running);
    w.report(r, 1);
    CHECK(w.at(r).state == run_state::running);
    CHECK(w.trial_of(r).state == trial_state::held);
    w.finish(r, 0);
    CHECK(w.trial_of(r).value == 1.0);
  }
}

TEST_CASE("liveness: nothing revives after revive_window, and data is kept all the same") {
  world w;
  crash_policy p;
  p.revive_window = 1h;
  const auto a = w.join(w.make_sweep(p));
  const auto r = w.start(a);
  w.pass(3h);
  w.report(r, 1);
  CHECK(w.at(r).state == run_state::failed);
  CHECK(w.at(r).history_lines == 1);
}

TEST_CASE("outage: after ours, every lease starts afresh and nothing crashes before the grace is over") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  w.pass(4min + 50s);
  w.ask(cmd::note_outage{"suspend", 10min});
  w.pass(4min + 50s);
  CHECK(w.at(r).state == run_state::running);
  w.pass(20s);
  CHECK(w.at(r).state == run_state::crashed);
}

TEST_CASE("mass silence: half of the live runs silent together hold the marks for one crash_after") {
  world w;
  const auto sw = w.make_sweep({}, 100);
  std::vector<agent_id> agents;
  for (int i = 0; i < 8; ++i) agents.push_back(w.join(sw));
  for (const auto& a : agents) w.start(a);
  w.pass(9min);  // all silent since 0: due at 5 min, held until 10 min
  CHECK(w.runs_in(sw, run_state::running) == 8);
  CHECK(w.s.silence.active);
  SUBCASE("they come back: nothing was marked") {
    for (const auto& a : agents) w.beat(a);
    w.pass(1min);
    CHECK(w.runs_in(sw, run_state::running) == 8);
    CHECK_FALSE(w.s.silence.active);
  }
  SUBCASE("they do not: marking goes on at a limited rate, and ends") {
    w.pass(1min + 5s);
    const auto crashed = w.runs_in(sw, run_state::crashed);
    CHECK(crashed >= 1);
    CHECK(crashed <= 2);
    w.pass(5min);
    CHECK(w.runs_in(sw, run_state::running) == 0);
  }
}

TEST_CASE("preemption: a marked run that ends badly is requeued in front, on its own budget") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.ask<answer::run_told>(cmd::mark_preempting{r, 1});
  CHECK(w.at(r).state == run_state::preempting);
  w.finish(r, {}, 15);
  CHECK(w.at(r).state == run_state::preempted);
  CHECK(w.trial_of(r).state == trial_state::waiting);
  CHECK(w.trial_of(r).requeues_counted == 0);
  const auto next = std::get<answer::handout>(w.claim(a));
  CHECK(next.trial == w.at(r).trial);
  CHECK(next.epoch == 2);
  CHECK(next.attempt == 2);
}

TEST_CASE("preemption: a marked run that ends well is finished") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  w.ask<answer::run_told>(cmd::mark_preempting{r, 1});
  w.finish(r, 0);
  CHECK(w.at(r).state == run_state::finished);
}

TEST_CASE("epoch: a write of another epoch is refused and changes nothing") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  const auto refused = w.tell(cmd::finish_run{r, 2, 0, {}, {}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::conflict);
  CHECK(w.at(r).state == run_state::running);
}

TEST_CASE("report: a resend is skipped, a gap names the expected offset") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  w.ask<answer::run_told>(cmd::report_run{r, 1, 0, {"{}", "{\"loss\":1}"}, 0, "hello", {}});
  const auto told = w.ask<answer::run_told>(cmd::report_run{r, 1, 1, {"{\"loss\":1}", "{\"loss\":0.5}"}, 2, "llo!", {}});
  CHECK(told.history_lines == 3);
  CHECK(told.log_bytes == 6);
  CHECK(w.at(r).log_tail == "hello!");
  const auto gap = w.tell(cmd::report_run{r, 1, 9, {"{}"}, 0, "", {}});
  REQUIRE_FALSE(gap.has_value());
  CHECK(gap.error().where == "/history_offset");
}

TEST_CASE("run states: every move that was ever made is in the table, and finality holds") {
  for (const auto& t : transitions()) {
    CHECK(t.from != t.to);
    // Only a run without a sweep begins again, by its own program.
    const bool over = t.from == run_state::finished || t.from == run_state::killed;
    CHECK((!over || t.to == run_state::pending));
  }
  CHECK_FALSE(allowed(run_state::finished, run_state::running));
  CHECK_FALSE(allowed(run_state::killed, run_state::running));
  CHECK_FALSE(allowed(run_state::crashed, run_state::finished));
}
