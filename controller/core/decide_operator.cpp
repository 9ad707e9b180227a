// What an operator may do to one run: mark failed, stop, requeue, infeasible, delete, undo, delete files of it.
// All audited.
#include "controller/core/plan.hpp"

#include "controller/base/duration.hpp"

namespace sweepd::core {
namespace {

std::string text(run_state s) { return std::string(json::enum_name(s)); }

tl::unexpected<error> refused(const run& r, const std::string& what, const std::string& why) {
  return fail(errc::conflict, "run " + r.id.value + " cannot be " + what + ": " + why);
}

answer_to done(const run_id& id, std::string message, bool changed = true) {
  return answer::done{id.value, std::move(message), changed};
}

result<decision> mark_failed(plan& p, const run& r, const cmd::act_on_run& c) {
  if (r.state == run_state::failed) return p.end(done(r.id, "already failed", false));
  if (r.state == run_state::finished || r.state == run_state::killed)
    return refused(r, "marked failed", "it is " + text(r.state));
  const bool live = is_live(r.state);
  if (live && !c.force)
    return refused(r, "marked failed", "it is " + text(r.state) +
                                           " and may be alive; stop it, or use force");
  auto e = move_event(r, run_state::failed, r.cause == cause::none ? cause::user_stop : r.cause, c.reason);
  e.why = r.why;
  e.why.push_back({"operator", c.reason.empty() ? "marked as failed" : c.reason});
  e.stop_wanted = live;
  // A pending run has no process state to go back to.
  if (r.state != run_state::pending)
    e.undo_to = r.state == run_state::preempting ? run_state::running : r.state;
  p.emit(std::move(e));
  // A preempted run's trial may have been handed out again: it is its new run's to close.
  if (const run& marked = p.s.runs.at(c.run); is_current(p.s, marked))
    close_trial(p, marked, "marked as failed by an operator", false, false);
  return p.end(done(c.run, "marked failed"));
}

result<decision> requeue(plan& p, const run& r, const cmd::act_on_run& c) {
  if (!is_current(p.s, r))
    return refused(r, "requeued", "its trial was handed out again already");
  const auto& t = p.s.sweeps.at(r.sweep).by_number.at(r.trial);
  if (t.state == trial_state::waiting) return p.end(done(r.id, "its trial is waiting already", false));
  if (is_live(r.state) && !c.force)
    return refused(r, "requeued", "it is " + text(r.state) + "; stop it first, or use force");
  if (r.state == run_state::finished && !c.force)
    return refused(r, "requeued", "it has finished; use force to run its configuration again");
  const auto& sw = p.s.sweeps.at(r.sweep);
  if (sw.state == sweep_state::canceled) return refused(r, "requeued", "its sweep is canceled");
  if (is_live(r.state)) {
    kill(p, c.run, cause::user_stop, c.reason);
  } else if (r.state == run_state::crashed || r.state == run_state::preempted) {
    auto e = move_event(r, run_state::failed, r.cause, c.reason);
    e.why = r.why;
    e.undo_to = r.state;
    p.emit(std::move(e));
  }
  ev::trial_requeued q;
  q.sweep = r.sweep;
  q.trial = r.trial;
  q.after_run = r.id;
  q.cause = r.cause;
  q.counted = false;
  q.not_before = p.now.at;
  q.reason = c.reason.empty() ? "requeued by an operator" : c.reason;
  p.emit(std::move(q));
  if (sw.state == sweep_state::finished)
    p.emit(ev::sweep_moved{sw.id, sw.state, sweep_state::running, pause_reason::none, false,
                           "a trial was requeued"});
  return p.end(done(c.run, "requeued: trial " + std::to_string(r.trial) + " waits"));
}

result<decision> infeasible(plan& p, const run& r, const cmd::act_on_run& c) {
  if (!is_current(p.s, r))
    return refused(r, "marked infeasible", "its trial was handed out again already");
  if (is_live(r.state) && !c.force)
    return refused(r, "marked infeasible", "it is " + text(r.state) + "; stop it first, or use force");
  const auto& t = p.s.sweeps.at(r.sweep).by_number.at(r.trial);
  if (t.state == trial_state::infeasible) return p.end(done(r.id, "already infeasible", false));
  if (is_live(r.state)) {
    auto e = move_event(r, run_state::killed, cause::user_stop, c.reason);
    e.stop_wanted = true;
    p.emit(std::move(e));
  } else if (r.state == run_state::crashed || r.state == run_state::preempted) {
    auto e = move_event(r, run_state::failed, r.cause, c.reason);
    e.why = r.why;
    e.undo_to = r.state;
    p.emit(std::move(e));
  }
  ev::trial_closed e{r.sweep, r.trial, r.id, true, std::nullopt,
                     c.reason.empty() ? "marked infeasible by an operator" : c.reason};
  p.emit(std::move(e));
  return p.end(done(c.run, "infeasible: its configuration is not tried again"));
}

result<decision> stop(plan& p, const run& r, const cmd::act_on_run& c) {
  if (r.state == run_state::killed) return p.end(done(r.id, "already stopped", false));
  if (!is_live(r.state)) return refused(r, "stopped", "it is " + text(r.state));
  kill(p, c.run, cause::user_stop, c.reason.empty() ? "stopped by an operator" : c.reason);
  return p.end(done(c.run, "stopped; its agent is told until it obeys"));
}

/// The trial's result came from this run (and no later attempt of it is under way).
bool gave_outcome(const state& s, const run& r) {
  const auto& t = s.sweeps.at(r.sweep).by_number.at(r.trial);
  return t.state == trial_state::done && t.outcome_run == r.id.value;
}

result<decision> remove(plan& p, const run& r, const cmd::act_on_run& c) {
  if (r.deleted) return p.end(done(r.id, "already deleted", false));
  if (is_live(r.state))
    return refused(r, "deleted", "it is " + text(r.state) + "; stop it first");
  const auto& t = p.s.sweeps.at(r.sweep).by_number.at(r.trial);
  if (t.state == trial_state::waiting && t.same_run == r.id.value)
    return refused(r, "deleted", "its trial waits to be run again under its id");
  const auto reason = c.reason.empty() ? std::string("deleted by an operator") : c.reason;
  if (!is_final(r.state)) {
    auto e = move_event(r, run_state::failed, r.cause, reason);
    e.why = r.why;
    e.undo_to = r.state;
    p.emit(std::move(e));
    if (is_current(p.s, r)) close_trial(p, r, reason, false, false);
  }
  const bool may_live = r.state == run_state::failed && !r.exit_code && !r.signal;
  p.emit(ev::run_deleted{c.run, may_live, reason});
  if (gave_outcome(p.s, r) && t.value)
    p.emit(ev::trial_closed{r.sweep, r.trial, r.id, false, std::nullopt, "its run was deleted"});
  return p.end(done(c.run, "deleted; undo restores it for " +
                               to_string(p.s.sweeps.at(r.sweep).policy.undo_window)));
}

result<decision> restore(plan& p, const run& r, const cmd::act_on_run& c) {
  if (r.purged) return refused(r, "restored", "its data are gone");
  p.emit(ev::run_restored{c.run, c.reason.empty() ? "undone by an operator" : c.reason});
  const bool with_value = r.state == run_state::finished || r.state == run_state::killed;
  if (with_value && gave_outcome(p.s, r) && r.metric.best)
    p.emit(ev::trial_closed{r.sweep, r.trial, r.id, false, r.metric.best, "its run was restored"});
  return p.end(done(c.run, "restored: " + text(r.state) + " again"));
}

result<decision> undo(plan& p, const run& r, const cmd::act_on_run& c) {
  if (r.deleted) return restore(p, r, c);
  if (r.state != run_state::failed || !r.undo_to)
    return refused(r, "undone", r.state == run_state::failed ? "it failed by its own final record"
                                                             : "it is " + text(r.state) + ", not marked failed");
  if (!is_current(p.s, r))
    return refused(r, "undone", "its trial was handed out again: requeue or reconcile instead");
  const auto window = p.s.sweeps.at(r.sweep).policy.undo_window;
  if (p.now.at - r.state_since > window)
    return refused(r, "undone", "undo_window (" + to_string(window) + ") is over; requeue it instead");
  const auto back = *r.undo_to;
  auto e = move_event(r, back, back == run_state::running ? cause::none : r.cause,
                      c.reason.empty() ? "undone by an operator" : c.reason);
  if (back != run_state::running) e.why = r.why;
  e.revived = true;  // an undo is not a death: the breakers do not count it
  p.emit(std::move(e));
  if (p.s.runs.at(c.run).stop_wanted)
    p.emit(ev::run_stop_wanted{c.run, false, "undone"});
  return p.end(done(c.run, "undone: " + text(back) + " again"));
}

}  // namespace

result<decision> decide(plan& p, const cmd::act_on_run& c) {
  const auto* r = find(p.s, c.run);
  if (r == nullptr) return fail(errc::not_found, "no run '" + c.run.value + "'");
  if (r->deleted && c.verb != cmd::run_verb::undo && c.verb != cmd::run_verb::delete_)
    return fail(errc::conflict, "run " + c.run.value + " was deleted; undo that first");
  switch (c.verb) {
    case cmd::run_verb::mark_failed: return mark_failed(p, *r, c);
    case cmd::run_verb::stop: return stop(p, *r, c);
    case cmd::run_verb::requeue: return requeue(p, *r, c);
    case cmd::run_verb::infeasible: return infeasible(p, *r, c);
    case cmd::run_verb::undo: return undo(p, *r, c);
    case cmd::run_verb::delete_: return remove(p, *r, c);
  }
  return fail(errc::internal, "unknown verb");
}

result<decision> decide(plan& p, const cmd::delete_files& c) {
  const auto* r = find(p.s, c.run);
  if (r == nullptr || r->deleted) return fail(errc::not_found, "no run '" + c.run.value + "'");
  if (!c.names.empty()) p.emit(ev::files_deleted{c.run, c.names});
  return p.end(done(c.run, std::to_string(c.names.size()) + " files deleted", !c.names.empty()));
}

}  // namespace sweepd::core
