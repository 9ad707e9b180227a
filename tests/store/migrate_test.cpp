// Migrations: fresh, repeated, changed, newer, foreign, and interrupted.
#include "controller/store/migrate.hpp"

#include "controller/store/connection.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <array>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

namespace {

constexpr migrations::file one{"0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT;"};
constexpr migrations::file two{"0002_b.sql", "CREATE TABLE b (y INTEGER) STRICT; INSERT INTO b VALUES (1);"};

SQLite::Database fresh(const std::string& path) {
  return SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
}

int count(SQLite::Database& db, const std::string& sql) {
  SQLite::Statement q(db, sql);
  q.executeStep();
  return q.getColumn(0).getInt();
}

std::string refusal(const result<void>& r) {
  REQUIRE_FALSE(r.has_value());
  CHECK(r.error().code == errc::invalid);
  return to_string(r.error());
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("migrate: a fresh database gets every migration once, a later start only the new ones") {
  temp_dir dir;
  auto db = fresh(dir.file("a.db"));
  const std::array first{one};
  const std::array both{one, two};
  REQUIRE(migrate(db, "a.db", first).has_value());
  CHECK(count(db, "PRAGMA application_id") == application_id);
  CHECK(count(db, "PRAGMA user_version") == 1);
  REQUIRE(migrate(db, "a.db", first).has_value());
  REQUIRE(migrate(db, "a.db", both).has_value());
  REQUIRE(migrate(db, "a.db", both).has_value());
  CHECK(count(db, "SELECT count(*) FROM b") == 1);
  CHECK(count(db, "SELECT count(*) FROM migrations") == 2);
}

TEST_CASE("migrate: a changed migration and a newer database are refused by name") {
  temp_dir dir;
  auto db = fresh(dir.file("a.db"));
  const std::array both{one, two};
  REQUIRE(migrate(db, "a.db", both).has_value());
  const std::array older{one};
  const auto newer = refusal(migrate(db, "a.db", older));
  CHECK(contains(newer, "a.db"));
  CHECK(contains(newer, "newer sweepd"));
  CHECK(contains(newer, "0002_b.sql"));
  CHECK(contains(newer, "0001_a.sql"));
  const std::array edited{migrations::file{"0001_a.sql", "CREATE TABLE a (x TEXT) STRICT;"}, two};
  const auto changed = refusal(migrate(db, "a.db", edited));
  CHECK(contains(changed, "0001_a.sql was changed"));
  const std::array renamed{migrations::file{"0001_z.sql", one.text}, two};
  CHECK(contains(refusal(migrate(db, "a.db", renamed)), "0001_z.sql"));
}

TEST_CASE("migrate: another program's database is left alone") {
  temp_dir dir;
  {
    auto db = fresh(dir.file("a.db"));
    db.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  }
  REQUIRE(::chmod(dir.file("a.db").c_str(), 0600) == 0);
  const auto s = sqlite_store::open(dir.file("a.db"));
  REQUIRE_FALSE(s.has_value());
  CHECK(s.error().code == errc::invalid);
  CHECK(contains(to_string(s.error()), "not sweepd's"));
  auto db = fresh(dir.file("a.db"));
  CHECK(count(db, "SELECT count(*) FROM sqlite_schema") == 1);
}

TEST_CASE("migrate: a migration that fails in its middle leaves nothing and is tried again") {
  temp_dir dir;
  auto db = fresh(dir.file("a.db"));
  const std::array bad{one, migrations::file{"0002_b.sql", "CREATE TABLE b (y INTEGER) STRICT; oops;"}};
  CHECK_THROWS_AS((void)migrate(db, "a.db", bad), SQLite::Exception);
  CHECK(count(db, "PRAGMA user_version") == 1);
  CHECK(count(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == 0);
  const std::array good{one, two};
  REQUIRE(migrate(db, "a.db", good).has_value());
}

TEST_CASE("migrate: the embedded migrations are numbered from 1 without a gap") {
  std::size_t number = 0;
  for (const auto& file : migrations::files()) {
    const auto digits = std::to_string(++number);
    CHECK(file.name.substr(0, 5) == std::string(4 - digits.size(), '0') + digits + "_");
  }
  CHECK(number >= 1);
}
