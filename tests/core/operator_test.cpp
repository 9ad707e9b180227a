#include "tests/support/world.hpp"

using namespace sweepd;
using namespace sweepd::core;
using namespace std::chrono_literals;

TEST_CASE("operator: mark failed, undo, and the policy waits anew") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.pass(6min);
  REQUIRE(w.at(r).state == run_state::crashed);
  w.act(r, cmd::run_verb::mark_failed);
  CHECK(w.at(r).state == run_state::failed);
  CHECK(w.at(sw).unsettled.empty());
  w.act(r, cmd::run_verb::undo);
  CHECK(w.at(r).state == run_state::crashed);
  CHECK(w.trial_of(r).state == trial_state::held);
  w.pass(9min + 50s);
  CHECK(w.at(r).state == run_state::crashed);
  w.pass(20s);
  CHECK(w.at(r).state == run_state::failed);
}

TEST_CASE("operator: a preempted run marked failed leaves its trial to the run that holds it now") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto old = w.start(a);
  REQUIRE(w.tell(cmd::mark_preempting{old, 1}).has_value());
  w.finish(old, 1);
  REQUIRE(w.at(old).state == run_state::preempted);
  const auto now = w.start(a);
  REQUIRE(w.at(now).trial == w.at(old).trial);
  w.act(old, cmd::run_verb::mark_failed);
  CHECK(w.at(old).state == run_state::failed);
  CHECK(w.trial_of(now).state == trial_state::held);
}

TEST_CASE("operator: a live run needs force; requeue works after the sweep has finished") {
  world w;
  const auto sw = w.make_sweep({}, 1);
  const auto a = w.join(sw);
  const auto r = w.start(a);
  CHECK_FALSE(w.tell(cmd::act_on_run{r, cmd::run_verb::mark_failed, "", false}).has_value());
  w.finish(r, 3);
  CHECK(w.at(sw).state == sweep_state::finished);
  w.act(r, cmd::run_verb::requeue);
  CHECK(w.at(sw).state == sweep_state::running);
  const auto again = w.start(a);
  CHECK(w.at(again).trial == w.at(r).trial);
  w.finish(again, 0);
  CHECK(w.at(sw).state == sweep_state::finished);
}

TEST_CASE("operator: stop is repeated until the agent no longer lists the run") {
  world w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  w.act(r, cmd::run_verb::stop);
  CHECK(w.at(r).state == run_state::killed);
  CHECK(w.beat(a, {r}).stop == std::vector{r});
  CHECK(w.beat(a, {r}).stop == std::vector{r});
  CHECK(w.beat(a, {}).stop.empty());
  CHECK_FALSE(w.at(r).stop_wanted);
}

TEST_CASE("limits: run_cap counts a failed run only if it logged, and ends the sweep") {
  world w;
  sweep_spec spec;
  spec.run_cap = 2;
  const auto sw = w.make_sweep({}, 10, spec);
  const auto a = w.join(sw);
  w.finish(w.start(a), 1);  // logged nothing: its place is free again
  const auto r = w.start(a);
  w.report(r, 1);
  w.finish(r, 1);
  CHECK(w.at(sw).cap_used == 1);
  const auto last = w.start(a);
  CHECK(std::get<answer::wait>(w.claim(a, {last})).code == "run_cap");
  w.report(last, 1);
  w.finish(last, 0);
  CHECK(w.at(sw).state == sweep_state::finished);
  CHECK(std::holds_alternative<answer::over>(w.claim(a)));
}

TEST_CASE("limits: max_concurrent_runs; a silent crash keeps its slot, a known death frees it") {
  world w;
  sweep_spec spec;
  spec.max_concurrent_runs = 1;
  const auto sw = w.make_sweep({}, 10, spec);
  const auto a = w.join(sw);
  const auto b = w.join(sw);
  const auto r = w.start(a);
  CHECK(std::get<answer::wait>(w.claim(b)).code == "slots");
  w.finish(r, {}, 9);
  CHECK(std::holds_alternative<answer::handout>(w.claim(b)));
}

TEST_CASE("target: the metric's target ends the sweep") {
  world w;
  sweep_spec spec;
  spec.metric = "loss";
  spec.target = 0.1;
  const auto sw = w.make_sweep({}, 10, spec);
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.report(r, 0.05);
  w.finish(r, 0);
  CHECK(w.at(sw).state == sweep_state::finished);
}

TEST_CASE("verbs: pause hands out nothing, resume goes on, stop waits for the live, cancel kills") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.ask(cmd::move_sweep{sw, cmd::sweep_verb::pause, "lunch"}, w.operator_);
  CHECK(std::get<answer::wait>(w.claim(a, {r})).code == "paused");
  w.ask(cmd::move_sweep{sw, cmd::sweep_verb::resume, ""}, w.operator_);
  const auto r2 = w.start(a);
  w.ask(cmd::move_sweep{sw, cmd::sweep_verb::stop, ""}, w.operator_);
  CHECK(std::holds_alternative<answer::over>(w.claim(a, {r, r2})));
  CHECK(w.at(sw).state == sweep_state::running);
  w.finish(r, 0);
  w.finish(r2, 0);
  CHECK(w.at(sw).state == sweep_state::finished);

  const auto other = w.make_sweep();
  const auto b = w.join(other);
  const auto q = w.start(b);
  w.ask(cmd::move_sweep{other, cmd::sweep_verb::cancel, ""}, w.operator_);
  CHECK(w.at(q).state == run_state::killed);
  CHECK(w.beat(b, {q}).exit);
  CHECK_FALSE(w.tell(cmd::move_sweep{other, cmd::sweep_verb::resume, ""}).has_value());
}

TEST_CASE("delete: hidden with its result, restored by undo, its data gone when the window is over") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto worse = w.start(a), best = w.start(a);
  w.report(worse, 0.5);
  w.report(best, 0.25);
  w.print(best, "hello\n");
  CHECK_FALSE(w.tell(cmd::act_on_run{best, cmd::run_verb::delete_, "", true}).has_value());  // it is live
  w.finish(worse, 0);
  w.finish(best, 0);
  REQUIRE(w.at(sw).best_run == best.value);
  w.act(best, cmd::run_verb::delete_);
  CHECK(w.at(sw).best_run == worse.value);
  CHECK(*w.at(sw).best == 0.5);
  CHECK(w.runs_in(sw, run_state::finished) == 1);
  CHECK(w.trial_of(best).state == trial_state::done);  // its configuration is not run again
  CHECK_FALSE(w.trial_of(best).value);
  CHECK(w.act(best, cmd::run_verb::delete_).changed == false);
  w.act(best, cmd::run_verb::undo);
  CHECK(w.at(sw).best_run == best.value);
  CHECK(*w.trial_of(best).value == 0.25);
  CHECK(w.runs_in(sw, run_state::finished) == 2);
  w.act(best, cmd::run_verb::delete_);
  w.pass(59min);
  CHECK(w.at(best).log_tail == "hello\n");
  w.pass(2min);
  CHECK(w.count<ev::run_purged>() == 1);
  CHECK(w.at(best).log_tail.empty());
  CHECK_FALSE(w.tell(cmd::act_on_run{best, cmd::run_verb::undo, "", false}).has_value());
}

TEST_CASE("delete: what a deleted run's process still says changes nothing, and it is told to stop") {
  world w;
  const auto sw = w.make_sweep();
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.pass(16min);
  w.beat(a, {});  // the agent lives, and has lost sight of the run
  REQUIRE(w.at(r).state == run_state::failed);
  REQUIRE(w.at(r).marked_by_policy);
  w.act(r, cmd::run_verb::delete_);
  CHECK(w.beat(a, {r}).stop == std::vector<run_id>{r});
  CHECK(w.at(r).state == run_state::failed);
  const auto late = w.tell(cmd::report_run{r, 1, 0, {"{\"loss\":1}"}, 0, "", {}});
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == errc::not_found);
  CHECK(late.error().message == "run " + r.value + " was deleted");
  CHECK_FALSE(w.tell(cmd::act_on_run{r, cmd::run_verb::requeue, "", true}).has_value());
}
