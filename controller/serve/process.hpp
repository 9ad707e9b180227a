// What the server asks of its own process before it opens anything: files only for its user, no core
// dumps (they would hold keys and configurations), and as many descriptors as it may have.
#pragma once

#include "controller/base/result.hpp"

#include <string>
#include <vector>

namespace sweepd::serve {

/// umask 077, RLIMIT_CORE 0, RLIMIT_NOFILE up to the hard limit, SIGPIPE ignored.
void prepare_process();

/// The data directory and its tmp/, both 0700; what an earlier life left in tmp/ is removed.
/// Errors: invalid (cannot be made, or others may read it).
result<void> prepare_data(const std::string& data);

/// DATA/sweepd.url, 0600, one URL a line: how scripts find a server on port 0. Written whole or not.
result<void> write_urls(const std::string& data, const std::vector<std::string>& urls);
void remove_urls(const std::string& data);

}  // namespace sweepd::serve
