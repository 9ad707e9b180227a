#include "controller/core/artifact.hpp"

#include <algorithm>
#include <charconv>

namespace sweepd::core {

const artifact* artifact_registry::find(const artifact_id& id) const {
  const auto it = by_id.find(id);
  return it == by_id.end() ? nullptr : &it->second;
}

const artifact_collection* artifact_registry::collection(const std::string& project,
                                                         const std::string& name) const {
  const auto it = collections.find({project, name});
  return it == collections.end() ? nullptr : &it->second;
}

const artifact* artifact_registry::named(const std::string& project, std::string_view name) const {
  const auto colon = name.rfind(':');
  const auto* c = collection(project, std::string(name.substr(0, colon)));
  if (c == nullptr) return nullptr;
  const auto alias = colon == std::string_view::npos ? latest_alias : name.substr(colon + 1);
  if (const auto n = version_of_alias(alias)) {
    const auto it = c->versions.find(*n);
    return it == c->versions.end() ? nullptr : find(it->second);
  }
  const auto it = c->aliases.find(alias);
  return it == c->aliases.end() ? nullptr : find(it->second);
}

const artifact& artifact_registry::behind(const artifact& row) const {
  const auto* source = row.source.empty() ? nullptr : find(artifact_id{row.source});
  return source == nullptr ? row : *source;
}

void artifact_registry::put(artifact row) {
  auto& c = collections[{row.project, row.collection}];
  if (c.type.empty()) {
    c.type = row.type;
    c.created = row.created;
    c.of_links = !row.source.empty();
  }
  c.created = std::min(c.created, row.created);
  std::erase_if(c.aliases, [&](const auto& a) { return a.second == row.id; });
  if (row.version) {
    c.next_version = std::max(c.next_version, *row.version + 1);
    c.versions.erase(*row.version);
  }
  if (row.state == artifact_state::committed) {
    c.versions[row.version.value_or(0)] = row.id;
    for (const auto& a : row.aliases) c.aliases[a] = row.id;
  }
  if (!row.source.empty()) {
    auto& of_source = links[artifact_id{row.source}];
    if (row.state == artifact_state::committed)
      of_source.insert(row.id);
    else
      of_source.erase(row.id);
  }
  if (!row.client_id.empty()) by_client_id[row.client_id] = row.id;
  const auto id = row.id;
  by_id.insert_or_assign(id, std::move(row));
}

std::optional<std::uint64_t> version_of_alias(std::string_view alias) {
  if (alias.size() < 2 || alias[0] != 'v') return std::nullopt;
  std::uint64_t n = 0;
  const auto* end = alias.data() + alias.size();
  const auto got = std::from_chars(alias.data() + 1, end, n);
  return got.ec == std::errc() && got.ptr == end ? std::optional(n) : std::nullopt;
}

run_id artifact_files_of(std::string_view project) { return run_id{"artifacts:" + std::string(project)}; }

}  // namespace sweepd::core
