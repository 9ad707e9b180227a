#include "controller/rest/wire_types.hpp"

#include "controller/base/duration.hpp"
#include "controller/base/json_record.hpp"
#include "controller/core/early_stop.hpp"
#include "controller/core/liveness.hpp"
#include "controller/rest/mask.hpp"

#include <cmath>
#include <map>

namespace sweepd::rest::wire {
namespace {

namespace bj = boost::json;
namespace bd = boost::describe;

template <class T>
bj::value or_null(const std::optional<T>& v) {
  return v ? json::write(*v) : bj::value(nullptr);
}

bj::value text_or_null(const std::string& text) {
  return text.empty() ? bj::value(nullptr) : bj::value(text);
}

template <class E>
bj::string word(E e) {
  const auto text = json::enum_name(e);
  return bj::string(bj::string_view(text.data(), text.size()));
}

bj::object counts_by_state(const core::sweep& sw) {
  bj::object out;
  bj::value zero = std::uint64_t{0};
  boost::mp11::mp_for_each<bd::describe_enumerators<core::run_state>>([&](auto d) {
    const auto it = sw.run_counts.find(d.value);
    out[d.name] = it == sw.run_counts.end() ? zero : bj::value(it->second);
  });
  return out;
}

/// A described struct with every duration as a text and every absent optional as null.
template <class T>
bj::value settings(const T& in) {
  using json::detail::is_a;
  if constexpr (std::is_same_v<T, milliseconds>) {
    return bj::value(to_string(in));
  } else if constexpr (is_a<T, std::optional>::value) {
    return in ? settings(*in) : bj::value(nullptr);
  } else if constexpr (is_a<T, std::vector>::value) {
    bj::array out;
    for (const auto& item : in) out.push_back(settings(item));
    return out;
  } else if constexpr (bd::has_describe_members<T>::value) {
    bj::object out;
    boost::mp11::mp_for_each<bd::describe_members<T, bd::mod_any_access>>(
        [&](auto d) { out[d.name] = settings(in.*d.pointer); });
    return out;
  } else {
    return json::write(in);
  }
}

bj::array command_words(const core::sweep_spec& spec) {
  bj::array out;
  for (const auto& word_ : spec.command) out.push_back(bj::value(masked_word(word_)));
  return out;
}

bj::object metric_of(const core::sweep_spec& spec) {
  bj::object metric;
  metric["name"] = text_or_null(spec.metric);
  metric["goal"] = word(spec.goal);
  metric["target"] = or_null(spec.target);
  return metric;
}

/// The run's record at the rungs; null before the first one.
bj::value early_stop_of(const core::state& s, const core::run& r) {
  const auto* sw = core::find(s, r.sweep);
  if (sw == nullptr || !sw->board || !r.rungs || r.rungs->values.empty()) return nullptr;
  bj::array rungs;
  for (std::size_t i = 0; i < r.rungs->values.size(); ++i)
    rungs.push_back({{"rung", sw->board->terms().rungs[i]}, {"value", r.rungs->values[i]}});
  return {{"resource", r.rungs->resource},
          {"rungs", std::move(rungs)},
          {"seat", core::seat_words(s, r)},
          {"text", core::rung_words(s, r)}};
}

}  // namespace

bj::value time(instant t) {
  return t == instant{} ? bj::value(nullptr) : bj::value(to_rfc3339(t));
}
bj::value time(const std::optional<instant>& t) { return t ? time(*t) : bj::value(nullptr); }
bj::value time(mono at, moment now) {
  return bj::value(to_rfc3339(now.wall + (at - now.at)));
}

bj::value json_value(std::string_view text) {
  return json::parse(text).value_or(nullptr);
}

bj::object sweep_file(const core::sweep_spec& spec) {
  bj::object out;
  out["name"] = spec.name;
  out["description"] = spec.description;
  out["method"] = spec.method;
  out["metric"] = metric_of(spec);
  out["run_cap"] = or_null(spec.run_cap);
  out["max_concurrent_runs"] = or_null(spec.max_concurrent_runs);
  out["seed"] = spec.seed;
  out["size"] = or_null(spec.size);
  out["program"] = spec.program;
  out["command"] = command_words(spec);
  return out;
}

bj::object sweep(const core::state&, const core::sweep& sw, moment now) {
  bj::object out;
  out["id"] = sw.id.value;
  out["project"] = sw.project;
  for (auto& [key, item] : sweep_file(sw.spec)) out[key] = item;
  out["state"] = word(sw.state);
  out["paused_reason"] =
      sw.paused == core::pause_reason::none ? bj::value(nullptr) : bj::value(word(sw.paused));
  out["paused_text"] = text_or_null(sw.pause_text);
  out["stopping"] = sw.stopping;
  out["trials"] = {{"drawn", sw.trials}, {"waiting", sw.waiting.size()}, {"done", sw.trials_done}};
  out["runs"] = counts_by_state(sw);
  out["slots_used"] = sw.slots_used;
  out["cap_used"] = sw.cap_used;
  out["exhausted"] = sw.exhausted;
  out["target_reached"] = sw.target_reached;
  out["early_terminate"] =
      sw.board ? bj::value(bj::string(strategies::early_stop::word_of(sw.board->terms().kind))) : nullptr;
  out["requeues_counted"] = sw.requeues_counted;
  out["best"] = sw.best ? bj::value{{"value", json::write(*sw.best)}, {"run", sw.best_run}}
                        : bj::value(nullptr);
  bj::object breaker;
  breaker["state"] = word(sw.breaker);
  breaker["until"] = sw.breaker == core::breaker_state::open ? time(sw.breaker_until, now)
                                                             : bj::value(nullptr);
  out["breaker"] = std::move(breaker);
  out["policy"] = {{"hash", sw.policy_hash},
                   {"version", sw.policy_version},
                   {"mode", word(sw.policy.mode)}};
  out["agents"] = sw.agents.size();
  out["created"] = time(sw.created);
  out["created_by"] = sw.created_by;
  out["finished"] = time(sw.finished);
  return out;
}

bj::object sweep_in_full(const core::state& s, const core::sweep& sw, moment now) {
  auto out = sweep(s, sw, now);
  out["config"] = masked(sw.spec.config);
  return out;
}

bj::object trial(const core::state& s, const core::trial& t, moment now) {
  bj::object out;
  out["number"] = t.number;
  out["sweep"] = t.sweep.value;
  const bool pushed = t.position >= core::pushed_positions;
  out["position"] = pushed ? bj::value(nullptr) : bj::value(t.position);
  out["state"] = word(t.state);
  out["config"] = masked_json(t.config);
  out["hash"] = t.hash;
  out["search_info"] = json_value(t.search_info);
  out["runs"] = json::write(t.runs);
  out["first_run"] = text_or_null(t.first_run);
  out["run_state"] = nullptr;
  if (!t.runs.empty())
    if (const auto* current = core::find(s, t.runs.back())) out["run_state"] = word(current->state);
  out["value"] = or_null(t.value);
  out["outcome_run"] = text_or_null(t.outcome_run);
  out["requeues"] = {{"counted", t.requeues_counted}, {"free", t.requeues_free}};
  out["never_started"] = t.never_started;
  const bool waits = t.state == core::trial_state::waiting && t.not_before > now.at;
  out["not_before"] = waits ? time(t.not_before, now) : bj::value(nullptr);
  out["front"] = t.front;
  out["avoid_agent"] = text_or_null(t.avoid_agent);
  out["same_run"] = text_or_null(t.same_run);
  out["infeasible_why"] = text_or_null(t.infeasible_why);
  return out;
}

std::optional<due> next_of(const core::state& s, const core::run& r, moment now) {
  using core::run_health;
  using core::run_state;
  const auto at = core::next_deadline(s, r);
  if (!at) return std::nullopt;
  if (r.deleted) return due{*at, "its history, output and files are removed, unless the deletion is undone"};
  switch (r.state) {
    case run_state::pending:
      return due{*at, "failed (never_started), unless it starts or its agent lists it"};
    case run_state::running:
    case run_state::preempting:
      if (r.health == run_health::exiting)
        return due{*at, "crashed (exited_silently), unless its final record comes"};
      if (r.health == run_health::suspect)
        return due{*at, "crashed (silent), unless a signal comes"};
      return std::nullopt;
    case run_state::crashed: {
      const auto acts = core::act_deadline(s, r);
      const auto* sw = core::find(s, r.sweep);
      if (!acts || sw == nullptr) return std::nullopt;
      const auto choice = core::choose_rule(sw->policy, core::death_of(r, now));
      return due{*acts, "failed by " + choice.text + ", unless a heartbeat revives it"};
    }
    case run_state::preempted:
      return due{*at, "its trial goes to another agent, unless it returns"};
    default: return std::nullopt;
  }
}

bool can_undo(const core::state& s, const core::run& r, moment now) {
  if (r.deleted) return !r.purged;
  const auto* sw = core::find(s, r.sweep);
  return r.undo_to && sw != nullptr && core::is_current(s, r) &&
         now.at - r.state_since <= sw->policy.undo_window;
}

bj::object run(const core::state& s, const core::run& r, moment now) {
  const auto* sw = core::find(s, r.sweep);
  const auto* t = core::find_trial(s, r.sweep, r.trial);
  bj::object out;
  out["id"] = r.id.value;
  out["sweep"] = r.sweep.value;
  out["project"] = sw == nullptr ? "" : sw->project;
  out["trial"] = r.trial;
  out["attempt"] = r.attempt;
  out["epoch"] = r.epoch;
  out["agent"] = text_or_null(r.agent.value);
  out["state"] = word(r.state);
  out["health"] = word(r.health);
  out["cause"] = word(r.cause);
  out["evidence"] = json::write(r.why);
  out["rule"] = text_or_null(r.rule);
  out["reason"] = text_or_null(r.reason);
  out["marked_by_policy"] = r.marked_by_policy;
  out["config"] = t == nullptr ? bj::value(nullptr) : masked_json(t->config);
  out["search_info"] = t == nullptr ? bj::value(nullptr) : json_value(t->search_info);
  out["summary"] = masked(r.summary);
  auto about = r.about;
  about.erase("config");  // as the program knows it; `config` is what it was given
  out["about"] = masked(about);
  out["metric"] = {{"count", r.metric.count},
                   {"best", or_null(r.metric.best)},
                   {"last", or_null(r.metric.last)},
                   {"worst", or_null(r.metric.worst)},
                   {"nan_seen", r.metric.nan_seen}};
  out["early_stop"] = early_stop_of(s, r);
  out["created"] = time(r.created);
  out["started"] = time(r.started);
  out["ended"] = time(r.ended);
  out["last_signal"] = time(r.last_signal_wall);
  out["state_since_seconds"] =
      static_cast<double>((now.at - r.state_since).count()) / 1000.0;
  out["host"] = text_or_null(r.host);
  out["pid"] = r.pid == 0 ? bj::value(nullptr) : bj::value(r.pid);
  out["exit_code"] = or_null(r.exit_code);
  out["signal"] = or_null(r.signal);
  out["slot_held"] = r.slot_held && (core::is_live(r.state) || r.state == core::run_state::crashed);
  out["history_lines"] = r.history_lines;
  out["system_lines"] = r.system_lines;
  out["log_bytes"] = r.log_bytes;
  out["stop_wanted"] = r.stop_wanted;
  out["near_misses"] = r.near_misses;
  out["deleted"] = r.deleted.has_value();
  out["can_undo"] = can_undo(s, r, now);
  const auto lease = core::lease_end(s, r);
  out["lease_until"] = lease ? time(*lease, now) : bj::value(nullptr);
  const auto next = next_of(s, r, now);
  out["next"] = next ? bj::value{{"at", time(next->at, now)}, {"what", next->what}}
                     : bj::value(nullptr);
  return out;
}

bj::object rungs(const core::state& s, const core::sweep& sw) {
  const auto table = core::rungs_of(s, sw.id);
  bj::object out;
  out["sweep"] = sw.id.value;
  out["rule"] = text_or_null(table.rule);
  out["resource"] = text_or_null(table.resource);
  out["stopped"] = table.stopped;
  out["rungs"] = json::write(table.rungs);
  for (auto& row : out["rungs"].get_array()) row.get_object().insert({{"threshold", nullptr}});
  return out;
}

bj::object agent(const core::state&, const core::agent& a, moment now) {
  bj::object out;
  out["id"] = a.id.value;
  out["sweep"] = a.sweep.value;
  out["name"] = a.name;
  out["host"] = a.host;
  out["pid"] = a.pid;
  out["state"] = word(a.state);
  out["joined"] = time(a.joined);
  out["last_beat"] = time(a.last_beat_wall);
  out["runs"] = json::write(a.runs);
  out["successes"] = a.successes;
  out["deaths"] = a.deaths;
  out["deaths_in_a_row"] = a.deaths_in_a_row;
  out["quarantined"] = nullptr;
  if (a.quarantined_until && *a.quarantined_until > now.at)
    out["quarantined"] = {{"until", time(*a.quarantined_until, now)}, {"why", a.quarantine_why}};
  return out;
}

bj::object key(const core::api_key& k, instant now) {
  bj::object out;
  out["id"] = k.id.value;
  out["name"] = k.name;
  out["role"] = word(k.role);
  out["project"] = k.project;
  out["created"] = time(k.created);
  out["expires"] = time(k.expires);
  out["revoked"] = k.revoked;
  out["usable"] = !k.revoked && (!k.expires || *k.expires > now);
  return out;
}

bj::object event(const core::stored_event& e) {
  bj::object out;
  out["seq"] = e.seq;
  out["at"] = time(e.wall);
  out["actor"] = json_value(e.actor);
  out["type"] = e.type;
  out["sweep"] = text_or_null(e.sweep);
  out["run"] = text_or_null(e.run);
  out["agent"] = text_or_null(e.agent);
  auto body = json_value(e.body);
  if (auto* object = body.if_object()) {
    if (auto* spec = object->if_contains("spec"); spec != nullptr && spec->is_object()) {
      auto& fields = spec->get_object();
      if (auto* config = fields.if_contains("config")) *config = masked(*config);
      if (auto* yaml = fields.if_contains("yaml"); yaml != nullptr && yaml->is_string())
        *yaml = masked_yaml(std::string_view(yaml->get_string()));
      if (auto* command = fields.if_contains("command"); command != nullptr && command->is_array())
        for (auto& w : command->get_array())
          if (w.is_string()) w = masked_word(std::string_view(w.get_string()));
    }
    if (e.type == "trial_drawn")
      if (auto* config = object->if_contains("config"); config != nullptr && config->is_string())
        *config = masked_json(std::string_view(config->get_string()));
    if (auto* k = object->if_contains("key"); k != nullptr && k->is_object())
      k->get_object().erase("sha256");
  }
  out["body"] = std::move(body);
  return out;
}

bj::object policy(const core::crash_policy& p) {
  auto out = settings(p).get_object();
  for (auto& rule : out["rules"].get_array()) {
    bj::object ordered;
    for (auto& [key, item] : rule.get_object())
      ordered[key == "action" ? bj::string_view("do") : key] = item;
    rule = std::move(ordered);
  }
  out["start_grace"] = to_string(p.grace());
  return out;
}

}  // namespace sweepd::rest::wire
