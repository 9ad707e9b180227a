#include "controller/metrics/event_tail.hpp"

#include "controller/base/json_text.hpp"

#include <boost/json.hpp>

namespace sweepd::metrics {
namespace {

namespace bj = boost::json;

inline constexpr std::size_t page_rows = 2'000;

bj::object object_of(const std::string& text) {
  const auto v = json::parse(text);
  return v && v->is_object() ? v->get_object() : bj::object{};
}

std::string word(const bj::object& from, std::string_view key) {
  const auto* v = from.if_contains(bj::string_view(key.data(), key.size()));
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}

bool flag(const bj::object& from, std::string_view key) {
  const auto* v = from.if_contains(bj::string_view(key.data(), key.size()));
  return v != nullptr && v->is_bool() && v->get_bool();
}

/// Who made a transition, in the words of the dashboards: client, policy, user or system.
std::string maker(const std::string& actor) { return actor == "agent" ? "client" : actor; }

prometheus::Family<prometheus::Counter>& family(prometheus::Registry& r, const char* name,
                                                const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(r);
}

}  // namespace

event_tail::event_tail(prometheus::Registry& r, std::uint64_t from)
    : seq_(from),
      events_(family(r, "sweepd_events_total", "Events written to the log, by type.")),
      transitions_(family(r, "sweepd_run_transitions_total",
                          "Changes of a run's state, by who made them.")),
      policy_actions_(family(r, "sweepd_policy_actions_total",
                             "What crash policies did (or, in observe mode, would have done).")),
      revivals_(family(r, "sweepd_revivals_total",
                       "Runs that came back by a heartbeat, by the state they came back from.")),
      false_marks_(family(r, "sweepd_policy_false_marks_total",
                          "Runs marked failed by a policy that came back afterwards.")
                       .Add({})) {}

void event_tail::advance(core::reader& reader, std::size_t rows_max) {
  for (std::size_t done = 0; done < rows_max;) {
    core::event_filter f;
    f.after = seq_;
    f.limit = page_rows;
    const auto rows = reader.events(f);
    if (!rows || rows->empty()) return;
    for (const auto& e : *rows) count(e);
    seq_ = rows->back().seq;
    done += rows->size();
    if (rows->size() < page_rows) return;
  }
}

void event_tail::count(const core::stored_event& e) {
  events_.Add({{"type", e.type}}).Increment();
  const auto actor = word(object_of(e.actor), "what");
  if (e.type == "run_moved") return count_run_moved(e, actor);
  if (e.type == "policy_would") {
    policy_actions_.Add({{"action", "observed"}}).Increment();
  } else if (e.type == "agent_quarantined") {
    if (object_of(e.body).contains("until"))
      policy_actions_.Add({{"action", "quarantine"}}).Increment();
  } else if (e.type == "breaker_moved") {
    if (word(object_of(e.body), "to") == "open")
      policy_actions_.Add({{"action", "breaker"}}).Increment();
  } else if (actor == "policy" && e.type == "trial_requeued") {
    policy_actions_.Add({{"action", "requeue"}}).Increment();
  } else if (actor == "policy" && e.type == "trial_closed" &&
             flag(object_of(e.body), "infeasible")) {
    policy_actions_.Add({{"action", "infeasible"}}).Increment();
  }
}

void event_tail::count_run_moved(const core::stored_event& e, std::string_view actor) {
  const auto body = object_of(e.body);
  const auto from = word(body, "from");
  const auto to = word(body, "to");
  const auto by = maker(std::string(actor));
  transitions_.Add({{"from", from}, {"to", to}, {"cause", by}}).Increment();
  if (flag(body, "revived")) {
    revivals_.Add({{"from", from}}).Increment();
    // Only what a policy had failed can be revived from failed (core's transition table).
    if (from == "failed") false_marks_.Increment();
  } else if (actor == "policy" && to == "failed") {
    policy_actions_.Add({{"action", "mark_failed"}}).Increment();
  }
}

}  // namespace sweepd::metrics
