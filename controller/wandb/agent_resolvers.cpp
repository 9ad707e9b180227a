// wandb agent: it joins a sweep, beats every five seconds with the map of its live processes, and is
// given commands in the answer. An answer that is lost costs nothing: a run that the agent does not
// list is offered again under the same id.
#include "controller/wandb/environment.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/run_query.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

constexpr std::size_t runs_listed_max = 10'000;
/// A beat may wait so long for a configuration that is being prepared; the client gives it 30 s.
constexpr milliseconds patience{2'000};

resolved create_agent(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  const auto name = text_in(in, "sweep");
  SWEEPD_CO_TRY(const auto project, c.env.project(text_in(in, "entityName"), text_in(in, "projectName")));
  core::cmd::join_agent join;
  join.fresh_id = agent_id{service::fresh_id()};
  join.sweep = sweep_id{name};
  join.host = text_in(in, "host");
  join.name = "wandb-" + join.host;
  if (auto good = http::check_text(join.host, http::name_bytes_max - 6, "host"); !good) co_return failed(good);
  auto look = [&](const core::state& s, moment) -> result<bool> {
    if (find_sweep(s, c.env.ctx.who, project, name) != nullptr) return true;
    return fail(errc::not_found, "there is no sweep '" + name + "' in " + project);
  };
  SWEEPD_CO_TRY([[maybe_unused]] const bool there, co_await view(c.env.svc, std::move(look)));
  core::command command = std::move(join);
  SWEEPD_CO_TRY(const auto done,
                co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command)));
  auto show = [id = agent_id{done.id}](const core::state& s, moment) {
    return bj::object{{"agent", agent_row(s, *core::find(s, id))}};
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(show)));
  co_return bj::value(std::move(out));
}

/// The runs that the agent says are alive: {"runid": true, ...}
result<std::vector<run_id>> listed_runs(const bj::object& in) {
  std::vector<run_id> out;
  const auto text = text_in(in, "runState");
  if (text.empty()) return out;
  const auto map = json::parse(text);
  if (!map || !map->is_object()) return fail(errc::invalid, "is not a JSON object", "runState");
  if (map->get_object().size() > runs_listed_max)
    return fail(errc::invalid, "lists more than 10000 runs", "runState");
  for (const auto& [id, alive] : map->get_object())
    if (!alive.is_bool() || alive.get_bool()) out.push_back(run_id{std::string(id)});
  return out;
}

result<bj::object> run_command(const core::answer::handout& got, const std::string& program) {
  bj::object out;
  out["type"] = "run";
  out["run_id"] = got.run.value;
  SWEEPD_TRY(out["args"], json::parse(got.config));
  out["program"] = program.empty() ? bj::value(nullptr) : bj::value(program);
  return out;
}

/// New work for an agent without a live run: a run, the end, or nothing yet.
asio::awaitable<result<bj::array>> next_command(call& c, core::agent a, std::string program) {
  core::cmd::claim claim;
  claim.sweep = a.sweep;
  claim.agent = a.id;
  claim.fresh_run = run_id{service::fresh_id()};
  auto who = c.env.ctx.caller();
  auto told = co_await c.env.svc.controller.claim(std::move(claim), std::move(who), patience);
  if (!told) co_return failed(told);
  bj::array out;
  if (const auto* run = std::get_if<core::answer::handout>(&*told)) {
    SWEEPD_CO_TRY(auto command, run_command(*run, program));
    out.push_back(std::move(command));
  }
  if (std::holds_alternative<core::answer::over>(*told)) out.push_back(bj::object{{"type", "exit"}});
  co_return out;
}

resolved heartbeat(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto name, name_in("Agent", text_in(in, "id")));
  core::cmd::beat_agent beat;
  beat.agent = agent_id{name};
  SWEEPD_CO_TRY(beat.alive, listed_runs(in));
  const bool busy = !beat.alive.empty();
  const auto id = beat.agent;
  if (auto visible = co_await http::must_see(c.env.ctx, c.env.svc, id); !visible) co_return failed(visible);
  core::command command = std::move(beat);
  SWEEPD_CO_TRY(const auto told,
                co_await http::submit<core::answer::agent_told>(c.env.ctx, c.env.svc, std::move(command)));
  std::string program;
  bj::object row;
  auto look = [&](const core::state& s, moment) {
    const auto& a = *core::find(s, id);
    program = core::find(s, a.sweep)->spec.program;
    row = agent_row(s, a);
    return core::agent(a);
  };
  SWEEPD_CO_TRY(auto a, co_await view(c.env.svc, std::move(look)));
  bj::array commands;
  for (const auto& run : told.stop) commands.push_back({{"type", "stop"}, {"run_id", run.value}});
  // `exit` kills what the agent still runs, and a second `run` would go beside the first.
  if (!busy && told.exit) commands.push_back(bj::object{{"type", "exit"}});
  if (!busy && !told.exit) {
    SWEEPD_CO_TRY(commands, co_await next_command(c, std::move(a), std::move(program)));
  }
  bj::object out;
  out["agent"] = std::move(row);
  out["commands"] = json::to_text(bj::value(std::move(commands)));
  co_return bj::value(std::move(out));
}

resolved runs(call& c) {
  SWEEPD_CO_TRY(const auto query, run_query::parse(c.arguments));
  const auto agent = text_in(c.parent, "_agent");
  auto look = [&](const core::state& s, moment) {
    std::vector<const core::run*> all;
    for (const auto& [id, r] : s.runs)
      if (r.agent.value == agent) all.push_back(&r);
    return query.page(s, std::move(all), c.arguments);
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(std::move(out));
}

constexpr graphql::resolver_row table[] = {
    {"Mutation.createAgent", create_agent},
    {"Mutation.agentHeartbeat", heartbeat},
    {"Agent.runs", runs},
};

}  // namespace

std::span<const graphql::resolver_row> agent_resolvers() { return table; }

}  // namespace sweepd::wandb
