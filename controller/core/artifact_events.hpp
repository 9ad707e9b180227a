// What happens to artifacts: a part of events.hpp, which is what others include.
#pragma once

#include "controller/core/artifact.hpp"

#include <string>
#include <vector>

namespace sweepd::core::ev {

/// An artifact is made or changed: the whole row as it is from now on.
struct artifact_changed {
  static constexpr const char* name = "artifact_changed";
  artifact row;
  std::string what;  ///< "created", "committed as v3", ...
};
BOOST_DESCRIBE_STRUCT(artifact_changed, (), (row, what))

/// What only this deleted artifact had in it is gone from the store, with this event.
struct artifact_purged {
  static constexpr const char* name = "artifact_purged";
  std::string artifact;
  std::string project;
  std::vector<std::string> files;  ///< digests
  std::uint64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(artifact_purged, (), (artifact, project, files, bytes))

}  // namespace sweepd::core::ev
