#include "strategies/early_stop/stop_runs.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace sweepd::strategies::early_stop {
namespace {

/// By bytes: NaN, which stands for "was not logged", equals itself.
bool begins_with(std::span<const double> longer, const std::vector<double>& start) {
  return longer.size() >= start.size() &&
         (start.empty() || std::memcmp(longer.data(), start.data(), start.size() * sizeof(double)) == 0);
}

}  // namespace

bool stop_question::continues(std::span<const asked_run> runs) const {
  if (runs.size() < known_.size()) return false;
  for (std::size_t i = 0; i < known_.size(); ++i)
    if (!begins_with(runs[i].values, known_[i].values) ||
        !begins_with(runs[i].resource, known_[i].resource))
      return false;
  return true;
}

standing stop_question::standing_of(std::string_view state) const {
  const auto& r = board_.terms();
  if (r.kind == rule_kind::hyperband) return standing::counted;  // all runs, in whatever state
  if (state == "crashed") return standing::provisional;
  if (state == "failed" && !r.keep_failed) return standing::removed;
  return standing::counted;
}

stop_answer stop_question::ask(std::span<const asked_run> runs) {
  const auto& r = board_.terms();
  if (!continues(runs)) {
    known_.clear();
    board_ = board(rule(r));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i == known_.size()) {
      known_.emplace_back();
      board_.enter();
    }
    auto& k = known_[i];
    for (auto n = k.values.size(); n < runs[i].values.size(); ++n) {
      std::optional<double> at;
      if (n < runs[i].resource.size() && std::isfinite(runs[i].resource[n])) at = runs[i].resource[n];
      r.observe(k.record, runs[i].values[n], at);
      k.values.push_back(runs[i].values[n]);
      if (n < runs[i].resource.size()) k.resource.push_back(runs[i].resource[n]);
    }
    board_.update(static_cast<seat>(i), k.record, standing_of(runs[i].state),
                  runs[i].state == "running");
  }
  stop_answer out;
  for (const auto& v : board_.to_stop()) out.stop.push_back(v.run);
  out.bands = r.rungs;
  out.thresholds.assign(r.rungs.size(), std::numeric_limits<double>::infinity());
  const auto table = board_.table();
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].threshold) out.thresholds[i] = r.ranked(*table[i].threshold);
  out.lines = lines_of(runs);
  return out;
}

std::vector<std::string> stop_question::lines_of(std::span<const asked_run> runs) const {
  std::vector<std::string> lines(1, "Bands:");
  for (const auto& row : board_.table())
    lines[0] += (lines[0].size() > 6 ? ", " : " ") + number_text(row.rung) + " = " +
                (row.threshold ? number_text(*row.threshold) : std::string("none")) + " of " +
                std::to_string(row.runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].state != "running") continue;
    std::string line = "Run: " + std::string(runs[i].name) + " Step: " + std::to_string(known_[i].record.count);
    if (const auto v = board_.look(static_cast<seat>(i)))
      line += " (" + board_.words(*v) + ")" + (v->stop ? " STOP" : "");
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace sweepd::strategies::early_stop
