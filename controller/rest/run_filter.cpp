#include "controller/rest/run_filter.hpp"

#include "controller/rest/handler.hpp"

namespace sweepd::rest {
namespace {

template <class E>
bool among(const std::vector<E>& wanted, E value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool matches(const run_filter& f, const core::run& r, moment now) {
  return !r.deleted && (f.agent.empty() || r.agent.value == f.agent) && among(f.states, r.state) &&
         among(f.causes, r.cause) && among(f.healths, r.health) &&
         (!f.trial || r.trial == *f.trial) &&
         (!f.older_than || now.at - r.state_since >= *f.older_than);
}

}  // namespace

result<run_filter> run_filter_of(const query& q) {
  run_filter f;
  f.sweep = q.text("sweep");
  f.project = q.text("project");
  f.agent = q.text("agent");
  SWEEPD_TRY(f.states, q.any_of<core::run_state>("state"));
  SWEEPD_TRY(f.causes, q.any_of<core::cause>("cause"));
  SWEEPD_TRY(f.healths, q.any_of<core::run_health>("health"));
  SWEEPD_TRY(f.trial, q.number("trial"));
  SWEEPD_TRY(f.older_than, q.duration("older_than"));
  return f;
}

std::vector<const core::run*> matching(const core::state& s, const http::principal& who,
                                       const run_filter& f, moment now) {
  std::vector<const core::run*> out;
  const auto in_sweep = [&](const core::sweep& sw) {
    if (!who.sees(sw.project) || (!f.project.empty() && sw.project != f.project)) return;
    for (const auto& [number, trial] : sw.by_number)
      for (const auto& id : trial.runs)
        if (const auto* r = core::find(s, id); r != nullptr && matches(f, *r, now))
          out.push_back(r);
  };
  if (f.sweep.empty()) {
    for (const auto& [id, sw] : s.sweeps) in_sweep(sw);
  } else if (const auto* sw = core::find(s, sweep_id{f.sweep})) {
    in_sweep(*sw);
  }
  return out;
}

result<void> run_walk::begin(const core::state& s) {
  if (!filter_.sweep.empty()) {
    SWEEPD_TRY(const auto* sw, seen(s, who_, sweep_id{filter_.sweep}));
    sweeps_.push_back(sw->id);
  } else {
    for (const auto& [id, sw] : s.sweeps) sweeps_.push_back(id);
  }
  begun_ = true;
  return {};
}

result<bool> run_walk::step(const core::state& s, moment now, const visitor& show) {
  if (!begun_)
    if (auto ok = begin(s); !ok) return failed(ok);
  for (auto left = step_; !sweeps_.empty(); sweeps_.pop_back(), trial_ = 1) {
    const auto* sw = core::find(s, sweeps_.back());
    if (sw == nullptr || !who_.sees(sw->project)) continue;
    if (!filter_.project.empty() && sw->project != filter_.project) continue;
    for (; trial_ <= sw->trials; ++trial_, --left) {
      if (left == 0) return true;
      const auto t = sw->by_number.find(trial_);
      if (t == sw->by_number.end()) continue;
      for (const auto& id : t->second.runs)
        if (const auto* r = core::find(s, id); r != nullptr && matches(filter_, *r, now)) show(s, *r, now);
    }
  }
  return false;
}

asio::awaitable<result<void>> walk_runs(services& svc, run_walk walk, run_walk::visitor show) {
  for (bool more = true; more;) {
    auto step = [&](const core::state& s, moment now) { return walk.step(s, now, show); };
    auto went = co_await http::view_before(svc, std::move(step));
    if (!went) co_return failed(went);
    more = *went;
  }
  auto nothing = [](const core::state&, moment) { return true; };
  auto durable = co_await view(svc, std::move(nothing));
  if (!durable) co_return failed(durable);
  co_return result<void>{};
}

}  // namespace sweepd::rest
