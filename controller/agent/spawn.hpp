// fork and exec with care: everything is prepared before the fork, and between fork and exec only
// async-signal-safe calls are made (the name resolver of the HTTP client may run a thread of its own).
// Used by child_process only. fork rather than posix_spawn because PR_SET_PDEATHSIG has no attribute.
#pragma once

#include "controller/agent/child_process.hpp"

namespace sweepd::agent {

struct spawned {
  pid_t pid = -1;
  int output_fd = -1;  ///< the reading end of stdout and stderr; -1 when the spec gave a descriptor
};

/// Returns when exec has succeeded. Errors as child_process::start().
result<spawned> spawn(const spawn_spec& spec);

}  // namespace sweepd::agent
