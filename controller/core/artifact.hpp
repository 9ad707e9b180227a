// Artifacts: named, versioned sets of files that programs log and use. They decide nothing about runs; the
// core keeps them so that versions and aliases are given out in one place, and every change is an event.
//
// An artifact's files are stored by what is in them (MD5, as its manifest names them), one place for a
// whole project: what is there already is not sent again. Plain data, changed by apply() only.
#pragma once

#include "controller/base/ids.hpp"
#include "controller/base/instant.hpp"

#include <boost/describe.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sweepd::core {

/// pending: until its manifest and every file that it names are stored.
enum class artifact_state { pending, committed, deleted };
BOOST_DESCRIBE_ENUM(artifact_state, pending, committed, deleted)

/// A manifest as its client announced it; several writers of one artifact have one each.
struct artifact_manifest {
  static constexpr bool has_defaults = true;
  std::string type = "FULL";  ///< FULL, INCREMENTAL (on top of `base`) or PATCH (on top of the others)
  std::string digest;         ///< of the manifest's own file, 32 hex digits; empty: not known yet
  std::string base;           ///< artifact id
  friend bool operator==(const artifact_manifest&, const artifact_manifest&) = default;
};
BOOST_DESCRIBE_STRUCT(artifact_manifest, (), (type, digest, base))

struct artifact {
  static constexpr bool has_defaults = true;
  artifact_id id;
  std::string project;     ///< "entity/project"
  std::string collection;  ///< its name within the project
  std::string type;        ///< the collection's, e.g. "dataset"
  artifact_state state = artifact_state::pending;
  std::string digest;      ///< of its content, as the client has it
  std::optional<std::uint64_t> version;  ///< the n of "vn", from 0; none while pending
  std::vector<std::string> aliases;      ///< while pending: those it will have
  std::vector<std::string> tags;
  std::string description;
  std::string metadata;    ///< JSON text
  std::string run;         ///< that logged it; empty: none
  std::string client_id;   ///< the client's own name for it
  std::string shared_id;   ///< of an artifact that several runs write together
  std::vector<artifact_manifest> manifests;
  std::string manifest;    ///< digest of the one that holds, 32 hex digits, once committed
  std::uint64_t size = 0;  ///< bytes of its files
  std::uint64_t files = 0;
  std::optional<std::int64_t> history_step;
  std::optional<std::int64_t> ttl_seconds;
  std::string source;      ///< a link: the artifact that it stands for in this collection; no content of its own
  bool purged = false;     ///< deleted, and what only it had in it is gone from the store
  instant created;
  instant updated;
};
BOOST_DESCRIBE_STRUCT(artifact, (),
                      (id, project, collection, type, state, digest, version, aliases, tags, description,
                       metadata, run, client_id, shared_id, manifests, manifest, size, files, history_step,
                       ttl_seconds, source, purged, created, updated))

/// The versions of one name. Derived from the artifacts: memory only.
struct artifact_collection {
  std::string type;
  bool of_links = false;  ///< W&B: a portfolio. A collection has links or artifacts of its own, never both
  instant created;
  std::map<std::uint64_t, artifact_id> versions;  ///< committed ones that were not deleted
  std::map<std::string, artifact_id, std::less<>> aliases;
  std::uint64_t next_version = 0;                 ///< a deleted version's number is not given again
};

struct artifact_registry {
  std::unordered_map<artifact_id, artifact> by_id;
  std::map<std::pair<std::string, std::string>, artifact_collection> collections;  ///< (project, name)
  std::unordered_map<std::string, artifact_id> by_client_id;
  std::unordered_map<artifact_id, std::set<artifact_id>> links;  ///< of an artifact: its rows in other collections

  [[nodiscard]] const artifact* find(const artifact_id& id) const;
  [[nodiscard]] const artifact_collection* collection(const std::string& project, const std::string& name) const;
  /// "name:alias", "name:v3", "name" (latest), of one that is committed; where it is a link, the link's row.
  [[nodiscard]] const artifact* named(const std::string& project, std::string_view name) const;
  /// What a row stands for: itself, or the artifact that it links.
  [[nodiscard]] const artifact& behind(const artifact& row) const;
  /// Takes the row in, in place of an older one of that id.
  void put(artifact row);
};

inline constexpr std::string_view latest_alias = "latest";

/// "v12" -> 12.
std::optional<std::uint64_t> version_of_alias(std::string_view alias);

/// Under which owner the files of a project's artifacts are stored, by digest. No run's id is like it.
run_id artifact_files_of(std::string_view project);

}  // namespace sweepd::core
