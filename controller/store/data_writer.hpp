// Writes what belongs to runs but is no state: metric lines, captured output, files. Called by
// row_writer inside its transaction; same thread rule. Appends only where the stored data ends: a gap
// or an overlap is a fault above us and refuses the batch.
#pragma once

#include "controller/core/store.hpp"
#include "controller/store/connection.hpp"

#include <array>

namespace sweepd::store {

/// A long log keeps its tail: beyond this many bytes the oldest chunks of a run go.
inline constexpr std::uint64_t log_bytes_kept = 16 * 1024 * 1024;
/// Log bytes are stored in pieces of at most this size, so that a range read touches few bytes.
inline constexpr std::size_t log_chunk_bytes_max = 64 * 1024;

class data_writer {
 public:
  explicit data_writer(SQLite::Database& db);
  /// Errors: internal when the data does not continue what is stored. Throws SQLite::Exception.
  result<void> append(const core::run_data& d);
  result<void> add(const core::file_part& p);
  /// Removes everything of the run that is no row: history, output, complete files.
  void purge(const run_id& id);
  /// Removes complete files by name; one that is not there is left out.
  void remove(const run_id& owner, const std::vector<std::string>& names);

 private:
  result<void> append_lines(SQLite::Statement& next, SQLite::Statement& insert, const run_id& of,
                            std::uint64_t from, const std::vector<std::string>& lines, const char* what);
  result<void> append_log(const core::run_data& d);
  result<void> complete(const core::file_part& p);

  SQLite::Statement next_line_, insert_line_, next_system_, insert_system_, log_end_, insert_chunk_, prune_chunks_, insert_transfer_,
      insert_part_, sum_parts_, find_transfer_, delete_parts_, upsert_file_, delete_transfer_, delete_file_;
  std::array<SQLite::Statement, 5> purges_;
};

}  // namespace sweepd::store
