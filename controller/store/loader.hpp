// Reads everything a restarted controller needs, in one read transaction. Called once by sqlite_store,
// before the first commit. What it changes: parts of transfers that never completed are removed.
#pragma once

#include "controller/core/store.hpp"
#include "controller/store/connection.hpp"

#include <string>

namespace sweepd::store {

/// Removes the parts of incomplete transfers. Throws SQLite::Exception.
void remove_incomplete_transfers(SQLite::Database& db);

/// Errors: internal when a row cannot be read or the event log does not end where the last batch
/// ended; the message names the row. Throws SQLite::Exception.
/// Part of it is read by a thread and a connection of its own, unless a `vfs` is named.
result<core::snapshot> load_all(SQLite::Database& db, const std::string& path, const std::string& vfs);

}  // namespace sweepd::store
