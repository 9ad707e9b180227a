// Runs without a sweep, and what a run's program says of itself.
#include "tests/support/world.hpp"

using namespace sweepd;
using namespace sweepd::core;
using namespace std::chrono_literals;

namespace {

const run_id mine{"mine"};

cmd::open_run open(bool start = true) {
  cmd::open_run c;
  c.project = "local/alone";
  c.run = mine;
  c.config = {{"lr", {{"value", 0.5}}}};
  c.host = "box";
  c.start = start;
  return c;
}

}  // namespace

TEST_CASE("loose: a run without a sweep lives in its project's home, which never ends, moves or hands out") {
  world w;
  CHECK(w.ask<answer::run_told>(open()).state == run_state::running);
  CHECK(w.at(mine).sweep == home_of("local/alone"));
  CHECK(w.at(mine).host == "box");
  CHECK(is_home(w.at(w.at(mine).sweep)));
  w.finish(mine, 0);
  CHECK(w.at(mine).state == run_state::finished);
  CHECK(w.at(home_of("local/alone")).state == sweep_state::running);
  cmd::join_agent join;
  join.fresh_id = agent_id{"a1"};
  join.sweep = home_of("local/alone");
  CHECK(w.tell(join).error().code == errc::conflict);
  CHECK(w.tell(cmd::move_sweep{home_of("local/alone"), cmd::sweep_verb::cancel, ""}).error().code == errc::conflict);
  CHECK(w.tell(cmd::push_trials{home_of("local/alone"), {{}}, false}).error().code == errc::conflict);
}

TEST_CASE("loose: silence crashes and fails it like any run, and nothing is requeued") {
  world w;
  w.ask<answer::run_told>(open());
  w.pass(6min);
  CHECK(w.at(mine).state == run_state::crashed);
  w.pass(11min);
  CHECK(w.at(mine).state == run_state::failed);
  CHECK(w.count<ev::trial_requeued>() == 0);
  CHECK(w.at(home_of("local/alone")).waiting.empty());
}

TEST_CASE("loose: the same id after the end is the same run under the next epoch, its data kept") {
  world w;
  for (const auto end : {0, 1}) {
    w.ask<answer::run_told>(open());
    w.report(mine, 1.0);
    w.finish(mine, end);
  }
  CHECK(w.ask<answer::run_told>(open()).state == run_state::running);
  CHECK(w.at(mine).epoch == 3);
  CHECK(w.at(mine).attempt == 3);
  CHECK(w.at(mine).history_lines == 2);
  CHECK_FALSE(w.at(mine).exit_code.has_value());
  w.ask<answer::run_told>(open());
  CHECK(w.at(mine).epoch == 3);  // while it lives, a sign of life
  CHECK(w.at(w.at(mine).sweep).trials == 1);
}

TEST_CASE("loose: a project may be made before anything is in it, once") {
  world w;
  CHECK(w.ask<answer::done>(cmd::make_project{"local/alone"}).changed);
  CHECK_FALSE(w.ask<answer::done>(cmd::make_project{"local/alone"}).changed);
  w.ask<answer::run_told>(open());
  CHECK(w.at(mine).sweep == home_of("local/alone"));
}

TEST_CASE("loose: an id that another project or a sweep has is refused") {
  world w;
  w.ask<answer::run_told>(open());
  auto other = open();
  other.project = "local/other";
  CHECK(w.tell(other).error().code == errc::conflict);
  CHECK_FALSE(w.s.sweeps.contains(home_of("local/other")));
}

TEST_CASE("loose: a pending one that never starts fails after the offer's time") {
  world w;
  CHECK(w.ask<answer::run_told>(open(false)).state == run_state::pending);
  w.pass(11min);
  CHECK(w.at(mine).state == run_state::failed);
  CHECK(w.at(mine).cause == cause::never_started);
  CHECK(w.count<ev::trial_requeued>() == 0);
}

TEST_CASE("describe: changed keys are merged, null removes one, and no state changes") {
  world w;
  w.ask<answer::run_told>(open());
  w.finish(mine, 0);
  cmd::describe_run c;
  c.run = mine;
  c.about = {{"notes", "n"}, {"tags", {"a"}}};
  w.ask<answer::run_told>(c);
  c.about = {{"notes", nullptr}, {"group", "g"}};
  w.ask<answer::run_told>(c);
  CHECK(boost::json::serialize(w.at(mine).about) == R"({"tags":["a"],"group":"g"})");
  CHECK(w.at(mine).state == run_state::finished);
  c.run = run_id{"nobody"};
  CHECK(w.tell(c).error().code == errc::not_found);
}

TEST_CASE("report: system metrics have a numbering of their own, and log lines are counted") {
  world w;
  w.ask<answer::run_told>(open());
  cmd::report_run c;
  c.run = mine;
  c.system = {"{\"cpu\":1}", "{\"cpu\":2}"};
  c.log = "one\ntwo\nthr";
  w.ask<answer::run_told>(c);
  w.ask<answer::run_told>(c);  // resent
  CHECK(w.at(mine).system_lines == 2);
  CHECK(w.at(mine).log_lines == 2);
  CHECK(w.at(mine).history_lines == 0);
  c.system_offset = 3;
  CHECK(w.tell(c).error().where == "/system_offset");
}
