#include "controller/store/migrate.hpp"

#include "controller/store/connection.hpp"
#include "controller/store/event_chain.hpp"
#include "controller/store/statements.hpp"

#include <vector>

namespace sweepd::store {
namespace {

struct recorded {
  std::string name;
  std::string checksum;
};

bool has_tables(SQLite::Database& db) {
  SQLite::Statement s(db, sql::count_tables);
  return s.executeStep() && int_at(s, 0) > 0;
}

int header_id(SQLite::Database& db) {
  SQLite::Statement s(db, "PRAGMA application_id");
  return s.executeStep() ? static_cast<int>(int_at(s, 0)) : 0;
}

/// What was applied, in order. An empty database has applied nothing.
result<std::vector<recorded>> applied(SQLite::Database& db, const std::string& path) {
  std::vector<recorded> out;
  const int id = header_id(db);
  if (id == 0 && !has_tables(db)) return out;
  if (id != application_id)
    return fail(errc::invalid, "is an SQLite database, but not sweepd's", path);
  SQLite::Statement s(db, sql::list_migrations);
  for_rows(s, [&](auto& row) { out.push_back({text_at(row, 0), text_at(row, 1)}); });
  return out;
}

result<std::vector<recorded>> checked(SQLite::Database& db, const std::string& path,
                                      std::span<const migrations::file> files) {
  SWEEPD_TRY(auto done, applied(db, path));
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (i >= files.size())
      return fail(errc::invalid,
                  "was written by a newer sweepd: it has migration " + done[i].name +
                      ", this program knows up to " +
                      (files.empty() ? std::string("none") : std::string(files.back().name)) +
                      "; use the newer program, or restore a backup made before the upgrade",
                  path);
    if (done[i].name != files[i].name)
      return fail(errc::invalid,
                  "has migration " + done[i].name + " where this program has " +
                      std::string(files[i].name),
                  path);
    if (const auto ours = hex(sha256(files[i].text)); done[i].checksum != ours)
      return fail(errc::invalid,
                  "migration " + done[i].name + " was changed after it was applied (applied: " +
                      done[i].checksum.substr(0, 12) + ", in this program: " + ours.substr(0, 12) +
                      "); a released migration is never edited",
                  path);
  }
  return done;
}

void apply_one(SQLite::Database& db, const migrations::file& file, std::size_t number) {
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  if (number == 1) {
    db.exec("PRAGMA application_id=" + std::to_string(application_id));
    db.exec(sql::make_migrations);
  }
  db.exec(std::string(file.text));
  SQLite::Statement record(db, sql::record_migration);
  run(record, number, std::string(file.name), hex(sha256(file.text)));
  db.exec("PRAGMA user_version=" + std::to_string(number));
  transaction.commit();
}

}  // namespace

result<void> check_schema(SQLite::Database& db, const std::string& path,
                          std::span<const migrations::file> files) {
  return checked(db, path, files).map([](const auto&) {});
}

result<void> migrate(SQLite::Database& db, const std::string& path,
                     std::span<const migrations::file> files) {
  SWEEPD_TRY(const auto done, checked(db, path, files));
  for (std::size_t i = done.size(); i < files.size(); ++i) apply_one(db, files[i], i + 1);
  return {};
}

}  // namespace sweepd::store
