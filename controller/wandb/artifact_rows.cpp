#include "controller/wandb/artifact_rows.hpp"

#include "controller/base/digest.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/rows.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

/// The client's figure for "as its collection says", which here means for ever.
constexpr std::int64_t ttl_inherited = -2;
constexpr std::size_t commit_hash_size = 20;
constexpr const char* sequence = "ArtifactSequence";
constexpr const char* portfolio = "ArtifactPortfolio";

bj::object aliases_connection(const bj::array& aliases) {
  bj::array edges;
  for (const auto& a : aliases) edges.push_back({{"node", a}, {"cursor", a.at("alias")}});
  bj::object out = empty_connection();
  out["edges"] = std::move(edges);
  return out;
}

bj::object alias_row(const std::string& project, const std::string& collection, const std::string& alias, bool link) {
  bj::object of;
  const char* kind = link ? portfolio : sequence;
  of["__typename"] = kind;
  of["id"] = global_id(kind, collection, project);
  of["name"] = collection;
  of["project"] = project_row(project);
  bj::object out;
  out["id"] = global_id("ArtifactAlias", collection + "/" + alias, project);
  out["alias"] = alias;
  out["artifactCollectionName"] = collection;
  out["artifactCollection"] = std::move(of);
  return out;
}

/// The aliases of one row. Its number is an alias as well; 0.16 finds it there only.
void add_aliases(bj::array& to, const core::artifact& row) {
  for (const auto& alias : row.aliases) to.push_back(alias_row(row.project, row.collection, alias, !row.source.empty()));
  if (row.version)
    to.push_back(alias_row(row.project, row.collection, "v" + std::to_string(*row.version), !row.source.empty()));
}

std::string state_name(core::artifact_state s) {
  using enum core::artifact_state;
  return s == pending ? "PENDING" : s == committed ? "COMMITTED" : "DELETED";
}

bj::value text_or_null(const std::string& text) { return text.empty() ? bj::value(nullptr) : bj::value(text); }

}  // namespace

std::string made_key(const artifact_id& id) { return std::string(made_prefix) + id.value; }
std::string used_key(const artifact_id& id) { return std::string(used_prefix) + id.value; }

const char* kind_of(const core::artifact_collection& c) { return c.of_links ? portfolio : sequence; }

bj::object artifact_row(const core::artifact_registry& all, const core::artifact& a) {
  bj::object out;
  out["_artifact"] = a.id.value;
  out["_collection"] = a.collection;
  out["_project"] = a.project;
  out["__typename"] = "Artifact";
  out["id"] = global_id("Artifact", a.id.value, a.project);
  out["state"] = state_name(a.state);
  out["digest"] = a.digest;
  out["digestAlgorithm"] = "MANIFEST_MD5";
  out["description"] = text_or_null(a.description);
  out["metadata"] = text_or_null(a.metadata);
  out["size"] = a.size;
  out["fileCount"] = a.files;
  out["commitHash"] = sha256_hex(a.id.value + a.digest).substr(0, commit_hash_size);
  out["versionIndex"] = a.version ? bj::value(*a.version) : bj::value(nullptr);
  out["historyStep"] = a.history_step ? bj::value(*a.history_step) : bj::value(nullptr);
  out["ttlDurationSeconds"] = a.ttl_seconds.value_or(ttl_inherited);
  out["ttlIsInherited"] = !a.ttl_seconds;
  out["createdAt"] = time_value(a.created);
  out["updatedAt"] = time_value(a.updated);
  bj::array tags, aliases;
  for (const auto& t : a.tags) tags.push_back({{"id", global_id("Tag", t, a.project)}, {"name", t}});
  add_aliases(aliases, a);
  if (const auto it = all.links.find(a.id); it != all.links.end())
    for (const auto& id : it->second) add_aliases(aliases, *all.find(id));
  out["tags"] = std::move(tags);
  out["aliases"] = std::move(aliases);
  out["artifactType"] = artifact_type_row(a.project, a.type, a.created);
  return out;
}

bj::object artifact_type_row(const std::string& project, const std::string& type, instant created) {
  bj::object out;
  out["_project"] = project;
  out["_type"] = type;
  out["__typename"] = "ArtifactType";
  out["id"] = global_id("ArtifactType", type, project);
  out["name"] = type;
  out["createdAt"] = time_value(created);
  return out;
}

bj::object collection_row(const std::string& project, const std::string& name, const core::artifact_collection& c) {
  bj::object out;
  out["_collection"] = name;
  out["_project"] = project;
  out["__typename"] = kind_of(c);
  out["id"] = global_id(kind_of(c), name, project);
  out["name"] = name;
  out["state"] = "READY";
  out["createdAt"] = time_value(c.created);
  out["updatedAt"] = time_value(c.created);
  out["project"] = project_row(project);
  out["defaultArtifactType"] = artifact_type_row(project, c.type, c.created);
  out["tags"] = empty_connection();
  out["digestAlgorithm"] = "MANIFEST_MD5";
  bj::array aliases;
  for (const auto& [alias, id] : c.aliases) aliases.push_back(alias_row(project, name, alias, c.of_links));
  out["aliases"] = aliases_connection(aliases);
  return out;
}

bj::object membership_row(const core::artifact_registry& all, const core::artifact& a) {
  const auto& whole = all.behind(a);
  bj::object out;
  out["_artifact"] = whole.id.value;
  out["_project"] = whole.project;
  out["__typename"] = "ArtifactCollectionMembership";
  out["id"] = global_id("ArtifactCollectionMembership", a.id.value, a.project);
  out["versionIndex"] = a.version ? bj::value(*a.version) : bj::value(nullptr);
  out["createdAt"] = time_value(a.created);
  bj::array aliases;
  add_aliases(aliases, a);
  out["aliases"] = std::move(aliases);
  out["artifact"] = artifact_row(all, whole);
  if (const auto* c = all.collection(a.project, a.collection))
    out["artifactCollection"] = collection_row(a.project, a.collection, *c);
  return out;
}

}  // namespace sweepd::wandb
