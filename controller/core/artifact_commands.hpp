// What may be asked of the artifacts: a part of commands.hpp, which is what others include.
#pragma once

#include "controller/core/artifact.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sweepd::core::cmd {

/// A new artifact, pending. The same client_id again, or the same shared_id while that is pending, is the same
/// artifact. One with the same digest that is committed in the collection stands for it, and gets the aliases.
struct create_artifact {
  artifact row;      ///< id: fresh
  bool reuse = true; ///< an equal one may stand for it
};

/// A manifest of a pending artifact, at `place` (answered by add); none: a further one.
struct put_manifest {
  artifact_id artifact;
  std::optional<std::size_t> place;
  artifact_manifest manifest;
};

/// All its files are there: it gets its version number, its aliases, and "latest".
struct commit_artifact {
  artifact_id artifact;
  std::string manifest;  ///< digest of the manifest that holds
  std::uint64_t size = 0;
  std::uint64_t files = 0;
};

/// What people change about an artifact. An alias that another version has moves here.
struct edit_artifact {
  artifact_id artifact;
  std::optional<std::string> description;
  std::optional<std::string> metadata;
  std::optional<std::int64_t> ttl_seconds;
  std::optional<std::vector<std::string>> aliases;  ///< in place of those it has
  std::vector<std::string> add_aliases, drop_aliases, add_tags, drop_tags;
};

/// Its number is not given again. One with aliases is refused, unless `with_aliases`.
struct delete_artifact {
  artifact_id artifact;
  bool with_aliases = false;
};

/// Lists a committed artifact in another collection too, of any project: under a version number and aliases
/// of that collection. Again, it is the same link, which gets the aliases. Taken back by delete_artifact.
struct link_artifact {
  artifact row;        ///< id: fresh; project, collection, aliases
  artifact_id source;
};

/// Removes from the store what only this deleted artifact had in it. Who asks has read the manifests of all
/// of the project's artifacts that are left, `beside`; if others have come since then, it is refused.
struct purge_artifact {
  artifact_id artifact;
  std::vector<std::string> files;   ///< digests, 32 hex digits
  std::uint64_t bytes = 0;
  std::vector<artifact_id> beside;  ///< sorted
};

}  // namespace sweepd::core::cmd
