#include "controller/core/outside.hpp"

#include "controller/core/plan.hpp"

#include <algorithm>

namespace sweepd::core {

std::optional<run> promised_run(const sweep& sw, const trial& t) {
  if (t.state != trial_state::waiting || t.first_run.empty() || !t.runs.empty()) return std::nullopt;
  run out;
  out.id = run_id{t.first_run};
  out.sweep = sw.id;
  out.trial = t.number;
  out.created = sw.created;
  out.slot_held = false;
  return out;
}

std::vector<run> promised_runs(const sweep& sw) {
  std::vector<run> out;
  for (const auto& key : sw.waiting)
    if (auto one = promised_run(sw, sw.by_number.at(key.number))) out.push_back(std::move(*one));
  return out;
}

std::optional<run> promised_run(const state& s, const run_id& id) {
  if (id.empty() || find(s, id) != nullptr) return std::nullopt;
  for (const auto& [sweep, sw] : s.sweeps) {
    if (!searched_outside(sw.spec)) continue;
    for (const auto& key : sw.waiting) {
      const auto& t = sw.by_number.at(key.number);
      if (t.first_run == id.value) return promised_run(sw, t);
    }
  }
  return std::nullopt;
}

std::string schedule_note(std::string_view schedule_id) {
  boost::json::object out;
  out["why"] = "a local controller's schedule";
  out["schedule"] = schedule_id;
  return json::to_text(out);
}

const trial* scheduled_trial(const sweep& sw, std::string_view schedule_id) {
  const auto note = schedule_note(schedule_id);
  for (auto n = sw.trials; n > 0; --n) {  // what is asked for is among the newest
    const auto it = sw.by_number.find(n);
    if (it != sw.by_number.end() && it->second.search_info == note) return &it->second;
  }
  return nullptr;
}

result<decision> decide(plan& p, const cmd::write_controller& c) {
  const auto* sw = find(p.s, c.sweep);
  if (sw == nullptr) return fail(errc::not_found, "no sweep '" + c.sweep.value + "'");
  if (!searched_outside(sw->spec))
    return fail(errc::conflict, "the sweep is searched here: only one with `controller: {type: local}` "
                                "takes a schedule");
  if (c.fresh_runs.size() < c.schedule.size()) return fail(errc::internal, "too few fresh run ids");
  const bool over = sw->state == sweep_state::finished || sw->state == sweep_state::canceled;
  std::size_t fresh = 0;
  bool changed = c.text != sw->controller;
  if (changed) p.emit(ev::controller_written{c.sweep, c.text});
  for (const auto& entry : c.schedule) {
    if (over || sw->exhausted) break;
    if (!entry.config) {
      p.emit(ev::space_exhausted{c.sweep});
      break;
    }
    if (scheduled_trial(*sw, entry.id) != nullptr) continue;
    ev::trial_drawn e{c.sweep, sw->trials + 1, pushed_positions + sw->trials + 1,
                      json::to_text(*entry.config), strategies::config_hash(*entry.config),
                      schedule_note(entry.id)};
    e.first_run = c.fresh_runs[fresh++].value;
    p.emit(std::move(e));
    changed = true;
  }
  for (const auto& id : c.stop) {
    const auto* r = find(p.s, id);
    if (r == nullptr || r->sweep != c.sweep || !is_live(r->state)) continue;
    kill(p, id, cause::early_stop, "stopped early by the local controller");
    changed = true;
  }
  return p.end(answer::done{c.sweep.value, "", changed});
}

}  // namespace sweepd::core
