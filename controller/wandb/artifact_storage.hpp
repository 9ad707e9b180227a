// The bytes of artifacts' files: stored under the MD5 of what they are, checked when they come in, and given
// out as downloads. A link is the permission (links.hpp); names are data, never paths.
#pragma once

#include "controller/core/store.hpp"

#include <string>
#include <vector>

namespace sweepd::wandb {

/// A whole text as the parts of a file of the project's artifacts.
std::vector<core::file_part> artifact_parts(const std::string& project, const std::string& md5,
                                            const std::string& bytes, instant now);

}  // namespace sweepd::wandb
