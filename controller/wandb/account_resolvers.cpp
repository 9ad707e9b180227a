// Who asks, what this server is, and things by their global id.
#include "controller/wandb/environment.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/wandb.hpp"

namespace sweepd::wandb {
namespace {

resolved viewer(call& c) {
  co_return bj::value(user_row(c.env.ctx.who, c.env.default_entity()));
}

/// Clients before 0.23 refuse to talk to a server that does not know them.
resolved server_info(call& c) {
  bj::object out;
  out["cliVersionInfo"] = bj::object{{"max_cli_version", "99.0.0"}};
  out["latestLocalVersionInfo"] = bj::object{{"outOfDate", false},
                                             {"latestVersionString", c.env.svc.version},
                                             {"versionOnThisInstanceString", c.env.svc.version}};
  out["features"] = bj::array{bj::object{{"name", "FILESTREAM_GZIP"}, {"isEnabled", true}},
                              bj::object{{"name", "MARK_RUN_FILES_UPLOADED"}, {"isEnabled", true}},
                              bj::object{{"name", "SWEEPS_LOCAL_SCHEDULER"}, {"isEnabled", true}}};
  out["exposesExplicitRunQueueAckPath"] = false;
  co_return bj::value(std::move(out));
}

resolved entity(call& c) {
  const auto name = text_in(c.arguments, "name");
  const auto& who = c.env.ctx.who;
  if (who.project != "*" && name != split_project(who.project).first) co_return bj::value(nullptr);
  auto out = entity_row(name);
  // Keys have no people behind them: an entity is its own only member.
  out["members"] = bj::array{{{"id", global_id("User", name)}, {"username", name}, {"name", name}, {"email", ""},
                              {"accountType", "USER"}, {"admin", false}, {"pending", false}}};
  co_return bj::value(std::move(out));
}

resolved organization(call&) { co_return bj::value(nullptr); }

resolved users(call& c) {
  auto out = empty_connection();
  const auto entity = c.env.default_entity();
  const auto query = text_in(c.arguments, "query");
  if (query.empty() || query == entity)
    out["edges"] = bj::array{bj::object{{"node", user_row(c.env.ctx.who, entity)}, {"cursor", "0"}}};
  co_return bj::value(std::move(out));
}

resolved node(call& c) {
  const auto parts = parts_of_id(text_in(c.arguments, "id"));
  if (!parts) co_return bj::value(nullptr);
  auto look = [who = c.env.ctx.who, kind = parts->first, name = parts->second](const core::state& s,
                                                                            moment) -> bj::value {
    if (kind == "Run")
      if (const auto* r = core::find(s, run_id{name}); r != nullptr && !r->deleted && who.sees(core::find(s, r->sweep)->project))
        return run_row(s, *r);
    if (kind == "Sweep")
      if (const auto* sw = core::find(s, sweep_id{name}); sw != nullptr && who.sees(sw->project))
        return sweep_row(s, *sw);
    if (kind == "Agent")
      if (const auto* a = core::find(s, agent_id{name}); a != nullptr && who.sees(core::find(s, a->sweep)->project))
        return agent_row(s, *a);
    return nullptr;
  };
  co_return co_await view(c.env.svc, std::move(look));
}

constexpr graphql::resolver_row table[] = {
    {"Query.viewer", viewer},
    {"Query.serverInfo", server_info},
    {"Query.entity", entity},
    {"Query.organization", organization},
    {"Query.users", users},
    {"Query.node", node},
};

}  // namespace

std::span<const graphql::resolver_row> account_resolvers() { return table; }

}  // namespace sweepd::wandb
