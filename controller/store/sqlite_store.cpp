#include "controller/store/sqlite_store.hpp"

#include "controller/store/data_file.hpp"
#include "controller/store/loader.hpp"
#include "controller/store/migrate.hpp"
#include "controller/store/row_writer.hpp"

namespace sweepd::store {
namespace {

/// A WAL that readers kept from being reused is emptied beyond this many pages (256 MB).
constexpr int truncate_frames = 64'000;
/// What the WAL file may keep on disk after it was reused.
constexpr const char* wal_size_limit = "PRAGMA journal_size_limit=67108864";
/// The log is synced by sync(): see the header.
constexpr const char* sync_apart = "PRAGMA synchronous=NORMAL";

}  // namespace

struct sqlite_store::impl {
  data_file file;
  store_options options;
  SQLite::Database db;
  std::unique_ptr<row_writer> rows;
  std::optional<SQLite::Statement> begin, end;
  int wal_frames = 0;
  sqlite3_file* log_file = nullptr;  ///< for sync(); stays the same from start() on
  std::shared_ptr<sync_gate> gate = std::make_shared<sync_gate>();
  bool full = false;    ///< latched until there is room again
  std::string broken;   ///< why nothing can be promised any more

  impl(data_file f, const store_options& o)
      : file(std::move(f)),
        options(o),
        db(open_writer(file.path(), o.vfs, o.durable == durability::full)) {}

  ~impl() {
    // After a failure what is in memory is not to be trusted with the file: the next start recovers.
    if (!broken.empty() || gate->failed())
      sqlite3_db_config(db.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }

  result<void> start() {
    if (auto ok = check_schema(db, file.path(), migrations::files()); !ok) return ok;
    SQLite::Statement wal(db, "PRAGMA journal_mode=WAL");
    std::string mode;
    for_rows(wal, [&](auto& s) { mode = text_at(s, 0); });
    if (mode != "wal")
      return fail(errc::internal, "the file system does not allow a write-ahead log", file.path());
    db.exec(wal_size_limit);
    if (auto ok = migrate(db, file.path(), migrations::files()); !ok) return ok;
    rows = std::make_unique<row_writer>(db);
    db.exec(sync_apart);
    sqlite3_file_control(db.getHandle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log_file);
    if (log_file == nullptr || log_file->pMethods == nullptr)
      return fail(errc::internal, "SQLite has not opened its write-ahead log", file.path());
    begin.emplace(db, "BEGIN IMMEDIATE");
    end.emplace(db, "COMMIT");
    sqlite3_wal_hook(db.getHandle(), &impl::on_commit, this);
    return {};
  }

  static int on_commit(void* self, sqlite3*, const char*, int frames) {
    static_cast<impl*>(self)->wal_frames = frames;
    return SQLITE_OK;
  }

  error final_error(error e) {
    broken = e.message;
    return e;
  }

  /// Ends the open transaction. Whatever stops even that makes the failure final.
  error rolled_back(error e) {
    rows->rolled_back();
    if (sqlite3_get_autocommit(db.getHandle()) == 0 &&
        sqlite3_exec(db.getHandle(), "ROLLBACK", nullptr, nullptr, nullptr) != SQLITE_OK)
      e = error{errc::internal, "cannot roll back after: " + e.message, file.path()};
    if (e.code == errc::disk_full) {
      full = true;
      return e;
    }
    return final_error(std::move(e));
  }

  result<void> write(const core::batch& b) {
    gate->begin();
    auto done = transact(b);
    done ? gate->written() : gate->withdrawn();
    return done;
  }

  result<void> transact(const core::batch& b) {
    try {
      run(*begin);
      if (auto ok = rows->write(b); !ok)
        return tl::unexpected(rolled_back(std::move(ok).error()));
      run(*end);
    } catch (const SQLite::Exception& e) {
      return tl::unexpected(rolled_back(to_error(e, db.getHandle(), file.path())));
    } catch (const std::exception& e) {
      return tl::unexpected(rolled_back(error{errc::internal, e.what(), file.path()}));
    }
    full = false;
    rows->committed();
    return {};
  }

  result<void> sync() {
    if (gate->failed()) return fail(errc::internal, "refused after a failed sync", file.path());
    const auto mark = gate->mark();
    if (options.durable == durability::full && !gate->is_open()) {
      const int code = log_file->pMethods->xSync(log_file, SQLITE_SYNC_NORMAL);
      if (code != SQLITE_OK) {
        gate->fail();
        return fail(errc::internal, std::string("SQLite: cannot sync the log: ") + sqlite3_errstr(code), file.path());
      }
    }
    gate->synced(mark);
    return {};
  }

  /// Moves the WAL's pages into the database, now and then. The batch is durable without it, so a full
  /// disk or a reader in the way only means later; an I/O error is final as everywhere.
  result<void> checkpoint() {
    if (wal_frames < options.checkpoint_frames) return {};
    const int mode = wal_frames < truncate_frames ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
    const int code = sqlite3_wal_checkpoint_v2(db.getHandle(), nullptr, mode, nullptr, nullptr);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return {};
    auto e = to_error(SQLite::Exception(db.getHandle(), code), db.getHandle(), file.path());
    if (e.code == errc::disk_full) return {};
    return tl::unexpected(final_error(std::move(e)));
  }
};

result<std::unique_ptr<sqlite_store>> sqlite_store::open(const std::string& path,
                                                         const store_options& options) {
  SWEEPD_TRY(auto file, data_file::claim(path));
  const auto full_path = file.path();
  std::unique_ptr<impl> made;
  try {
    made = std::make_unique<impl>(std::move(file), options);
    if (auto ok = made->start(); !ok) return tl::unexpected(std::move(ok).error());
  } catch (const SQLite::Exception& e) {
    auto err = to_error(e, made ? made->db.getHandle() : nullptr, full_path);
    if (made) made->broken = err.message;
    return tl::unexpected(std::move(err));
  }
  return std::unique_ptr<sqlite_store>(new sqlite_store(std::move(made)));
}

sqlite_store::sqlite_store(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
sqlite_store::~sqlite_store() = default;

result<core::snapshot> sqlite_store::load() {
  auto& db = impl_->db;
  try {
    remove_incomplete_transfers(db);
  } catch (const SQLite::Exception& e) {
    // A full disk must not keep the server from reading; they are removed at another start.
    auto err = to_error(e, db.getHandle(), impl_->file.path());
    if (err.code != errc::disk_full) return tl::unexpected(impl_->final_error(std::move(err)));
  }
  try {
    auto out = load_all(db, impl_->file.path(), impl_->options.vfs);
    if (!out) impl_->broken = out.error().message;
    return out;
  } catch (const SQLite::Exception& e) {
    return tl::unexpected(
        impl_->final_error(to_error(e, db.getHandle(), impl_->file.path())));
  }
}

result<void> sqlite_store::commit(const core::batch& b) {
  if (auto ok = write(b); !ok) return ok;
  return sync();
}

result<void> sqlite_store::sync() { return impl_->sync(); }

std::shared_ptr<sync_gate> sqlite_store::gate() const { return impl_->gate; }

result<void> sqlite_store::write(const core::batch& b) {
  auto& s = *impl_;
  if (s.gate->failed()) return fail(errc::internal, "refused after a failed sync", s.file.path());
  if (!s.broken.empty())
    return fail(errc::internal, "refused after an earlier failure: " + s.broken, s.file.path());
  if (s.full && s.file.room() < disk_reserve_bytes)
    return fail(errc::disk_full, "the disk is full", s.file.path());
  if (auto ok = s.write(b); !ok) return ok;
  return s.checkpoint();
}

const std::string& sqlite_store::path() const { return impl_->file.path(); }

}  // namespace sweepd::store
