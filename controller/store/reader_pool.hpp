// Hands out read-only connections, each to one caller at a time. Connections are opened when first
// needed and kept. Used by sqlite_reader only.
#pragma once

#include "controller/store/connection.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace sweepd::store {

class reader_pool {
 public:
  reader_pool(std::string path, std::string vfs, std::size_t size)
      : path_(std::move(path)), vfs_(std::move(vfs)), unopened_(size) {}

  /// A connection until the lease dies.
  class lease {
   public:
    lease(reader_pool& pool, std::unique_ptr<SQLite::Database> db)
        : pool_(pool), db_(std::move(db)) {}
    ~lease() { pool_.give_back(std::move(db_)); }
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    SQLite::Database& operator*() const { return *db_; }

   private:
    reader_pool& pool_;
    std::unique_ptr<SQLite::Database> db_;
  };

  /// Waits for a free connection. Throws SQLite::Exception.
  lease take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return !idle_.empty() || unopened_ > 0; });
    if (!idle_.empty()) {
      auto db = std::move(idle_.back());
      idle_.pop_back();
      return lease(*this, std::move(db));
    }
    --unopened_;
    lock.unlock();
    try {
      return lease(*this, std::make_unique<SQLite::Database>(open_reader(path_, vfs_)));
    } catch (...) {
      give_back(nullptr);
      throw;
    }
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& vfs() const { return vfs_; }

 private:
  void give_back(std::unique_ptr<SQLite::Database> db) {
    {
      const std::lock_guard lock(mutex_);
      if (db)
        idle_.push_back(std::move(db));
      else
        ++unopened_;
    }
    returned_.notify_one();
  }

  const std::string path_, vfs_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<SQLite::Database>> idle_;
  std::size_t unopened_;
};

}  // namespace sweepd::store
