#include "controller/core/run_edit.hpp"

#include "controller/core/apply.hpp"
#include "controller/core/early_stop.hpp"
#include "controller/core/outside.hpp"
#include "controller/core/run_state.hpp"

namespace sweepd::core {
namespace {

constexpr std::size_t endings_kept = 50;

bool trial_held(const state& s, const run& r) {
  const auto* t = find_trial(s, r.sweep, r.trial);
  return t != nullptr && t->state == trial_state::held && !t->runs.empty() && t->runs.back() == r.id;
}

void take_out(state& s, const run& r) {
  auto& sw = s.sweeps.at(r.sweep);
  if (holds_slot(r)) --sw.slots_used;
  if (holds_place(r, sw.policy.cap_counts)) --sw.cap_used;
  if (!r.deleted && --sw.run_counts[r.state] == 0) sw.run_counts.erase(r.state);
  sw.unsettled.erase(r.id);
  s.suspects.erase(r.id);
  if (r.state == run_state::running || r.state == run_state::preempting) --s.live;
}

void put_in(state& s, run& r, moment now) {
  auto& sw = s.sweeps.at(r.sweep);
  if (holds_slot(r)) ++sw.slots_used;
  if (holds_place(r, sw.policy.cap_counts)) ++sw.cap_used;
  if (!r.deleted) ++sw.run_counts[r.state];
  if (unsettled(r, trial_held(s, r))) sw.unsettled.insert(r.id);
  const bool live = r.state == run_state::running || r.state == run_state::preempting;
  if (live) ++s.live;
  if (live && r.health == run_health::suspect) s.suspects.insert(r.id);
  if (sw.board && r.rungs) {  // without them it has reached no rung
    if (!r.seat) {
      r.seat = sw.board->enter();
      sw.seats.push_back(r.id);
    }
    sw.board->update(*r.seat, *r.rungs, seat_standing(s, r), r.state == run_state::running);
  }
  s.touched.runs.insert(r.id);
  arm_run(s, r, now);
}

}  // namespace

bool counts_as_death(const ev::run_moved& e) {
  const bool ended = e.to == run_state::crashed ||
                     (e.to == run_state::failed && e.from != run_state::crashed);
  const bool own_wish = e.cause == cause::preempted || e.cause == cause::user_stop ||
                        e.cause == cause::superseded;
  return ended && !own_wish && !e.revived;
}

void count_ending(state& s, const run& r, bool died) {
  if (r.agent.empty()) return;  // started by hand: it says nothing of the agents, nor of what they are given
  auto& sw = s.sweeps.at(r.sweep);
  sw.endings.push_back({died, r.agent.value});
  if (sw.endings.size() > endings_kept) sw.endings.erase(sw.endings.begin());
  if (auto it = s.agents.find(r.agent); it != s.agents.end()) {
    auto& a = it->second;
    if (died) {
      ++a.deaths;
      ++a.deaths_in_a_row;
    } else {
      ++a.successes;
      a.deaths_in_a_row = 0;
    }
    s.touched.agents.insert(a.id);
  }
}

void hold_trial(state& s, const run& r) {
  auto& sw = s.sweeps.at(r.sweep);
  auto& t = sw.by_number.at(r.trial);
  if (t.runs.empty() || t.runs.back() != r.id) return;
  if (t.state == trial_state::waiting) sw.waiting.erase({!t.front, t.number});
  if (t.state == trial_state::done || t.state == trial_state::infeasible) --sw.trials_done;
  t.state = trial_state::held;
  t.value.reset();
  t.outcome_run.clear();
  s.touched.trials.insert({t.sweep, t.number});
}

void find_best(sweep& sw) {
  sw.best.reset();
  sw.best_run.clear();
  std::uint64_t first = 0;  // of two alike the earlier trial, in whatever order they are looked at
  for (const auto& [number, t] : sw.by_number) {
    if (!t.value) continue;
    const bool better = !sw.best || (sw.spec.goal == goal::minimize ? *t.value < *sw.best : *t.value > *sw.best);
    if (!better && !(*t.value == *sw.best && number < first)) continue;
    sw.best = t.value;
    sw.best_run = t.outcome_run;
    first = number;
  }
}

void set_board(sweep& sw) {
  sw.board.reset();
  sw.seats.clear();
  if (!sw.spec.config.contains("early_terminate") || driven_outside(sw.spec)) return;
  auto rule = strategies::early_stop::rule::make(sw.spec.config);
  if (rule) sw.board.emplace(std::move(*rule));  // a file whose rule is faulty makes no sweep
}

run_edit::run_edit(state& s, const run_id& id, moment now)
    : r(s.runs.at(id)), s_(s), now_(now) {
  take_out(s_, r);
}

run_edit::~run_edit() { put_in(s_, r, now_); }

void run_edit::enter(state& s, run& r, moment now) { put_in(s, r, now); }

}  // namespace sweepd::core
