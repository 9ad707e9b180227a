// Brings a database to the schema this program knows: numbered SQL files, embedded, each applied once
// in one transaction and recorded by name and checksum. Killed at any instant, it goes on at the next
// start. What it refuses: a foreign database, a newer one, and one whose history differs from ours.
#pragma once

#include "controller/base/result.hpp"

#include "sweepd_migrations.hpp"

#include <span>
#include <string>

namespace SQLite {
class Database;
}

namespace sweepd::store {

/// Reads only: is this file empty or ours, and not newer than `files`?
/// Errors: invalid, naming the file and the migration. Throws SQLite::Exception.
result<void> check_schema(SQLite::Database& db, const std::string& path,
                          std::span<const migrations::file> files);

/// Checks as above and applies what is missing, in order. Throws SQLite::Exception; whatever was not
/// committed then is gone.
result<void> migrate(SQLite::Database& db, const std::string& path,
                     std::span<const migrations::file> files);

}  // namespace sweepd::store
