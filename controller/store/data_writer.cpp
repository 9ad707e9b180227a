#include "controller/store/data_writer.hpp"

#include "controller/store/batch_rules.hpp"
#include "controller/store/statements.hpp"

#include <algorithm>

namespace sweepd::store {
namespace {

tl::unexpected<error> misplaced(const std::string& what, std::uint64_t from, std::uint64_t end) {
  return tl::unexpected(broken_rule(what + " from " + std::to_string(from) + " but " +
                                    std::to_string(end) + " are stored"));
}

}  // namespace

data_writer::data_writer(SQLite::Database& db)
    : next_line_(db, sql::next_line),
      insert_line_(db, sql::insert_line),
      next_system_(db, sql::next_system_line),
      insert_system_(db, sql::insert_system_line),
      log_end_(db, sql::log_end),
      insert_chunk_(db, sql::insert_chunk),
      prune_chunks_(db, sql::prune_chunks),
      insert_transfer_(db, sql::insert_transfer),
      insert_part_(db, sql::insert_part),
      sum_parts_(db, sql::sum_parts),
      find_transfer_(db, sql::find_transfer),
      delete_parts_(db, sql::delete_parts),
      upsert_file_(db, sql::upsert_file),
      delete_transfer_(db, sql::delete_transfer),
      delete_file_(db, sql::delete_file),
      purges_{SQLite::Statement(db, sql::purge_history), SQLite::Statement(db, sql::purge_system),
              SQLite::Statement(db, sql::purge_log),
              SQLite::Statement(db, sql::purge_parts), SQLite::Statement(db, sql::purge_files)} {}

result<void> data_writer::append(const core::run_data& d) {
  if (!d.history.empty())
    if (auto ok = append_lines(next_line_, insert_line_, d.run, d.history_from, d.history, "history lines"); !ok)
      return ok;
  if (!d.system.empty())
    if (auto ok = append_lines(next_system_, insert_system_, d.run, d.system_from, d.system, "system metrics"); !ok)
      return ok;
  if (!d.log.empty())
    if (auto ok = append_log(d); !ok) return ok;
  return {};
}

result<void> data_writer::append_lines(SQLite::Statement& next, SQLite::Statement& insert, const run_id& of,
                                       std::uint64_t from, const std::vector<std::string>& lines,
                                       const char* what) {
  std::uint64_t line = 0;
  for_rows(next, [&](auto& s) { line = static_cast<std::uint64_t>(int_at(s, 0)); }, of.value);
  if (line != from) return misplaced("run " + of.value + ": " + what, from, line);
  for (const auto& text : lines) run(insert, of.value, line++, text);
  return {};
}

result<void> data_writer::append_log(const core::run_data& d) {
  std::uint64_t end = 0;
  for_rows(log_end_, [&](auto& s) { end = static_cast<std::uint64_t>(int_at(s, 0)); }, d.run.value);
  if (end != d.log_from) return misplaced("run " + d.run.value + ": log bytes", d.log_from, end);
  end += d.log.size();
  const std::uint64_t cut = end > log_bytes_kept ? end - log_bytes_kept : 0;
  // What would be pruned at once is not written at all.
  std::uint64_t at = std::max(d.log_from, cut);
  while (at < end) {
    const auto bytes = std::string_view(d.log).substr(at - d.log_from, log_chunk_bytes_max);
    run(insert_chunk_, d.run.value, at, blob(bytes));
    at += bytes.size();
  }
  if (cut > 0) run(prune_chunks_, d.run.value, cut);
  return {};
}

result<void> data_writer::add(const core::file_part& p) {
  if (!p.complete) run(insert_transfer_, p.transfer, p.run.value, p.name);
  run(insert_part_, p.transfer, p.part, blob(p.bytes));
  return p.complete ? complete(p) : result<void>{};
}

void data_writer::purge(const run_id& id) {
  for (auto& statement : purges_) run(statement, id.value);
}

void data_writer::remove(const run_id& owner, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    std::optional<std::string> transfer;
    for_rows(find_transfer_, [&](auto& s) { transfer = text_at(s, 0); }, owner.value, name);
    if (!transfer) continue;
    run(delete_parts_, *transfer);
    run(delete_file_, owner.value, name);
  }
}

result<void> data_writer::complete(const core::file_part& p) {
  std::uint64_t parts = 0;
  std::uint64_t bytes = 0;
  for_rows(
      sum_parts_,
      [&](auto& s) {
        parts = static_cast<std::uint64_t>(int_at(s, 0));
        bytes = static_cast<std::uint64_t>(int_at(s, 1));
      },
      p.transfer, p.part);
  if (parts != p.part + 1 || bytes != p.size)
    return tl::unexpected(broken_rule("file of run " + p.run.value + ": " + std::to_string(parts) +
                                      " parts with " + std::to_string(bytes) +
                                      " bytes are stored, " + std::to_string(p.part + 1) + " with " +
                                      std::to_string(p.size) + " were announced"));
  std::optional<std::string> older;
  for_rows(find_transfer_, [&](auto& s) { older = text_at(s, 0); }, p.run.value, p.name);
  if (older) run(delete_parts_, *older);
  run(upsert_file_, p.run.value, p.name, p.transfer, p.size, p.sha256,
      p.at.time_since_epoch().count());
  run(delete_transfer_, p.transfer);
  return {};
}

}  // namespace sweepd::store
