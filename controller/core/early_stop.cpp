#include "controller/core/early_stop.hpp"

#include "controller/core/plan.hpp"

namespace sweepd::core {
namespace {

namespace es = strategies::early_stop;

void stop_one(plan& p, const sweep_id& id, const es::verdict& v) {
  const auto& sw = p.s.sweeps.at(id);
  const auto words = sw.board->words(v);
  const auto rule = "early_terminate (" + std::string(es::word_of(sw.board->terms().kind)) + ")";
  const run& r = p.s.runs.at(sw.seats[v.run]);
  auto e = move_event(r, run_state::killed, cause::early_stop, "stopped early: " + words);
  e.stop_wanted = true;
  e.rule = rule;
  e.why = {{"rung table", words}};
  p.emit_as(actor{actor_kind::policy, rule}, std::move(e));
  if (is_current(p.s, r)) close_trial(p, r, "stopped early: " + words);
}

}  // namespace

es::standing seat_standing(const state& s, const run& r) {
  using enum es::standing;
  if (r.deleted) return removed;
  const auto& sw = s.sweeps.at(r.sweep);
  const bool current = is_current(s, r);
  const bool infeasible = current && sw.by_number.at(r.trial).state == trial_state::infeasible;
  switch (r.state) {
    case run_state::crashed: return provisional;
    case run_state::failed:
      return sw.board->terms().keep_failed && current && !infeasible ? counted : removed;
    case run_state::preempted: return current ? counted : removed;
    case run_state::killed:
    case run_state::finished:
      return infeasible || r.cause == cause::superseded ? removed : counted;
    default: return counted;
  }
}

void stop_early(plan& p, const sweep_id& id) {
  auto& sw = p.s.sweeps.at(id);
  // To stop a run moves no threshold (a killed one counts as it did), so once through is enough.
  if (!sw.board || !sw.board->moved()) return;
  const auto verdicts = sw.board->to_stop();
  for (const auto& v : verdicts) stop_one(p, id, v);
  sw.board->settle();
}

void check_target(plan& p, const run_id& id) {
  const run& r = p.s.runs.at(id);
  const auto& sw = p.s.sweeps.at(r.sweep);
  if (!sw.spec.target || !r.metric.best || sw.target_reached) return;
  if (sw.state == sweep_state::finished || sw.state == sweep_state::canceled) return;
  const bool reached = sw.spec.goal == goal::minimize ? *r.metric.best <= *sw.spec.target
                                                      : *r.metric.best >= *sw.spec.target;
  if (!reached) return;
  p.emit_by_system(ev::target_reached{
      sw.id, id, *r.metric.best, *sw.spec.target,
      "run " + id.value + " logged " + sw.spec.metric + " " + es::number_text(*r.metric.best) +
          ", the target is " + es::number_text(*sw.spec.target)});
}

rung_table rungs_of(const state& s, const sweep_id& id) {
  const auto& sw = s.sweeps.at(id);
  rung_table out;
  if (!sw.board) return out;
  out.rule = es::word_of(sw.board->terms().kind);
  out.resource = sw.board->terms().resource;
  for (const auto& row : sw.board->table())
    out.rungs.push_back({row.rung, row.runs, row.provisional, row.judged, row.threshold, row.decides});
  for (const auto& run_of : sw.seats)
    out.stopped += s.runs.at(run_of).cause == cause::early_stop ? 1 : 0;
  return out;
}

std::string rung_words(const state& s, const run& r) {
  const auto& sw = s.sweeps.at(r.sweep);
  if (!sw.board || !r.seat) return {};
  const auto v = sw.board->look(*r.seat);
  return v ? sw.board->words(*v) : std::string();
}

std::string seat_words(const state& s, const run& r) {
  if (!s.sweeps.at(r.sweep).board || !r.rungs || r.rungs->values.empty()) return {};
  switch (seat_standing(s, r)) {
    case es::standing::counted: return "counted";
    case es::standing::provisional: return "provisional";
    default: return "removed";
  }
}

}  // namespace sweepd::core
