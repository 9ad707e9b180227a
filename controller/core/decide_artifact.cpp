// Artifacts: versions and aliases are given out here. What is in their files nobody here knows.
#include "controller/core/plan.hpp"

#include <algorithm>
#include <set>

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

/// A client may still be about to name files that it was told are stored here.
constexpr std::chrono::hours pending_may_need{24};

result<const artifact*> found(const plan& p, const artifact_id& id) {
  const auto* a = p.s.artifacts.find(id);
  if (a == nullptr || a->state == artifact_state::deleted)
    return fail(errc::not_found, "no artifact '" + id.value + "'");
  return a;
}

/// Of artifacts there are none in a collection of links, and the other way round.
result<void> check_collection(const plan& p, const artifact& row) {
  const auto* c = p.s.artifacts.collection(row.project, row.collection);
  if (row.collection.empty()) return fail(errc::invalid, "must not be empty", "artifactCollectionName");
  if (c == nullptr) return {};
  if (c->type != row.type)
    return fail(errc::conflict, "the artifacts named '" + row.collection + "' are of type '" + c->type + "', not '" +
                                    row.type + "'");
  if (c->of_links == row.source.empty())
    return fail(errc::conflict, "'" + row.collection + "' is a collection of " +
                                    (c->of_links ? "links: log the artifact under another name, and link it"
                                                 : "artifacts of its own: link under another name"));
  return {};
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
  if (auto good = check_collection(p, c.row); !good) return tl::unexpected<error>(std::move(good).error());
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
  const bool link = !row.source.empty();
  change(p, std::move(row), link ? "unlinked" : "deleted");
  const auto linked = p.s.artifacts.links.find(c.artifact);
  const auto links = linked == p.s.artifacts.links.end() ? std::set<artifact_id>{} : linked->second;
  for (const auto& id : links) {
    auto one = *p.s.artifacts.find(id);
    one.aliases.clear();
    one.state = artifact_state::deleted;
    change(p, std::move(one), "what it links was deleted");
  }
  return done(p, c.artifact, "deleted");
}

result<decision> decide(plan& p, const cmd::link_artifact& c) {
  SWEEPD_TRY(const auto* source, found(p, c.source));
  if (source->state != artifact_state::committed)
    return fail(errc::conflict, "artifact '" + c.source.value + "' is not committed yet: it can be linked then");
  auto row = c.row;
  row.type = source->type;
  row.source = c.source.value;
  if (auto good = check_collection(p, row); !good) return tl::unexpected<error>(std::move(good).error());
  const auto* collection = p.s.artifacts.collection(row.project, row.collection);
  if (const auto it = p.s.artifacts.links.find(c.source); it != p.s.artifacts.links.end())
    for (const auto& id : it->second)
      if (const auto* there = p.s.artifacts.find(id); there->project == row.project && there->collection == row.collection) {
        auto same = *there;
        add(same.aliases, row.aliases);
        if (same.aliases.size() == there->aliases.size()) return done(p, id, "it is linked already", false);
        take_aliases(p, same);
        change(p, std::move(same), "linked again with other aliases");
        return done(p, id, "it is linked already");
      }
  if (p.s.artifacts.find(row.id) != nullptr)
    return fail(errc::conflict, "artifact id '" + row.id.value + "' is taken");
  row.state = artifact_state::committed;
  row.version = collection == nullptr ? 0 : collection->next_version;
  row.created = p.now.wall;
  add(row.aliases, {std::string(latest_alias)});
  if (collection != nullptr) take_aliases(p, row);
  const auto id = row.id;
  const auto text = "linked as v" + std::to_string(*row.version);
  change(p, std::move(row), text);
  return done(p, id, text);
}

result<decision> decide(plan& p, const cmd::purge_artifact& c) {
  const auto* a = p.s.artifacts.find(c.artifact);
  if (a == nullptr || a->state != artifact_state::deleted || !a->source.empty())
    return fail(errc::conflict, "artifact '" + c.artifact.value + "' is not one that was deleted");
  if (a->purged) return done(p, a->id, "it is purged already", false);
  std::set<artifact_id> beside;
  for (const auto& [id, other] : p.s.artifacts.by_id) {
    if (other.project != a->project || other.state == artifact_state::deleted || !other.source.empty()) continue;
    if (other.state == artifact_state::pending && p.now.wall - other.updated < pending_may_need)
      return fail(errc::conflict, "artifact '" + id.value + "' is being written: what it needs is not known yet");
    beside.insert(id);
  }
  if (!std::equal(beside.begin(), beside.end(), c.beside.begin(), c.beside.end()))
    return fail(errc::conflict, "the project's artifacts have changed meanwhile");
  p.emit_by_system(ev::artifact_purged{a->id.value, a->project, c.files, c.bytes});
  return done(p, c.artifact, std::to_string(c.files.size()) + " files are gone");
}

}  // namespace sweepd::core
