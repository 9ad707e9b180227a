// Signs, for one caller, links that carry their own permission (ticket.hpp).
#pragma once

#include "controller/wandb/environment.hpp"
#include "controller/wandb/ticket.hpp"

#include <string>

namespace sweepd::wandb {

struct link_maker {
  std::string origin, key_id, secret;
  instant until;
  /// To a run's file.
  [[nodiscard]] std::string operator()(access what, const run_id& run, const std::string& file) const;
  /// To a file of a project's artifacts, by the MD5 of what is in it (32 hex digits).
  [[nodiscard]] std::string artifact_file(access what, const std::string& project, const std::string& md5) const;
};

/// Errors: unauthorized, when the caller's key is no longer valid.
asio::awaitable<result<link_maker>> links_for(environment& env);

}  // namespace sweepd::wandb
