// Runs that are started by hand in a sweep: runs of it like any other, but no agent's.
#include "controller/core/check.hpp"
#include "controller/core/outside.hpp"
#include "tests/support/world.hpp"

using namespace sweepd;
using namespace sweepd::core;
using namespace std::chrono_literals;

namespace {

const run_id mine{"mine"};

cmd::open_run by_hand(world& w, const sweep_id& sw, const run_id& id = mine) {
  cmd::open_run c;
  c.project = w.at(sw).project;
  c.run = id;
  c.sweep = sw;
  c.config = {{"lr", {{"desc", nullptr}, {"value", 0.5}}}, {"seed", {{"value", 1}}}};
  c.host = "box";
  return c;
}

sweep_id over_lr(world& w) {
  sweep_spec spec;
  spec.method = "random";
  spec.metric = "loss";
  spec.config = {{"parameters", {{"lr", {{"min", 0.0}, {"max", 1.0}}}}}};
  const sweep_id id{w.id("sw")};
  w.ask(cmd::create_sweep{id, "local/p", spec, {}});
  return id;
}

}  // namespace

TEST_CASE("by hand: its trial is what the program says of the sweep's parameters, and its result counts") {
  world w;
  const auto sw = over_lr(w);
  CHECK(w.ask<answer::run_told>(by_hand(w, sw)).state == run_state::running);
  CHECK(w.at(mine).sweep == sw);
  CHECK(w.at(mine).agent.empty());
  CHECK(w.at(sw).state == sweep_state::running);
  const auto* t = find_trial(w.s, sw, w.at(mine).trial);
  CHECK(t->config == R"({"lr":{"value":0.5}})");
  CHECK(t->position >= pushed_positions);
  CHECK(w.at(sw).next_position == 0);  // the search's own sequence goes on where it was
  w.report(mine, 0.25);
  w.finish(mine, 0);
  CHECK(w.at(mine).state == run_state::finished);
  CHECK(w.at(sw).best == 0.25);
  CHECK(w.at(sw).best_run == "mine");
  CHECK(broken_invariants(w.s).empty());
}

TEST_CASE("by hand: it is watched by the sweep's policy, and given to nobody else whatever the rules say") {
  world w;
  const auto sw = over_lr(w);
  auto policy = w.at(sw).policy;
  policy.rules.clear();
  policy.rules.emplace_back();
  policy.rules.back().action = rule_action::requeue;
  w.ask(cmd::set_policy{sw, policy, "", "", ""});
  w.ask<answer::run_told>(by_hand(w, sw));
  w.pass(6min);
  CHECK(w.at(mine).state == run_state::crashed);
  w.pass(11min);
  CHECK(w.at(mine).state == run_state::failed);
  CHECK(w.at(mine).marked_by_policy);
  CHECK(w.count<ev::trial_requeued>() == 0);
  CHECK(w.at(sw).waiting.empty());
  w.report(mine, 1.0);  // it was only cut off
  CHECK(w.at(mine).state == run_state::running);
}

TEST_CASE("by hand: the same id after the end is the same run again, its history kept") {
  world w;
  const auto sw = over_lr(w);
  for (const auto end : {0, 1}) {
    w.ask<answer::run_told>(by_hand(w, sw));
    w.report(mine, 1.0);
    w.finish(mine, end);
  }
  w.ask<answer::run_told>(by_hand(w, sw));
  CHECK(w.at(mine).state == run_state::running);
  CHECK(w.at(mine).epoch == 3);
  CHECK(w.at(mine).history_lines == 2);
  CHECK(w.at(sw).trials == 1);
  CHECK(broken_invariants(w.s).empty());
}

TEST_CASE("by hand: a finished sweep takes one and stays finished, a canceled one takes none") {
  world w;
  const auto sw = over_lr(w);
  w.ask(cmd::move_sweep{sw, cmd::sweep_verb::stop, ""});
  REQUIRE(w.at(sw).state == sweep_state::finished);
  w.ask<answer::run_told>(by_hand(w, sw));
  CHECK(w.at(mine).state == run_state::running);
  w.finish(mine, 0);
  CHECK(w.at(sw).state == sweep_state::finished);
  const auto other = over_lr(w);
  w.ask(cmd::move_sweep{other, cmd::sweep_verb::cancel, ""});
  CHECK(w.tell(by_hand(w, other, run_id{"late"})).error().code == errc::conflict);
  CHECK(broken_invariants(w.s).empty());
}

TEST_CASE("by hand: ids of agents' runs, of other sweeps' and of loose ones are refused") {
  world w;
  const auto sw = w.make_sweep();
  const auto theirs = w.start(w.join(sw));
  CHECK(w.tell(by_hand(w, sw, theirs)).error().code == errc::conflict);
  w.ask<answer::run_told>(by_hand(w, sw));
  const auto other = over_lr(w);
  CHECK(w.tell(by_hand(w, other)).error().code == errc::conflict);
  auto loose = by_hand(w, sw);
  loose.sweep = {};
  CHECK(w.tell(loose).error().code == errc::conflict);
  auto stranger = by_hand(w, other, run_id{"x"});
  stranger.project = "local/elsewhere";
  CHECK(w.tell(stranger).error().code == errc::not_found);
}

TEST_CASE("by hand: a promised run is taken by whoever starts it under its id") {
  world w;
  sweep_spec spec;
  spec.method = "custom";
  const sweep_id sw{"s"};
  w.ask(cmd::create_sweep{sw, "local/p", spec, {}});
  cmd::push_trials push;
  push.sweep = sw;
  push.configs = {{{"x", {{"value", 7}}}}};
  push.first_runs = {mine};
  w.ask(push);
  w.ask<answer::run_told>(by_hand(w, sw));
  CHECK(w.at(mine).trial == 1);
  CHECK(w.at(sw).trials == 1);
  CHECK(promised_runs(w.at(sw)).empty());
  CHECK(find_trial(w.s, sw, 1)->config == R"({"x":{"value":7}})");
}

TEST_CASE("by hand: it takes a slot, and its death says nothing of the agents") {
  world w;
  const auto sw = w.make_sweep();
  cmd::tune_sweep limit;
  limit.sweep = sw;
  limit.max_concurrent_runs = 1;
  w.ask(limit);
  w.ask<answer::run_told>(by_hand(w, sw));
  const auto a = w.join(sw);
  CHECK(std::get<answer::wait>(w.claim(a)).code == "slots");
  w.finish(mine, 1);
  CHECK(w.at(mine).state == run_state::failed);
  CHECK(w.at(sw).endings.empty());
  CHECK(std::holds_alternative<answer::handout>(w.claim(a)));
  CHECK(broken_invariants(w.s).empty());
}

TEST_CASE("files: their deletion is an event, and of a run that is there") {
  world w;
  const auto sw = over_lr(w);
  w.ask<answer::run_told>(by_hand(w, sw));
  CHECK(w.tell(cmd::delete_files{run_id{"nobody"}, {"a"}}).error().code == errc::not_found);
  CHECK(w.ask(cmd::delete_files{mine, {"a", "b"}}).changed);
  CHECK_FALSE(w.ask(cmd::delete_files{mine, {}}).changed);
  CHECK(w.count<ev::files_deleted>() == 1);
}
