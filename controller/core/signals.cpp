// Signs of life: what a heartbeat does to a run in each state, and who wins when a trial has two runs.
#include "controller/core/liveness.hpp"
#include "controller/core/plan.hpp"

namespace sweepd::core {
namespace {

/// Its trial was handed out again: the run lives on as a zombie.
void supersede(plan& p, const run_id& id) {
  const run& r = p.s.runs.at(id);
  if (r.health == run_health::superseded) return;
  set_health(p, id, run_health::superseded, "its trial was handed out again; its data is kept");
  reconcile(p, id);
}

/// The run of the trial that was handed out last.
const run& current_run(const state& s, const run& r) {
  return s.runs.at(find_trial(s, r.sweep, r.trial)->runs.back());
}

void stop_zombie(plan& p, const run_id& id, const std::string& why) {
  if (!p.s.runs.at(id).stop_wanted) p.emit_by_system(ev::run_stop_wanted{id, true, why});
}

}  // namespace

void set_health(plan& p, const run_id& id, run_health to, const std::string& reason) {
  const run& r = p.s.runs.at(id);
  if (r.health == to) return;
  p.emit_by_system(ev::run_health_changed{id, r.health, to, last_signal(p.s, r), reason});
}

bool may_revive(const state& s, const run& r, moment now) {
  const auto& sw = s.sweeps.at(r.sweep);
  if (!is_current(s, r) || r.deleted || r.stop_wanted || sw.state == sweep_state::canceled) return false;
  // How its process ended is known: what still comes was only late on its way.
  if (r.exit_code || r.signal) return false;
  if (r.state == run_state::crashed || r.state == run_state::preempted) return true;
  return r.state == run_state::failed && r.marked_by_policy &&
         now.at - r.state_since <= sw.policy.revive_window;
}

void revive(plan& p, const run_id& id, const std::string& reason) {
  const run& r = p.s.runs.at(id);
  auto e = move_event(r, run_state::running, cause::none, reason);
  e.revived = true;
  p.emit_by_system(std::move(e));
}

void note_signal(plan& p, const run_id& id, signal_kind kind) {
  run& r = p.s.runs.at(id);  // leases are memory only: not events, so written here
  const bool late = r.state == run_state::crashed || r.state == run_state::preempted ||
                    (r.state == run_state::failed && r.marked_by_policy);
  if (kind == signal_kind::stream)
    r.last_stream = p.now.at;
  else
    r.last_listed = p.now.at, r.listed = true;
  const auto wall_before = r.last_signal_wall;
  r.last_signal_wall = p.now.wall;
  if (r.deleted) return;
  if (late) {
    if (may_revive(p.s, r, p.now)) {
      const auto silent = p.now.wall - wall_before;
      revive(p, id, "a heartbeat came" + (wall_before == instant{}
                                              ? std::string()
                                              : " after " + std::to_string(silent.count() / 1000) + " s"));
    } else if (!is_current(p.s, r)) {
      supersede(p, id);
    }
    return;
  }
  if (r.state != run_state::running && r.state != run_state::preempting) return;
  switch (r.health) {
    case run_health::suspect:
      set_health(p, id, run_health::ok, "heard again");
      if (p.s.silence.active && !silent_together(p.s))
        p.emit_by_system(ev::mass_silence_changed{false, p.s.suspects.size(), p.s.live, p.now.at});
      break;
    case run_health::stalled:
      if (kind == signal_kind::stream) set_health(p, id, run_health::ok, "its stream moves again");
      break;
    case run_health::exiting:
      if (kind == signal_kind::agent)
        set_health(p, id, run_health::ok, "its agent lists it again");
      else
        r.health_since = p.now.at;  // the last upload still goes on
      break;
    default: break;
  }
}

void reconcile(plan& p, const run_id& zombie_id) {
  const run& zombie = p.s.runs.at(zombie_id);
  const run& other = current_run(p.s, zombie);
  const auto mode = p.s.sweeps.at(zombie.sweep).policy.reconcile;
  const bool other_live = is_live(other.state);
  const bool keep_zombie =
      other_live && (mode == reconcile_mode::keep_original ||
                     (mode == reconcile_mode::furthest && zombie.history_lines > other.history_lines));
  if (keep_zombie) {
    const auto other_id = other.id;
    kill(p, other_id, cause::superseded,
         "run " + zombie_id.value + " came back first (reconcile: " +
             std::string(json::enum_name(mode)) + ")");
    return;  // the zombie goes on; its result will be the trial's
  }
  if (mode == reconcile_mode::first_finished && other_live) return;  // the first to finish decides
  stop_zombie(p, zombie_id, "run " + other.id.value + " has its trial (reconcile: " +
                                std::string(json::enum_name(mode)) + ")");
}

}  // namespace sweepd::core
