// Replay: what another crash policy would have done over the recorded history of a sweep. Every
// silence longer than suspect_after is in the event log with its true length, so marks, false marks
// (runs that spoke again) and slot time can be counted exactly for any crash_after above it.
#pragma once

#include "controller/core/store.hpp"

#include <span>

namespace sweepd::core {

struct replayed_silence {
  static constexpr bool has_defaults = true;
  run_id run;
  instant silent_from;
  milliseconds silent_for{0};
  bool came_back = false;
  std::string would;        ///< "nothing", "crashed", "failed"
  bool false_mark = false;  ///< it would have been marked, and it spoke again
};
BOOST_DESCRIBE_STRUCT(replayed_silence, (), (run, silent_from, silent_for, came_back, would, false_mark))

struct policy_replay {
  static constexpr bool has_defaults = true;
  std::string policy_hash;
  std::uint64_t runs = 0;
  std::uint64_t silences = 0;
  std::uint64_t marks_crashed = 0;
  std::uint64_t marks_failed = 0;
  std::uint64_t false_crashed = 0;
  std::uint64_t false_failed = 0;
  milliseconds held_recorded{0};  ///< run time held by dead runs, as it was
  milliseconds held_policy{0};    ///< the same under this policy
  milliseconds resolution{0};     ///< silences shorter than this were not recorded
  std::vector<replayed_silence> rows;
  std::vector<std::string> notes;
};
BOOST_DESCRIBE_STRUCT(policy_replay, (),
                      (policy_hash, runs, silences, marks_crashed, marks_failed, false_crashed,
                       false_failed, held_recorded, held_policy, resolution, rows, notes))

inline constexpr std::size_t replay_rows_max = 1'000;

/// `log`: the sweep's events, oldest first.
policy_replay replay(std::span<const stored_event> log, const crash_policy& policy, moment now);

}  // namespace sweepd::core
