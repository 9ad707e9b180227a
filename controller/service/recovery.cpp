#include "controller/service/recovery.hpp"

#include "controller/core/apply.hpp"

#include <algorithm>
#include <utility>

namespace sweepd::service {
namespace {

tl::unexpected<error> damaged(std::string what) {
  return fail(errc::internal,
              "the database contradicts itself: " + std::move(what) + "; restore a backup");
}

}  // namespace

result<void> recover(core::snapshot& from, core::state& s, moment now) {
  s.agents.reserve(from.agents.size());
  s.runs.reserve(from.runs.size());
  for (auto& row : from.sweeps) {
    const auto id = row.id;
    row.by_number.reserve(std::min<std::uint64_t>(row.trials, from.trials.size()));
    s.sweeps.insert_or_assign(id, std::move(row));
  }
  for (auto& row : from.agents) {
    if (!s.sweeps.contains(row.sweep))
      return damaged("agent " + row.id.value + " belongs to no sweep");
    const auto id = row.id;
    s.agents.insert_or_assign(id, std::move(row));
  }
  for (auto& row : from.trials) {
    const auto sweep = s.sweeps.find(row.sweep);
    if (sweep == s.sweeps.end())
      return damaged("trial " + std::to_string(row.number) + " belongs to no sweep");
    const auto number = row.number;
    sweep->second.by_number.insert_or_assign(number, std::move(row));
  }
  for (auto& row : from.runs) {
    if (core::find_trial(s, row.sweep, row.trial) == nullptr)
      return damaged("run " + row.id.value + " belongs to no trial");
    const auto id = row.id;
    s.runs.insert_or_assign(id, std::move(row));
  }
  for (const auto& [id, sweep] : s.sweeps)
    for (const auto& [number, trial] : sweep.by_number)
      for (const auto& run : trial.runs)
        if (!s.runs.contains(run))
          return damaged("trial " + std::to_string(number) + " of sweep " + id.value +
                         " names run " + run.value + ", which is not there");
  for (auto& row : from.keys) {
    const auto id = row.id;
    s.keys.insert_or_assign(id, std::move(row));
  }
  for (auto& row : from.artifacts) s.artifacts.put(std::move(row));
  core::rebuild(s, now);
  return {};
}

}  // namespace sweepd::service
