// Projects: they exist as soon as something is in them, or somebody made them by upsertModel.
#include "controller/core/outside.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/outside.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/run_query.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>
#include <set>

namespace sweepd::wandb {
namespace {

bool there_is(const core::state& s, const std::string& project) {
  const auto named = s.artifacts.collections.lower_bound({project, ""});
  return core::find(s, core::home_of(project)) != nullptr ||
         (named != s.artifacts.collections.end() && named->first.first == project) ||
         std::any_of(s.sweeps.begin(), s.sweeps.end(), [&](const auto& each) { return each.second.project == project; });
}

resolved project(call& c) {
  auto path = c.env.project(text_in(c.arguments, "entityName"), text_in(c.arguments, "name"));
  if (!path) {
    if (path.error().code == errc::not_found) co_return bj::value(nullptr);
    co_return failed(path);
  }
  auto look = [&](const core::state& s, moment) { return there_is(s, *path); };
  SWEEPD_CO_TRY(const auto found, co_await view(c.env.svc, std::move(look)));
  co_return found ? bj::value(project_row(*path)) : bj::value(nullptr);
}

resolved projects(call& c) {
  auto entity = text_in(c.arguments, "entityName");
  if (entity.empty()) entity = c.env.default_entity();
  auto look = [&](const core::state& s, moment) {
    std::set<std::string> found;
    for (const auto& [id, sw] : s.sweeps)
      if (c.env.ctx.who.sees(sw.project) && split_project(sw.project).first == entity) found.insert(sw.project);
    const std::vector<std::string> ids(found.begin(), found.end());
    return connection(ids, c.arguments, [&](std::size_t i) { return project_row(ids[i]); });
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(std::move(out));
}

resolved upsert_model(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto path, c.env.project(text_in(in, "entityName"), text_in(in, "name")));
  core::command command = core::cmd::make_project{path};
  SWEEPD_CO_TRY(const auto done, co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command)));
  bj::object out;
  out["model"] = project_row(path);
  out["project"] = project_row(path);
  out["inserted"] = done.changed;
  co_return bj::value(std::move(out));
}

resolved run(call& c) {
  auto look = [&](const core::state& s, moment) -> bj::value {
    const auto* r = find_run(s, c.env.ctx.who, project_of(c), text_in(c.arguments, "name"));
    if (r != nullptr) return run_row(s, *r);
    const auto promised = core::promised_run(s, run_id{text_in(c.arguments, "name")});
    if (!promised || core::find(s, promised->sweep)->project != project_of(c)) return nullptr;
    return run_row(s, *promised);
  };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved runs(call& c) {
  SWEEPD_CO_TRY(const auto query, run_query::parse(c.arguments));
  auto look = [&](const core::state& s, moment) {
    std::vector<const core::run*> all;
    for (const auto& [id, r] : s.runs)
      if (core::find(s, r.sweep)->project == project_of(c)) all.push_back(&r);
    std::deque<core::run> promised;
    for (const auto& [id, sw] : s.sweeps)
      if (sw.project == project_of(c)) add_promised(sw, promised, all);
    return query.page(s, std::move(all), c.arguments);
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(std::move(out));
}

resolved run_count(call& c) {
  SWEEPD_CO_TRY(const auto query, run_query::parse(c.arguments));
  auto look = [&](const core::state& s, moment) {
    std::size_t n = 0;
    for (const auto& [id, r] : s.runs)
      if (core::find(s, r.sweep)->project == project_of(c) && query.matches(s, r)) ++n;
    return bj::value(n);
  };
  co_return co_await view(c.env.svc, std::move(look));
}

/// The project's sweeps that people see, newest first.
std::vector<const core::sweep*> sweeps_of(const core::state& s, const std::string& project) {
  std::vector<const core::sweep*> all;
  for (const auto& [id, sw] : s.sweeps)
    if (sw.project == project && !core::is_home(sw)) all.push_back(&sw);
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
    return std::pair(b->created, b->id.value) < std::pair(a->created, a->id.value);
  });
  return all;
}

resolved sweeps(call& c) {
  auto look = [&](const core::state& s, moment) {
    const auto all = sweeps_of(s, project_of(c));
    std::vector<std::string> ids;
    for (const auto* sw : all) ids.push_back(sw->id.value);
    return connection(ids, c.arguments, [&](std::size_t i) { return sweep_row(s, *all[i]); });
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(std::move(out));
}

resolved total_sweeps(call& c) {
  auto look = [&](const core::state& s, moment) { return bj::value(sweeps_of(s, project_of(c)).size()); };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved sweep(call& c) {
  auto look = [&](const core::state& s, moment) -> bj::value {
    const auto* sw = find_sweep(s, c.env.ctx.who, project_of(c), text_in(c.arguments, "sweepName"));
    return sw == nullptr ? bj::value(nullptr) : bj::value(sweep_row(s, *sw));
  };
  co_return co_await view(c.env.svc, std::move(look));
}

/// When the first thing came into it.
resolved created_at(call& c) {
  auto look = [&](const core::state& s, moment) -> bj::value {
    std::optional<instant> first;
    for (const auto& [id, sw] : s.sweeps)
      if (sw.project == project_of(c)) first = std::min(first.value_or(sw.created), sw.created);
    return time_value(first);
  };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved user(call& c) {
  co_return bj::value(user_row(c.env.ctx.who, split_project(project_of(c)).first));
}

constexpr graphql::resolver_row table[] = {
    {"Query.project", project},
    {"Query.model", project},
    {"Query.projects", projects},
    {"Query.models", projects},
    {"Mutation.upsertModel", upsert_model},
    {"Project.run", run},
    {"Project.bucket", run},
    {"Project.runs", runs},
    {"Project.buckets", runs},
    {"Project.runCount", run_count},
    {"Project.sweeps", sweeps},
    {"Project.totalSweeps", total_sweeps},
    {"Project.sweep", sweep},
    {"Project.createdAt", created_at},
    {"Project.user", user},
};

}  // namespace

std::span<const graphql::resolver_row> project_resolvers() { return table; }

}  // namespace sweepd::wandb
