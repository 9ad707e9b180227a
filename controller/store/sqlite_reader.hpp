// The reader port on the same SQLite file: what is not kept in memory, and what is durable.
//
// A small pool of read-only connections, each used by one call at a time; a call waits when all are in
// use. Thread-safe. Open it after the store, and let it die before the store. It never writes,
// never checkpoints, and holds no transaction longer than one call.
//
// A log that was pruned (see log_bytes_kept) is read from its first kept byte on: log() with an
// earlier `from` begins there, and log_start() says where that is.
#pragma once

#include "controller/core/store.hpp"
#include "controller/store/sync_gate.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace sweepd::store {

inline constexpr std::size_t reader_connections = 4;

class sqlite_reader final : public core::reader {
 public:
  /// `vfs` as in store_options; `gate`: the store's, if one writes the file. Errors: internal.
  static result<std::unique_ptr<sqlite_reader>> open(const std::string& path,
                                                     const std::string& vfs = std::string(),
                                                     std::shared_ptr<sync_gate> gate = nullptr);
  ~sqlite_reader() override;
  sqlite_reader(const sqlite_reader&) = delete;
  sqlite_reader& operator=(const sqlite_reader&) = delete;

  result<std::vector<core::stored_event>> events(const core::event_filter& f) override;
  result<std::vector<std::string>> system_metrics(const run_id& run, std::uint64_t from,
                                                  std::size_t limit) override;
  result<std::vector<std::string>> history(const run_id& run, std::uint64_t from,
                                           std::size_t limit) override;
  result<std::string> log(const run_id& run, std::uint64_t from, std::size_t limit) override;
  result<std::uint64_t> log_start(const run_id& run) override;
  result<std::vector<core::file_info>> files(const run_id& run) override;
  result<std::vector<std::optional<core::file_info>>> find_files(
      const run_id& run, const std::vector<std::string>& names) override;
  result<std::string> file(const run_id& run, const std::string& name, std::uint64_t from,
                           std::size_t limit) override;
  result<std::vector<core::webhook>> webhooks() override;
  result<std::optional<std::uint64_t>> verify() override;
  result<void> backup(const std::string& path) override;

  /// SQLite's own quick check: sentences about damage, empty when there is none. Reads the whole file
  /// (10 s for 1.4 GB), so it is for the background, on a connection of its own; `stop` ends it early,
  /// without a finding.
  result<std::vector<std::string>> damage(const std::atomic<bool>* stop = nullptr);

 private:
  struct impl;
  explicit sqlite_reader(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace sweepd::store
