#include "controller/core/early_stop.hpp"

#include "controller/core/holds.hpp"
#include "tests/support/world.hpp"

#include <algorithm>

using namespace sweepd;
using namespace sweepd::core;
using namespace std::chrono_literals;

namespace {

sweep_spec stopping(const std::string& block) {
  sweep_spec spec;
  spec.metric = "loss";
  spec.config = boost::json::parse(R"({"metric": {"name": "loss"}, "early_terminate": )" + block + "}").as_object();
  return spec;
}

answer::run_told log_lines(world& w, const run_id& r, std::vector<std::string> lines) {
  const auto& x = w.at(r);
  return w.ask<answer::run_told>(cmd::report_run{r, x.epoch, x.history_lines, std::move(lines), 0, "", {}});
}

const ev::run_moved& last_move(const world& w, const run_id& r, actor* who = nullptr) {
  const ev::run_moved* found = nullptr;
  for (const auto& [by, e] : w.log)
    if (const auto* m = std::get_if<ev::run_moved>(&e); m != nullptr && m->run == r) {
      found = m;
      if (who != nullptr) *who = by;
    }
  REQUIRE(found != nullptr);
  return *found;
}

/// What a restart makes of it: the rows through JSON, everything else recomputed.
void restart(world& w) {
  for (auto& [id, r] : w.s.runs) {
    auto row = json::read<run>(json::write(r));
    REQUIRE(row.has_value());
    r = *row;
  }
  rebuild(w.s, w.now);
}

constexpr const char* two = R"({"type": "median", "min_runs": 1})";

}  // namespace

TEST_CASE("early stop: a run beyond the threshold is killed, told so, and its trial has its partial value") {
  world w;
  const auto sw = w.make_sweep({}, 10, stopping(R"({"type": "hyperband", "min_iter": 1, "eta": 2})"));
  const auto a = w.join(sw);
  const auto good = w.start(a), better = w.start(a), bad = w.start(a);
  w.report(good, 0.5);
  w.report(better, 0.25);
  const auto told = w.report(bad, 0.75);
  CHECK(told.stop);
  CHECK(told.reason == "stopped early: rung 1: 0.75 is worse than the threshold 0.5 of 3 runs");
  CHECK(w.at(bad).state == run_state::killed);
  CHECK(w.at(bad).cause == cause::early_stop);
  CHECK(w.at(good).state == run_state::running);
  CHECK(w.trial_of(bad).state == trial_state::done);
  CHECK(w.trial_of(bad).value == 0.75);
  actor who;
  const auto& moved = last_move(w, bad, &who);
  CHECK(who.what == actor_kind::policy);
  CHECK(moved.rule == "early_terminate (hyperband)");
  REQUIRE(moved.why.size() == 1);
  CHECK(moved.why[0].source == "rung table");
  CHECK(w.at(sw).endings.empty());  // no death, and no success: the breakers hear nothing
  CHECK(w.beat(a, {good, better, bad}).stop == std::vector{bad});
  CHECK(w.beat(a, {good, better, bad}).stop == std::vector{bad});
  w.finish(bad, {}, 15);
  CHECK(w.at(bad).state == run_state::killed);
  CHECK(w.beat(a, {good, better}).stop.empty());
  CHECK(rung_words(w.s, w.at(bad)) == "rung 1: 0.75 is worse than the threshold 0.5 of 3 runs");
  CHECK(rungs_of(w.s, sw).stopped == 1);
}

TEST_CASE("early stop: a run that passed is stopped when others move its threshold") {
  world w;
  const auto sw = w.make_sweep({}, 10, stopping(R"({"type": "hyperband", "min_iter": 1, "eta": 2})"));
  const auto a = w.join(sw);
  const auto first = w.start(a), second = w.start(a), third = w.start(a);
  w.report(first, 0.5);
  w.report(second, 0.4);
  CHECK(w.at(first).state == run_state::running);
  w.report(third, 0.3);
  CHECK(w.at(first).state == run_state::killed);  // 0.4 is the threshold of the three
  CHECK(w.at(second).state == run_state::running);
  CHECK_FALSE(w.report(second, 0.4).stop);
}

TEST_CASE("early stop: a crashed run's values are provisional, a revival puts them back, a failed one's go") {
  world w;
  const auto sw = w.make_sweep({}, 10, stopping(two));
  const auto a = w.join(sw), b = w.join(sw);
  const auto lost = w.start(a), bad = w.start(b);
  w.report(lost, 0.1);
  w.pass(4min);
  w.beat(b);
  w.pass(2min);  // agent a and its run are silent: crashed
  REQUIRE(w.at(lost).state == run_state::crashed);
  w.report(bad, 0.9);
  CHECK(w.at(bad).state == run_state::running);  // one value that counts judges nobody
  CHECK(seat_words(w.s, w.at(lost)) == "provisional");
  const auto holds = explain(w.s, sw, w.now).holds;
  REQUIRE_FALSE(holds.empty());
  CHECK(holds[0].run == lost);
  CHECK(std::count(holds[0].what.begin(), holds[0].what.end(), "rung seat (provisional)") == 1);
  auto row = rungs_of(w.s, sw).rungs.at(0);
  CHECK(row.runs == 1);
  CHECK(row.provisional == 1);

  w.beat(a, {lost});  // back again
  REQUIRE(w.at(lost).state == run_state::running);
  CHECK(w.at(bad).state == run_state::killed);
  CHECK(rungs_of(w.s, sw).rungs.at(0).runs == 2);

  w.finish(lost, 1);
  REQUIRE(w.at(lost).state == run_state::failed);
  CHECK(seat_words(w.s, w.at(lost)) == "removed");
  CHECK(rungs_of(w.s, sw).rungs.at(0).runs == 1);
}

TEST_CASE("early stop: an undo puts the seats back; keep_failed keeps those of failed runs, not of infeasible ones") {
  world w;
  const auto sw = w.make_sweep({}, 10, stopping(two));
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.report(r, 0.5);
  w.act(r, cmd::run_verb::mark_failed, true);
  CHECK(seat_words(w.s, w.at(r)) == "removed");
  w.act(r, cmd::run_verb::undo);
  CHECK(seat_words(w.s, w.at(r)) == "counted");

  world keeps;
  const auto other = keeps.make_sweep({}, 10, stopping(R"({"type": "median", "min_runs": 1, "keep_failed": true})"));
  const auto b = keeps.join(other);
  const auto failed = keeps.start(b);
  keeps.report(failed, 0.5);
  keeps.finish(failed, 1);
  CHECK(seat_words(keeps.s, keeps.at(failed)) == "counted");
  keeps.act(failed, cmd::run_verb::requeue);
  keeps.start(b);  // handed out again: the new run has the seat
  CHECK(seat_words(keeps.s, keeps.at(failed)) == "removed");
  const auto again = keeps.start(b);
  keeps.report(again, 0.4);
  keeps.finish(again, 1);
  REQUIRE(seat_words(keeps.s, keeps.at(again)) == "counted");
  keeps.act(again, cmd::run_verb::requeue);
  keeps.act(again, cmd::run_verb::infeasible);
  CHECK(seat_words(keeps.s, keeps.at(again)) == "removed");
}

TEST_CASE("early stop: what a dead or superseded run sends later reaches no rung") {
  world w;
  crash_policy policy;
  policy.rules.emplace_back();
  policy.rules.back().action = rule_action::requeue;
  const auto sw = w.make_sweep(policy, 10, stopping(two));
  const auto a = w.join(sw), b = w.join(sw);
  const auto zombie = w.start(a);
  w.report(zombie, 0.5);
  w.live_on({b}, 20min);  // a is lost, its run failed and its trial waits
  REQUIRE(w.at(zombie).state == run_state::failed);
  const auto next = w.start(b);
  REQUIRE(w.at(next).trial == w.at(zombie).trial);
  log_lines(w, zombie, {R"({"loss": 0.01})", R"({"loss": 0.01})"});
  CHECK(w.at(zombie).health == run_health::superseded);
  CHECK(w.at(zombie).metric.best == 0.01);
  CHECK(w.at(zombie).rungs->values == std::vector<double>{0.5});
  CHECK(rungs_of(w.s, sw).rungs.at(0).runs == 0);
}

TEST_CASE("early stop: rungs on a resource take the last one logged, and lines that are not finite count for nothing") {
  world w;
  const auto sw = w.make_sweep({}, 10, stopping(R"({"type": "asha", "eta": 2, "resource": "at.epoch", "min_resource": 2})"));
  const auto r = w.start(w.join(sw));
  log_lines(w, r, {R"({"at": {"epoch": 1}, "loss": 0.9})", R"({"loss": "NaN"})", R"({"at": {"epoch": 2}})"});
  CHECK(w.at(r).rungs->values.empty());
  log_lines(w, r, {R"({"loss": 0.7})"});
  CHECK(w.at(r).rungs->values == std::vector<double>{0.7});
  CHECK(w.at(r).rungs->count == 2);
  CHECK(w.at(r).metric.worst == 0.9);
}

TEST_CASE("early stop: a restart needs no history, and rows of an older version load") {
  world w;
  const auto sw = w.make_sweep({}, 10, stopping(R"({"type": "hyperband", "min_iter": 1, "eta": 2})"));
  const auto a = w.join(sw);
  const auto one = w.start(a), other = w.start(a), third = w.start(a);
  w.report(one, 0.5);
  w.report(other, 0.4);
  const auto before = json::to_text(rungs_of(w.s, sw));
  restart(w);
  CHECK(json::to_text(rungs_of(w.s, sw)) == before);
  w.report(third, 0.3);
  CHECK(w.at(one).state == run_state::killed);
  auto row = json::write(w.at(one)).as_object();
  row.erase("rungs");
  row["metric"].as_object().erase("worst");
  const auto old = json::read<run>(row);
  REQUIRE(old.has_value());
  CHECK_FALSE(old->rungs.has_value());
}

TEST_CASE("early stop: a faulty block makes no sweep") {
  world w;
  auto spec = stopping(R"({"type": "hyperband", "max_iter": 2, "s": 2})");
  const auto r = w.tell(cmd::create_sweep{sweep_id{"s"}, "local/default", spec, {}});
  REQUIRE_FALSE(r.has_value());
  CHECK(r.error().where == "early_terminate");
}

TEST_CASE("target: a live run's value stops the hand-out, kills nobody, and the event says who and what") {
  world w;
  sweep_spec spec;
  spec.target = 0.1;
  const auto sw = w.make_sweep({}, 10, spec);
  const auto a = w.join(sw);
  const auto winner = w.start(a), other = w.start(a);
  w.report(winner, 0.2);
  CHECK(w.count<ev::target_reached>() == 0);
  w.report(winner, 0.05);
  REQUIRE(w.count<ev::target_reached>() == 1);
  w.report(other, 0.01);
  CHECK(w.count<ev::target_reached>() == 1);
  for (const auto& [who, e] : w.log)
    if (const auto* t = std::get_if<ev::target_reached>(&e)) {
      CHECK(t->run == winner);
      CHECK(t->value == 0.05);
      CHECK(t->reason == "run " + winner.value + " logged loss 0.05, the target is 0.1");
    }
  CHECK(w.at(winner).state == run_state::running);
  CHECK(w.at(other).state == run_state::running);
  CHECK(std::get<answer::over>(w.claim(a, {winner, other})).reason == "the metric's target is reached: no new runs");
  w.finish(winner, 0);
  CHECK(w.at(sw).state == sweep_state::running);
  w.finish(other, 0);
  CHECK(w.at(sw).state == sweep_state::finished);
  const auto* end = std::get_if<ev::sweep_moved>(&w.log.back().second);
  REQUIRE(end != nullptr);
  CHECK(end->reason == "the metric's target is reached");
}

TEST_CASE("target: NaN and the late data of a dead run do not reach it; a final record that counts does") {
  world w;
  sweep_spec spec;
  spec.target = 0.1;
  const auto sw = w.make_sweep({}, 10, spec);
  const auto a = w.join(sw);
  const auto nan = w.start(a), dead = w.start(a);
  log_lines(w, nan, {R"({"loss": "NaN"})", R"({"loss": "-Infinity"})"});
  w.finish(dead, {}, 9);
  REQUIRE(w.at(dead).state != run_state::running);
  log_lines(w, dead, {R"({"loss": 0.01})"});
  CHECK(w.at(dead).metric.best == 0.01);
  CHECK(w.count<ev::target_reached>() == 0);
  const auto good = w.start(a);
  w.report(good, 0.1);  // the target itself is reached
  CHECK(w.count<ev::target_reached>() == 1);
  CHECK(w.at(sw).stopping);
}

TEST_CASE("target: whoever resumes the sweep goes on without it") {
  world w;
  sweep_spec spec;
  spec.target = 0.1;
  const auto sw = w.make_sweep({}, 10, spec);
  const auto a = w.join(sw);
  const auto r = w.start(a);
  w.report(r, 0.05);
  REQUIRE(w.at(sw).stopping);
  w.ask(cmd::move_sweep{sw, cmd::sweep_verb::resume, "further"}, w.operator_);
  CHECK_FALSE(w.at(sw).stopping);
  CHECK_FALSE(w.at(sw).target_reached);
  w.report(r, 0.04);
  CHECK_FALSE(w.at(sw).stopping);
  w.start(a);
}
