// Between the writer and the readers: nobody is told what is not on the disk.
//
// A transaction is visible to other connections from its COMMIT on, and durable when the log was synced after that,
// which another thread does meanwhile. So a reader, having read, waits here until all it can have seen is durable.
// Thread-safe; one thread writes, one syncs, any number read.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace sweepd::store {

class sync_gate {
 public:
  // --- the writer: one transaction after the other ---
  void begin();      ///< from here on somebody may see it
  void written();    ///< its COMMIT is over
  void withdrawn();  ///< it was rolled back

  // --- whoever syncs ---
  /// How many transactions a sync that begins now makes durable.
  [[nodiscard]] std::uint64_t mark() const;
  /// All that is written is durable.
  [[nodiscard]] bool is_open() const;
  void synced(std::uint64_t mark);
  /// A sync failed: nothing becomes durable any more.
  void fail();
  [[nodiscard]] bool failed() const;

  /// Waits until all that can be seen now is durable. False: it never will be.
  bool wait();
  /// How many wait.
  [[nodiscard]] int waiting() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t begun_ = 0, written_ = 0, synced_ = 0;
  bool failed_ = false;
  int waiting_ = 0;
};

}  // namespace sweepd::store
