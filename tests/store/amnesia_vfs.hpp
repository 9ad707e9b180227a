// A disk in memory, as an SQLite VFS, that forgets at a power cut what was not synced, and that can be
// told to fail. Several instances live beside each other, each under its own VFS name.
//
// The model: a file is what was last synced plus the 512-byte sectors written since. A cut keeps a
// random subset of those sectors (torn pages, reordered writes), perhaps a truncation, perhaps not;
// a file whose name was never synced may vanish; a file deleted without a directory sync may come back
// as it was last synced. As real disks do (SQLite calls it powersafe overwrite), a torn write leaves the
// bytes beside it alone. Locks and shared memory work between connections of one thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sweepd::test {

enum class disk_op { write, sync, truncate, remove };

/// Files by name, as they lie on a disk.
using disk_image = std::map<std::string, std::string>;

class amnesia_vfs {
 public:
  explicit amnesia_vfs(disk_image image = {});
  ~amnesia_vfs();
  amnesia_vfs(const amnesia_vfs&) = delete;
  amnesia_vfs& operator=(const amnesia_vfs&) = delete;

  /// Under which SQLite knows it: the `vfs` of store_options.
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Asked before the n-th operation (from 1) that changes the disk. Not SQLITE_OK: the operation
  /// fails with that code, a write after its first half.
  using fault = std::function<int(disk_op op, std::uint64_t n)>;
  void on_operation(fault f) { fault_ = std::move(f); }
  [[nodiscard]] std::uint64_t operations() const { return operations_; }

  /// What a power cut at this moment leaves; each unsynced sector survives with `keep` of 100.
  [[nodiscard]] disk_image cut(std::uint64_t seed, unsigned keep) const;
  /// What a process that dies at this moment leaves: everything written.
  [[nodiscard]] disk_image now() const;

 private:
  friend struct amnesia_calls;
  struct node;
  struct shared_memory;
  int step(disk_op op);

  std::string name_;
  sqlite3_vfs vfs_{};
  fault fault_;
  std::uint64_t operations_ = 0;
  std::map<std::string, std::shared_ptr<node>> files_;
  std::map<std::string, std::shared_ptr<node>> ghosts_;  ///< deleted, but not for good yet
};

}  // namespace sweepd::test
