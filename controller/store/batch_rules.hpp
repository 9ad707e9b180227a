// What every store checks and derives before it writes a batch; pure, shared by SQLite and by the
// tests' memory_store.
//
// The rule of the house: a run's state changes only by an event, and only from the state and epoch
// the stored row is in. core has checked it in memory; here it is checked again on the other side of
// the boundary, so that a fault in between ends the process instead of reaching the disk.
#pragma once

#include "controller/core/store.hpp"

#include <map>
#include <string>
#include <string_view>
#include <type_traits>

namespace sweepd::store {

/// The event's type name, e.g. "run_moved".
inline std::string_view event_type(const core::event& e) {
  return std::visit([](const auto& x) { return std::string_view(std::decay_t<decltype(x)>::name); },
                    e);
}

/// What the event itself names: its sweep, run and agent members. A trial's event that says after or
/// by which run it happened is about that run as well.
inline core::subject named_subject(const core::event& e) {
  core::subject out;
  std::visit(
      [&]<class T>(const T& x) {
        if constexpr (requires { { x.sweep } -> std::convertible_to<sweep_id>; }) out.sweep = x.sweep;
        if constexpr (requires { { x.run } -> std::convertible_to<run_id>; }) out.run = x.run;
        if constexpr (requires { { x.agent } -> std::convertible_to<agent_id>; }) out.agent = x.agent;
        if constexpr (requires { x.after_run; }) out.run = x.after_run;
        if constexpr (requires { x.by_run; }) out.run = x.by_run;
      },
      e);
  if (out.sweep && out.sweep->empty()) out.sweep.reset();
  if (out.run && out.run->empty()) out.run.reset();
  if (out.agent && out.agent->empty()) out.agent.reset();
  return out;
}

/// Where a run's row stands, or must stand.
struct run_place {
  core::run_state state = core::run_state::pending;
  std::uint32_t epoch = 1;
  friend bool operator==(const run_place&, const run_place&) = default;
};

/// What a batch does to one run: the place its first event starts from (none: a hand-out, so the row
/// is new, or rests under an older epoch), and the place it ends in. No events: none of both.
struct run_path {
  std::optional<run_place> from;
  std::optional<run_place> to;
  bool offered_first = false;
};

inline error broken_rule(std::string what) { return error{errc::internal, std::move(what), "store"}; }

inline std::string place_text(const run_place& p) {
  return std::string(json::enum_name(p.state)) + " in epoch " + std::to_string(p.epoch);
}

/// Follows every run through the batch's events; each event must begin where the one before ended.
inline result<std::map<run_id, run_path>> run_paths(const core::batch& b) {
  std::map<run_id, run_path> out;
  for (const auto& record : b.events) {
    if (const auto* e = std::get_if<core::ev::run_offered>(&record.what)) {
      auto& path = out[e->run];
      if (!path.to) path.offered_first = true;
      if (path.to && (core::is_live(path.to->state) || path.to->epoch >= e->epoch))
        return tl::unexpected(broken_rule("event " + std::to_string(record.seq) + ": run " +
                                          e->run.value + " is handed out while it is " +
                                          place_text(*path.to)));
      path.to = run_place{core::run_state::pending, e->epoch};
    } else if (const auto* m = std::get_if<core::ev::run_moved>(&record.what)) {
      auto& path = out[m->run];
      const run_place begins{m->from, m->epoch};
      if (path.to && *path.to != begins)
        return tl::unexpected(broken_rule("event " + std::to_string(record.seq) + ": run " +
                                          m->run.value + " moves from " + place_text(begins) +
                                          " but is " + place_text(*path.to)));
      if (!path.to) path.from = begins;
      path.to = run_place{m->to, m->epoch};
    }
  }
  return out;
}

/// May `row` replace the stored row (none: there is no such row)? The compare half of compare-and-set.
inline result<void> check_run(const core::run& row, const run_path& path,
                              const std::optional<run_place>& stored) {
  const run_place now{row.state, row.epoch};
  const auto refuse = [&](const std::string& why) {
    return tl::unexpected(broken_rule("run " + row.id.value + ": " + why));
  };
  if (path.to && *path.to != now)
    return refuse("its row is " + place_text(now) + " but its events end in " + place_text(*path.to));
  if (path.from && (!stored || *stored != *path.from))
    return refuse("an event moves it from " + place_text(*path.from) + " but the stored row is " +
                  (stored ? place_text(*stored) : std::string("missing")));
  if (path.offered_first && stored &&
      (core::is_live(stored->state) || stored->epoch >= path.to->epoch))
    return refuse("it is handed out, but the stored row is " + place_text(*stored));
  if (!path.to && stored && *stored != now)
    return refuse("its row is " + place_text(now) + " without an event; the stored row is " +
                  place_text(*stored));
  return {};
}

/// The rows to write: the last one of each run, and no run that moved without its row.
inline result<std::map<run_id, const core::run*>> last_rows(
    const core::batch& b, const std::map<run_id, run_path>& paths) {
  std::map<run_id, const core::run*> out;
  for (const auto& r : b.runs) out[r.id] = &r;
  for (const auto& [id, path] : paths)
    if (path.to && !out.contains(id))
      return tl::unexpected(broken_rule("run " + id.value + " moved, but its row is not in the batch"));
  return out;
}

/// Events continue the log without a gap.
inline result<void> check_sequence(const core::batch& b, std::uint64_t last_seq) {
  for (const auto& e : b.events)
    if (e.seq != ++last_seq)
      return tl::unexpected(broken_rule("event " + std::to_string(e.seq) + " where " +
                                        std::to_string(last_seq) + " follows"));
  return {};
}

}  // namespace sweepd::store
