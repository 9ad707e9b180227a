// Links to a run's files that carry their own permission: the client's uploader sends no key with a PUT.
//
// A ticket names the key it was given to, and is signed with that key's stored digest: it outlives a
// restart of ours, and ends with the key or with its time. Pure.
#pragma once

#include "controller/http/handling.hpp"

#include <string>
#include <string_view>

namespace sweepd::wandb {

enum class access { upload, download };

struct ticket {
  access what = access::download;
  run_id run;
  std::string file;
  std::string key_id;  ///< "local" while there are no keys
  instant until;
};

/// The path and query of the link, e.g. "/storage/runs/abc/media/x.png?key=...&until=...&mark=...".
/// `secret` is the key's sha256.
std::string link_of(const ticket& t, std::string_view secret);

/// The query alone: "?key=...&until=...&mark=...".
std::string query_of(const ticket& t, std::string_view secret);

/// Is `mark` what link_of() wrote for this ticket?
bool genuine(const ticket& t, std::string_view secret, std::string_view mark);

/// The secret that signs for a key: none when it is revoked, expired or unknown; for "local": "" while
/// there is no key at all, none afterwards.
std::optional<std::string> secret_of(const core::state& s, const std::string& key_id, instant now);

/// A link as a request presents it: what it claims, and the mark that should bear it out.
struct presented {
  ticket claims;
  std::string mark;
};
presented presented_by(const http::request& req, access what, run_id owner, std::string file);

/// Errors: forbidden, when it is not ours, its time is over, or its key is let in no longer.
result<void> check(const core::state& s, const presented& p, instant now);

}  // namespace sweepd::wandb
