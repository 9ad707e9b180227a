// Runs without a sweep. They live in their project's home, a sweep of method "none"; one trial each.
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

void open_new(plan& p, const cmd::open_run& c) {
  make_home(p, c.project, "the project's first run without a sweep");
  const auto home = home_of(c.project);
  const auto& sw = p.s.sweeps.at(home);
  const auto number = sw.trials + 1;
  p.emit(ev::trial_drawn{home, number, sw.next_position, json::to_text(c.config),
                         strategies::config_hash(c.config), "{}"});
  offer_to_itself(p, home, number, c.run, 1, 1);
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
    if (r->sweep != home_of(c.project))
      return fail(errc::conflict, "run id '" + c.run.value + "' is taken");
    if (r->deleted)
      return fail(errc::conflict, "run " + c.run.value + " was deleted; its id cannot be used again");
    if (!is_live(r->state)) open_again(p, *r);
  } else {
    open_new(p, c);
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
