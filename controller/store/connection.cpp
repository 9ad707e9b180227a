#include "controller/store/connection.hpp"

#include <cerrno>

namespace sweepd::store {
namespace {

/// The writer waits for nobody of ours; this is for a person's sqlite3 shell beside it.
constexpr int busy_timeout_ms = 5'000;

/// SQLite's count of its own memory is a lock around each of its allocations, and nobody asks for it.
void count_no_memory() {
  static const int once = ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // refused once SQLite is in use: no harm
  static_cast<void>(once);
}

}  // namespace

SQLite::Database open_writer(const std::string& path, const std::string& vfs, bool full) {
  count_no_memory();
  SQLite::Database db(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, busy_timeout_ms, vfs);
  sqlite3_extended_result_codes(db.getHandle(), 1);
  sqlite3_wal_autocheckpoint(db.getHandle(), 0);
  db.exec("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
          "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32768;"
          // Deleted pages are overwritten when that costs no extra write.
          "PRAGMA secure_delete=FAST;");
  // EXTRA is FULL, and it also makes the end of a rollback journal durable: the one by which a new
  // database enters WAL mode could come back after a power cut and undo everything since.
  db.exec(full ? "PRAGMA synchronous=EXTRA" : "PRAGMA synchronous=NORMAL");
  return db;
}

SQLite::Database open_reader(const std::string& path, const std::string& vfs) {
  SQLite::Database db(path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX, busy_timeout_ms, vfs);
  sqlite3_extended_result_codes(db.getHandle(), 1);
  sqlite3_wal_autocheckpoint(db.getHandle(), 0);
  sqlite3_db_config(db.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  db.exec("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
          "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192;");
  return db;
}

error to_error(const SQLite::Exception& e, sqlite3* db, const std::string& path) {
  const int code = e.getErrorCode() & 0xff;
  const int extended = e.getExtendedErrorCode();
  bool full = code == SQLITE_FULL;
  if (code == SQLITE_IOERR && db != nullptr) {
    // A quota, or the shared-memory file of the WAL, fails as an I/O error. After a failed sync nobody
    // knows what is on the disk, whatever the reason: that is never "nothing was written".
    const int os = sqlite3_system_errno(db);
    const bool sync = extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
    full = !sync && (os == ENOSPC || os == EDQUOT);
  }
  if (full) return error{errc::disk_full, "the disk is full", path};
  const char* meaning = sqlite3_errstr(extended);
  std::string what = std::string("SQLite: ") + e.what() + " (" + std::to_string(extended) +
                     (meaning == nullptr ? std::string() : std::string(", ") + meaning) + ")";
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    what += "; the file is damaged or is not a database: stop the server and put a backup in its place";
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    what += "; another program holds the database: end it (`fuser FILE` names it), then start the server again";
  return error{errc::internal, std::move(what), path};
}

}  // namespace sweepd::store
