// Look-ups in the state, and what an event is about.
#include "controller/core/events.hpp"
#include "controller/core/outside.hpp"

namespace sweepd::core {

sweep_id home_of(std::string_view project) { return sweep_id{"runs:" + std::string(project)}; }

bool searched_outside(const sweep_spec& spec) { return spec.method == "custom" || driven_outside(spec); }

bool driven_outside(const sweep_spec& spec) {
  if (spec.config.contains("scheduler")) return true;
  const auto* controller = spec.config.if_contains("controller");
  const auto* block = controller == nullptr ? nullptr : controller->if_object();
  const auto* type = block == nullptr ? nullptr : block->if_contains("type");
  return type != nullptr && *type == "local";
}

const sweep* find(const state& s, const sweep_id& id) {
  const auto it = s.sweeps.find(id);
  return it == s.sweeps.end() ? nullptr : &it->second;
}

const run* find(const state& s, const run_id& id) {
  const auto it = s.runs.find(id);
  return it == s.runs.end() ? nullptr : &it->second;
}

const agent* find(const state& s, const agent_id& id) {
  const auto it = s.agents.find(id);
  return it == s.agents.end() ? nullptr : &it->second;
}

const trial* find_trial(const state& s, const sweep_id& id, std::uint64_t number) {
  const auto* sw = find(s, id);
  if (sw == nullptr) return nullptr;
  const auto it = sw->by_number.find(number);
  return it == sw->by_number.end() ? nullptr : &it->second;
}

bool is_current(const state& s, const run& r) {
  const auto* t = find_trial(s, r.sweep, r.trial);
  return t != nullptr && !t->runs.empty() && t->runs.back() == r.id;
}

std::string_view type_of(const event& e) {
  return std::visit([](const auto& x) { return std::string_view(std::decay_t<decltype(x)>::name); },
                    e);
}

subject subject_of(const state& s, const event& e) {
  subject out;
  std::visit(
      [&](const auto& x) {
        if constexpr (requires { { x.sweep } -> std::convertible_to<sweep_id>; }) out.sweep = x.sweep;
        if constexpr (requires { { x.run } -> std::convertible_to<run_id>; }) out.run = x.run;
        if constexpr (requires { { x.agent } -> std::convertible_to<agent_id>; }) out.agent = x.agent;
        if constexpr (requires { x.after_run; }) out.run = x.after_run;
        if constexpr (requires { x.by_run; }) out.run = x.by_run;
      },
      e);
  if (!out.sweep && out.run)
    if (const auto* r = find(s, *out.run)) out.sweep = r->sweep;
  if (!out.sweep && out.agent)
    if (const auto* a = find(s, *out.agent)) out.sweep = a->sweep;
  return out;
}

}  // namespace sweepd::core
