// What those who search in a client read and write of their sweep: see outside.hpp.
#include "controller/core/outside.hpp"
#include "controller/wandb/json_lines.hpp"
#include "controller/wandb/outside.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/wandb.hpp"

namespace sweepd::wandb {
namespace {

template <class Make>
resolved from_sweep(call& c, Make make) {
  auto look = [&c, make](const core::state& s, moment) -> result<bj::value> {
    SWEEPD_TRY(const auto* sw, http::seen(s, c.env.ctx.who, sweep_of(c)));
    return make(c, s, *sw);
  };
  co_return co_await view(c.env.svc, std::move(look));
}

/// What the local controller wrote, given back as it was.
resolved controller(call& c) {
  auto make = [](const call&, const core::state&, const core::sweep& sw) -> bj::value {
    return sw.controller.empty() ? bj::value(nullptr) : bj::value(sw.controller);
  };
  co_return co_await from_sweep(c, make);
}

/// Which runs its schedule has led to: {"scheduled":[{"id":..,"runid":..}]}
resolved scheduler(call& c) {
  auto make = [](const call&, const core::state&, const core::sweep& sw) -> bj::value {
    if (sw.controller.empty()) return nullptr;
    bj::array scheduled;
    if (const auto wrote = read_controller(sw, sw.controller))
      for (const auto& entry : wrote->schedule)
        if (const auto* t = core::scheduled_trial(sw, entry.id))
          scheduled.push_back({{"id", entry.id}, {"runid", t->first_run}});
    return bj::value(json::to_text(bj::object{{"scheduled", std::move(scheduled)}}));
  };
  co_return co_await from_sweep(c, make);
}

resolved controller_run_name(call& c) {
  auto make = [](const call&, const core::state&, const core::sweep& sw) -> bj::value {
    return has_scheduler(sw.spec) ? bj::value(scheduler_run_of(sw.id).value) : bj::value(nullptr);
  };
  co_return co_await from_sweep(c, make);
}

resolved prior_runs(call& c) {
  auto make = [](const call& at, const core::state& s, const core::sweep& sw) -> bj::value {
    std::vector<const core::run*> all;
    std::vector<std::string> ids;
    for (const auto& id : sw.spec.priors) {
      const auto* r = core::find(s, id);
      if (r == nullptr || r->deleted || !at.env.ctx.who.sees(core::find(s, r->sweep)->project)) continue;
      all.push_back(r);
      ids.push_back(r->id.value);
    }
    return connection(ids, at.arguments, [&](std::size_t i) { return run_row(s, *all[i]); });
  };
  co_return co_await from_sweep(c, make);
}

/// A scheduler's next run: it waits for the first agent that asks. The client sends the same again when it got no
/// answer, and nothing in it says so. Where it names the run (Sweep.enqueue_run), one of the same name and configuration
/// as an earlier one is that one. `wandb sweep-scheduler` (0.31.0) names none: a search may well want a configuration
/// twice, so what it sends again is one run more, for which it does not wait.
resolved enqueue(call& c) {
  if (auto may = c.env.need(http::need::operator_); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto name, name_in("Sweep", text_in(in, "id")));
  core::cmd::push_trials push;
  push.sweep = sweep_id{name};
  if (auto visible = co_await http::must_see(c.env.ctx, c.env.svc, push.sweep); !visible) co_return failed(visible);
  SWEEPD_CO_TRY(const auto config, object_of(text_in(in, "config"), "config"));
  SWEEPD_CO_TRY(auto checked, run_config(bj::value(config), "config"));
  const auto shown = text_in(in, "displayName");
  if (auto good = http::check_text(shown, http::name_bytes_max, "displayName"); !good) co_return failed(good);
  push.configs.push_back(std::move(checked));
  push.first_runs.push_back(run_id{service::fresh_id()});
  bj::object note;
  note["why"] = "enqueued by a scheduler";
  if (!shown.empty()) note["display_name"] = shown;
  push.notes.push_back(json::to_text(note));
  push.once = !shown.empty();
  const auto sweep = push.sweep;
  core::command command = std::move(push);
  SWEEPD_CO_TRY(const auto told, co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command)));
  auto show = [&](const core::state& s, moment) {
    const auto* t = core::find_trial(s, sweep, std::stoull(told.id));
    bj::object out;
    out["id"] = t->first_run;
    out["runQueueItemId"] = global_id("RunQueueItem", t->first_run);
    return out;
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(show)));
  co_return bj::value(std::move(out));
}

constexpr graphql::resolver_row table[] = {
    {"Mutation.enqueueSweepRun", enqueue},
    {"Sweep.controller", controller},
    {"Sweep.scheduler", scheduler},
    {"Sweep.controllerRunName", controller_run_name},
    {"Sweep.priorRuns", prior_runs},
};

}  // namespace

std::span<const graphql::resolver_row> outside_resolvers() { return table; }

}  // namespace sweepd::wandb
