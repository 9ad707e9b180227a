// Agents: join, heartbeat with the map of live processes, leave, release from quarantine.
#include "controller/core/plan.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

tl::unexpected<error> no_agent(const agent_id& id) {
  return fail(errc::not_found, "no agent '" + id.value + "': it must join again");
}

/// The agent no longer lists a run that it had: the process is gone.
void dropped(plan& p, const run_id& id) {
  const run& r = p.s.runs.at(id);
  switch (r.state) {
    case run_state::pending:
      if (r.listed) never_started(p, id, "its agent listed it and no longer does");
      break;
    case run_state::running:
    case run_state::preempting:
      if (r.health != run_health::exiting)
        set_health(p, id, run_health::exiting, "its agent no longer lists it; waiting for its last words");
      break;
    case run_state::crashed:
      if (r.slot_held) p.emit_by_system(ev::run_slot_freed{id, "its agent says that the process is gone"});
      break;
    default: break;
  }
  if (p.s.runs.at(id).stop_wanted && !is_live(p.s.runs.at(id).state))
    p.emit_by_system(ev::run_stop_wanted{id, false, "its agent no longer lists it"});
}

}  // namespace

result<decision> decide(plan& p, const cmd::join_agent& c) {
  const auto* sw = find(p.s, c.sweep);
  if (sw == nullptr) return fail(errc::not_found, "no sweep '" + c.sweep.value + "'");
  if (is_home(*sw))
    return fail(errc::conflict, "runs without a sweep are started by their own programs: there is nothing to hand out");
  if (p.s.agents.contains(c.fresh_id))
    return fail(errc::conflict, "agent id '" + c.fresh_id.value + "' is taken");
  p.emit(ev::agent_joined{c.fresh_id, c.sweep, c.name, c.host, c.pid});
  return p.end(answer::done{c.fresh_id.value, "joined"});
}

result<decision> decide(plan& p, const cmd::beat_agent& c) {
  const auto found = p.s.agents.find(c.agent);
  if (found == p.s.agents.end()) return no_agent(c.agent);
  auto& a = found->second;
  a.last_beat = p.now.at;
  a.last_beat_wall = p.now.wall;
  if (a.state != agent_state::live)
    p.emit_by_system(ev::agent_moved{a.id, a.state, agent_state::live, "a heartbeat came"});

  answer::agent_told out;
  for (const auto& id : c.alive) {
    const auto* r = find(p.s, id);
    if (r == nullptr || r->agent != a.id) {
      out.stop.push_back(id);  // not (or no longer) its run
      continue;
    }
    note_signal(p, id, signal_kind::agent);
    if (r->stop_wanted || r->state == run_state::killed) out.stop.push_back(id);
  }
  const auto had = a.runs;
  for (const auto& id : had)
    if (std::find(c.alive.begin(), c.alive.end(), id) == c.alive.end()) dropped(p, id);

  const auto& sw = p.s.sweeps.at(a.sweep);
  out.exit = sw.state == sweep_state::finished || sw.state == sweep_state::canceled;
  if (out.exit) out.reason = "the sweep is " + std::string(json::enum_name(sw.state));
  return p.end(std::move(out));
}

result<decision> decide(plan& p, const cmd::leave_agent& c) {
  const auto found = p.s.agents.find(c.agent);
  if (found == p.s.agents.end()) return no_agent(c.agent);
  auto& a = found->second;
  if (a.state == agent_state::left) return p.end(answer::done{a.id.value, "already left", false});
  const auto had = a.runs;
  p.emit(ev::agent_moved{a.id, a.state, agent_state::left, c.reason});
  for (const auto& id : had) {
    if (p.s.runs.at(id).state == run_state::pending)
      never_started(p, id, "its agent left without starting it");
    else
      dropped(p, id);
  }
  return p.end(answer::done{c.agent.value, "left"});
}

result<decision> decide(plan& p, const cmd::release_agent& c) {
  const auto* a = find(p.s, c.agent);
  if (a == nullptr) return no_agent(c.agent);
  if (!a->quarantined_until)
    return p.end(answer::done{c.agent.value, "it is not quarantined", false});
  p.emit(ev::agent_quarantined{c.agent, std::nullopt, c.reason});
  return p.end(answer::done{c.agent.value, "released"});
}

}  // namespace sweepd::core
