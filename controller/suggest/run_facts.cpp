#include "controller/suggest/run_facts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace sweepd::suggest {
namespace {

namespace bj = boost::json;
using strategies::observation;

constexpr std::array<std::pair<std::string_view, run_state>, 8> states{{
    {"pending", run_state::pending},
    {"running", run_state::running},
    {"finished", run_state::finished},
    {"killed", run_state::killed},
    {"crashed", run_state::crashed},
    {"failed", run_state::failed},
    {"preempted", run_state::preempted},
    {"preempting", run_state::preempting},
}};
static_assert([] {
  for (std::size_t i = 0; i < states.size(); ++i)
    if (static_cast<std::size_t>(states[i].second) != i) return false;
  return true;
}());  // word_of() goes by place

/// A member that may have either name (W&B's server writes the camel case one); null counts as absent.
const bj::value* either(const bj::object& run, bj::string_view name, bj::string_view alias) {
  const auto* found = run.if_contains(alias);
  if (found == nullptr) found = run.if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<double> finite(const bj::value& v) {
  if (!v.is_number()) return std::nullopt;
  const auto x = v.to_number<double>();
  return std::isfinite(x) ? std::optional(x) : std::nullopt;
}

result<run_state> state_in(const bj::object& run, const std::string& path) {
  const auto* written = run.if_contains("state");
  if (written == nullptr) return fail(errc::invalid, "is missing", path + ".state");
  if (written->is_string())
    for (const auto& [text, state] : states)
      if (text == std::string_view(written->get_string())) return state;
  return fail(errc::invalid,
              "is not a state of a run; there are pending, running, finished, killed, crashed, failed, "
              "preempted, preempting",
              path + ".state");
}

void read_row(const bj::object& row, const metric_rule& rule, run_facts& out) {
  const auto* logged = row.if_contains(*rule.name);
  const auto x = logged == nullptr ? std::nullopt : finite(*logged);
  if (!x) return;
  out.values.push_back(*x);
  if (rule.resource.empty()) return;
  const auto* reached = row.if_contains(rule.resource);
  const auto at = reached == nullptr ? std::nullopt : finite(*reached);
  out.resource.push_back(at.value_or(std::nan("")));
}

result<void> read_metric(const bj::object& run, const metric_rule& rule, const std::string& path,
                         run_facts& out) {
  if (const auto* rows = either(run, "history", "sampledHistory")) {
    if (!rows->is_array()) return fail(errc::invalid, "must be a list of rows", path + ".history");
    std::size_t i = 0;
    for (const auto& row : rows->get_array()) {
      if (!row.is_object())
        return fail(errc::invalid, "must be an object", path + ".history." + std::to_string(i));
      read_row(row.get_object(), rule, out);
      ++i;
    }
  }
  if (const auto* summary = either(run, "summary_metrics", "summaryMetrics")) {
    if (!summary->is_object())
      return fail(errc::invalid, "must be an object", path + ".summary_metrics");
    if (const auto* logged = summary->get_object().if_contains(*rule.name)) out.summary = finite(*logged);
  }
  return {};
}

/// What a state says of a point: bayes_search.py's groups, refined where the library imputes what it
/// could know.
observation::kind kind_of(run_state state, bool logged) {
  using enum observation::kind;
  switch (state) {
    case run_state::finished:
      return logged ? value : infeasible;
    case run_state::failed:
      return infeasible;
    case run_state::crashed:
      return no_sample;
    case run_state::killed:
      return logged ? partial : no_sample;
    case run_state::pending:
    case run_state::running:
    case run_state::preempted:
    case run_state::preempting:
      break;
  }
  return pending;
}

void judge(const run_facts& facts, bool maximize, observation& out) {
  auto all = facts.values;
  if (facts.summary) all.push_back(*facts.summary);
  out.what = kind_of(facts.state, !all.empty());
  out.running = facts.state == run_state::running;
  if (all.empty()) return;
  const auto [least, most] = std::ranges::minmax(all);
  out.value = maximize ? most : least;
  out.worst = maximize ? least : most;
  out.last = facts.values.empty() ? *facts.summary : facts.values.back();
}

}  // namespace

std::string_view word_of(run_state s) { return states[static_cast<std::size_t>(s)].first; }

result<read_run> reduce_run(const bj::value& run, const metric_rule& metric,
                            const std::string& path) {
  if (!run.is_object()) return fail(errc::invalid, "must be an object", path);
  const auto& object = run.get_object();
  read_run out;
  SWEEPD_TRY(out.facts.state, state_in(object, path));
  const auto* config = object.if_contains("config");
  if (config == nullptr) return fail(errc::invalid, "is missing", path + ".config");
  if (!config->is_object()) return fail(errc::invalid, "must be an object", path + ".config");
  out.seen.config = config->get_object();
  if (const auto* name = object.if_contains("name"); name != nullptr && name->is_string())
    out.facts.name = std::string(std::string_view(name->get_string()));
  if (const auto* stopped = object.if_contains("stopped"))
    out.facts.stopped = stopped->is_bool() && stopped->get_bool();
  if (metric.name) {
    auto read = read_metric(object, metric, path, out.facts);
    if (!read) return tl::unexpected(std::move(read).error());
  }
  judge(out.facts, metric.maximize, out.seen);
  return out;
}

}  // namespace sweepd::suggest
