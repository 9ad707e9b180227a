#include "controller/core/replay.hpp"

#include "tests/support/world.hpp"

using namespace sweepd;
using namespace sweepd::core;
using namespace std::chrono_literals;

namespace {

/// A world whose log can be replayed: every event with the time at which it happened, to 5 s.
struct recorder : world {
  std::vector<stored_event> rows;

  void note() {
    for (; taken_ < log.size(); ++taken_) {
      stored_event row;
      row.seq = rows.size() + 1;
      row.wall = now.wall;
      row.at = now.at;
      row.body = json::to_text(log[taken_].second);
      rows.push_back(std::move(row));
    }
  }
  void go_on(milliseconds d) {
    note();
    for (milliseconds t{0}; t < d; t += 5s) {
      pass(5s);
      note();
    }
  }
  policy_replay replayed(const crash_policy& p) {
    note();
    return replay(rows, p, now);
  }

 private:
  std::size_t taken_ = 0;
};

crash_policy patient(milliseconds crash_after, milliseconds fail_after) {
  crash_policy p;
  p.crash_after = crash_after;
  p.fail_after = fail_after;
  return p;
}

}  // namespace

TEST_CASE("replay: a run that was failed and came back later was alive all the time") {
  recorder w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  w.go_on(20min);
  REQUIRE(w.at(r).state == run_state::failed);
  w.report(r, 1);
  REQUIRE(w.at(r).state == run_state::running);
  w.finish(r, 0);

  const auto same = w.replayed(crash_policy{});
  CHECK(same.silences == 1);
  CHECK(same.marks_failed == 1);
  CHECK(same.false_failed == 1);
  REQUIRE(same.rows.size() == 1);
  CHECK(same.rows[0].came_back);
  CHECK(same.rows[0].false_mark);
  CHECK(same.rows[0].silent_for == 20min);
  CHECK(same.held_recorded == 0ms);

  const auto slower = w.replayed(patient(30min, 30min));
  CHECK(slower.rows.at(0).would == "nothing");
  CHECK(slower.marks_crashed == 0);
}

TEST_CASE("replay: a run that was failed and never came back held its place until it was") {
  recorder w;
  const auto a = w.join(w.make_sweep());
  const auto r = w.start(a);
  w.go_on(40min);
  REQUIRE(w.at(r).state == run_state::failed);

  const auto same = w.replayed(crash_policy{});
  CHECK(same.silences == 1);
  CHECK(same.marks_failed == 1);
  CHECK(same.false_failed == 0);
  CHECK(!same.rows.at(0).came_back);
  CHECK(same.held_recorded == 15min);
  CHECK(same.held_policy == 15min);

  // Another policy is measured on the whole silence, not on what the recorded one made of it.
  CHECK(w.replayed(patient(20min, 10min)).marks_failed == 1);
  CHECK(w.replayed(patient(20min, 10min)).held_policy == 30min);
  CHECK(w.replayed(patient(1min + 30s, 0s)).held_policy == 1min + 30s);
}

TEST_CASE("replay: one whose process was known to be dead, and who spoke after all, was failed wrongly") {
  recorder w;
  crash_policy p;
  crash_rule wait;
  wait.after = 5min;
  p.rules = {wait};
  const auto a = w.join(w.make_sweep(p));
  const auto r = w.start(a);
  w.live_on({a}, 1min);
  for (int i = 0; i < 10 * 12; ++i) {  // gone from its agent's map, and no final record
    w.go_on(5s);
    w.beat(a, {});
  }
  REQUIRE(w.at(r).state == run_state::failed);
  const auto before = w.replayed(p);
  CHECK(before.silences == 0);
  CHECK(before.marks_failed == 1);
  CHECK(before.false_failed == 0);
  CHECK(before.held_recorded == 5min);
  CHECK(before.held_policy == 5min);

  w.report(r, 1);
  REQUIRE(w.at(r).state == run_state::running);
  w.finish(r, 0);
  const auto after = w.replayed(p);
  CHECK(after.marks_failed == 1);
  CHECK(after.false_failed == 1);
  CHECK(after.held_recorded == 5min);
}
