// The hand-out: which run, if any, an agent gets when it asks; and if none, why not and until when.
#include "controller/core/liveness.hpp"
#include "controller/core/plan.hpp"

#include "controller/base/duration.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

constexpr int offers_max = 3;
/// Waiting trials looked at for one hand-out; beyond, those in backoff simply come later.
constexpr int waiting_scan_max = 1'000;

answer_to handout_of(const state& s, const run& r) {
  const auto& t = s.sweeps.at(r.sweep).by_number.at(r.trial);
  return answer::handout{r.id, r.trial, r.attempt, r.epoch, t.config};
}

answer_to wait_for(std::string code, std::string reason, std::optional<milliseconds> retry = {}) {
  return answer::wait{std::move(code), std::move(reason), retry};
}

/// An earlier answer of ours that this agent repeats, or never got. none: a fresh claim.
std::optional<answer_to> known_claim(plan& p, const cmd::claim& c, const agent& a) {
  const auto ids = a.runs;
  for (const auto& id : ids) {
    const run& r = p.s.runs.at(id);
    if (r.state != run_state::pending || r.sweep != c.sweep) continue;
    if (!c.request_id.empty() && r.request_id == c.request_id) return handout_of(p.s, r);
    const bool known = std::find(c.knows.begin(), c.knows.end(), id) != c.knows.end();
    if (known || r.listed) continue;
    // The answer was lost, or the process died at once: the same run again, a few times.
    if (r.offers >= offers_max) {
      never_started(p, id, "offered " + std::to_string(r.offers) + " times, never listed by its agent");
      continue;
    }
    p.emit_by_system(ev::run_reoffered{id, r.offers + 1, c.request_id});
    return handout_of(p.s, p.s.runs.at(id));
  }
  return std::nullopt;
}

/// Why nothing may be handed out now; none: something may.
std::optional<answer_to> held_back(const plan& p, const sweep& sw, const agent& a, bool& probe) {
  if (a.quarantined_until)
    return wait_for("quarantined", "this agent is quarantined: " + a.quarantine_why,
                    *a.quarantined_until - p.now.at);
  if (sw.state == sweep_state::paused) {
    probe = sw.paused == pause_reason::breaker && sw.breaker == breaker_state::half_open &&
            sw.probes_out < sw.policy.breaker.probe;
    if (!probe) {
      const bool breaker = sw.paused == pause_reason::breaker;
      std::optional<milliseconds> retry;
      if (sw.breaker == breaker_state::open) retry = sw.breaker_until - p.now.at;
      return wait_for(breaker ? "breaker" : "paused",
                      "the sweep is paused" + (sw.pause_text.empty() ? "" : ": " + sw.pause_text), retry);
    }
  }
  const auto limit = sw.spec.max_concurrent_runs;
  if (limit && sw.slots_used >= static_cast<std::uint64_t>(*limit))
    return wait_for("slots", std::to_string(sw.slots_used) + " of " + std::to_string(*limit) +
                                 " concurrent runs are held; see `sweepd explain`");
  if (cap_reached(sw))
    return wait_for("run_cap", "run_cap " + std::to_string(*sw.spec.run_cap) +
                                   " is held by runs that have not ended");
  return std::nullopt;
}

/// The waiting trial to hand out. `retry`: when the first one in backoff is ready.
const trial* pick_waiting(const plan& p, const sweep& sw, const agent& a,
                          std::optional<milliseconds>& retry) {
  const trial* second_best = nullptr;
  int looked = 0;
  for (const auto& key : sw.waiting) {
    if (++looked > waiting_scan_max) break;
    const auto& t = sw.by_number.at(key.number);
    if (t.not_before > p.now.at) {
      const auto left = t.not_before - p.now.at;
      retry = retry ? std::min(*retry, left) : left;
      continue;
    }
    // "Elsewhere" is a preference: the only agent left may have it back.
    if (t.avoid_agent != a.id.value || sw.agents.size() <= 1) return &t;
    if (second_best == nullptr) second_best = &t;
  }
  if (second_best == nullptr) return nullptr;
  const bool another_may_come =
      std::any_of(sw.agents.begin(), sw.agents.end(), [&](const agent_id& id) {
        const auto* other = find(p.s, id);
        return id != a.id && other->state == agent_state::live && !other->quarantined_until;
      });
  return another_may_come ? nullptr : second_best;
}

/// The id that whoever pushed the trial knows its first run by.
std::optional<run_id> first_run_of(const state& s, const trial& t) {
  run_id id{t.first_run};
  if (id.empty() || !t.runs.empty() || find(s, id) != nullptr) return std::nullopt;
  return id;
}

void offer(plan& p, const cmd::claim& c, const trial& t, bool probe) {
  ev::run_offered e;
  e.sweep = c.sweep;
  e.trial = t.number;
  e.agent = c.agent;
  e.request_id = c.request_id;
  e.probe = probe;
  if (!t.same_run.empty()) {
    const run& r = p.s.runs.at(run_id{t.same_run});
    e.run = r.id;
    e.attempt = r.attempt + 1;
    e.epoch = r.epoch + 1;
  } else {
    e.run = first_run_of(p.s, t).value_or(c.fresh_run);
    e.attempt = 1;
    e.epoch = 1;
    if (!t.runs.empty()) {
      const run& last = p.s.runs.at(t.runs.back());
      e.attempt = last.attempt + 1;
      e.epoch = last.epoch + 1;
    }
  }
  p.emit_by_system(std::move(e));
}

}  // namespace

result<decision> decide(plan& p, const cmd::claim& c) {
  const auto* sw = find(p.s, c.sweep);
  if (sw == nullptr) return fail(errc::not_found, "no sweep '" + c.sweep.value + "'");
  const auto found = p.s.agents.find(c.agent);
  if (found == p.s.agents.end())
    return fail(errc::not_found, "no agent '" + c.agent.value + "': join the sweep first");
  auto& a = found->second;
  if (a.sweep != c.sweep)
    return fail(errc::conflict, "agent " + a.id.value + " belongs to sweep " + a.sweep.value);
  if (p.s.runs.contains(c.fresh_run))
    return fail(errc::conflict, "run id '" + c.fresh_run.value + "' is taken");
  a.last_beat = p.now.at;
  a.last_beat_wall = p.now.wall;
  if (a.state != agent_state::live)
    p.emit_by_system(ev::agent_moved{a.id, a.state, agent_state::live, "it asks for a run"});
  for (const auto& id : c.knows)
    if (auto it = p.s.runs.find(id); it != p.s.runs.end() && it->second.agent == a.id)
      note_signal(p, id, signal_kind::agent);

  if (auto known = known_claim(p, c, a)) return p.end(std::move(*known));
  if (sw->state == sweep_state::finished || sw->state == sweep_state::canceled)
    return p.end(answer::over{"the sweep is " + std::string(json::enum_name(sw->state))});
  if (sw->stopping)
    return p.end(answer::over{sw->target_reached ? "the metric's target is reached: no new runs"
                                                 : "the sweep is stopping: no new runs"});
  bool probe = false;
  if (auto no = held_back(p, *sw, a, probe)) return p.end(std::move(*no));

  std::optional<milliseconds> retry;
  const trial* t = pick_waiting(p, *sw, a, retry);
  if (t == nullptr && !sw->ready.empty()) {
    const auto next = sw->ready.front();
    const auto number = sw->trials + 1;
    p.emit_by_system(ev::trial_drawn{c.sweep, number, next.position,
                                     json::to_text(next.config),
                                     strategies::config_hash(next),
                                     json::to_text(next.search_info)});
    t = find_trial(p.s, c.sweep, number);
  }
  if (t == nullptr) {
    if (!sw->exhausted && searched_outside(sw->spec))
      return p.end(wait_for("suggestions", "waits for configurations from whoever searches"));
    if (!sw->exhausted) return p.end(wait_for("preparing", "configurations are being prepared"));
    if (!sw->waiting.empty())
      return p.end(wait_for("backoff", "every waiting trial is in backoff or reserved for another agent",
                            retry));
    if (sw->unsettled.empty())
      return p.end(answer::over{"every configuration has been tried"});
    return p.end(wait_for("draining", "every configuration is handed out; " +
                                          std::to_string(sw->unsettled.size()) +
                                          " runs have not ended and may be requeued"));
  }
  if (sw->state == sweep_state::pending)
    p.emit_by_system(ev::sweep_moved{c.sweep, sweep_state::pending, sweep_state::running,
                                     pause_reason::none, false, "the first run is handed out"});
  const auto id = t->same_run.empty() ? first_run_of(p.s, *t).value_or(c.fresh_run) : run_id{t->same_run};
  offer(p, c, *t, probe);
  return p.end(handout_of(p.s, p.s.runs.at(id)));
}

}  // namespace sweepd::core
