// Writes by a run: start, report, final record, preempting mark. Each is judged against the run's epoch.
#include "controller/core/diagnose.hpp"
#include "controller/core/plan.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

/// What the writer of a run is told that is not there (any more).
tl::unexpected<error> no_run(const run_id& id, const run* deleted) {
  return fail(errc::not_found, deleted == nullptr ? "no run '" + id.value + "'" : "run " + id.value + " was deleted");
}

/// Who knows the run, knows its epoch; another one means that the lease was given away.
std::optional<error> stale(const run& r, std::uint32_t epoch) {
  if (r.epoch == epoch) return std::nullopt;
  return error{errc::conflict,
               "run " + r.id.value + " is at epoch " + std::to_string(r.epoch) + ", this write is of epoch " +
                   std::to_string(epoch) + ": the lease has passed on; stop",
               "/epoch"};
}

bool should_stop(const run& r) { return r.stop_wanted || r.state == run_state::killed; }

decision told(plan& p, const run_id& id) {
  const run& r = p.s.runs.at(id);
  std::string why;
  if (should_stop(r)) why = r.reason.empty() ? "stopped" : r.reason;
  answer::run_told out{r.state, should_stop(r), r.history_lines, r.log_bytes, std::move(why)};
  return p.end(std::move(out));
}

void begin(plan& p, const run_id& id, const std::string& host, std::int64_t pid) {
  const run& r = p.s.runs.at(id);
  auto e = move_event(r, run_state::running, cause::none, "");
  e.host = host;
  e.pid = pid;
  p.emit(std::move(e));
}

/// Zombies of the trial whose result is in: they are told to stop.
void stop_zombies(plan& p, const run& winner) {
  const auto ids = p.s.sweeps.at(winner.sweep).by_number.at(winner.trial).runs;
  for (const auto& id : ids) {
    const run& r = p.s.runs.at(id);
    if (id == winner.id || r.health != run_health::superseded || r.stop_wanted) continue;
    if (r.exit_code || r.signal) continue;  // it has ended by itself
    p.emit_by_system(ev::run_stop_wanted{id, true, "run " + winner.id.value + " finished its trial"});
  }
}

void finish_well(plan& p, const run_id& id) {
  const run& before = p.s.runs.at(id);
  const auto& spec = p.s.sweeps.at(before.sweep).spec;
  cause note = cause::none;
  std::vector<evidence> why;
  if (!spec.metric.empty() && before.metric.count == 0) {
    note = before.metric.nan_seen ? cause::metric_nan : cause::metric_missing;
    why = {{"history", before.metric.nan_seen ? "'" + spec.metric + "' was logged only as NaN or infinite"
                                              : "'" + spec.metric + "' was never logged"}};
  }
  auto e = move_event(before, run_state::finished, note, "");
  e.exit_code = 0;
  e.why = std::move(why);
  p.emit(std::move(e));
  const run& r = p.s.runs.at(id);
  const auto& sw = p.s.sweeps.at(r.sweep);
  const auto choice = choose_rule(sw.policy, death{note, 0, {}, r.log_tail, r.attempt, {}, r.history_lines});
  const bool rule_names_it = note != cause::none && !choice.rule.when.cause.empty();
  if (rule_names_it)
    dispose(p, id);
  else
    close_trial(p, r, "finished");
  stop_zombies(p, r);
  check_breakers(p, r.sweep, r.agent);
  check_target(p, id);
}

void finish_badly(plan& p, const cmd::finish_run& c) {
  const run& r = p.s.runs.at(c.run);
  const auto found = diagnose(c.exit_code, c.signal, r.log_tail, c.why);
  if (r.state == run_state::preempting) {
    auto e = move_event(r, run_state::preempted, cause::preempted, "ended after its preempting mark");
    e.why = found.why;
    e.exit_code = c.exit_code;
    e.signal = c.signal;
    p.emit(std::move(e));
    dispose(p, c.run);
    return;
  }
  // A process that was killed never made its final record: that is a crash, known at once. So is one
  // that is simply gone, and one that its scheduler took away.
  const bool own_record = c.exit_code && found.cause != cause::preempted && !c.signal;
  if (!own_record) {
    crash(p, c.run, found.cause, found.why,
          c.signal ? "killed by " + signal_text(*c.signal) : "its process is gone",
          exit_status{c.exit_code, c.signal});
    return;
  }
  auto e = move_event(r, run_state::failed, found.cause,
                      "ended with exit code " + std::to_string(*c.exit_code));
  e.why = found.why;
  e.exit_code = c.exit_code;
  p.emit(std::move(e));
  dispose(p, c.run);
  check_breakers(p, p.s.runs.at(c.run).sweep, p.s.runs.at(c.run).agent);
}

/// The final record of a run whose trial was handed out again: kept, and by first_finished it may win.
void finish_superseded(plan& p, const cmd::finish_run& c) {
  note_signal(p, c.run, signal_kind::stream);
  const run& r = p.s.runs.at(c.run);
  const auto& t = p.s.sweeps.at(r.sweep).by_number.at(r.trial);
  const auto mode = p.s.sweeps.at(r.sweep).policy.reconcile;
  const bool open = t.state == trial_state::held && r.state == run_state::failed;
  const bool wins = c.exit_code && *c.exit_code == 0 && open && !r.stop_wanted &&
                    mode != reconcile_mode::keep_replacement;
  if (!wins) {
    p.emit(ev::run_ended_late{c.run, c.exit_code, c.signal});
    if (p.s.runs.at(c.run).stop_wanted)
      p.emit_by_system(ev::run_stop_wanted{c.run, false, "it has ended"});
    return;
  }
  auto e = move_event(r, run_state::finished, cause::none,
                      "came back and finished first (reconcile: " + std::string(json::enum_name(mode)) + ")");
  e.exit_code = 0;
  p.emit(std::move(e));
  const auto current = t.runs.back();
  if (is_live(p.s.runs.at(current).state))
    kill(p, current, cause::superseded, "run " + c.run.value + " finished its trial first");
  close_trial(p, p.s.runs.at(c.run), "finished first");
}

/// Drops what is stored already; a gap names the offset that is expected.
result<run_data> new_data(const run& r, const cmd::report_run& c) {
  run_data d;
  d.run = r.id;
  d.sweep = r.sweep;
  d.history_from = r.history_lines;
  d.log_from = r.log_bytes;
  d.summary = c.summary;
  if (!c.history.empty()) {
    if (c.history_offset > r.history_lines)
      return fail(errc::conflict, "history line " + std::to_string(r.history_lines) + " is expected next",
                  "/history_offset");
    const auto skip = std::min<std::uint64_t>(r.history_lines - c.history_offset, c.history.size());
    d.history.assign(c.history.begin() + static_cast<std::ptrdiff_t>(skip), c.history.end());
  }
  if (!c.log.empty()) {
    if (c.log_offset > r.log_bytes)
      return fail(errc::conflict, "log byte " + std::to_string(r.log_bytes) + " is expected next",
                  "/log_offset");
    const auto skip = std::min<std::uint64_t>(r.log_bytes - c.log_offset, c.log.size());
    d.log = c.log.substr(skip);
  }
  d.system_from = r.system_lines;
  if (!c.system.empty()) {
    if (c.system_offset > r.system_lines)
      return fail(errc::conflict, "system metrics line " + std::to_string(r.system_lines) + " is expected next",
                  "/system_offset");
    const auto skip = std::min<std::uint64_t>(r.system_lines - c.system_offset, c.system.size());
    d.system.assign(c.system.begin() + static_cast<std::ptrdiff_t>(skip), c.system.end());
  }
  return d;
}

}  // namespace

result<decision> decide(plan& p, const cmd::start_run& c) {
  const auto* r = find(p.s, c.run);
  if (r == nullptr || r->deleted) return no_run(c.run, r);
  if (auto e = stale(*r, c.epoch)) return tl::unexpected<error>(std::move(*e));
  if (r->state == run_state::pending)
    begin(p, c.run, c.host, c.pid);
  else
    note_signal(p, c.run, signal_kind::stream);
  p.s.runs.at(c.run).last_signal_wall = p.now.wall;
  return told(p, c.run);
}

result<decision> decide(plan& p, const cmd::report_run& c) {
  const auto* r = find(p.s, c.run);
  if (r == nullptr || r->deleted) return no_run(c.run, r);
  if (auto e = stale(*r, c.epoch)) return tl::unexpected<error>(std::move(*e));
  SWEEPD_TRY(auto data, new_data(*r, c));
  if (r->state == run_state::pending) begin(p, c.run, "", 0);
  note_signal(p, c.run, signal_kind::stream);
  if (!data.history.empty() || !data.log.empty() || !data.system.empty() ||
      !data.summary.empty()) {
    p.take_in(std::move(data));
    // What a run says that is dead or superseded is kept, and decides nothing.
    if (is_live(p.s.runs.at(c.run).state)) check_target(p, c.run);
    stop_early(p, p.s.runs.at(c.run).sweep);
  }
  return told(p, c.run);
}

result<decision> decide(plan& p, const cmd::finish_run& c) {
  const auto* r = find(p.s, c.run);
  if (r == nullptr || r->deleted) return no_run(c.run, r);
  if (auto e = stale(*r, c.epoch)) return tl::unexpected<error>(std::move(*e));
  if (c.exit_code && c.signal)
    return fail(errc::invalid, "exit_code and signal exclude each other", "/signal");
  if (!is_current(p.s, *r) && !is_live(r->state) && r->state != run_state::killed) {
    finish_superseded(p, c);
    return told(p, c.run);
  }
  if (r->state == run_state::pending) begin(p, c.run, "", 0);
  const bool came_back = may_revive(p.s, p.s.runs.at(c.run), p.now);
  const bool good_end = c.exit_code && *c.exit_code == 0;
  // A late good end is a result. A late bad one ends the waiting of a crashed run, with the true
  // cause; of a run that is already failed it says nothing new.
  const bool waiting = p.s.runs.at(c.run).state != run_state::failed;
  if (came_back && (good_end || waiting)) revive(p, c.run, "its final record came");
  const run& now_is = p.s.runs.at(c.run);
  if (now_is.state == run_state::running || now_is.state == run_state::preempting) {
    if (good_end)
      finish_well(p, c.run);
    else
      finish_badly(p, c);
  } else if (now_is.stop_wanted) {
    p.emit_by_system(ev::run_stop_wanted{c.run, false, "it has ended"});
  }
  return told(p, c.run);
}

result<decision> decide(plan& p, const cmd::describe_run& c) {
  const auto* r = find(p.s, c.run);
  if (r == nullptr || r->deleted) return no_run(c.run, r);
  run_data d;
  d.run = r->id;
  d.sweep = r->sweep;
  d.history_from = r->history_lines;
  d.log_from = r->log_bytes;
  d.system_from = r->system_lines;
  d.about = c.about;
  d.summary = c.summary;
  if (!d.about.empty() || !d.summary.empty()) p.take_in(std::move(d));
  return told(p, c.run);
}

result<decision> decide(plan& p, const cmd::mark_preempting& c) {
  const auto* r = find(p.s, c.run);
  if (r == nullptr || r->deleted) return no_run(c.run, r);
  if (auto e = stale(*r, c.epoch)) return tl::unexpected<error>(std::move(*e));
  if (r->state == run_state::pending) begin(p, c.run, "", 0);
  note_signal(p, c.run, signal_kind::stream);
  const run& now_is = p.s.runs.at(c.run);
  if (now_is.state == run_state::running) {
    auto e = move_event(now_is, run_state::preempting, cause::none, "its scheduler is about to take it");
    p.emit(std::move(e));
  }
  return told(p, c.run);
}

}  // namespace sweepd::core
