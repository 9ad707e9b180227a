#include "controller/config/policy_yaml.hpp"

#include "controller/config/yaml_block.hpp"
#include "strategies/nearest.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sweepd::config {
namespace {

using core::crash_policy;
using std::chrono::milliseconds;

constexpr milliseconds one_ms{1};

constexpr std::array<std::string_view, 17> policy_keys{
    "mode",       "offer_ttl",      "exit_grace",    "suspect_after", "crash_after", "stall_after",
    "fail_after", "preempt_return", "revive_window", "start_grace",   "undo_window", "rules",
    "budget",     "backoff",        "reconcile",     "breaker",       "cap_counts"};

bool is_policy_key(std::string_view key) {
  return std::ranges::find(policy_keys, key) != policy_keys.end();
}

/// A top-level key that was to be crash_policy: all else in it would only confuse.
const yaml_entry* mistyped_block(const yaml_node& root) {
  static constexpr std::array<std::string_view, 1> block_key{"crash_policy"};
  for (const auto& e : root.entries)
    if (!is_policy_key(e.key) && !strategies::nearest(e.key, block_key).empty()) return &e;
  return nullptr;
}

void read_timers(const yaml_block& b, crash_policy& p) {
  b.duration("offer_ttl", p.offer_ttl, one_ms);
  b.duration("exit_grace", p.exit_grace);
  b.duration("suspect_after", p.suspect_after, one_ms);
  b.duration("crash_after", p.crash_after, one_ms);
  b.duration("stall_after", p.stall_after, "off", one_ms);
  b.duration("fail_after", p.fail_after);
  b.duration("preempt_return", p.preempt_return);
  b.duration("revive_window", p.revive_window);
  b.duration("start_grace", p.start_grace, "auto");
  b.duration("undo_window", p.undo_window);
}

/// How the timers must stand to each other. Only what was written can be wrong: a suspect_after
/// that was not written follows crash_after in the default's proportion (90s to 5m).
void relate_timers(const yaml_block& b, crash_policy& p) {
  if (!b.has("suspect_after") && p.suspect_after >= p.crash_after)
    p.suspect_after = std::max(one_ms, p.crash_after * 3 / 10);
  if (p.suspect_after >= p.crash_after && p.crash_after > one_ms)
    b.complain("suspect_after", "must be below crash_after (" + to_string(p.crash_after) +
                                    "), not " + to_string(p.suspect_after) +
                                    ": a run is suspected before it is taken for crashed");
  if (b.has("exit_grace") && p.exit_grace > p.crash_after)
    b.complain("exit_grace", "must not be above crash_after (" + to_string(p.crash_after) +
                                 "), not " + to_string(p.exit_grace) +
                                 ": a run that has exited would wait longer than a silent one");
}

void read_budget(const yaml_at& v, crash_policy& p, findings& out) {
  static constexpr std::array<std::string_view, 2> keys{"per_trial", "per_sweep"};
  const yaml_block b(v.node, v.at, v.path, keys, out);
  std::int64_t per_trial = p.budget.per_trial;
  b.integer("per_trial", per_trial, 0, 1'000'000);
  p.budget.per_trial = static_cast<int>(per_trial);
  const auto per_sweep = b.get("per_sweep");
  if (!per_sweep) return;
  const auto word = word_in(per_sweep->node);
  if (const auto percent = parse_percent(word)) {
    p.budget.per_sweep.reset();
    p.budget.per_sweep_percent = *percent;
    if (*percent > 1000) b.complain("per_sweep", "must be at most 1000%, not " + word);
  } else if (word == "unlimited") {
    p.budget.per_sweep.reset();
    p.budget.per_sweep_percent.reset();
  } else if (per_sweep->node.value.is_int64()) {
    std::int64_t count = 0;
    b.integer("per_sweep", count, 0, 1'000'000'000);
    p.budget.per_sweep = static_cast<int>(count);
    p.budget.per_sweep_percent.reset();
  } else {
    b.complain("per_sweep",
               "must be a number of requeues such as 20, a share of the sweep's runs "
               "such as 10%, or unlimited, not " +
                   shown(per_sweep->node));
  }
}

void read_backoff(const yaml_at& v, crash_policy& p, findings& out) {
  static constexpr std::array<std::string_view, 4> keys{"initial", "factor", "max", "jitter"};
  const yaml_block b(v.node, v.at, v.path, keys, out);
  b.duration("initial", p.backoff.initial);
  b.number("factor", p.backoff.factor, 1, 100);
  b.duration("max", p.backoff.max);
  b.percent("jitter", p.backoff.jitter_percent, 100);
  if (!b.has("max") && p.backoff.initial > p.backoff.max) p.backoff.max = p.backoff.initial;
  if (p.backoff.initial > p.backoff.max)
    b.complain("max", "must not be below initial (" + to_string(p.backoff.initial) + "), not " +
                          to_string(p.backoff.max));
}

/// "50% of last 20"
bool parse_ratio(std::string_view text, double& percent, int& of) {
  constexpr std::string_view middle = " of last ";
  const auto at = text.find(middle);
  if (at == std::string_view::npos) return false;
  const auto share = parse_percent(text.substr(0, at));
  const auto count = text.substr(at + middle.size());
  const auto [end, ec] = std::from_chars(count.data(), count.data() + count.size(), of);
  if (!share || ec != std::errc{} || end != count.data() + count.size()) return false;
  percent = *share;
  return percent <= 100 && of >= 1 && of <= 10'000;
}

void read_breaker(const yaml_at& v, crash_policy& p, findings& out) {
  static constexpr std::array<std::string_view, 6> keys{
      "consecutive", "ratio", "cooldown", "probe", "agent_consecutive", "agent_quarantine"};
  auto& s = p.breaker;
  if (word_in(v.node) == "off") {
    s.consecutive = 0;
    s.ratio_percent = 0;
    s.agent_consecutive = 0;
    return;
  }
  const yaml_block b(v.node, v.at, v.path, keys, out);
  std::int64_t consecutive = s.consecutive;
  std::int64_t agent_consecutive = s.agent_consecutive;
  std::int64_t probe = s.probe;
  b.integer_or_off("consecutive", consecutive, 10'000);
  b.integer_or_off("agent_consecutive", agent_consecutive, 10'000);
  b.integer("probe", probe, 1, 1'000);
  s.consecutive = static_cast<int>(consecutive);
  s.agent_consecutive = static_cast<int>(agent_consecutive);
  s.probe = static_cast<int>(probe);
  b.duration("cooldown", s.cooldown, one_ms);
  b.duration("agent_quarantine", s.agent_quarantine, one_ms);
  const auto ratio = b.get("ratio");
  if (!ratio) return;
  const auto word = word_in(ratio->node);
  double percent = 0;
  int of = 0;
  if (word == "off") {
    s.ratio_percent = 0;
  } else if (parse_ratio(word, percent, of)) {
    s.ratio_percent = percent;
    s.ratio_of = of;
  } else {
    b.complain("ratio",
               "must be written as \"50% of last 20\" (at most 100%, at most the last "
               "10000), or off; not " +
                   shown(ratio->node));
  }
}

}  // namespace

std::vector<core::crash_rule> built_in_rules() {
  core::death preempted;
  preempted.cause = core::cause::preempted;
  core::crash_rule first = core::choose_rule({}, preempted).rule;
  first.when.cause = {core::cause::preempted};
  return {first, core::choose_rule({}, {}).rule};
}

crash_policy built_in_policy() {
  crash_policy p;
  p.rules = built_in_rules();
  return p;
}

crash_policy read_policy(const yaml_node& node, place at, std::string_view path, findings& out) {
  crash_policy p = built_in_policy();
  const yaml_block b(node, at, std::string(path), policy_keys, out);
  if (node.what != yaml_node::kind::map) return p;
  b.word("mode", p.mode);
  read_timers(b, p);
  relate_timers(b, p);
  if (const auto v = b.get("rules")) p.rules = read_rules(v->node, v->at, v->path, out);
  if (const auto v = b.get("budget")) read_budget(*v, p, out);
  if (const auto v = b.get("backoff")) read_backoff(*v, p, out);
  b.word("reconcile", p.reconcile);
  if (const auto v = b.get("breaker")) read_breaker(*v, p, out);
  b.word("cap_counts", p.cap_counts);
  return p;
}

tl::expected<crash_policy, std::vector<problem>> parse_policy(std::string_view yaml,
                                                              std::string_view source) {
  const auto doc = read_yaml(yaml, source);
  if (!doc) return tl::unexpected(std::vector<problem>{{doc.error().where, doc.error().message}});
  findings out{std::string(source)};
  crash_policy p;
  if (const auto* block = doc->root.find("crash_policy")) {
    p = read_policy(block->value, block->at, "crash_policy", out);
    for (const auto& e : doc->root.entries)
      if (is_policy_key(e.key))
        out.add(e.at, e.key, "belongs into the block crash_policy; indent it");
  } else if (const auto* typo = mistyped_block(doc->root)) {
    out.add(typo->at, typo->key, "unknown key; did you mean 'crash_policy'?");
  } else {
    p = read_policy(doc->root, doc->root.at, "", out);
  }
  if (!out.empty()) return tl::unexpected(out.problems());
  return p;
}

}  // namespace sweepd::config
