#include "controller/core/holds.hpp"

#include "controller/base/duration.hpp"
#include "controller/core/early_stop.hpp"
#include "controller/core/liveness.hpp"
#include "controller/core/plan.hpp"
#include "controller/core/run_state.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

std::string short_time(milliseconds d) {
  return to_string(std::chrono::ceil<std::chrono::seconds>(std::max(d, milliseconds{0})));
}

std::string why_held(const state& s, const run& r, moment now) {
  const auto& policy = s.sweeps.at(r.sweep).policy;
  const auto age = short_time(now.at - r.state_since);
  switch (r.state) {
    case run_state::pending: return "handed out " + age + " ago, not started yet";
    case run_state::running:
    case run_state::preempting:
      if (r.health == run_health::ok) return "alive";
      if (r.health == run_health::exiting) return "its process is gone; its last words are awaited";
      if (r.health == run_health::stalled) return "alive, but its stream is silent";
      return "silent for " + short_time(now.at - last_signal(s, r));
    case run_state::crashed: {
      std::string text = "crashed " + age + " ago (" + std::string(json::enum_name(r.cause)) + "); ";
      if (policy.mode != policy_mode::enforce)
        return text + "the policy's mode is " + std::string(json::enum_name(policy.mode)) +
               ": mark it failed by hand";
      const auto choice = choose_rule(policy, death_of(r, now));
      if (choice.rule.action == rule_action::hold) return text + choice.text + ": waits for an operator";
      return text + "then failed by " + choice.text;
    }
    case run_state::preempted: return "preempted " + age + " ago; it may come back";
    default: return "";
  }
}

std::string summary_of(const sweep& sw, std::size_t blocking) {
  const auto state_text = std::string(json::enum_name(sw.state));
  switch (sw.state) {
    case sweep_state::finished: return "finished: nothing is left to hand out";
    case sweep_state::canceled: return "canceled";
    case sweep_state::paused:
      return "paused by " + std::string(sw.paused == pause_reason::breaker ? "the breaker" : "an operator") +
             (sw.pause_text.empty() ? "" : ": " + sw.pause_text);
    default: break;
  }
  const auto tail = blocking == 0 ? std::string()
                                  : "; " + std::to_string(blocking) + " of the holds are crashed or preempted runs";
  if (sw.stopping) return "stopping: waits for " + std::to_string(sw.unsettled.size()) + " runs to end" + tail;
  const auto limit = sw.spec.max_concurrent_runs;
  if (limit && sw.slots_used >= static_cast<std::uint64_t>(*limit))
    return "all " + std::to_string(*limit) + " concurrent runs are held" + tail;
  if (cap_reached(sw)) return "run_cap is held by runs that have not ended" + tail;
  if (sw.agents.empty()) return "no agent asks for runs: start one with `sweepd agent " + sw.id.value + "`";
  if (sw.exhausted && sw.ready.empty() && sw.waiting.empty())
    return "every configuration is handed out; waits for " + std::to_string(sw.unsettled.size()) +
           " runs to end" + tail;
  if (searched_outside(sw.spec) && !sw.exhausted && sw.waiting.empty())
    return "waits for configurations from whoever searches" + tail;
  return "moving: the next agent that asks gets a run" + tail;
}

}  // namespace

std::vector<std::string> held_things(const state& s, const run& r) {
  const auto& sw = s.sweeps.at(r.sweep);
  std::vector<std::string> what;
  if (sw.spec.max_concurrent_runs && holds_slot(r)) what.emplace_back("slot");
  if (sw.spec.run_cap && holds_place(r, sw.policy.cap_counts)) what.emplace_back("run_cap place");
  const auto* t = find_trial(s, r.sweep, r.trial);
  const bool own = t != nullptr && t->state == trial_state::held && is_current(s, r);
  if (own) what.emplace_back("configuration");
  if (const auto seat = seat_words(s, r); seat == "counted" || seat == "provisional")
    what.emplace_back(seat == "counted" ? "rung seat" : "rung seat (provisional)");
  if (unsettled(r, own)) what.emplace_back("end of the sweep");
  return what;
}

explanation explain(const state& s, const sweep_id& id, moment now) {
  const auto& sw = s.sweeps.at(id);
  explanation out;
  out.sweep = id;
  out.state = sw.state;
  std::size_t blocking = 0;
  for (const auto& run_of : sw.unsettled) {
    const run& r = s.runs.at(run_of);
    const bool blocks = r.state == run_state::crashed || r.state == run_state::preempted;
    blocking += blocks ? 1 : 0;
    hold h{r.id, r.trial, r.agent, r.state, r.health, held_things(s, r), why_held(s, r, now), {}, {}};
    if (blocks || r.state == run_state::pending || r.health == run_health::exiting)
      if (const auto due = next_deadline(s, r)) {
        h.release_in = std::max(milliseconds{0}, *due - now.at);
        h.release_at = now.wall + *h.release_in;
      }
    out.holds.push_back(std::move(h));
  }
  std::stable_sort(out.holds.begin(), out.holds.end(), [&](const hold& a, const hold& b) {
    const auto rank = [](const hold& h) {
      return h.state == run_state::crashed ? 0 : h.state == run_state::preempted ? 1 : 2;
    };
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return s.runs.at(a.run).state_since < s.runs.at(b.run).state_since;
  });
  if (out.holds.size() > explain_rows_max) {
    out.notes.push_back(std::to_string(out.holds.size() - explain_rows_max) + " more holds are not shown");
    out.holds.resize(explain_rows_max);
  }
  for (const auto& key : sw.waiting) {
    if (out.waiting.size() == explain_rows_max) break;
    const auto& t = sw.by_number.at(key.number);
    waiting_trial w{t.number, t.runs.empty() ? "drawn, not handed out yet" : "requeued", {}, {}};
    if (t.runs.empty() && !t.first_run.empty()) {
      w.why = "asked for from outside, not handed out yet";
      w.run = t.first_run;
    }
    if (t.not_before > now.at) {
      w.why = "in backoff for another " + short_time(t.not_before - now.at);
      w.ready_at = now.wall + (t.not_before - now.at);
    } else if (!t.avoid_agent.empty()) {
      w.why = "requeued; another agent than " + t.avoid_agent + " is preferred";
    }
    out.waiting.push_back(std::move(w));
  }
  for (const auto& agent_of : sw.agents) {
    const auto& a = s.agents.at(agent_of);
    if (a.quarantined_until)
      out.notes.push_back("agent " + a.id.value + " is quarantined for another " +
                          short_time(*a.quarantined_until - now.at) + ": " + a.quarantine_why);
  }
  if (now.at < grace_end(s, sw))
    out.notes.push_back("nothing is marked crashed for another " + short_time(grace_end(s, sw) - now.at) +
                        ": fresh grace after " + s.grace_why);
  if (s.silence.active)
    out.notes.push_back("half of the live runs are silent together: marking is held or slowed");
  if (sw.breaker == breaker_state::open)
    out.notes.push_back("the breaker lets a probe run through in " + short_time(sw.breaker_until - now.at));
  out.summary = summary_of(sw, blocking);
  return out;
}

}  // namespace sweepd::core
