// core::store and core::reader in memory, for tests and the simulator. No disk, no SQLite.
//
// It holds what committed batches leave behind, as rows, and keeps to the same rules as the real store
// (events without a gap, a run moves only from where its row stands). The n-th commit can be told to
// fail, before or after it took effect. A copy shares everything until one of the two commits again,
// so "kill the process now and restart" is: copy, then load() the copy. Thread-safe, each object.
#pragma once

#include "controller/core/store.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace sweepd::test {

class memory_store final : public core::store, public core::reader {
 public:
  memory_store();
  memory_store(const memory_store& other);
  memory_store& operator=(const memory_store& other);
  ~memory_store() override;

  result<core::snapshot> load() override;
  result<void> commit(const core::batch& b) override;

  /// The n-th commit from now (1: the next one) fails with `e`. `written`: its effects are there all
  /// the same, as after a power cut between the write and the answer. Several may be pending.
  void fail_commit(std::uint64_t nth, error e, bool written = false);
  /// Every commit from now on fails with `e`, until heal().
  void fail_always(error e);
  void heal();

  /// Commits tried so far, failed ones included.
  [[nodiscard]] std::uint64_t commits() const;
  /// Every event, as it was committed.
  [[nodiscard]] std::vector<core::event_record> log_of_events() const;

  result<std::vector<core::stored_event>> events(const core::event_filter& f) override;
  result<std::vector<std::string>> system_metrics(const run_id& run, std::uint64_t from,
                                                  std::size_t limit) override;
  result<std::vector<std::string>> history(const run_id& run, std::uint64_t from,
                                           std::size_t limit) override;
  result<std::string> log(const run_id& run, std::uint64_t from, std::size_t limit) override;
  result<std::vector<core::file_info>> files(const run_id& run) override;
  result<std::vector<std::optional<core::file_info>>> find_files(
      const run_id& run, const std::vector<std::string>& names) override;
  result<std::string> file(const run_id& run, const std::string& name, std::uint64_t from,
                           std::size_t limit) override;
  /// There is no hash chain in memory (hashes are empty): checks that no seq is missing.
  result<std::optional<std::uint64_t>> verify() override;
  /// Refused: there is no file to copy.
  result<void> backup(const std::string& path) override;

 private:
  struct rows;
  struct planned_failure {
    std::uint64_t nth = 0;
    error what;
    bool written = false;
  };
  result<void> write(const core::batch& b);

  mutable std::mutex mutex_;
  std::shared_ptr<rows> rows_;  ///< shared with copies until the next commit
  std::uint64_t commits_ = 0;
  std::vector<planned_failure> failures_;
  std::optional<error> always_;
};

}  // namespace sweepd::test
