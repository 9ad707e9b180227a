#include "tests/store/amnesia_vfs.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <random>

namespace sweepd::test {

constexpr std::uint64_t sector_bytes = 512;

struct amnesia_vfs::shared_memory {
  std::vector<std::unique_ptr<char[]>> regions;
  std::array<int, SQLITE_SHM_NLOCK> readers{};
  std::array<const void*, SQLITE_SHM_NLOCK> writer{};
  int users = 0;
};

struct amnesia_vfs::node {
  std::string now;
  std::string synced;
  std::set<std::uint64_t> dirty;  ///< sectors written since the last sync
  bool named = false;             ///< its directory entry is on the disk
  int readers = 0;
  const void* reserved = nullptr;
  const void* exclusive = nullptr;
  shared_memory shm;

  void mark(std::uint64_t from, std::uint64_t to) {
    for (auto s = from / sector_bytes; s * sector_bytes < to; ++s) dirty.insert(s);
  }
  void sync() {
    const auto old = synced.size();
    synced.resize(now.size());
    for (const auto s : dirty) copy_sector(s, synced);
    if (now.size() > old) synced.replace(old, std::string::npos, now, old, std::string::npos);
    dirty.clear();
    named = true;
  }
  void copy_sector(std::uint64_t s, std::string& to) const {
    const auto from = s * sector_bytes;
    if (from >= now.size()) return;
    const auto bytes = std::min<std::uint64_t>(sector_bytes, now.size() - from);
    if (to.size() < from + bytes) to.resize(from + bytes);
    to.replace(from, bytes, now, from, bytes);
  }
};

/// SQLite's C interface. One struct, so that it can be the class's one friend.
struct amnesia_calls {
  using node = amnesia_vfs::node;

  struct handle {
    sqlite3_file base;
    amnesia_vfs* vfs;
    std::shared_ptr<node> file;
    int lock;
    bool mapped;
    bool temporary;
  };
  static handle& self(sqlite3_file* f) { return *reinterpret_cast<handle*>(f); }
  static amnesia_vfs& disk(sqlite3_vfs* v) { return *static_cast<amnesia_vfs*>(v->pAppData); }
  /// Temporary files are memory: they neither fail nor count.
  static int step(handle& h, disk_op op) { return h.temporary ? SQLITE_OK : h.vfs->step(op); }

  static int close(sqlite3_file* f) {
    auto& h = self(f);
    unlock(f, SQLITE_LOCK_NONE);
    shm_unmap(f, 0);
    h.file.~shared_ptr();
    return SQLITE_OK;
  }

  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 offset) {
    const auto& bytes = self(f).file->now;
    const auto from = static_cast<std::size_t>(offset);
    const auto want = static_cast<std::size_t>(n);
    const auto have = from < bytes.size() ? std::min(want, bytes.size() - from) : 0;
    std::memcpy(to, bytes.data() + (have > 0 ? from : 0), have);
    std::memset(static_cast<char*>(to) + have, 0, want - have);
    return have == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* f, const void* data, int n, sqlite3_int64 offset) {
    auto& h = self(f);
    const int code = step(h, disk_op::write);
    const auto from = static_cast<std::size_t>(offset);
    const auto bytes = static_cast<std::size_t>(code == SQLITE_OK ? n : n / 2);
    auto& now = h.file->now;
    const auto grown = std::min(from, now.size());
    if (now.size() < from + bytes) now.resize(from + bytes);
    now.replace(from, bytes, static_cast<const char*>(data), bytes);
    h.file->mark(grown, from + bytes);
    return code;
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    auto& h = self(f);
    if (const int code = step(h, disk_op::truncate); code != SQLITE_OK) return code;
    h.file->now.resize(static_cast<std::size_t>(size));
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* f, int) {
    auto& h = self(f);
    if (const int code = step(h, disk_op::sync); code != SQLITE_OK) return code;
    h.file->sync();
    return SQLITE_OK;
  }

  static int size(sqlite3_file* f, sqlite3_int64* out) {
    *out = static_cast<sqlite3_int64>(self(f).file->now.size());
    return SQLITE_OK;
  }

  static int lock(sqlite3_file* f, int level) {
    auto& h = self(f);
    auto& n = *h.file;
    if (h.lock >= level) return SQLITE_OK;
    const bool others_write = (n.exclusive != nullptr && n.exclusive != f) ||
                              (level > SQLITE_LOCK_SHARED && n.reserved != nullptr && n.reserved != f);
    if (others_write) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && n.readers > 1) return SQLITE_BUSY;
    if (h.lock == SQLITE_LOCK_NONE) ++n.readers;
    if (level >= SQLITE_LOCK_RESERVED) n.reserved = f;
    if (level == SQLITE_LOCK_EXCLUSIVE) n.exclusive = f;
    h.lock = level;
    return SQLITE_OK;
  }

  static int unlock(sqlite3_file* f, int level) {
    auto& h = self(f);
    auto& n = *h.file;
    if (h.lock <= level) return SQLITE_OK;
    if (n.reserved == f) n.reserved = nullptr;
    if (n.exclusive == f) n.exclusive = nullptr;
    if (level == SQLITE_LOCK_NONE) --n.readers;
    h.lock = level;
    return SQLITE_OK;
  }

  static int check_reserved(sqlite3_file* f, int* out) {
    *out = self(f).file->reserved != nullptr ? 1 : 0;
    return SQLITE_OK;
  }

  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int shm_map(sqlite3_file* f, int region, int bytes, int extend, void volatile** out) {
    auto& h = self(f);
    auto& shm = h.file->shm;
    if (!h.mapped) {
      h.mapped = true;
      ++shm.users;
    }
    const auto index = static_cast<std::size_t>(region);
    while (extend != 0 && shm.regions.size() <= index)
      shm.regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(bytes)));
    *out = index < shm.regions.size() ? shm.regions[index].get() : nullptr;
    return SQLITE_OK;
  }

  static int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    auto& shm = self(f).file->shm;
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    const auto from = static_cast<std::size_t>(offset);
    const auto to = from + static_cast<std::size_t>(n);
    for (auto i = from; i < to && (flags & SQLITE_SHM_LOCK) != 0; ++i) {
      const bool other_writes = shm.writer[i] != nullptr && shm.writer[i] != f;
      if (other_writes || (exclusive && shm.readers[i] > 0)) return SQLITE_BUSY;
    }
    for (auto i = from; i < to; ++i) {
      if ((flags & SQLITE_SHM_LOCK) != 0) {
        if (exclusive) shm.writer[i] = f;
        else ++shm.readers[i];
      } else if (exclusive) {
        shm.writer[i] = nullptr;
      } else {
        --shm.readers[i];
      }
    }
    return SQLITE_OK;
  }

  static void shm_barrier(sqlite3_file*) {}

  static int shm_unmap(sqlite3_file* f, int) {
    auto& h = self(f);
    if (!h.mapped) return SQLITE_OK;
    h.mapped = false;
    if (--h.file->shm.users == 0) h.file->shm = {};
    return SQLITE_OK;
  }

  static int open(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* out_flags) {
    static const sqlite3_io_methods methods = {
        2,       close,   read,         write,   truncate,   sync,            size,
        lock,    unlock,  check_reserved, control, sector_size, characteristics, shm_map,
        shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};
    auto& d = disk(v);
    std::shared_ptr<node> file;
    if (name == nullptr) {
      file = std::make_shared<node>();
    } else if (const auto it = d.files_.find(name); it != d.files_.end()) {
      file = it->second;
    } else if ((flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB)) == 0) {
      return SQLITE_CANTOPEN;
    } else {
      file = d.files_[name] = std::make_shared<node>();
      // The store makes and syncs the name of the database file itself.
      file->named = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    }
    new (f) handle{{&methods}, &d, std::move(file), SQLITE_LOCK_NONE, false, name == nullptr};
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* v, const char* name, int sync_directory) {
    auto& d = disk(v);
    const auto it = d.files_.find(name);
    if (it == d.files_.end()) return SQLITE_IOERR_DELETE_NOENT;
    if (const int code = d.step(disk_op::remove); code != SQLITE_OK) return code;
    if (sync_directory != 0)
      d.ghosts_.erase(name);
    else if (it->second->named)
      d.ghosts_[name] = it->second;
    d.files_.erase(it);
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs* v, const char* name, int, int* out) {
    *out = disk(v).files_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs*, const char* name, int n, char* out) {
    sqlite3_snprintf(n, out, "%s", name);
    return SQLITE_OK;
  }

  static sqlite3_vfs* real() { return sqlite3_vfs_find(nullptr); }
  static int randomness(sqlite3_vfs*, int n, char* out) { return real()->xRandomness(real(), n, out); }
  static int pause(sqlite3_vfs*, int us) { return us; }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
  static int time_now(sqlite3_vfs*, double* out) { return real()->xCurrentTime(real(), out); }
  static int time_now64(sqlite3_vfs*, sqlite3_int64* out) {
    return real()->xCurrentTimeInt64(real(), out);
  }
};

amnesia_vfs::amnesia_vfs(disk_image image) {
  static int made = 0;
  name_ = "amnesia-" + std::to_string(++made);
  for (auto& [name, bytes] : image) {
    auto file = std::make_shared<node>();
    file->now = file->synced = std::move(bytes);
    file->named = true;
    files_[name] = std::move(file);
  }
  using c = amnesia_calls;
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(c::handle);
  vfs_.mxPathname = 1024;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = c::open;
  vfs_.xDelete = c::remove;
  vfs_.xAccess = c::access;
  vfs_.xFullPathname = c::full_path;
  vfs_.xRandomness = c::randomness;
  vfs_.xSleep = c::pause;
  vfs_.xCurrentTime = c::time_now;
  vfs_.xGetLastError = c::last_error;
  vfs_.xCurrentTimeInt64 = c::time_now64;
  sqlite3_vfs_register(&vfs_, 0);
}

amnesia_vfs::~amnesia_vfs() { sqlite3_vfs_unregister(&vfs_); }

int amnesia_vfs::step(disk_op op) {
  ++operations_;
  return fault_ ? fault_(op, operations_) : SQLITE_OK;
}

disk_image amnesia_vfs::now() const {
  disk_image out;
  for (const auto& [name, file] : files_) out[name] = file->now;
  return out;
}

disk_image amnesia_vfs::cut(std::uint64_t seed, unsigned keep) const {
  std::mt19937_64 dice(seed);
  const auto lucky = [&] { return dice() % 100 < keep; };
  disk_image out;
  for (const auto& [name, file] : ghosts_)
    if (!lucky()) out[name] = file->synced;
  for (const auto& [name, file] : files_) {
    if (!file->named && !lucky()) continue;
    auto bytes = file->synced;
    for (const auto s : file->dirty)
      if (lucky()) file->copy_sector(s, bytes);
    if (file->now.size() < bytes.size() && lucky()) bytes.resize(file->now.size());
    out[name] = std::move(bytes);
  }
  return out;
}

}  // namespace sweepd::test
