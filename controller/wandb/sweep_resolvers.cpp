// Sweeps: made from a file, moved by W&B's four verbs, and read.
#include "controller/config/sweep_yaml.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/outside.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/run_query.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>
#include <random>

namespace sweepd::wandb {
namespace {

constexpr std::size_t description_bytes_max = 10'000;

/// 53 bits, so that every JSON reader shows the seed that was used.
std::uint64_t drawn_seed() {
  std::random_device device;
  return ((std::uint64_t{device()} << 32) | device()) >> 11;
}

/// All problems of the file in one message: clients show a person the message and nothing else.
error refused_file(const std::vector<config::problem>& problems) {
  error out{errc::invalid, "", ""};
  for (const auto& p : problems)
    out.message += (out.message.empty() ? "" : "; ") + p.where + ": " + p.message;
  return out;
}

result<void> check_title(const std::string& title, const std::string& description) {
  if (auto good = http::check_text(title, http::name_bytes_max, "displayName"); !good) return good;
  return http::check_text(description, description_bytes_max, "description", true);
}

result<core::cmd::create_sweep> creation(const environment& env, const bj::object& in) {
  auto parsed = config::parse_sweep(text_in(in, "config"), "sweep.yaml");
  if (!parsed) return tl::unexpected<error>(refused_file(parsed.error()));
  auto entity = text_in(in, "entityName");
  auto project = text_in(in, "projectName");
  if (entity.empty()) entity = parsed->entity;
  if (project.empty()) project = parsed->project;
  core::cmd::create_sweep c;
  SWEEPD_TRY(c.project, env.project(entity, project));
  if (const auto name = text_in(in, "displayName"); !name.empty()) parsed->spec.name = name;
  if (const auto text = text_in(in, "description"); !text.empty()) parsed->spec.description = text;
  if (auto good = check_title(parsed->spec.name, parsed->spec.description); !good) return failed(good);
  if (!parsed->seed_given) parsed->spec.seed = drawn_seed();
  c.fresh_id = sweep_id{service::fresh_id()};
  c.spec = std::move(parsed->spec);
  c.policy = std::move(parsed->policy);
  return c;
}

std::optional<core::cmd::sweep_verb> verb_for(std::string_view state) {
  using enum core::cmd::sweep_verb;
  if (state == "PAUSED") return pause;
  if (state == "RUNNING" || state == "PENDING") return resume;
  if (state == "FINISHED") return stop;
  if (state == "CANCELED") return cancel;
  return std::nullopt;
}

constexpr const char* by_client = "asked for by a W&B client";

/// A changed file: the new spec, and the policy if the file has one of its own.
result<void> add_change(const core::sweep& sw, const std::string& text, std::vector<core::command>& out) {
  if (text.empty() || text == sw.spec.yaml) return {};
  auto parsed = config::parse_sweep(text, "sweep.yaml");
  if (!parsed) return tl::unexpected<error>(refused_file(parsed.error()));
  if (parsed->spec.config == sw.spec.config) return {};  // the same, perhaps in another order
  core::cmd::change_sweep c;
  c.sweep = sw.id;
  c.spec = std::move(parsed->spec);
  c.reason = by_client;
  out.emplace_back(std::move(c));
  if (!parsed->policy) return {};
  core::cmd::set_policy policy;
  policy.sweep = sw.id;
  policy.policy = std::move(*parsed->policy);
  policy.yaml = std::move(parsed->policy_yaml);
  policy.reason = by_client;
  out.emplace_back(std::move(policy));
  return {};
}

/// What people call it, and say of it. It stays as it is where the client says nothing.
result<void> add_title(const core::sweep& sw, const bj::object& in, std::vector<core::command>& out) {
  core::cmd::tune_sweep c;
  c.sweep = sw.id;
  c.reason = by_client;
  const auto title = text_in(in, "displayName"), description = text_in(in, "description");
  if (auto good = check_title(title, description); !good) return good;
  if (!title.empty() && title != sw.spec.name) c.title = title;
  if (!description.empty() && description != sw.spec.description) c.description = description;
  if (c.title || c.description) out.emplace_back(std::move(c));
  return {};
}

/// What an update of a sweep that is there asks for.
result<std::vector<core::command>> changes(const core::state& s, const core::sweep& sw, const bj::object& in) {
  if (given(in, "scheduler")) return fail(errc::invalid, "only the server writes what was scheduled", "scheduler");
  std::vector<core::command> out;
  if (auto good = add_change(sw, text_in(in, "config"), out); !good) return failed(good);
  if (given(in, "controller")) {
    SWEEPD_TRY(auto wrote, read_controller(sw, text_in(in, "controller")));
    out.emplace_back(std::move(wrote));
  }
  if (auto good = add_title(sw, in, out); !good) return failed(good);
  const auto state = text_in(in, "state");
  if (state.empty()) return out;
  const auto verb = verb_for(state);
  if (!verb) return fail(errc::invalid, "no sweep can be moved to the state '" + state + "'");
  core::cmd::move_sweep c;
  c.sweep = sw.id;
  c.verb = *verb;
  c.reason = by_client;
  out.emplace_back(std::move(c));
  const auto* r = core::find(s, scheduler_run_of(sw.id));
  const bool over = *verb == core::cmd::sweep_verb::stop || *verb == core::cmd::sweep_verb::cancel;
  if (over && r != nullptr && core::is_live(r->state)) {  // its client never says that it is at its end
    core::cmd::finish_run end;
    end.run = r->id;
    end.epoch = r->epoch;
    end.exit_code = 0;
    out.emplace_back(std::move(end));
  }
  return out;
}

asio::awaitable<result<sweep_id>> existing_sweep(call& c, const bj::object& in) {
  SWEEPD_CO_TRY(const auto name, name_in("Sweep", text_in(in, "id")));
  const sweep_id id{name};
  auto look = [&](const core::state& s, moment) -> result<std::vector<core::command>> {
    SWEEPD_TRY(const auto* sw, http::seen(s, c.env.ctx.who, id));
    return changes(s, *sw, in);
  };
  SWEEPD_CO_TRY(auto commands, co_await view(c.env.svc, std::move(look)));
  if (auto told = co_await submit_each(c, std::move(commands)); !told) co_return failed(told);
  co_return id;
}

asio::awaitable<result<sweep_id>> new_sweep(call& c, const bj::object& in) {
  SWEEPD_CO_TRY(auto make, creation(c.env, in));
  if (const auto prior = text_in(in, "priorRunsFilters"); !prior.empty() && prior != "null") {
    auto look = [&](const core::state& s, moment) {
      return priors_of(s, c.env.ctx.who, make.project, make.spec, prior);
    };
    SWEEPD_CO_TRY(make.priors, co_await view(c.env.svc, std::move(look)));
  }
  const auto id = make.fresh_id;
  core::cmd::open_run log;
  log.project = make.project;
  log.run = scheduler_run_of(id);
  log.start = false;
  const bool scheduled = has_scheduler(make.spec);
  std::vector<core::command> commands;
  commands.emplace_back(std::move(make));
  if (scheduled) commands.emplace_back(std::move(log));
  if (auto told = co_await submit_each(c, std::move(commands)); !told) co_return failed(told);
  co_return id;
}

resolved upsert_sweep(call& c) {
  if (auto may = c.env.need(http::need::operator_); !may) co_return failed(may);
  const auto& in = input_of(c);
  result<sweep_id> id;
  if (given(in, "id"))
    id = co_await existing_sweep(c, in);
  else
    id = co_await new_sweep(c, in);
  if (!id) co_return failed(id);
  auto look = [&](const core::state& s, moment) -> result<bj::object> {
    SWEEPD_TRY(const auto* sw, http::seen(s, c.env.ctx.who, *id));
    return sweep_row(s, *sw);
  };
  SWEEPD_CO_TRY(auto row, co_await view(c.env.svc, std::move(look)));
  bj::object out;
  out["sweep"] = std::move(row);
  out["configValidationWarnings"] = bj::array();
  co_return bj::value(std::move(out));
}

resolved project(call& c) { co_return bj::value(project_row(project_of(c))); }

resolved runs(call& c) {
  SWEEPD_CO_TRY(const auto query, run_query::parse(c.arguments));
  auto look = [&](const core::state& s, moment) -> result<bj::object> {
    SWEEPD_TRY(const auto* sw, http::seen(s, c.env.ctx.who, sweep_of(c)));
    std::vector<const core::run*> all;
    std::deque<core::run> promised;
    for (const auto& [number, t] : sw->by_number)
      for (const auto& id : t.runs) all.push_back(core::find(s, id));
    add_promised(*sw, promised, all);
    auto arguments = c.arguments;
    if (!arguments.contains("first")) arguments["first"] = 1'000;  // clients that do not page want all
    return query.page(s, std::move(all), arguments);
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(std::move(out));
}

resolved agents(call& c) {
  auto look = [&](const core::state& s, moment) {
    std::vector<const core::agent*> all;
    for (const auto& [id, a] : s.agents)
      if (a.sweep == sweep_of(c)) all.push_back(&a);
    std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
      return std::pair(a->joined, a->id.value) < std::pair(b->joined, b->id.value);
    });
    std::vector<std::string> ids;
    for (const auto* a : all) ids.push_back(a->id.value);
    return connection(ids, c.arguments, [&](std::size_t i) { return agent_row(s, *all[i]); });
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(std::move(out));
}

resolved agent(call& c) {
  auto look = [&](const core::state& s, moment) -> bj::value {
    const auto* a = core::find(s, agent_id{text_in(c.arguments, "agentName")});
    if (a == nullptr || a->sweep != sweep_of(c)) return nullptr;
    return agent_row(s, *a);
  };
  co_return co_await view(c.env.svc, std::move(look));
}

constexpr graphql::resolver_row table[] = {
    {"Mutation.upsertSweep", upsert_sweep},
    {"Sweep.project", project},
    {"Sweep.runs", runs},
    {"Sweep.agents", agents},
    {"Sweep.agent", agent},
};

}  // namespace

std::span<const graphql::resolver_row> sweep_resolvers() { return table; }

}  // namespace sweepd::wandb
