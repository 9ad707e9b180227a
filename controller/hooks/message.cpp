#include "controller/hooks/message.hpp"

#include "controller/base/json_text.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sweepd::hooks {
namespace {

constexpr std::array<std::string_view, 16> all_kinds{
    "sweep_created", "sweep_paused", "sweep_resumed",     "sweep_finished", "breaker_opened", "target_reached",
    "run_crashed",   "run_failed",   "run_revived",       "run_preempted",  "run_finished",   "trial_requeued",
    "agent_lost",    "agent_quarantined", "mass_silence", "policy_changed"};

constexpr std::size_t slack_lines_max = 20;
constexpr std::size_t reason_chars_max = 300;
constexpr std::size_t url_bytes_max = 2'000;

std::string text(const bj::object& o, std::string_view name) {
  const auto* v = o.if_contains(bj::string_view(name.data(), name.size()));
  if (v == nullptr || v->is_null()) return {};
  return v->is_string() ? std::string(v->get_string()) : json::to_text(*v);
}

bool flag(const bj::object& o, std::string_view name) {
  const auto* v = o.if_contains(bj::string_view(name.data(), name.size()));
  return v != nullptr && v->is_bool() && v->get_bool();
}

std::string_view run_kind(const bj::object& body) {
  const auto to = text(body, "to");
  if (flag(body, "revived")) return "run_revived";
  if (to == "crashed") return "run_crashed";
  if (to == "failed") return "run_failed";
  if (to == "preempted") return "run_preempted";
  return to == "finished" ? "run_finished" : "";
}

std::string_view sweep_kind(const bj::object& body) {
  const auto to = text(body, "to");
  if (to == "paused") return "sweep_paused";
  if (to == "finished" || to == "canceled") return "sweep_finished";
  return to == "running" && text(body, "from") == "paused" ? "sweep_resumed" : "";
}

/// Cut between characters, so that the text stays UTF-8.
std::string shortened(std::string in) {
  if (in.size() <= reason_chars_max) return in;
  auto end = reason_chars_max;
  while (end > 0 && (static_cast<unsigned char>(in[end]) & 0xc0) == 0x80) --end;
  return in.substr(0, end) + "…";
}

std::string what_happened(const item& i) {
  const auto& b = i.body;
  if (i.event.type == "run_moved") return text(b, "to") == "running" ? "came back" : text(b, "to");
  if (i.kind == "sweep_created") return "was created";
  if (i.kind == "sweep_resumed") return "goes on";
  if (i.event.type == "sweep_moved") return text(b, "to");
  if (i.kind == "breaker_opened") return "is held by its breaker";
  if (i.kind == "target_reached") return "reached its target";
  if (i.kind == "trial_requeued") return "hands out trial " + text(b, "trial") + " again";
  if (i.kind == "agent_lost") return "is lost";
  if (i.kind == "agent_quarantined") return "is in quarantine";
  if (i.kind == "policy_changed") return "has crash policy version " + text(b, "version");
  return text(b, "silent") + " of " + text(b, "live") + " runs fell silent together; marking is held";
}

/// Slack's three: https://api.slack.com/reference/surfaces/formatting#escaping
std::string slack_text(std::string_view in) {
  std::string out;
  for (const char c : in) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else out += c;
  }
  return out;
}

/// The page that shows what the event is about; empty without a base.
std::string link_of(const item& i, const message& m) {
  const auto sweep = m.sweeps.find(i.event.sweep);
  if (m.base_url.empty() || sweep == m.sweeps.end()) return {};
  const auto at = m.base_url + "/" + sweep->second.project;
  return i.event.run.empty() ? at + "/sweeps/" + i.event.sweep : at + "/runs/" + i.event.run;
}

bj::object slack_body(const message& m) {
  std::string lines = m.items.empty() ? "sweepd: this webhook works." : "";
  for (std::size_t i = 0; i < std::min(m.items.size(), slack_lines_max); ++i) {
    if (i > 0) lines += "\n";
    lines += slack_text(sentence(m.items[i], m.sweeps));
    if (const auto link = link_of(m.items[i], m); !link.empty()) lines += " <" + slack_text(link) + "|open>";
  }
  if (m.items.size() > slack_lines_max)
    lines += "\nand " + std::to_string(m.items.size() - slack_lines_max) + " more";
  return {{"text", lines}};
}

bj::object generic_body(const core::webhook& to, const message& m, event_view view) {
  bj::array events;
  for (const auto& i : m.items) {
    bj::object one;
    one["kind"] = i.kind;
    one["text"] = sentence(i, m.sweeps);
    const auto sweep = m.sweeps.find(i.event.sweep);
    if (sweep == m.sweeps.end()) one["sweep"] = nullptr;
    else
      one["sweep"] = {{"id", sweep->first}, {"name", sweep->second.name}, {"project", sweep->second.project}};
    const auto link = link_of(i, m);
    one["url"] = link.empty() ? bj::value(nullptr) : bj::value(link);
    one["event"] = view(i.event);
    events.push_back(std::move(one));
  }
  return {{"version", 1},
          {"webhook", to.id.value},
          {"delivery", m.delivery},
          {"test", m.items.empty()},
          {"events", std::move(events)}};
}

}  // namespace

std::span<const std::string_view> kinds() { return all_kinds; }

std::string_view kind_of(std::string_view type, const bj::object& body) {
  if (type == "run_moved") return run_kind(body);
  if (type == "sweep_moved") return sweep_kind(body);
  if (type == "breaker_moved") return text(body, "to") == "open" ? "breaker_opened" : "";
  if (type == "agent_moved") return text(body, "to") == "lost" ? "agent_lost" : "";
  if (type == "agent_quarantined") return text(body, "until").empty() ? "" : "agent_quarantined";
  if (type == "mass_silence_changed") return flag(body, "active") ? "mass_silence" : "";
  const auto known = std::find(all_kinds.begin(), all_kinds.end(), type);
  return known == all_kinds.end() ? std::string_view() : *known;
}

std::string sentence(const item& i, const sweep_names& sweeps) {
  const auto sweep = sweeps.find(i.event.sweep);
  const auto name = sweep == sweeps.end()           ? i.event.sweep
                    : sweep->second.name.empty() ? i.event.sweep
                                                 : sweep->second.name;
  std::string out;
  if (i.event.type == "run_moved") out = "Run " + i.event.run + (name.empty() ? "" : " of " + name);
  else if (i.event.type.starts_with("agent_")) out = "Agent " + i.event.agent + (name.empty() ? "" : " of " + name);
  else if (!name.empty()) out = "Sweep " + name;
  out += (out.empty() ? "" : " ") + what_happened(i);
  if (const auto cause = text(i.body, "cause"); !cause.empty() && cause != "none") out += " (" + cause + ")";
  if (const auto reason = text(i.body, "reason"); !reason.empty()) out += ": " + shortened(reason);
  return out;
}

std::string body_of(const core::webhook& to, const message& m, event_view view) {
  return json::to_text(to.shape == core::webhook_shape::slack ? slack_body(m) : generic_body(to, m, view));
}

std::string signature(std::string_view secret, std::string_view body, instant now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const auto time = std::to_string(seconds);
  const auto signed_text = time + "." + std::string(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), mac.data(),
           &size) == nullptr)
    throw std::runtime_error("HMAC-SHA256 is not available in this OpenSSL");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += digits[mac[i] >> 4];
    hex += digits[mac[i] & 15];
  }
  return "t=" + time + ",v1=" + hex;
}

result<target> target_of(std::string_view url) {
  const auto refuse = [](const char* why) { return fail(errc::invalid, why, "/url"); };
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return refuse("must begin with https:// or http://");
  if (url.size() > url_bytes_max) return refuse("is longer than 2,000 characters");
  const auto odd = [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '#' || c == '\\' || c == '"'; };
  if (std::any_of(url.begin(), url.end(), odd))
    return refuse("holds a space, a fragment or a character that must be percent-encoded");
  const auto host = url.find("//") + 2;
  const auto end = std::min(url.find_first_of("/?", host), url.size());
  if (end == host) return refuse("names no host");
  if (url.substr(host, end - host).find('@') != std::string_view::npos)
    return refuse("must hold no user name; a secret belongs into the path or the query");
  target out{std::string(url.substr(0, end)), std::string(url.substr(end))};
  if (!out.path.starts_with('/')) out.path.insert(0, "/");
  return out;
}

}  // namespace sweepd::hooks
