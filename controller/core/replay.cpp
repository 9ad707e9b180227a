#include "controller/core/replay.hpp"

#include "controller/base/duration.hpp"
#include "controller/core/liveness.hpp"

#include <algorithm>
#include <map>

namespace sweepd::core {
namespace {

/// One run as the log tells it, while it is read.
struct track {
  bool silent = false;      ///< a silence has begun and has not ended
  mono silent_since;
  instant silent_wall;
  std::optional<mono> dead_since;  ///< it holds what it holds although dead
  /// Failed in the recording: it holds nothing any more, but whether it comes back is yet to be read.
  std::optional<mono> settled;
  sweepd::core::cause cause = sweepd::core::cause::none;
  int attempt = 1;
};

struct reading {
  const crash_policy& policy;
  policy_replay out;
  std::map<std::string, track> runs;

  rule_choice rule_for(const track& t, cause c) const {
    death d;
    d.cause = c;
    d.attempt = t.attempt;
    return choose_rule(policy, d);
  }

  /// A silence has ended at `at`, by a word of the run or (came_back false) for ever.
  void silence_over(const std::string& id, track& t, mono at, bool came_back) {
    if (!t.silent) return;
    t.silent = false;
    const auto length = at - t.silent_since;
    const auto act = act_after(policy, rule_for(t, cause::agent_lost), cause::agent_lost);
    replayed_silence row;
    row.run = run_id{id};
    row.silent_from = t.silent_wall;
    row.silent_for = length;
    row.came_back = came_back;
    row.would = "nothing";
    ++out.silences;
    if (policy.mode != policy_mode::off && length > policy.crash_after) {
      row.would = "crashed";
      ++out.marks_crashed;
      if (came_back) ++out.false_crashed;
      if (policy.mode == policy_mode::enforce && length > policy.crash_after + act) {
        row.would = "failed";
        ++out.marks_failed;
        if (came_back) ++out.false_failed;
      }
    }
    row.false_mark = came_back && row.would != "nothing";
    if (!came_back) {
      const auto held = t.settled.value_or(at) - t.silent_since;
      out.held_recorded += held;
      out.held_policy +=
          policy.mode == policy_mode::enforce ? std::min(length, policy.crash_after + act) : held;
    }
    t.settled.reset();
    if (out.rows.size() < replay_rows_max) out.rows.push_back(std::move(row));
  }

  /// A run known to be dead stops holding at `at`; or it was not dead, and has come back.
  void dead_over(track& t, mono at, bool came_back) {
    if (!t.dead_since) return;
    const auto length = at - *t.dead_since;
    const auto held = t.settled.value_or(at) - *t.dead_since;
    const auto act = act_after(policy, rule_for(t, t.cause), t.cause);
    out.held_recorded += held;
    out.held_policy += policy.mode == policy_mode::enforce ? std::min(length, act) : held;
    if (policy.mode == policy_mode::enforce && length >= act) {
      ++out.marks_failed;
      if (came_back) ++out.false_failed;
    }
    t.dead_since.reset();
    t.settled.reset();
  }

  void over(const std::string& id, track& t, mono at, bool came_back) {
    silence_over(id, t, at, came_back);
    dead_over(t, at, came_back);
  }

  void take(const stored_event& row, const ev::run_health_changed& e) {
    auto& t = runs[e.run.value];
    if (e.to == run_health::suspect) {
      t.silent = true;
      t.silent_since = e.silent_since;
      t.silent_wall = row.wall - (row.at - e.silent_since);
    } else if (e.from == run_health::suspect && e.to == run_health::ok) {
      silence_over(e.run.value, t, row.at, true);
    } else if (e.to == run_health::superseded) {
      over(e.run.value, t, row.at, true);  // it speaks, although its trial was handed out again
    }
  }

  void take(const stored_event& row, const ev::run_moved& e) {
    auto& t = runs[e.run.value];
    const bool spoke = e.to == run_state::running || e.to == run_state::finished || e.exit_code || e.signal;
    if (e.to == run_state::crashed) {
      t.cause = e.cause;
      if (spoke) silence_over(e.run.value, t, row.at, true);  // its agent told how it ended
      if (!t.silent) t.dead_since = row.at;
    } else if (spoke) {
      over(e.run.value, t, row.at, true);
    } else if (e.from == run_state::crashed && e.to == run_state::failed) {
      if (t.silent || t.dead_since) t.settled = row.at;
    } else if (is_final(e.to)) {
      over(e.run.value, t, row.at, false);
    }
  }

  void take(const stored_event& row, const ev::run_ended_late& e) {
    over(e.run.value, runs[e.run.value], row.at, true);
  }

  void take(const stored_event& row, const ev::run_offered& e) {
    if (runs.try_emplace(e.run.value).second) ++out.runs;
    auto& t = runs[e.run.value];
    over(e.run.value, t, row.at, false);  // the same run, begun anew
    t.attempt = e.attempt;
  }

  template <class Other>
  void take(const stored_event&, const Other&) {}
};

}  // namespace

policy_replay replay(std::span<const stored_event> log, const crash_policy& policy, moment now) {
  reading r{policy, {}, {}};
  r.out.policy_hash = policy_hash(policy);
  crash_policy in_force;
  std::size_t unread = 0;
  for (const auto& row : log) {
    auto e = json::parse<event>(row.body);
    if (!e) {
      ++unread;
      continue;
    }
    if (const auto* made = std::get_if<ev::sweep_created>(&*e)) in_force = made->policy;
    if (const auto* changed = std::get_if<ev::policy_changed>(&*e)) in_force = changed->policy;
    r.out.resolution = std::max(r.out.resolution, in_force.suspect_after);
    std::visit([&](const auto& one) { r.take(row, one); }, *e);
  }
  for (auto& [id, t] : r.runs) {
    r.over(id, t, now.at, false);
  }
  if (policy.crash_after < r.out.resolution)
    r.out.notes.push_back("silences shorter than " + to_string(r.out.resolution) +
                          " were not recorded: marks for crash_after " + to_string(policy.crash_after) +
                          " are undercounted");
  if (unread > 0) r.out.notes.push_back(std::to_string(unread) + " events could not be read");
  return std::move(r.out);
}

}  // namespace sweepd::core
