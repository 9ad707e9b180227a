// to_yaml: a crash policy in full, in the language that policy_yaml.cpp reads.
#include "controller/config/policy_yaml.hpp"

#include "controller/base/duration.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace sweepd::config {
namespace {

using core::crash_policy;
using core::crash_rule;
using core::rule_when;

std::string number(double d) {
  std::array<char, 32> out{};
  const auto end = std::to_chars(out.data(), out.data() + out.size(), d).ptr;
  return {out.data(), end};
}
std::string number(int n) { return std::to_string(n); }

std::string or_off(int n) { return n == 0 ? "off" : std::to_string(n); }

template <class E>
std::string word(E e) {
  return std::string(json::enum_name(e));
}

/// A text in double quotes, with escapes for what a YAML file may not hold.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  const auto escape = [&](unsigned code) {
    std::array<char, 8> hex{};
    std::snprintf(hex.data(), hex.size(), code > 0xFF ? "\\u%04X" : "\\x%02X", code);
    out += hex.data();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c < 0x20 || c == 0x7F) {
      escape(c);
    } else if (c == 0xC2 && next >= 0x80 && next < 0xA0) {  // a control character of two bytes
      escape(next);
      ++i;
    } else if (text.substr(i, 3) == "\xEF\xBB\xBF") {
      escape(0xFEFF);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out + "\"";
}

template <class List, class Print>
std::string list_of(const List& list, Print print) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ", ") + print(item);
  return "[" + out + "]";
}

/// {a: 1, b: 2}
class flow_map {
 public:
  void add(std::string_view key, const std::string& value) {
    out_ += (out_.empty() ? "" : ", ") + std::string(key) + ": " + value;
  }
  [[nodiscard]] std::string text() const { return "{" + out_ + "}"; }

 private:
  std::string out_;
};

std::string when_text(const rule_when& w) {
  flow_map m;
  if (!w.cause.empty()) m.add("cause", list_of(w.cause, [](core::cause c) { return word(c); }));
  if (!w.exit_code.empty())
    m.add("exit_code", list_of(w.exit_code, [](const std::pair<int, int>& r) {
            std::string range = number(r.first);
            if (r.second != r.first) range.append("-").append(number(r.second));
            return range;
          }));
  if (!w.signal.empty()) m.add("signal", list_of(w.signal, [](int s) { return number(s); }));
  if (!w.log.empty()) m.add("log", quoted(w.log));
  if (w.attempts_lt) m.add("attempts_lt", number(*w.attempts_lt));
  if (w.ran_lt) m.add("ran_lt", to_string(*w.ran_lt));
  if (w.steps_lt) m.add("steps_lt", std::to_string(*w.steps_lt));
  return m.text();
}

std::string rule_text(const crash_rule& r) {
  flow_map m;
  m.add("when", when_text(r.when));
  m.add("do", word(r.action));
  if (r.after) m.add("after", to_string(*r.after));
  if (!r.count) m.add("count", "false");
  if (r.max) m.add("max", number(*r.max));
  if (r.elsewhere) m.add("elsewhere", "true");
  if (r.same_run) m.add("same_run", "true");
  if (r.quarantine_agent) m.add("quarantine_agent", to_string(*r.quarantine_agent));
  return m.text();
}

std::string budget_text(const core::retry_budget& b) {
  flow_map m;
  m.add("per_trial", number(b.per_trial));
  m.add("per_sweep", b.per_sweep           ? number(*b.per_sweep)
                     : b.per_sweep_percent ? number(*b.per_sweep_percent) + "%"
                                           : "unlimited");
  return m.text();
}

std::string backoff_text(const core::retry_backoff& b) {
  flow_map m;
  m.add("initial", to_string(b.initial));
  m.add("factor", number(b.factor));
  m.add("max", to_string(b.max));
  m.add("jitter", number(b.jitter_percent) + "%");
  return m.text();
}

std::string breaker_text(const core::breaker_settings& b) {
  static const core::breaker_settings defaults;
  const bool plain_off = b.ratio_percent == 0 && b.ratio_of == defaults.ratio_of;
  flow_map m;
  m.add("consecutive", or_off(b.consecutive));
  m.add("ratio", plain_off ? "off" : number(b.ratio_percent) + "% of last " + number(b.ratio_of));
  m.add("cooldown", to_string(b.cooldown));
  m.add("probe", number(b.probe));
  m.add("agent_consecutive", or_off(b.agent_consecutive));
  m.add("agent_quarantine", to_string(b.agent_quarantine));
  return m.text();
}

}  // namespace

std::string to_yaml(const crash_policy& p) {
  std::string out = "crash_policy:\n";
  const auto line = [&](std::string_view key, const std::string& value) {
    out += "  " + std::string(key) + ": " + value + "\n";
  };
  line("mode", word(p.mode));
  line("offer_ttl", to_string(p.offer_ttl));
  line("exit_grace", to_string(p.exit_grace));
  line("suspect_after", to_string(p.suspect_after));
  line("crash_after", to_string(p.crash_after));
  line("stall_after", p.stall_after ? to_string(*p.stall_after) : "off");
  line("fail_after", to_string(p.fail_after));
  line("preempt_return", to_string(p.preempt_return));
  line("revive_window", to_string(p.revive_window));
  line("start_grace", p.start_grace ? to_string(*p.start_grace) : "auto");
  line("undo_window", to_string(p.undo_window));
  out += "  rules:\n";
  for (const auto& rule : p.rules.empty() ? built_in_rules() : p.rules)
    out += "    - " + rule_text(rule) + "\n";
  line("budget", budget_text(p.budget));
  line("backoff", backoff_text(p.backoff));
  line("reconcile", word(p.reconcile));
  line("breaker", breaker_text(p.breaker));
  line("cap_counts", word(p.cap_counts));
  return out;
}

}  // namespace sweepd::config
