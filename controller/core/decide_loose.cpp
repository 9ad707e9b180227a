// Runs that their own programs start. Without a sweep they live in their project's home, a sweep of method
// "none"; one trial each.
#include "controller/core/outside.hpp"
#include "controller/core/plan.hpp"

namespace sweepd::core {
namespace {

constexpr const char* home_name = "runs without a sweep";

void make_home(plan& p, const std::string& project, const char* why) {
  const auto id = home_of(project);
  if (find(p.s, id) != nullptr) return;
  sweep_spec spec;
  spec.name = home_name;
  spec.method = home_method;
  const auto& policy = p.s.default_policy;
  p.emit_by_system(ev::sweep_created{id, project, std::move(spec), policy, policy_hash(policy), ""});
  p.emit_by_system(ev::sweep_moved{id, sweep_state::pending, sweep_state::running, pause_reason::none, false,
                                   why});
}

void offer_to_itself(plan& p, const sweep_id& home, std::uint64_t trial, const run_id& id, int attempt,
                     std::uint32_t epoch) {
  ev::run_offered e;
  e.sweep = home;
  e.trial = trial;
  e.run = id;
  e.attempt = attempt;
  e.epoch = epoch;
  p.emit(std::move(e));
}

/// What the program says of the sweep's own parameters; of a home, which has none, everything.
boost::json::object parameters_of(const sweep& sw, const boost::json::object& config) {
  const auto* known = sw.spec.config.if_contains("parameters");
  if (is_home(sw) || known == nullptr || !known->is_object()) return config;
  boost::json::object out;
  for (const auto& [name, said] : config) {
    const auto* value = said.is_object() ? said.get_object().if_contains("value") : nullptr;
    if (value != nullptr && known->get_object().contains(name)) out[name] = {{"value", *value}};  // without a "desc"
  }
  return out;
}

void open_at_home(plan& p, const cmd::open_run& c) {
  make_home(p, c.project, "the project's first run without a sweep");
  const auto home = home_of(c.project);
  const auto& sw = p.s.sweeps.at(home);
  const auto number = sw.trials + 1;
  p.emit(ev::trial_drawn{home, number, sw.next_position, json::to_text(c.config),
                         strategies::config_hash(c.config), "{}"});
  offer_to_itself(p, home, number, c.run, 1, 1);
}

/// By hand, in a sweep: beside whatever the sweep hands out, and whether or not it still hands anything out.
result<void> open_in_sweep(plan& p, const cmd::open_run& c) {
  const auto* sw = find(p.s, c.sweep);
  if (sw == nullptr || sw->project != c.project || is_home(*sw))
    return fail(errc::not_found, "no sweep '" + c.sweep.value + "' in " + c.project, "/sweep");
  if (sw->state == sweep_state::canceled)
    return fail(errc::conflict, "sweep " + sw->id.value + " is canceled: it takes no more runs", "/sweep");
  auto number = sw->trials + 1;
  if (const auto promised = promised_run(p.s, c.run); promised && promised->sweep == c.sweep) {
    number = promised->trial;
  } else {
    const auto config = parameters_of(*sw, c.config);
    p.emit(ev::trial_drawn{c.sweep, number, pushed_positions + number, json::to_text(config),
                           strategies::config_hash(config), R"({"why":"started by hand"})"});
  }
  offer_to_itself(p, c.sweep, number, c.run, 1, 1);
  if (sw->state == sweep_state::pending)
    p.emit_by_system(ev::sweep_moved{c.sweep, sweep_state::pending, sweep_state::running, pause_reason::none,
                                     sw->stopping, "a run was started in it by hand"});
  return {};
}

/// The run has ended: the same run again, under the next epoch.
void open_again(plan& p, const run& r) {
  const auto id = r.id;
  const auto trial = r.trial;
  const auto attempt = r.attempt + 1;
  const auto epoch = r.epoch + 1;
  ev::trial_requeued e;
  e.sweep = r.sweep;
  e.trial = trial;
  e.after_run = id;
  e.cause = r.cause;
  e.counted = false;
  e.not_before = p.now.at;
  e.same_run = id.value;
  e.reason = "started again by its program";
  const auto home = e.sweep;
  p.emit(std::move(e));
  offer_to_itself(p, home, trial, id, attempt, epoch);
}

}  // namespace

result<decision> decide(plan& p, const cmd::open_run& c) {
  if (c.run.empty()) return fail(errc::invalid, "must not be empty", "/run");
  if (const auto* r = find(p.s, c.run)) {
    if (r->sweep != (c.sweep.empty() ? home_of(c.project) : c.sweep) || !r->agent.empty())
      return fail(errc::conflict, "run id '" + c.run.value + "' is taken");
    if (r->deleted)
      return fail(errc::conflict, "run " + c.run.value + " was deleted; its id cannot be used again");
    if (find(p.s, r->sweep)->state == sweep_state::canceled && !is_live(r->state))
      return fail(errc::conflict, "sweep " + c.sweep.value + " is canceled: it takes no more runs", "/sweep");
    if (!is_live(r->state) && !is_current(p.s, *r))
      return fail(errc::conflict, "run " + r->id.value + "'s configuration was handed out again; use another run id");
    if (!is_live(r->state)) open_again(p, *r);
  } else if (c.sweep.empty()) {
    open_at_home(p, c);
  } else if (auto good = open_in_sweep(p, c); !good) {
    return tl::unexpected<error>(std::move(good).error());
  }
  cmd::start_run start;
  start.run = c.run;
  start.epoch = p.s.runs.at(c.run).epoch;
  start.host = c.host;
  if (c.start) return decide(p, start);
  answer::run_told told;
  told.state = p.s.runs.at(c.run).state;
  return p.end(std::move(told));
}

result<decision> decide(plan& p, const cmd::make_project& c) {
  const auto home = home_of(c.project);
  const bool is_new = find(p.s, home) == nullptr;
  make_home(p, c.project, "the project is made");
  return p.end(answer::done{home.value, "", is_new});
}

}  // namespace sweepd::core
