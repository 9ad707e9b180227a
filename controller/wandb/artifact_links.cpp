// Artifacts in collections: linked to others than their own, taken out of them, aliases given and taken, whole
// collections deleted.
#include "controller/wandb/artifact_access.hpp"
#include "controller/wandb/artifact_purge.hpp"
#include "controller/wandb/artifact_rows.hpp"
#include "controller/wandb/wandb.hpp"

namespace sweepd::wandb {
namespace {

resolved change_aliases(call& c, alias_change how) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto a, co_await the_artifact(c, text_in(in, "artifactID")));
  auto look = [&](const core::state& s, moment) { return alias_edits(s.artifacts, a, in, how); };
  SWEEPD_CO_TRY(auto commands, co_await view(c.env.svc, std::move(look)));
  if (auto told = co_await submit_each(c, std::move(commands)); !told) co_return failed(told);
  co_return bj::value(bj::object{{"success", true}});
}

resolved add_aliases(call& c) { co_return co_await change_aliases(c, alias_change::add); }
resolved delete_aliases(call& c) { co_return co_await change_aliases(c, alias_change::drop); }

/// Which artifact is to be linked: clients know it by our id, or by their own.
result<artifact_id> source_of(const core::state& s, const environment& env, const bj::object& in) {
  auto id = text_in(in, "artifactID");
  if (id.empty()) {
    const auto it = s.artifacts.by_client_id.find(text_in(in, "clientID"));
    if (it == s.artifacts.by_client_id.end()) return fail(errc::not_found, "there is no such artifact", "clientID");
    id = global_id("Artifact", it->second.value);
  }
  SWEEPD_TRY(const auto* a, seen_artifact(s, env, id));
  return a->id;
}

/// A collection as a client's global id means it.
struct place {
  std::string project, name;
  std::vector<artifact_id> rows;
};

result<place> place_of(const core::state& s, const environment& env, const std::string& id, const std::string& where) {
  for (const auto& [key, found] : s.artifacts.collections) {
    if (global_id(kind_of(found), key.second, key.first) != id || !env.ctx.who.sees(key.first)) continue;
    place out{key.first, key.second, {}};
    for (const auto& [n, row] : found.versions) out.rows.push_back(row);
    return out;
  }
  return fail(errc::not_found, "there is no such collection of artifacts", where);
}

/// Where to: named, or by its id.
result<place> target_of(const core::state& s, const environment& env, const bj::object& in) {
  if (given(in, "artifactPortfolioID"))
    return place_of(s, env, text_in(in, "artifactPortfolioID"), "artifactPortfolioID");
  place out;
  SWEEPD_TRY(out.project, env.project(text_in(in, "entityName"), text_in(in, "projectName")));
  out.name = text_in(in, "artifactPortfolioName");
  if (auto good = check_artifact_name(out.name, "artifactPortfolioName"); !good) return failed(good);
  return out;
}

resolved link(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  core::cmd::link_artifact make;
  SWEEPD_CO_TRY(make.row.aliases, names_in(in, "aliases", "alias"));
  make.row.id = artifact_id{service::fresh_id()};
  auto look = [&](const core::state& s, moment) -> result<place> {
    SWEEPD_TRY(make.source, source_of(s, c.env, in));
    return target_of(s, c.env, in);
  };
  SWEEPD_CO_TRY(auto to, co_await view(c.env.svc, std::move(look)));
  make.row.project = std::move(to.project);
  make.row.collection = std::move(to.name);
  core::command command = std::move(make);
  SWEEPD_CO_TRY(const auto done, co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command)));
  auto show = [id = artifact_id{done.id}](const core::state& s, moment) {
    const auto& row = *s.artifacts.find(id);
    bj::object out;
    out["versionIndex"] = row.version ? bj::value(*row.version) : bj::value(nullptr);
    out["artifactMembership"] = membership_row(s.artifacts, row);
    return out;
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(show)));
  co_return bj::value(std::move(out));
}

resolved unlink(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  auto look = [&](const core::state& s, moment) -> result<std::vector<core::command>> {
    SWEEPD_TRY(const auto* a, seen_artifact(s, c.env, text_in(in, "artifactID")));
    SWEEPD_TRY(const auto from, place_of(s, c.env, text_in(in, "artifactPortfolioID"), "artifactPortfolioID"));
    for (const auto& id : from.rows)
      if (s.artifacts.find(id)->source == a->id.value)
        return std::vector<core::command>{core::cmd::delete_artifact{id, true}};
    return fail(errc::not_found, "the artifact is not linked in '" + from.name + "'", "artifactPortfolioID");
  };
  SWEEPD_CO_TRY(auto commands, co_await view(c.env.svc, std::move(look)));
  if (auto told = co_await submit_each(c, std::move(commands)); !told) co_return failed(told);
  co_return bj::value(bj::object{{"success", true}});
}

/// All versions of a name, or all links in it.
resolved remove_all(call& c, std::string argument) {
  if (auto may = c.env.need(http::need::operator_); !may) co_return failed(may);
  auto look = [&](const core::state& s, moment) { return place_of(s, c.env, text_in(input_of(c), argument), argument); };
  SWEEPD_CO_TRY(const auto all, co_await view(c.env.svc, std::move(look)));
  std::vector<core::command> commands;
  for (const auto& id : all.rows) commands.emplace_back(core::cmd::delete_artifact{id, true});
  if (auto told = co_await submit_each(c, std::move(commands)); !told) co_return failed(told);
  co_await purge_later(c.env.svc, all.project);
  bj::object gone;
  gone["__typename"] = argument == "artifactSequenceID" ? "ArtifactSequence" : "ArtifactPortfolio";
  gone["state"] = "DELETED";
  co_return bj::value(bj::object{{"artifactCollection", std::move(gone)}});
}

resolved remove_sequence(call& c) { co_return co_await remove_all(c, "artifactSequenceID"); }
resolved remove_portfolio(call& c) { co_return co_await remove_all(c, "artifactPortfolioID"); }

constexpr graphql::resolver_row table[] = {
    {"Mutation.addAliases", add_aliases},
    {"Mutation.deleteAliases", delete_aliases},
    {"Mutation.linkArtifact", link},
    {"Mutation.unlinkArtifact", unlink},
    {"Mutation.deleteArtifactSequence", remove_sequence},
    {"Mutation.deleteArtifactPortfolio", remove_portfolio},
};

}  // namespace

std::span<const graphql::resolver_row> artifact_links() { return table; }

}  // namespace sweepd::wandb
