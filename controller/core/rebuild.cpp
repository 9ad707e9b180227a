// Derived state and timers: what is not stored is recomputed here, after loading.
#include "controller/core/apply.hpp"
#include "controller/core/liveness.hpp"
#include "controller/core/run_edit.hpp"
#include "controller/core/run_state.hpp"

#include <algorithm>
#include <cmath>

namespace sweepd::core {
namespace {

void note_value(metric_stats& m, goal g, double x) {
  if (!std::isfinite(x)) {
    m.nan_seen = true;
    return;
  }
  ++m.count;
  m.last = x;
  if (!m.best || (g == goal::minimize ? x < *m.best : x > *m.best)) m.best = x;
  if (!m.worst || (g == goal::minimize ? x > *m.worst : x < *m.worst)) m.worst = x;
}

/// What a history line or summary has under a name: looked up whole, then by dots.
const boost::json::value* find_in(const boost::json::object& line, std::string_view name) {
  if (const auto* v = line.if_contains(name)) return v;
  const boost::json::object* at = &line;
  while (at != nullptr) {
    const auto dot = name.find('.');
    const auto* v = at->if_contains(name.substr(0, dot));
    if (dot == std::string_view::npos || v == nullptr) return v;
    name.remove_prefix(dot + 1);
    at = v->if_object();
  }
  return nullptr;
}

std::optional<double> finite(const boost::json::value* v) {
  if (v == nullptr || !v->is_number()) return std::nullopt;
  const auto x = v->to_number<double>();
  return std::isfinite(x) ? std::optional(x) : std::nullopt;
}

void note_metric(metric_stats& m, const sweep_spec& spec, const boost::json::value* v) {
  if (v == nullptr) return;
  if (v->is_string()) {
    const std::string_view text = v->get_string();
    if (text == "NaN" || text == "Infinity" || text == "-Infinity") m.nan_seen = true;
    return;
  }
  if (v->is_number()) note_value(m, spec.goal, v->to_number<double>());
}

/// One history line: the metric, and what early termination keeps of it. Only a live run moves on: what
/// comes after a death, or after the order to stop, reaches no rung.
void note_line(run& r, const sweep& sw, const boost::json::object& line) {
  const auto* v = find_in(line, sw.spec.metric);
  note_metric(r.metric, sw.spec, v);
  if (!sw.board || !is_live(r.state)) return;
  const auto& rule = sw.board->terms();
  const auto value = finite(v);
  const auto at = rule.resource.empty() ? std::nullopt : finite(find_in(line, rule.resource));
  if (!value && !at) return;
  if (!r.rungs) r.rungs.emplace();
  if (value)
    rule.observe(*r.rungs, *value, at);
  else
    r.rungs->resource = *at;
}

}  // namespace

void arm_run(state& s, const run& r, moment now) {
  const timer_key key{timer_kind::run, r.id.value};
  if (const auto due = next_deadline(s, r))
    s.timers.arm(key, std::max(*due, now.at));
  else
    s.timers.cancel(key);
}

void arm_agent(state& s, const agent& a) {
  const timer_key key{timer_kind::agent, a.id.value};
  std::optional<mono> due;
  if (a.state == agent_state::live)
    due = std::max(a.last_beat, s.grace_from) + s.sweeps.at(a.sweep).policy.crash_after;
  if (a.quarantined_until) due = due ? std::min(*due, *a.quarantined_until) : *a.quarantined_until;
  if (due)
    s.timers.arm(key, *due);
  else
    s.timers.cancel(key);
}

void arm_sweep(state& s, const sweep& sw) {
  const timer_key key{timer_kind::sweep, sw.id.value};
  if (sw.breaker == breaker_state::open)
    s.timers.arm(key, sw.breaker_until);
  else
    s.timers.cancel(key);
}

void absorb(state& s, const run_data& d, moment now) {
  run& r = s.runs.at(d.run);
  const auto& sw = s.sweeps.at(r.sweep);
  // A metric that is logged may take a place of run_cap (a failed run counts only with one).
  run_edit edit(s, d.run, now);
  for (const auto& line : d.history) {
    const auto v = json::parse(line);
    if (v && v->is_object() && !sw.spec.metric.empty()) note_line(r, sw, v->get_object());
  }
  if (!d.summary.empty()) {
    if (!sw.spec.metric.empty()) note_metric(r.metric, sw.spec, find_in(d.summary, sw.spec.metric));
    for (const auto& [key, value] : d.summary) r.summary[key] = value;
  }
  for (const auto& [key, value] : d.about)
    if (value.is_null())
      r.about.erase(key);
    else
      r.about[key] = value;
  r.system_lines += d.system.size();
  r.log_lines += static_cast<std::uint64_t>(std::count(d.log.begin(), d.log.end(), '\n'));
  r.history_lines += d.history.size();
  r.log_bytes += d.log.size();
  r.log_tail += d.log;
  if (r.log_tail.size() > log_tail_bytes_max)
    r.log_tail.erase(0, r.log_tail.size() - log_tail_bytes_max);
}

void rebuild(state& s, moment now) {
  s.timers = {};
  s.suspects.clear();
  s.live = 0;
  s.silence = {};
  for (auto& [id, sw] : s.sweeps) {
    sw.slots_used = sw.cap_used = sw.trials_done = 0;
    sw.run_counts.clear();
    sw.waiting.clear();
    sw.unsettled.clear();
    sw.agents.clear();
    sw.ready.clear();
    set_board(sw);
    // What was prepared but not drawn is lost: let the strategy be asked again.
    // What came from outside is kept as trials, and its end was said for good.
    const bool over = sw.state == sweep_state::finished || sw.state == sweep_state::canceled;
    if (!over && !searched_outside(sw.spec)) sw.exhausted = false;
    for (const auto& [number, t] : sw.by_number) {
      if (t.state == trial_state::waiting) sw.waiting.insert({!t.front, number});
      if (t.state == trial_state::done || t.state == trial_state::infeasible) ++sw.trials_done;
    }
    arm_sweep(s, sw);
  }
  for (auto& [id, a] : s.agents) {
    a.runs.clear();
    a.last_beat = now.at;
    if (a.state == agent_state::live) s.sweeps.at(a.sweep).agents.insert(id);
    arm_agent(s, a);
  }
  s.grace_from = now.at;
  for (auto& [id, r] : s.runs) {
    r.last_stream = r.last_listed = mono{};
    r.listed = false;
    r.seat.reset();
    r.health_since = now.at;
    if (r.health == run_health::suspect || r.health == run_health::exiting) r.health = run_health::ok;
    if (is_live(r.state) || r.stop_wanted)
      if (auto it = s.agents.find(r.agent); it != s.agents.end()) it->second.runs.insert(id);
    run_edit::enter(s, r, now);
  }
  s.touched.clear();
}

}  // namespace sweepd::core
