#include "controller/core/check.hpp"

#include "controller/core/early_stop.hpp"
#include "controller/core/run_state.hpp"

namespace sweepd::core {
namespace {

struct checker {
  const state& s;
  std::vector<std::string> wrong;

  void expect(bool ok, const std::string& sentence) {
    if (!ok) wrong.push_back(sentence);
  }

  void trial_of(const sweep& sw, const trial& t) {
    const auto at = "sweep " + sw.id.value + " trial " + std::to_string(t.number) + ": ";
    int live = 0;
    for (std::size_t i = 0; i < t.runs.size(); ++i) {
      const run& r = s.runs.at(t.runs[i]);
      const bool last = i + 1 == t.runs.size();
      if (is_live(r.state) || (r.state == run_state::crashed)) ++live;
      expect(last || !is_live(r.state), at + "a run that is not its current one is live");
    }
    expect(live <= 1, at + "held by more than one current run");
    const bool waits = sw.waiting.contains({!t.front, t.number});
    expect(waits == (t.state == trial_state::waiting), at + "waiting and not queued, or queued and not waiting");
    if (!t.runs.empty()) {
      const run& r = s.runs.at(t.runs.back());
      if (is_live(r.state))
        expect(t.state == trial_state::held, at + "its live run does not hold it");
    }
    expect(t.state != trial_state::held || !t.runs.empty(), at + "held by nobody");
  }

  void sweep_of(const sweep& sw) {
    const auto at = "sweep " + sw.id.value + ": ";
    std::uint64_t runs = 0, done = 0;
    for (const auto& [number, t] : sw.by_number) {
      trial_of(sw, t);
      runs += t.runs.size();
      if (t.state == trial_state::done || t.state == trial_state::infeasible) ++done;
    }
    int probes = 0;
    for (const auto& id : sw.unsettled) probes += s.runs.at(id).probe ? 1 : 0;
    expect(probes == sw.probes_out, at + "probes_out is off: the breaker could stay half open for ever");
    expect(sw.by_number.size() == sw.trials, at + "trials are not numbered without gaps");
    expect(runs <= sw.trials + sw.retries_recorded, at + "more runs than trials and recorded retries");
    expect(done == sw.trials_done, at + "trials_done is off");
    const bool over = sw.state == sweep_state::finished || sw.state == sweep_state::canceled;
    expect(!over || sw.ready.empty(), at + "over, with suggestions ready");
  }

  /// The rung table as it would be if it were made from the rows now.
  void board_of(const sweep& sw) {
    if (!sw.board) return;
    const auto at = "sweep " + sw.id.value + ": ";
    strategies::early_stop::board fresh(sw.board->terms());
    for (const auto& id : sw.seats) {
      const run& r = s.runs.at(id);
      fresh.update(fresh.enter(), *r.rungs, seat_standing(s, r), r.state == run_state::running);
    }
    for (const auto& [number, t] : sw.by_number)
      for (const auto& id : t.runs)
        expect(!s.runs.at(id).rungs || s.runs.at(id).seat, at + "run " + id.value + " has no seat on the board");
    expect(fresh.table() == sw.board->table(), at + "its rung table differs from one made anew");
    expect(sw.board->moved() || sw.board->to_stop().empty(), at + "a run beyond its threshold is not stopped");
  }

  void counters() {
    std::unordered_map<sweep_id, std::uint64_t> slots, places;
    std::unordered_map<sweep_id, std::map<run_state, std::uint64_t>> states;
    std::uint64_t live = 0, suspects = 0;
    for (const auto& [id, r] : s.runs) {
      const auto& sw = s.sweeps.at(r.sweep);
      if (holds_slot(r)) ++slots[r.sweep];
      if (holds_place(r, sw.policy.cap_counts)) ++places[r.sweep];
      if (!r.deleted) ++states[r.sweep][r.state];
      expect(!r.deleted || is_final(r.state), "run " + id.value + ": deleted, and not final");
      const bool moving = r.state == run_state::running || r.state == run_state::preempting;
      live += moving ? 1 : 0;
      suspects += moving && r.health == run_health::suspect ? 1 : 0;
      const auto* t = find_trial(s, r.sweep, r.trial);
      const bool held = t != nullptr && t->state == trial_state::held && is_current(s, r);
      expect(unsettled(r, held) == sw.unsettled.contains(id), "run " + id.value + ": unsettled is off");
      expect(!is_final(r.state) || !r.slot_held, "run " + id.value + ": final, and holds a slot");
    }
    for (const auto& [id, sw] : s.sweeps) {
      expect(sw.slots_used == slots[id], "sweep " + id.value + ": slots_used is off");
      expect(sw.cap_used == places[id], "sweep " + id.value + ": cap_used is off");
      expect(sw.run_counts == states[id], "sweep " + id.value + ": run_counts are off");
    }
    expect(live == s.live, "live is off");
    expect(suspects == s.suspects.size(), "suspects are off");
  }
};

}  // namespace

std::vector<std::string> broken_invariants(const state& s) {
  checker c{s, {}};
  for (const auto& [id, sw] : s.sweeps) {
    c.sweep_of(sw);
    c.board_of(sw);
  }
  c.counters();
  return std::move(c.wrong);
}

}  // namespace sweepd::core
