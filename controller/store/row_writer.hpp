// Writes one batch's rows and events with prepared statements. Owned by sqlite_store, which opens and
// closes the transaction around write(); the same thread rule. Knows the end of the event chain, so a
// transaction that did not happen must be reported by rolled_back().
#pragma once

#include "controller/core/store.hpp"
#include "controller/store/batch_rules.hpp"
#include "controller/store/connection.hpp"
#include "controller/store/data_writer.hpp"
#include "controller/store/event_chain.hpp"

#include <unordered_map>

namespace sweepd::store {

/// Old replies removed by one commit, beside as many as it adds: pruning never makes a commit long.
inline constexpr std::size_t replies_pruned_max = 512;
/// Pruning by number makes room for so many, so that it is not needed again with the next reply.
inline constexpr std::size_t replies_slack = 1'000;

class row_writer {
 public:
  /// Prepares the statements and reads where the event chain ends. Throws SQLite::Exception.
  explicit row_writer(SQLite::Database& db);

  /// Within a transaction. Errors: internal when the batch breaks a rule of batch_rules.hpp.
  /// Throws SQLite::Exception. After either the transaction must be rolled back.
  result<void> write(const core::batch& b);
  void committed() { durable_ = pending_; }
  void rolled_back();

 private:
  struct position {
    std::uint64_t last_seq = 0;
    digest head{};
    std::size_t replies = 0;  ///< at least as many as are stored
    std::int64_t minute = -1; ///< of the last event, since 1970
  };

  result<void> write_runs(const core::batch& b);
  result<void> write_run(const core::run& r, const run_path& path);
  void write_sweeps(const core::batch& b);
  void write_others(const core::batch& b);
  void remove_data(const core::event& e);
  void write_events(const core::batch& b);
  void write_replies(const core::batch& b);
  void write_meta(const core::batch& b);
  core::subject subject_of(const core::event_record& e, const core::batch& b);

  SQLite::Database& db_;
  SQLite::Statement insert_event_, insert_minute_, upsert_sweep_, upsert_spec_, upsert_trial_, find_run_, insert_run_,
      update_run_, upsert_agent_, upsert_key_, upsert_artifact_, upsert_webhook_, delete_webhook_, sweep_of_run_,
      sweep_of_agent_, upsert_beats_,
      upsert_meta_, upsert_reply_, count_replies_, prune_by_age_, prune_by_count_;
  data_writer data_;
  event_chain chain_;
  position durable_, pending_;
  std::unordered_map<std::string, std::string> sweeps_of_;  ///< of this batch's runs and agents
};

}  // namespace sweepd::store
