// The list under `rules:` of a crash policy.
#include "controller/config/policy_yaml.hpp"
#include "controller/config/yaml_block.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <regex>

namespace sweepd::config {
namespace {

using core::crash_rule;
using core::rule_action;
using core::rule_when;

constexpr std::size_t rules_max = 100;
constexpr std::size_t pattern_bytes_max = 1'000;
constexpr int signal_max = 64;

/// The causes a rule may name: all that a run's ending can have.
std::vector<std::string_view> cause_words() {
  auto all = words_of<core::cause>();
  std::erase_if(
      all, [](std::string_view w) { return w == "none" || w == "superseded" || w == "early_stop"; });
  return all;
}

/// The items of a list, or the single value that stands for a list of one.
std::vector<yaml_at> items_of(const yaml_at& v, findings& out) {
  std::vector<yaml_at> items;
  if (v.node.what != yaml_node::kind::list) return {v};
  std::size_t i = 0;
  for (const auto& item : v.node.items)
    items.push_back({item, item.at, v.path + "[" + std::to_string(i++) + "]"});
  if (items.empty()) out.add(v.at, v.path, "lists nothing; remove it if anything may match");
  return items;
}

void read_cause(const yaml_at& v, core::cause& out, findings& f) {
  const auto known = cause_words();
  std::string_view word;
  if (known_word(v, known, word, f)) out = *json::enum_value<core::cause>(word);
}

/// 137 or "64-78", within 0..255.
bool read_exit_codes(const yaml_at& v, std::pair<int, int>& out, findings& f) {
  const std::string raw = v.node.what == yaml_node::kind::scalar ? v.node.raw : "";
  const char* const end = raw.data() + raw.size();
  int low = -1;
  auto [next, ec] = std::from_chars(raw.data(), end, low);
  int high = low;
  if (ec == std::errc{} && next != end && *next == '-') {
    const auto second = std::from_chars(next + 1, end, high);
    next = second.ptr;
    ec = second.ec;
  }
  if (raw.empty() || ec != std::errc{} || next != end || low < 0 || high > 255) {
    f.add(v.at, v.path,
          "must be an exit code from 0 to 255 or a range such as 64-78, not " + shown(v.node));
    return false;
  }
  if (low > high) {
    f.add(v.at, v.path,
          "the range " + raw + " runs backwards; write " + std::to_string(high) + "-" +
              std::to_string(low));
    return false;
  }
  out = {low, high};
  return true;
}

/// 9, KILL or SIGKILL.
bool read_signal(const yaml_at& v, int& out, findings& f) {
  if (v.node.what == yaml_node::kind::scalar && v.node.value.is_string()) {
    std::string_view name = v.node.raw;
    if (name.starts_with("SIG")) name.remove_prefix(3);
    for (int i = 1; i <= signal_max; ++i) {
      const char* known = sigabbrev_np(i);
      if (known != nullptr && name == known) {
        out = i;
        return true;
      }
    }
    f.add(v.at, v.path,
          "unknown signal " + shown(v.node) + "; write its number or a name such as KILL");
    return false;
  }
  std::int64_t number = 0;
  if (!read_integer(v, number, 1, signal_max, f)) return false;
  out = static_cast<int>(number);
  return true;
}

/// Compiles once here, so that no rule can fail later. Back-references are refused with the rest:
/// they are what makes matching a long log tail take for ever.
void check_pattern(const yaml_block& b, const std::string& pattern) {
  if (pattern.empty()) return b.complain("log", "is empty; remove it if any log may match");
  if (pattern.size() > pattern_bytes_max)
    return b.complain("log", "is longer than " + std::to_string(pattern_bytes_max) + " bytes");
  try {
    const std::regex compiled(pattern, std::regex::ECMAScript | std::regex_constants::__polynomial);
  } catch (const std::regex_error& e) {
    b.complain("log", "is not a regular expression (ECMAScript, no back-references): '" +
                          pattern.substr(0, 60) + "': " + e.what());
  }
}

rule_when read_when(const yaml_at& v, findings& out) {
  static constexpr std::array<std::string_view, 7> keys{
      "cause", "exit_code", "signal", "log", "attempts_lt", "ran_lt", "steps_lt"};
  rule_when w;
  const yaml_block b(v.node, v.at, v.path, keys, out);
  if (const auto list = b.get("cause"))
    for (const auto& item : items_of(*list, out)) read_cause(item, w.cause.emplace_back(), out);
  if (const auto list = b.get("exit_code"))
    for (const auto& item : items_of(*list, out))
      read_exit_codes(item, w.exit_code.emplace_back(), out);
  if (const auto list = b.get("signal"))
    for (const auto& item : items_of(*list, out)) read_signal(item, w.signal.emplace_back(), out);
  if (b.text("log", w.log)) check_pattern(b, w.log);
  // The first attempt is number 1, so "fewer than 1" and "fewer than 2 attempts ago" differ.
  std::int64_t attempts = 0;
  if (b.integer("attempts_lt", attempts, 2, 1'000'000)) w.attempts_lt = static_cast<int>(attempts);
  milliseconds ran{};
  if (b.duration("ran_lt", ran, milliseconds{1})) w.ran_lt = ran;
  std::int64_t steps = 0;
  if (b.integer("steps_lt", steps, 1, 1'000'000'000'000))
    w.steps_lt = static_cast<std::uint64_t>(steps);
  return w;
}

/// Keys that say something only about a requeue.
void check_requeue_only(const yaml_block& b, const crash_rule& rule) {
  if (rule.action == rule_action::requeue) return;
  for (const std::string_view key : {"count", "max", "elsewhere", "same_run"})
    if (b.has(key))
      b.complain(key, "has a meaning only with do: requeue; this rule says do: " +
                          std::string(json::enum_name(rule.action)));
}

crash_rule read_rule(const yaml_at& v, findings& out) {
  static constexpr std::array<std::string_view, 8> keys{
      "when", "do", "after", "count", "max", "elsewhere", "same_run", "quarantine_agent"};
  crash_rule rule;
  const yaml_block b(v.node, v.at, v.path, keys, out);
  if (v.node.what != yaml_node::kind::map) return rule;
  if (const auto when = b.get("when")) rule.when = read_when(*when, out);
  if (!b.has("do"))
    b.complain("do",
               "is missing: write do: fail, requeue, infeasible, ignore, hold or pause_sweep");
  else if (b.word("do", rule.action))
    check_requeue_only(b, rule);
  milliseconds after{};
  if (b.duration("after", after)) rule.after = after;
  b.boolean("count", rule.count);
  std::int64_t max = 0;
  if (b.integer("max", max, 1, 1'000'000)) rule.max = static_cast<int>(max);
  b.boolean("elsewhere", rule.elsewhere);
  b.boolean("same_run", rule.same_run);
  milliseconds quarantine{};
  if (b.duration("quarantine_agent", quarantine, milliseconds{1}))
    rule.quarantine_agent = quarantine;
  return rule;
}

/// Whether nothing is written under `when`. Asked of the text, not of what was understood of it: a
/// rule with a mistake in its conditions is no catch-all.
bool matches_everything(const yaml_node& rule) {
  const auto* when = rule.find("when");
  return rule.what == yaml_node::kind::map &&
         (when == nullptr ||
          (when->value.what == yaml_node::kind::map && when->value.entries.empty()));
}

}  // namespace

std::vector<crash_rule> read_rules(const yaml_node& list, place at, const std::string& path,
                                   findings& out) {
  std::vector<crash_rule> rules;
  if (list.what != yaml_node::kind::list) {
    out.add(
        at, path,
        "must be a list of rules such as - {when: {cause: [oom]}, do: fail}, not " + shown(list));
    return rules;
  }
  if (list.items.size() > rules_max) {
    out.add(at, path, "has more than " + std::to_string(rules_max) + " rules");
    return rules;
  }
  std::optional<int> catch_all_line;
  for (const auto& item : list.items) {
    const yaml_at v{item, item.at, path + "[" + std::to_string(rules.size()) + "]"};
    rules.push_back(read_rule(v, out));
    if (catch_all_line)
      out.add(v.at, v.path,
              "is never reached: the rule at line " + std::to_string(*catch_all_line) +
                  " matches everything; put that one last");
    else if (matches_everything(item))
      catch_all_line = item.at.line;
  }
  if (!catch_all_line)
    out.add(
        list.items.empty() ? at : list.items.back().at, path,
        "the last rule must match everything, so that nothing is left to chance; add at the end: "
        "- {when: {}, do: fail}");
  return rules;
}

}  // namespace sweepd::config
