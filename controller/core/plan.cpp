#include "controller/core/plan.hpp"

namespace sweepd::core {

void plan::emit_as(const actor& who, event e) {
  apply(s, e, who, now);
  if (const auto about = subject_of(s, e); about.sweep) changed_.insert(*about.sweep);
  out_.events.emplace_back(who, std::move(e));
}

void plan::emit_by_policy(const sweep& sw, const std::string& rule, event e) {
  emit_as(actor{actor_kind::policy, rule + " @ " + sw.policy_hash}, std::move(e));
}

void plan::take_in(run_data d) {
  absorb(s, d, now);
  changed_.insert(d.sweep);
  out_.data.push_back(std::move(d));
}

decision plan::end(answer_to reply) {
  const auto ids = changed_;
  for (const auto& id : ids) {
    stop_early(*this, id);
    const auto& sw = s.sweeps.at(id);
    if (is_over(sw) || !sw.unsettled.empty() || !hands_out_no_more(sw)) continue;
    std::string why = "nothing is left to run";
    if (sw.stopping && sw.target_reached) why = "the metric's target is reached";
    else if (sw.stopping) why = "stopped, and the last run has ended";
    else if (cap_reached(sw)) why = "run_cap " + std::to_string(*sw.spec.run_cap) + " is reached";
    else if (sw.exhausted) why = "every configuration has been tried";
    emit_by_system(ev::sweep_moved{id, sw.state, sweep_state::finished, pause_reason::none, false,
                                   std::move(why)});
  }
  out_.reply = std::move(reply);
  return std::move(out_);
}

bool is_over(const sweep& sw) {
  return sw.state == sweep_state::finished || sw.state == sweep_state::canceled;
}

bool cap_reached(const sweep& sw) {
  return sw.spec.run_cap && sw.cap_used >= static_cast<std::uint64_t>(*sw.spec.run_cap);
}

bool hands_out_no_more(const sweep& sw) {
  if (sw.stopping || cap_reached(sw)) return true;
  return sw.exhausted && sw.ready.empty() && sw.waiting.empty();
}

ev::run_moved move_event(const run& r, run_state to, cause c, std::string reason) {
  ev::run_moved e;
  e.run = r.id;
  e.epoch = r.epoch;
  e.from = r.state;
  e.to = to;
  e.cause = c;
  e.reason = std::move(reason);
  return e;
}

}  // namespace sweepd::core
