#include "controller/cli/event_text.hpp"

#include "controller/cli/columns.hpp"
#include "controller/cli/text.hpp"

#include <algorithm>

namespace sweepd::cli {
namespace {

constexpr std::string_view arrow = " → ";

/// `a`, then ` (b)`, then `: c`, leaving out what is empty.
std::string sentence(std::string a, const std::string& b, const std::string& c) {
  if (!b.empty() && b != "none") a += " (" + b + ")";
  if (!c.empty()) a += ": " + c;
  return a;
}

std::string moved(const json::object& b) {
  return field(b, "from") + std::string(arrow) + field(b, "to");
}

std::string describe_run(std::string_view type, const json::object& b) {
  if (type == "run_moved") {
    auto text = sentence(moved(b) + (truth(b, "revived") ? " (revived)" : ""), field(b, "cause"),
                         field(b, "reason"));
    if (const auto rule = field(b, "rule"); !rule.empty()) text += ", by " + rule;
    return text;
  }
  if (type == "run_health_changed") return sentence("health " + moved(b), "", field(b, "reason"));
  if (type == "run_offered")
    return "trial " + field(b, "trial") + ", attempt " + field(b, "attempt") +
           (field(b, "agent").empty() ? ", started by its own program" : " handed to agent " + field(b, "agent")) +
           (truth(b, "probe") ? " (probe)" : "");
  if (type == "run_reoffered") return "offered again, time " + field(b, "offers");
  if (type == "run_slot_freed") return sentence("its slot is free", "", field(b, "reason"));
  if (type == "run_stop_wanted")
    return sentence(truth(b, "wanted") ? "told to stop" : "no longer told to stop", "",
                    field(b, "reason"));
  if (type == "policy_would")
    return sentence("the policy would " + field(b, "action"), field(b, "cause"), field(b, "rule"));
  return {};
}

std::string describe_sweep(std::string_view type, const json::object& b) {
  if (type == "sweep_created") return "created: " + field(b, "spec.name");
  if (type == "sweep_moved")
    return sentence(moved(b) + (truth(b, "stopping") ? ", stopping" : ""), field(b, "paused"),
                    field(b, "reason"));
  if (type == "sweep_changed") return sentence("its file was changed", "", field(b, "reason"));
  if (type == "policy_changed")
    return sentence("policy version " + field(b, "version") + " " + field(b, "policy_hash"), "",
                    field(b, "reason"));
  if (type == "target_reached") return "the target is reached: " + field(b, "reason");
  if (type == "space_exhausted") return "every configuration has been drawn";
  if (type == "trial_drawn") return "trial " + field(b, "trial") + " drawn " + field(b, "config");
  if (type == "trial_requeued")
    return sentence(
        "trial " + field(b, "trial") + " requeued" + (truth(b, "counted") ? "" : ", not counted"),
        field(b, "cause"), field(b, "reason"));
  if (type == "trial_closed") {
    const auto value = field(b, "value");
    return sentence("trial " + field(b, "trial") +
                        (truth(b, "infeasible") ? " infeasible"
                         : value.empty()        ? " done without a value"
                                                : " done, " + value),
                    "", field(b, "reason"));
  }
  if (type == "controller_written") return "a local controller wrote its schedule";
  if (type == "breaker_moved") return sentence("breaker " + moved(b), "", field(b, "reason"));
  return {};
}

std::string describe_other(std::string_view type, const json::object& b) {
  if (type == "agent_joined") return "joined from " + field(b, "host");
  if (type == "agent_moved") return sentence(moved(b), "", field(b, "reason"));
  if (type == "agent_quarantined")
    return sentence(find(b, "until") == nullptr ? "released" : "quarantined", "",
                    field(b, "reason"));
  if (type == "mass_silence_changed")
    return truth(b, "active") ? field(b, "silent") + " of " + field(b, "live") +
                                    " runs silent together: marking is held"
                              : "marking goes on";
  if (type == "outage_noted")
    return "the server did not serve (" + field(b, "what") + "): every lease starts afresh";
  if (type == "key_created") return "key " + field(b, "key.id") + " created";
  if (type == "artifact_changed")
    return "artifact " + field(b, "row.collection") + " " + field(b, "what");
  if (type == "key_revoked") return "key " + field(b, "key") + " revoked";
  if (type == "webhook_changed")
    return sentence("webhook " + field(b, "webhook") + " to " + field(b, "to") + " " + field(b, "what"), "",
                    field(b, "reason"));
  return {};
}

/// Whatever fields there are, for an event of a newer server.
std::string describe_fields(const json::object& b) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : b)
    if (key != "type" && !value.is_null()) parts.push_back(clean(key) + "=" + scalar(value));
  return join(parts, " ");
}

}  // namespace

std::string describe_event(const json::object& event) {
  const auto type = field(event, "type");
  const auto& body = object_at(event, "body");
  for (const auto& text :
       {describe_run(type, body), describe_sweep(type, body), describe_other(type, body)})
    if (!text.empty()) return text;
  return describe_fields(body);
}

std::string event_subject(const json::object& event) {
  for (const auto* kind : {"run", "agent", "sweep"})
    if (const auto id = field(event, kind); !id.empty()) return std::string(kind) + " " + id;
  return "server";
}

std::string event_actor(const json::object& event) {
  const auto what = field(event, "actor.what");
  const auto id = field(event, "actor.id");
  return id.empty() ? what : what + " " + id;
}

std::string event_line(const json::object& event, const look& how) {
  return time_text(time_at(event, "at"), how) + "  " + pad(event_subject(event), 14, false) + "  " +
         describe_event(event);
}

std::vector<column> event_columns() {
  std::vector<column> out;
  auto seq = number_column("SEQ", "seq");
  seq.width_min = 6;
  out.push_back(seq);
  auto at = time_column("TIME", "at");
  at.width_min = 19;
  out.push_back(at);
  column actor{"ACTOR", "actor",
               [](const json::object& e, const look&) { return cell{event_actor(e)}; },
               event_actor};
  actor.width_min = 14;
  out.push_back(actor);
  auto type = text_column("TYPE", "type");
  type.width_min = 14;
  out.push_back(type);
  column subject{"SUBJECT", "subject",
                 [](const json::object& e, const look&) { return cell{event_subject(e)}; },
                 event_subject};
  subject.width_min = 14;
  out.push_back(subject);
  column what{"WHAT", "what",
              [](const json::object& e, const look&) { return cell{describe_event(e)}; },
              describe_event};
  out.push_back(flexible(what));
  return out;
}

}  // namespace sweepd::cli
