// Sweeps: create, W&B's four verbs, limits, policy. And the controller's own affairs: outages, keys.
#include "controller/core/plan.hpp"

#include "controller/base/duration.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

tl::unexpected<error> no_sweep(const sweep_id& id) {
  return fail(errc::not_found, "no sweep '" + id.value + "'");
}

decision done(plan& p, const std::string& id, std::string message, bool changed = true) {
  return p.end(answer::done{id, std::move(message), changed});
}

std::string text(sweep_state s) { return std::string(json::enum_name(s)); }

result<decision> resume(plan& p, const sweep& sw, const std::string& reason) {
  if (sw.state != sweep_state::paused && !sw.stopping)
    return done(p, sw.id.value, "already " + text(sw.state), false);
  if (sw.breaker != breaker_state::closed)
    p.emit(ev::breaker_moved{sw.id, sw.breaker, breaker_state::closed, mono{}, "resumed: " + reason});
  const auto to = sw.trials == 0 ? sweep_state::pending : sweep_state::running;
  p.emit(ev::sweep_moved{sw.id, sw.state, to, pause_reason::none, false, reason});
  return done(p, sw.id.value, "resumed");
}

/// A finished sweep goes on if anything is left to hand out.
result<decision> reopen(plan& p, const sweep& sw, const std::string& reason) {
  if (cap_reached(sw))
    return fail(errc::conflict, "sweep " + sw.id.value + " has used up its run_cap of " + std::to_string(*sw.spec.run_cap) +
                                    "; raise it, then resume");
  if (hands_out_no_more(sw))
    return fail(errc::conflict, "sweep " + sw.id.value + " is finished: every configuration has been tried; change its file "
                                "to add some, then resume");
  const auto to = sw.trials == 0 ? sweep_state::pending : sweep_state::running;
  p.emit(ev::sweep_moved{sw.id, sw.state, to, pause_reason::none, false, reason});
  return done(p, sw.id.value, "opened again");
}

/// What the runs so far were judged by.
result<void> check_change(const sweep& sw, const sweep_spec& to) {
  for (const auto* key : {"method", "metric", "early_terminate", "controller", "scheduler"}) {
    const auto* before = sw.spec.config.if_contains(key);
    const auto* after = to.config.if_contains(key);
    const bool same = before == nullptr || after == nullptr ? before == after : *before == *after;
    if (!same)
      return fail(errc::conflict, "cannot be changed once the sweep has runs; make a new sweep", std::string("/config/") + key);
  }
  return {};
}

result<void> check_early_stop(const sweep_spec& spec) {
  if (!spec.config.contains("early_terminate")) return {};
  if (auto rule = strategies::early_stop::rule::make(spec.config); !rule)
    return tl::unexpected<error>(strategies::early_stop::to_error(rule.error()));
  return {};
}

result<decision> cancel(plan& p, const sweep& sw, const std::string& reason) {
  const auto ids = sw.unsettled;
  p.emit(ev::sweep_moved{sw.id, sw.state, sweep_state::canceled, pause_reason::none, false, reason});
  for (const auto& id : ids)
    kill(p, id, cause::user_stop, "the sweep was canceled" + (reason.empty() ? "" : ": " + reason));
  return done(p, sw.id.value, "canceled; " + std::to_string(ids.size()) + " runs are being stopped");
}

/// Trials that were over before the sweep began: each stands for a run of another sweep, or of none. One that
/// says nothing of the space is only listed.
void add_priors(plan& p, const cmd::create_sweep& c) {
  std::uint64_t n = 0;
  for (const auto& prior : c.priors) {
    if (!prior.config) continue;
    ++n;
    p.emit(ev::trial_drawn{c.fresh_id, n, pushed_positions + n, json::to_text(*prior.config),
                           strategies::config_hash(*prior.config), R"({"why":"a prior run"})"});
    ev::trial_closed e;
    e.sweep = c.fresh_id;
    e.trial = n;
    e.by_run = prior.run;
    e.value = prior.value;
    e.reason = "a prior run, given when the sweep was made";
    p.emit(std::move(e));
  }
}

/// The trial that a repeated push of one configuration led to; null: none, or it is not of that kind.
const trial* pushed_already(const sweep& sw, const cmd::push_trials& c) {
  if (c.configs.size() != 1 || c.notes.size() != 1) return nullptr;
  const auto config = json::to_text(c.configs[0]);
  for (auto n = sw.trials; n > 0; --n) {  // what is sent again is among the newest
    const auto it = sw.by_number.find(n);
    if (it != sw.by_number.end() && it->second.search_info == c.notes[0] && it->second.config == config)
      return &it->second;
  }
  return nullptr;
}

}  // namespace

result<decision> decide(plan& p, const cmd::create_sweep& c) {
  if (p.s.sweeps.contains(c.fresh_id))
    return fail(errc::conflict, "sweep id '" + c.fresh_id.value + "' is taken");
  if (auto good = check_early_stop(c.spec); !good) return tl::unexpected<error>(std::move(good).error());
  const bool grid = c.spec.method == "grid" && !searched_outside(c.spec);
  if (grid && std::any_of(c.priors.begin(), c.priors.end(), [](const auto& one) { return one.config.has_value(); }))
    return fail(errc::conflict, "a grid knows its cells: it learns nothing from prior runs", "/priors");
  const auto& policy = c.policy ? *c.policy : p.s.default_policy;
  auto spec = c.spec;
  for (const auto& prior : c.priors) spec.priors.push_back(prior.run);
  p.emit(ev::sweep_created{c.fresh_id, c.project, std::move(spec), policy, policy_hash(policy), ""});
  add_priors(p, c);
  return done(p, c.fresh_id.value, "created");
}

result<decision> decide(plan& p, const cmd::move_sweep& c) {
  const auto* sw = find(p.s, c.sweep);
  if (sw == nullptr) return no_sweep(c.sweep);
  if (is_home(*sw))
    return fail(errc::conflict, "these runs belong to no sweep: there is nothing to move; stop the runs themselves");
  using enum cmd::sweep_verb;
  if (sw->state == sweep_state::finished || sw->state == sweep_state::canceled) {
    const bool so_already = (c.verb == stop && sw->state == sweep_state::finished) ||
                            (c.verb == cmd::sweep_verb::cancel && sw->state == sweep_state::canceled);
    if (so_already) return done(p, sw->id.value, "already " + text(sw->state), false);
    if (c.verb == cmd::sweep_verb::resume && sw->state == sweep_state::finished) return reopen(p, *sw, c.reason);
    return fail(errc::conflict, "sweep " + sw->id.value + " is " + text(sw->state) + "; it cannot be " +
                                    (c.verb == pause    ? "paused"
                                     : c.verb == cmd::sweep_verb::resume ? "resumed"
                                     : c.verb == stop   ? "stopped"
                                                        : "canceled"));
  }
  switch (c.verb) {
    case pause:
      if (sw->state == sweep_state::paused && sw->paused == pause_reason::operator_)
        return done(p, sw->id.value, "already paused", false);
      p.emit(ev::sweep_moved{sw->id, sw->state, sweep_state::paused, pause_reason::operator_,
                             sw->stopping, c.reason});
      return done(p, sw->id.value, "paused");
    case cmd::sweep_verb::resume: return core::resume(p, *sw, c.reason);
    case stop:
      if (sw->stopping) return done(p, sw->id.value, "already stopping", false);
      p.emit(ev::sweep_moved{sw->id, sw->state, sw->state, sw->paused, true, c.reason});
      return done(p, sw->id.value, "stopping: live runs may end, no new ones are handed out");
    case cmd::sweep_verb::cancel: return core::cancel(p, *sw, c.reason);
  }
  return fail(errc::internal, "unknown verb");
}

result<decision> decide(plan& p, const cmd::tune_sweep& c) {
  if (find(p.s, c.sweep) == nullptr) return no_sweep(c.sweep);
  if (c.max_concurrent_runs && *c.max_concurrent_runs < 1)
    return fail(errc::invalid, "must be at least 1", "/max_concurrent_runs");
  if (c.run_cap && *c.run_cap < 1) return fail(errc::invalid, "must be at least 1", "/run_cap");
  p.emit(ev::sweep_tuned{c.sweep, c.max_concurrent_runs, c.run_cap, c.reason, c.title, c.description});
  return done(p, c.sweep.value, "changed");
}

result<decision> decide(plan& p, const cmd::change_sweep& c) {
  const auto* sw = find(p.s, c.sweep);
  if (sw == nullptr) return no_sweep(c.sweep);
  if (is_home(*sw)) return fail(errc::conflict, "these runs belong to no sweep: there is no file to change");
  if (sw->state == sweep_state::canceled) return fail(errc::conflict, "sweep " + sw->id.value + " is canceled");
  if (c.spec.yaml == sw->spec.yaml) return done(p, c.sweep.value, "its file is so already", false);
  if (auto good = check_early_stop(c.spec); !good) return tl::unexpected<error>(std::move(good).error());
  if (sw->trials > 0)
    if (auto good = check_change(*sw, c.spec); !good) return tl::unexpected<error>(std::move(good).error());
  auto spec = c.spec;
  spec.seed = sw->spec.seed;
  spec.priors = sw->spec.priors;
  if (spec.name.empty()) spec.name = sw->spec.name;
  p.emit(ev::sweep_changed{c.sweep, std::move(spec), c.reason});
  return done(p, c.sweep.value, "changed");
}

result<decision> decide(plan& p, const cmd::set_policy& c) {
  const auto* sw = find(p.s, c.sweep);
  if (sw == nullptr) return no_sweep(c.sweep);
  if (!c.if_hash.empty() && c.if_hash != sw->policy_hash)
    return fail(errc::conflict, "the policy in force is " + sw->policy_hash + ", not " + c.if_hash +
                                    ": somebody changed it; preview again");
  const auto hash = policy_hash(c.policy);
  if (hash == sw->policy_hash) return done(p, c.sweep.value, "the policy is already " + hash, false);
  p.emit(ev::policy_changed{c.sweep, c.policy, hash, sw->policy_version + 1, c.yaml, c.reason});
  return done(p, c.sweep.value, "policy " + hash);
}

result<decision> decide(plan& p, const cmd::add_suggestions& c) {
  const auto it = p.s.sweeps.find(c.sweep);
  if (it == p.s.sweeps.end()) return no_sweep(c.sweep);
  auto& sw = it->second;
  if (sw.state == sweep_state::finished || sw.state == sweep_state::canceled)
    return done(p, sw.id.value, "the sweep is over", false);
  if (c.replace) sw.ready.clear();
  auto next = sw.ready.empty() ? sw.next_position : sw.ready.back().position + 1;
  for (const auto& one : c.suggestions) {
    if (one.position < next) continue;
    sw.ready.push_back(one);
    next = one.position + 1;
  }
  if (c.exhausted && !sw.exhausted) p.emit_by_system(ev::space_exhausted{c.sweep});
  return done(p, sw.id.value, "");
}

result<decision> decide(plan& p, const cmd::push_trials& c) {
  const auto* sw = find(p.s, c.sweep);
  if (sw == nullptr) return no_sweep(c.sweep);
  if (sw->state == sweep_state::finished || sw->state == sweep_state::canceled)
    return fail(errc::conflict, "sweep " + sw->id.value + " is " + text(sw->state));
  if (is_home(*sw))
    return fail(errc::conflict, "runs without a sweep are started by their own programs", "/configs");
  const bool outside = searched_outside(sw->spec);
  if (c.end && !outside)
    return fail(errc::conflict, "only who searches may say that the search is over; stop the sweep instead",
                "/end");
  if (!c.configs.empty() && sw->exhausted)
    return fail(errc::conflict, "the search was said to be over; no more configurations are taken",
                "/configs");
  if (!c.configs.empty() && sw->spec.method == "grid" && !outside)
    return fail(errc::conflict, "a grid knows its cells: it takes no configurations from outside",
                "/configs");
  const auto first = sw->trials + 1;
  if (const auto* there = c.once ? pushed_already(*sw, c) : nullptr)
    return done(p, std::to_string(there->number), "it is there already", false);
  for (std::size_t i = 0; i < c.configs.size(); ++i) {
    ev::trial_drawn e{c.sweep, sw->trials + 1, pushed_positions + sw->trials + 1,
                      json::to_text(c.configs[i]), strategies::config_hash(c.configs[i]),
                      i < c.notes.size() ? c.notes[i] : R"({"why":"pushed from outside"})"};
    if (i < c.first_runs.size()) e.first_run = c.first_runs[i].value;
    p.emit(std::move(e));
  }
  if (c.end && !sw->exhausted) p.emit(ev::space_exhausted{c.sweep});
  return done(p, std::to_string(first), std::to_string(c.configs.size()) + " trials wait to be handed out",
              !c.configs.empty() || c.end);
}

result<decision> decide(plan& p, const cmd::note_outage& c) {
  p.emit_by_system(ev::outage_noted{c.what, c.gap, p.now.at + p.s.default_policy.grace()});
  if (p.s.silence.active)
    p.emit_by_system(ev::mass_silence_changed{false, 0, p.s.live, p.now.at});
  return done(p, "", "every lease starts afresh after " + c.what + " (" + to_string(c.gap) + ")");
}

result<decision> decide(plan& p, const cmd::create_key& c) {
  if (p.s.keys.contains(c.key.id))
    return fail(errc::conflict, "key id '" + c.key.id.value + "' is taken");
  p.emit(ev::key_created{c.key});
  return done(p, c.key.id.value, "created");
}

result<decision> decide(plan& p, const cmd::revoke_key& c) {
  const auto it = p.s.keys.find(c.key);
  if (it == p.s.keys.end()) return fail(errc::not_found, "no key '" + c.key.value + "'");
  if (it->second.revoked) return done(p, c.key.value, "already revoked", false);
  p.emit(ev::key_revoked{c.key, c.reason});
  return done(p, c.key.value, "revoked");
}

result<decision> decide(plan& p, const cmd::change_webhook& c) {
  const bool removed = c.verb == cmd::webhook_verb::remove;
  const std::string what = removed ? "removed" : "added";
  if (c.verb != cmd::webhook_verb::told)
    p.emit(ev::webhook_changed{c.hook.id.value, c.hook.name, what, c.to, c.reason});
  auto out = done(p, c.hook.id.value, what);
  out.webhooks.push_back({c.hook, removed});
  return out;
}

}  // namespace sweepd::core
