// The store port on one SQLite file: the writer's side. One transaction a batch.
//
// A batch is durable as with synchronous=FULL, but in two steps, so that the next one can be written while the disk is
// at the last: SQLite appends to its log without a sync (synchronous=NORMAL), then sync() does the very call that FULL
// would have made in between. Readers see the batch in between, so they wait at the gate (sync_gate.hpp). In what order
// pages reach the database file, and when the log begins anew, is SQLite's and the same in both modes.
//
// Owns the file (a second sweepd is refused), the only connection that writes or checkpoints, and the end of the event
// chain. Thread rule: one thread at a time, which may change; only sync() may run beside write(). Any failure but a full
// disk is final: further commits are refused, since after a failed sync the kernel may have forgotten pages that it says
// are written. Reading beside the writer is sqlite_reader's.
#pragma once

#include "controller/core/store.hpp"
#include "controller/store/sync_gate.hpp"

#include <memory>
#include <string>

namespace sweepd::store {

/// How much a commit waits for. `normal` may lose acknowledged batches in a power cut; it is here for
/// the test that proves the other tests able to fail, and the program never asks for it.
enum class durability { full, normal };

struct store_options {
  std::string vfs;                 ///< SQLite's name of a file system; empty: the system's own
  durability durable = durability::full;
  int checkpoint_frames = 4'000;   ///< WAL pages after which a commit also checkpoints (16 MB)
};

/// After a full disk nothing is tried until so many bytes are free: "full" is not a stable state of
/// SQLite, where a small write may succeed between two that fail.
inline constexpr std::uint64_t disk_reserve_bytes = 8 * 1024 * 1024;

class sqlite_store final : public core::store {
 public:
  /// Opens or makes the database (directory 0700, file 0600) and brings its schema up to date.
  /// Errors: conflict (another sweepd owns it), invalid (readable by others, not ours, newer than this
  /// program, a changed migration), disk_full, internal.
  static result<std::unique_ptr<sqlite_store>> open(const std::string& path,
                                                    const store_options& options = store_options());
  ~sqlite_store() override;
  sqlite_store(const sqlite_store&) = delete;
  sqlite_store& operator=(const sqlite_store&) = delete;

  result<core::snapshot> load() override;
  result<void> commit(const core::batch& b) override;
  result<void> write(const core::batch& b) override;
  result<void> sync() override;

  /// For the readers of this file.
  [[nodiscard]] std::shared_ptr<sync_gate> gate() const;
  /// The database file, absolute.
  [[nodiscard]] const std::string& path() const;

 private:
  struct impl;
  explicit sqlite_store(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace sweepd::store
