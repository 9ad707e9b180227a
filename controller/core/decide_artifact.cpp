// Artifacts: versions and aliases are given out here. What is in their files nobody here knows.
#include "controller/core/plan.hpp"

#include <algorithm>

namespace sweepd::core {
namespace {

using names = std::vector<std::string>;

bool has(const names& in, const std::string& one) { return std::find(in.begin(), in.end(), one) != in.end(); }

void add(names& to, const names& more) {
  for (const auto& one : more)
    if (!has(to, one)) to.push_back(one);
}

void drop(names& from, const names& gone) {
  std::erase_if(from, [&](const auto& one) { return has(gone, one); });
}

result<const artifact*> found(const plan& p, const artifact_id& id) {
  const auto* a = p.s.artifacts.find(id);
  if (a == nullptr || a->state == artifact_state::deleted)
    return fail(errc::not_found, "no artifact '" + id.value + "'");
  return a;
}

void change(plan& p, artifact row, std::string what) {
  row.updated = p.now.wall;
  p.emit(ev::artifact_changed{std::move(row), std::move(what)});
}

decision done(plan& p, const artifact_id& id, std::string message, bool changed = true) {
  return p.end(answer::done{id.value, std::move(message), changed});
}

/// An alias is at one version of its collection: others lose those that `row` has now.
void take_aliases(plan& p, const artifact& row) {
  const auto* c = p.s.artifacts.collection(row.project, row.collection);
  std::vector<artifact_id> losers;
  for (const auto& alias : row.aliases)
    if (const auto it = c->aliases.find(alias); it != c->aliases.end() && it->second != row.id)
      losers.push_back(it->second);
  for (const auto& id : losers) {
    auto other = *p.s.artifacts.find(id);
    const auto before = other.aliases.size();
    drop(other.aliases, row.aliases);
    if (other.aliases.size() != before) change(p, std::move(other), "an alias moved to " + row.id.value);
  }
}

/// The artifact that this one would only repeat; none: a new one.
const artifact* standing_for(const plan& p, const cmd::create_artifact& c) {
  const auto& all = p.s.artifacts;
  const auto pending_or_good = [](const artifact* a) {
    return a != nullptr && a->state != artifact_state::deleted;
  };
  if (const auto it = all.by_client_id.find(c.row.client_id); it != all.by_client_id.end()) {
    const auto* a = all.find(it->second);
    if (pending_or_good(a) && a->project == c.row.project) return a;
  }
  if (!c.row.shared_id.empty())
    for (const auto& [id, a] : all.by_id)
      if (a.shared_id == c.row.shared_id && a.project == c.row.project && a.collection == c.row.collection &&
          a.state == artifact_state::pending)
        return &a;
  const auto* collection = all.collection(c.row.project, c.row.collection);
  if (!c.reuse || collection == nullptr || !c.row.shared_id.empty()) return nullptr;
  for (auto it = collection->versions.rbegin(); it != collection->versions.rend(); ++it)
    if (const auto* a = all.find(it->second); a->digest == c.row.digest) return a;
  return nullptr;
}

}  // namespace

result<decision> decide(plan& p, const cmd::create_artifact& c) {
  if (c.row.collection.empty()) return fail(errc::invalid, "must not be empty", "artifactCollectionName");
  if (const auto* same = standing_for(p, c)) {
    auto row = *same;
    if (row.state != artifact_state::committed) return done(p, row.id, "it is pending", false);
    const auto before = row.aliases.size();
    add(row.aliases, c.row.aliases);
    if (row.aliases.size() == before) return done(p, row.id, "it is there already", false);
    take_aliases(p, row);
    const auto id = row.id;
    change(p, std::move(row), "logged again with other aliases");
    return done(p, id, "it is there already");
  }
  const auto* collection = p.s.artifacts.collection(c.row.project, c.row.collection);
  if (collection != nullptr && collection->type != c.row.type)
    return fail(errc::conflict, "the artifacts named '" + c.row.collection + "' are of type '" +
                                    collection->type + "', not '" + c.row.type + "'");
  if (p.s.artifacts.find(c.row.id) != nullptr)
    return fail(errc::conflict, "artifact id '" + c.row.id.value + "' is taken");
  auto row = c.row;
  row.state = artifact_state::pending;
  row.created = p.now.wall;
  const auto id = row.id;
  change(p, std::move(row), "created");
  return done(p, id, "created");
}

result<decision> decide(plan& p, const cmd::put_manifest& c) {
  SWEEPD_TRY(const auto* a, found(p, c.artifact));
  if (a->state != artifact_state::pending)
    return fail(errc::conflict, "artifact '" + a->id.value + "' is committed: it does not change any more");
  auto row = *a;
  const auto place = c.place.value_or(row.manifests.size());
  if (place > row.manifests.size()) return fail(errc::not_found, "the artifact has no such manifest");
  if (place == row.manifests.size()) row.manifests.emplace_back();
  if (row.manifests[place] != c.manifest) {
    row.manifests[place] = c.manifest;
    change(p, std::move(row), "manifest " + std::to_string(place) + " announced");
  }
  return done(p, c.artifact, std::to_string(place));
}

result<decision> decide(plan& p, const cmd::commit_artifact& c) {
  SWEEPD_TRY(const auto* a, found(p, c.artifact));
  if (a->state == artifact_state::committed) return done(p, a->id, "it is committed already", false);
  auto row = *a;
  row.state = artifact_state::committed;
  row.version = p.s.artifacts.collection(row.project, row.collection)->next_version;
  row.manifest = c.manifest;
  row.size = c.size;
  row.files = c.files;
  add(row.aliases, {std::string(latest_alias)});
  take_aliases(p, row);
  const auto text = "committed as v" + std::to_string(*row.version);
  change(p, std::move(row), text);
  return done(p, c.artifact, text);
}

result<decision> decide(plan& p, const cmd::edit_artifact& c) {
  SWEEPD_TRY(const auto* a, found(p, c.artifact));
  auto row = *a;
  if (c.description) row.description = *c.description;
  if (c.metadata) row.metadata = *c.metadata;
  if (c.ttl_seconds) row.ttl_seconds = c.ttl_seconds;
  if (c.aliases) row.aliases = *c.aliases;
  add(row.aliases, c.add_aliases);
  drop(row.aliases, c.drop_aliases);
  add(row.tags, c.add_tags);
  drop(row.tags, c.drop_tags);
  if (row.state == artifact_state::committed) take_aliases(p, row);
  change(p, std::move(row), "edited");
  return done(p, c.artifact, "edited");
}

result<decision> decide(plan& p, const cmd::delete_artifact& c) {
  SWEEPD_TRY(const auto* a, found(p, c.artifact));
  auto row = *a;
  names own = row.aliases;
  if (row.state == artifact_state::committed && !own.empty() && !c.with_aliases)
    return fail(errc::conflict, "the artifact has aliases ('" + own.front() +
                                    "', ...): say that they are to be deleted as well");
  row.aliases.clear();
  row.state = artifact_state::deleted;
  change(p, std::move(row), "deleted");
  return done(p, c.artifact, "deleted");
}

}  // namespace sweepd::core
