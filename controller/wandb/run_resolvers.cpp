// A run's life: it begins with upsertBucket, which is also how it and its people describe it later.
#include "controller/wandb/artifact_purge.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/json_lines.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

constexpr std::size_t config_bytes_max = 2u << 20;
constexpr std::size_t text_bytes_max = 64u << 10;
constexpr std::size_t tags_max = 1'000;

/// GraphQL's names for what `about` holds.
constexpr std::pair<const char*, const char*> texts[] = {
    {"displayName", "display_name"}, {"notes", "notes"}, {"description", "description"}, {"groupName", "group"},
    {"jobType", "job_type"},         {"commit", "commit"}, {"jobRepo", "repo"},          {"jobProgram", "program"}};

result<bj::object> about_in(const bj::object& in) {
  bj::object out;
  for (const auto& [from, to] : texts) {
    if (!given(in, from)) continue;
    const auto text = text_in(in, from);
    const bool lines = std::string_view(to) == "notes" || std::string_view(to) == "description";
    if (auto good = http::check_text(text, lines ? text_bytes_max : 1'000, from, lines); !good) return failed(good);
    out[to] = text;
  }
  if (given(in, "tags")) {
    const auto& tags = in.at("tags").as_array();
    if (tags.size() > tags_max) return fail(errc::too_large, "are more than 1000", "tags");
    for (const auto& t : tags)
      if (auto good = http::check_text(t.as_string(), http::name_bytes_max, "tags"); !good) return failed(good);
    out["tags"] = tags;
  }
  if (const auto text = text_in(in, "config"); !text.empty()) {
    if (text.size() > config_bytes_max) return fail(errc::too_large, "is longer than 2 MB", "config");
    auto good = object_of(text, "config");
    if (!good) return failed(good);
    out["config"] = with_quoted_nan(text);
  }
  return out;
}

/// A forked run's client says so in its own part of the configuration; its history would begin in the middle.
result<void> check_no_branch(const bj::object& in) {
  const auto text = text_in(in, "config");
  if (!given(in, "host") || text.find("\"branch_point\"") == std::string::npos) return {};
  const auto config = object_of(text, "config");
  const auto* branch = config ? value_at(*config, "_wandb.value.branch_point") : nullptr;
  if (branch == nullptr || branch->is_null()) return {};
  return fail(errc::invalid, "this server does not offer fork_from: start a new run, and note in its configuration where it "
                             "comes from", "config");
}

/// Names are data, but they stand in paths of the wire and of the page.
result<void> check_run_name(std::string_view name) {
  if (name.empty() || name.find_first_of("/\\#?%:@") != std::string_view::npos)
    return fail(errc::invalid, "run ids must not be empty or contain / \\ # ? % : @", "name");
  return http::check_text(name, http::name_bytes_max, "name");
}

/// The run that an upsert is about, and what is to be done.
struct upsert {
  run_id id;
  std::string project;
  bool inserted = false;
  std::vector<core::command> commands;
};

core::command start_of(const core::run& r, const bj::object& in) {
  core::cmd::start_run start;
  start.run = r.id;
  start.epoch = r.epoch;
  start.host = text_in(in, "host");
  return start;
}

/// May that run (none yet: null) be of that sweep? It is an agent's, or its program is started by hand.
result<void> check_sweep(const core::state& s, const http::principal& who, const std::string& project,
                         const std::string& sweep, const core::run* r) {
  if (find_sweep(s, who, project, sweep) == nullptr)
    return fail(errc::not_found, "there is no sweep '" + sweep + "' in " + project, "sweep");
  if (r == nullptr || r->sweep.value == sweep) return {};
  const auto& other = *core::find(s, r->sweep);
  return fail(errc::conflict, "run '" + r->id.value + "' " +
                                  (core::is_home(other) ? "is in no sweep" : "is of sweep '" + other.id.value + "'") +
                                  ": it cannot be put into sweep '" + sweep + "'; use another run id", "sweep");
}

result<upsert> plan_upsert(const core::state& s, const http::principal& who, const std::string& project,
                           const std::string& name, const bj::object& in) {
  upsert out;
  out.project = project;
  const auto sweep = text_in(in, "sweep");
  const core::run* r = nullptr;
  if (given(in, "id")) {
    SWEEPD_TRY(const auto id, name_in("Run", text_in(in, "id")));
    SWEEPD_TRY(r, http::seen(s, who, run_id{id}));
  } else {
    r = find_run(s, who, project, name);
  }
  if (!sweep.empty())
    if (auto good = check_sweep(s, who, project, sweep, r); !good) return failed(good);
  out.inserted = r == nullptr;
  out.id = r == nullptr ? id_of_run(s, project, name) : r->id;
  // A later upsert carries no host: it describes, and says nothing about the run's life.
  const bool init = given(in, "host") || given(in, "state") || r == nullptr;
  if (!init || (r != nullptr && given(in, "id") && !given(in, "host"))) return out;
  if (r != nullptr && !r->agent.empty()) {
    out.commands.push_back(start_of(*r, in));
    return out;
  }
  core::cmd::open_run open;
  open.project = r == nullptr ? project : core::find(s, r->sweep)->project;
  if (r == nullptr)
    open.sweep = sweep_id{sweep};
  else if (!core::is_home(*core::find(s, r->sweep)))
    open.sweep = r->sweep;
  open.run = out.id;
  open.host = text_in(in, "host");
  open.start = text_in(in, "state") != "pending";
  if (const auto text = text_in(in, "config"); !text.empty()) {
    SWEEPD_TRY(open.config, object_of(text, "config"));
    open.config.erase("_wandb");
  }
  out.commands.push_back(std::move(open));
  return out;
}

/// Where the run is: as the client says; where it names no project, and a sweep, as the sweep is. (In a sweep the
/// client leaves out what its program says, since an agent sets it: wandb/wandb, sdk/wandb_init.py.)
asio::awaitable<result<std::string>> project_for(call& c, const bj::object& in) {
  const auto entity = text_in(in, "entityName"), project = text_in(in, "modelName"), sweep = text_in(in, "sweep");
  if (sweep.empty() || (!project.empty() && project != no_project)) co_return c.env.project(entity, project);
  auto look = [&](const core::state& s, moment) -> result<std::string> {
    SWEEPD_TRY(const auto* sw, http::seen(s, c.env.ctx.who, sweep_id{sweep}));
    if (!entity.empty() && split_project(sw->project).first != entity)
      return fail(errc::not_found, "entity '" + entity + "' has no sweep '" + sweep + "'", "sweep");
    return sw->project;
  };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved upsert_bucket(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  auto name = text_in(in, "name");
  if (name.empty()) name = service::fresh_id();
  if (auto good = check_run_name(name); !good) co_return failed(good);
  if (auto good = check_no_branch(in); !good) co_return failed(good);
  if (auto good = http::check_text(text_in(in, "host"), 255, "host"); !good) co_return failed(good);
  SWEEPD_CO_TRY(const auto project, co_await project_for(c, in));
  core::cmd::describe_run describe;
  SWEEPD_CO_TRY(describe.about, about_in(in));
  if (const auto text = text_in(in, "summaryMetrics"); !text.empty()) {
    SWEEPD_CO_TRY(describe.summary, object_of(text, "summaryMetrics"));
  }
  auto look = [&](const core::state& s, moment) { return plan_upsert(s, c.env.ctx.who, project, name, in); };
  SWEEPD_CO_TRY(auto plan, co_await view(c.env.svc, std::move(look)));
  describe.run = plan.id;
  plan.commands.push_back(std::move(describe));
  auto who = c.env.ctx.caller();
  auto told = co_await c.env.svc.controller.submit_all(std::move(plan.commands), std::move(who));  // one commit
  for (auto& one : told)
    if (!one) co_return failed(one);
  auto show = [&](const core::state& s, moment) { return run_row(s, *core::find(s, plan.id)); };
  SWEEPD_CO_TRY(auto row, co_await view(c.env.svc, std::move(show)));
  bj::object out;
  out["bucket"] = std::move(row);
  out["inserted"] = plan.inserted;
  out["serverSettings"] = bj::object{{"serverMessages", bj::array()}};
  co_return bj::value(std::move(out));
}

/// An operator's action on the run with that global id.
resolved act(call& c, core::cmd::run_verb verb, bool force) {
  if (auto may = c.env.need(http::need::operator_); !may) co_return failed(may);
  SWEEPD_CO_TRY(const auto name, name_in("Run", text_in(input_of(c), "id")));
  core::cmd::act_on_run action;
  action.run = run_id{name};
  action.verb = verb;
  action.force = force;
  action.reason = "asked for by a W&B client";
  if (auto visible = co_await http::must_see(c.env.ctx, c.env.svc, action.run); !visible) co_return failed(visible);
  core::command command = std::move(action);
  auto told = co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command));
  if (!told) co_return failed(told);
  co_return bj::value(bj::object{{"success", true}});
}

resolved stop_run(call& c) { co_return co_await act(c, core::cmd::run_verb::stop, false); }

/// Hidden at once; by sweepd's own commands it can be restored for a while. A live one is stopped first. What it
/// logged as artifacts goes too, where that is asked for, and for good.
resolved delete_run(call& c) {
  if (auto may = c.env.need(http::need::operator_); !may) co_return failed(may);
  SWEEPD_CO_TRY(const auto name, name_in("Run", text_in(input_of(c), "id")));
  const bool with_artifacts = flag_in(input_of(c), "deleteArtifacts").value_or(false);
  std::string project;
  auto look = [&](const core::state& s, moment) -> result<std::vector<core::command>> {
    SWEEPD_TRY(const auto* r, http::seen(s, c.env.ctx.who, run_id{name}));
    project = core::find(s, r->sweep)->project;
    std::vector<core::command> out;
    const std::string why = "asked for by a W&B client";
    if (core::is_live(r->state)) out.emplace_back(core::cmd::act_on_run{r->id, core::cmd::run_verb::stop, why, false});
    for (const auto& [id, a] : s.artifacts.by_id)
      if (with_artifacts && a.run == name && a.source.empty() && a.state != core::artifact_state::deleted)
        out.emplace_back(core::cmd::delete_artifact{id, true});
    out.emplace_back(core::cmd::act_on_run{r->id, core::cmd::run_verb::delete_, why, false});
    return out;
  };
  SWEEPD_CO_TRY(auto commands, co_await view(c.env.svc, std::move(look)));
  if (auto told = co_await submit_each(c, std::move(commands)); !told) co_return failed(told);
  if (with_artifacts) co_await purge_later(c.env.svc, std::move(project));
  co_return bj::value(bj::object{{"success", true}});
}

resolved update_run_state(call& c) {
  const auto state = text_in(input_of(c), "state");
  if (state == "failed") co_return co_await act(c, core::cmd::run_verb::mark_failed, true);
  if (state == "pending") co_return co_await act(c, core::cmd::run_verb::requeue, false);
  co_return fail(errc::invalid, "a run can be moved to 'failed' or 'pending', not to '" + state.substr(0, 32) + "'");
}

/// Nobody is told: alerts have no way out of this server.
resolved alert(call&) { co_return bj::value(bj::object{{"success", false}}); }

resolved project(call& c) { co_return bj::value(project_row(project_of(c))); }

resolved sweep(call& c) {
  if (sweep_of(c).empty()) co_return bj::value(nullptr);
  auto look = [&](const core::state& s, moment) -> result<bj::value> {
    SWEEPD_TRY(const auto* sw, http::seen(s, c.env.ctx.who, sweep_of(c)));
    return bj::value(sweep_row(s, *sw));
  };
  co_return co_await view(c.env.svc, std::move(look));
}

/// The client's own part of the configuration. A client takes a run for resumable if "t" is in it.
resolved wandb_config(call& c) {
  bj::object out;
  const auto config = object_of(text_in(c.parent, "config"), "config");
  const auto* own = config ? config->if_contains("_wandb") : nullptr;
  const auto* value = own != nullptr && own->is_object() ? own->get_object().if_contains("value") : nullptr;
  if (value != nullptr && value->is_object()) {
    out = value->get_object();
    if (const auto* keys = c.arguments.if_contains("keys"); keys != nullptr && keys->is_array()) {
      bj::object some;
      for (const auto& k : keys->get_array())
        if (const auto* v = out.if_contains(k.as_string())) some[k.as_string()] = *v;
      out = std::move(some);
    }
  }
  co_return bj::value(json::to_text(out));
}

constexpr graphql::resolver_row table[] = {
    {"Mutation.upsertBucket", upsert_bucket},
    {"Mutation.stopRun", stop_run},
    {"Mutation.deleteRun", delete_run},
    {"Mutation.updateRunState", update_run_state},
    {"Mutation.notifyScriptableRunAlert", alert},
    {"Run.project", project},
    {"Run.sweep", sweep},
    {"Run.wandbConfig", wandb_config},
};

}  // namespace

std::span<const graphql::resolver_row> run_resolvers() { return table; }

}  // namespace sweepd::wandb
