// Artifacts, read: by id, by name and alias, by their collections and types, by the runs that made or used them.
#include "controller/base/base64.hpp"
#include "controller/wandb/artifact_files.hpp"
#include "controller/wandb/artifact_rows.hpp"
#include "controller/wandb/json_lines.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

artifact_id artifact_of(const call& c) { return artifact_id{text_in(c.parent, "_artifact")}; }
std::string collection_of(const call& c) { return text_in(c.parent, "_collection"); }

/// What `make` makes of the registry, null included.
template <class Make>
resolved from_registry(call& c, Make make) {
  auto look = [&c, make](const core::state& s, moment) -> bj::value { return make(c, s.artifacts); };
  co_return co_await view(c.env.svc, std::move(look));
}

bj::value row_or_null(const call& c, const core::artifact_registry& all, const core::artifact* a) {
  if (a == nullptr || !c.env.ctx.who.sees(all.behind(*a).project)) return nullptr;
  return artifact_row(all, all.behind(*a));
}

resolved by_id(call& c) {
  const auto name = name_in("Artifact", text_in(c.arguments, "id"));
  if (!name) co_return bj::value(nullptr);
  const artifact_id id{*name};
  auto make = [id](const call& at, const core::artifact_registry& all) { return row_or_null(at, all, all.find(id)); };
  co_return co_await from_registry(c, make);
}

/// The id that the server gave to what a client calls by its own.
resolved by_client_id(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) -> bj::value {
    const auto it = all.by_client_id.find(text_in(at.arguments, "clientID"));
    const auto* a = it == all.by_client_id.end() ? nullptr : all.find(it->second);
    if (a == nullptr || !at.env.ctx.who.sees(a->project)) return nullptr;
    return bj::object{{"serverID", global_id("Artifact", a->id.value, a->project)}};
  };
  co_return co_await from_registry(c, make);
}

resolved by_name(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) {
    const auto* a = all.named(project_of(at), text_in(at.arguments, "name"));
    const auto type = text_in(at.parent, "_type");
    return row_or_null(at, all, a != nullptr && !type.empty() && a->type != type ? nullptr : a);
  };
  co_return co_await from_registry(c, make);
}

bj::value membership_or_null(const call& c, const core::artifact_registry& all, const core::artifact* a) {
  if (a == nullptr || !c.env.ctx.who.sees(all.behind(*a).project)) return nullptr;
  return membership_row(all, *a);
}

resolved membership_by_name(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) {
    return membership_or_null(at, all, all.named(project_of(at), text_in(at.arguments, "name")));
  };
  co_return co_await from_registry(c, make);
}

resolved membership_by_alias(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) {
    const auto name = collection_of(at) + ":" + text_in(at.arguments, "aliasName");
    return membership_or_null(at, all, all.named(project_of(at), name));
  };
  co_return co_await from_registry(c, make);
}

resolved collection(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) -> bj::value {
    const auto name = text_in(at.arguments, "name");
    const auto type = text_in(at.parent, "_type");
    const auto* found = all.collection(project_of(at), name);
    if (found == nullptr || (!type.empty() && found->type != type)) return nullptr;
    return collection_row(project_of(at), name, *found);
  };
  co_return co_await from_registry(c, make);
}

resolved collection_by_id(call& c) {
  const auto text = unbase64(text_in(c.arguments, "id")).value_or("");
  auto make = [&text](const call& at, const core::artifact_registry& all) -> bj::value {
    for (const auto& [key, found] : all.collections)
      if (unbase64(global_id(kind_of(found), key.second, key.first)) == text && at.env.ctx.who.sees(key.first))
        return collection_row(key.first, key.second, found);
    return nullptr;
  };
  co_return co_await from_registry(c, make);
}

resolved collections(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) -> bj::value {
    const auto project = project_of(at);
    const auto type = text_in(at.parent, "_type");
    std::vector<std::string> names;
    std::vector<const core::artifact_collection*> found;
    for (auto it = all.collections.lower_bound({project, ""});
         it != all.collections.end() && it->first.first == project; ++it) {
      if (it->second.versions.empty() || (!type.empty() && it->second.type != type)) continue;
      names.push_back(it->first.second);
      found.push_back(&it->second);
    }
    return connection(names, at.arguments, [&](std::size_t i) { return collection_row(project, names[i], *found[i]); });
  };
  co_return co_await from_registry(c, make);
}

std::map<std::string, instant> types_of(const core::artifact_registry& all, const std::string& project) {
  std::map<std::string, instant> out;
  for (auto it = all.collections.lower_bound({project, ""});
       it != all.collections.end() && it->first.first == project; ++it) {
    const auto at = out.try_emplace(it->second.type, it->second.created).first;
    at->second = std::min(at->second, it->second.created);
  }
  return out;
}

resolved type(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) -> bj::value {
    const auto types = types_of(all, project_of(at));
    const auto it = types.find(text_in(at.arguments, "name"));
    if (it == types.end()) return nullptr;
    return artifact_type_row(project_of(at), it->first, it->second);
  };
  co_return co_await from_registry(c, make);
}

resolved types(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) -> bj::value {
    const auto found = types_of(all, project_of(at));
    std::vector<std::string> names;
    for (const auto& [name, created] : found) names.push_back(name);
    return connection(names, at.arguments,
                      [&](std::size_t i) { return artifact_type_row(project_of(at), names[i], found.at(names[i])); });
  };
  co_return co_await from_registry(c, make);
}

/// Which versions of a collection are asked for. The clients' own filters are {"state": "COMMITTED"} and
/// {"$and": [{"state": ..}, {"tags": ..}]}: anything else is refused, since it would be left out silently.
result<std::vector<std::string>> wanted_tags(const bj::object& filter) {
  std::vector<std::string> out;
  for (const auto& [key, v] : filter) {
    if (key == "state" && v == "COMMITTED") continue;
    if ((key == "tags" || key == "tag") && v.is_string()) {
      out.emplace_back(v.get_string());
    } else if (key == "$and" && v.is_array()) {
      for (const auto& part : v.get_array()) {
        if (!part.is_object()) return fail(errc::invalid, "must be a list of objects", "filters.$and");
        SWEEPD_TRY(const auto more, wanted_tags(part.get_object()));
        out.insert(out.end(), more.begin(), more.end());
      }
    } else {
      return fail(errc::invalid, "artifacts are filtered by state COMMITTED and by tags only, not by '" +
                                     std::string(key) + "'", "filters");
    }
  }
  return out;
}

resolved versions(call& c) {
  std::vector<std::string> tags;
  if (const auto text = text_in(c.arguments, "filters"); !text.empty()) {
    SWEEPD_CO_TRY(const auto filter, object_of(text, "filters"));
    SWEEPD_CO_TRY(tags, wanted_tags(filter));
  }
  auto make = [&tags](const call& at, const core::artifact_registry& all) -> bj::value {
    const auto* found = all.collection(project_of(at), collection_of(at));
    std::vector<const core::artifact*> list;
    if (found != nullptr)
      for (const auto& [n, id] : found->versions) {
        const auto* a = all.find(id);
        const auto& whole = all.behind(*a);
        const bool tagged = std::all_of(tags.begin(), tags.end(), [&](const auto& t) {
          return std::find(whole.tags.begin(), whole.tags.end(), t) != whole.tags.end();
        });
        if (tagged && at.env.ctx.who.sees(whole.project)) list.push_back(a);
      }
    const auto order = text_in(at.arguments, "order");
    if (order.empty() || order.starts_with('-')) std::reverse(list.begin(), list.end());  // newest first
    std::vector<std::string> ids;
    for (const auto* a : list) ids.push_back("v" + std::to_string(*a->version));
    auto out = connection(ids, at.arguments, [&](std::size_t i) { return artifact_row(all, all.behind(*list[i])); });
    for (auto& edge : out.at("edges").as_array())  // of this collection, which need not be the artifact's own
      edge.as_object()["version"] = unbase64(std::string(edge.at("cursor").as_string())).value_or("");
    return out;
  };
  co_return co_await from_registry(c, make);
}

resolved latest(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) {
    return row_or_null(at, all, all.named(project_of(at), collection_of(at)));
  };
  co_return co_await from_registry(c, make);
}

resolved sequence(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) -> bj::value {
    return collection_row(project_of(at), collection_of(at), *all.collection(project_of(at), collection_of(at)));
  };
  co_return co_await from_registry(c, make);
}

resolved memberships(call& c) {
  auto make = [](const call& at, const core::artifact_registry& all) -> bj::value {
    std::vector<std::string> ids{artifact_of(at).value};
    if (const auto it = all.links.find(artifact_of(at)); it != all.links.end())
      for (const auto& id : it->second)
        if (at.env.ctx.who.sees(all.find(id)->project)) ids.push_back(id.value);
    return connection(ids, at.arguments, [&](std::size_t i) { return membership_row(all, *all.find(artifact_id{ids[i]})); });
  };
  co_return co_await from_registry(c, make);
}

resolved created_by(call& c) {
  auto look = [&](const core::state& s, moment) -> bj::value {
    const auto* a = s.artifacts.find(artifact_of(c));
    const auto* r = a == nullptr ? nullptr : core::find(s, run_id{a->run});
    return r == nullptr ? bj::value(nullptr) : bj::value(run_row(s, *r));
  };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved used_by(call& c) {
  auto look = [&](const core::state& s, moment) {
    std::vector<const core::run*> all;
    const auto key = used_key(artifact_of(c));
    for (const auto& [id, r] : s.runs)
      if (r.about.contains(key) && c.env.ctx.who.sees(core::find(s, r.sweep)->project)) all.push_back(&r);
    std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
      return std::pair(a->created, a->id.value) < std::pair(b->created, b->id.value);
    });
    std::vector<std::string> ids;
    for (const auto* r : all) ids.push_back(r->id.value);
    return connection(ids, c.arguments, [&](std::size_t i) { return run_row(s, *all[i]); });
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(std::move(out));
}

/// A run's artifacts, in the order in which it first named them.
resolved of_run(call& c, std::string_view prefix) {
  auto look = [&](const core::state& s, moment) {
    std::vector<const core::artifact*> all;
    std::vector<std::string> ids;
    const auto* r = core::find(s, run_of(c));
    static const bj::object nothing;
    for (const auto& [key, how] : r == nullptr ? nothing : r->about) {
      const std::string_view name = key;
      if (!name.starts_with(prefix)) continue;
      const auto* a = s.artifacts.find(artifact_id{std::string(name.substr(prefix.size()))});
      // Clients cannot show one that is not committed.
      if (a == nullptr || a->state != core::artifact_state::committed || !c.env.ctx.who.sees(a->project)) continue;
      all.push_back(a);
      ids.push_back(a->id.value);
    }
    return connection(ids, c.arguments, [&](std::size_t i) { return artifact_row(s.artifacts, *all[i]); });
  };
  SWEEPD_CO_TRY(auto out, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(std::move(out));
}

resolved outputs(call& c) { co_return co_await of_run(c, made_prefix); }
resolved inputs(call& c) { co_return co_await of_run(c, used_prefix); }

constexpr graphql::resolver_row table[] = {
    {"Query.artifact", by_id},
    {"Query.artifactCollection", collection_by_id},
    {"Query.clientIDMapping", by_client_id},
    {"Project.artifact", by_name},
    {"Project.artifactType", type},
    {"Project.artifactTypes", types},
    {"Project.artifactCollection", collection},
    {"Project.artifactCollections", collections},
    {"Project.artifactCollectionMembership", membership_by_name},
    {"ArtifactType.artifact", by_name},
    {"ArtifactType.artifactCollection", collection},
    {"ArtifactType.artifactSequence", collection},
    {"ArtifactType.artifactCollections", collections},
    {"ArtifactType.artifactSequences", collections},
    {"ArtifactSequence.artifactMembership", membership_by_alias},
    {"ArtifactSequence.artifacts", versions},
    {"ArtifactPortfolio.artifactMembership", membership_by_alias},
    {"ArtifactPortfolio.artifacts", versions},
    {"ArtifactSequence.latestArtifact", latest},
    {"Artifact.artifactSequence", sequence},
    {"Artifact.artifactMemberships", memberships},
    {"Artifact.createdBy", created_by},
    {"Artifact.usedBy", used_by},
    {"Run.outputArtifacts", outputs},
    {"Run.inputArtifacts", inputs},
};

}  // namespace

std::span<const graphql::resolver_row> artifact_resolvers() { return table; }

}  // namespace sweepd::wandb
