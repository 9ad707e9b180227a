// A large database: 100,000 runs come back. Prints the time, asserts none.
#include "controller/store/connection.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

TEST_CASE("sqlite_store: loads 100,000 runs and 1,000 trials") {
  temp_dir dir;
  const auto path = dir.file("a.db");
  {
    const auto s = test::open_store(path);
    test::script script;
    for (int k = 0; k < 2; ++k) REQUIRE(s->commit(script.next()).has_value());
  }
  {
    // Copies of run 1 and trial 1 with other numbers: a hundred thousand commits would test the disk.
    SQLite::Database db(path, SQLite::OPEN_READWRITE);
    db.exec(
        "BEGIN;"
        "WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n WHERE x < 100000)"
        " INSERT INTO runs SELECT printf('run%05d', x), sweep, x, attempt, state, epoch, agent,"
        " replace(replace(doc, '\"run00001\"', printf('\"run%05d\"', x)), '\"trial\":1,',"
        " printf('\"trial\":%d,', x)), zeroblob(200) FROM runs, n WHERE id = 'run00001';"
        "WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n WHERE x < 1000)"
        " INSERT INTO trials SELECT sweep, x, x, hash, state, replace(doc, '\"number\":1,',"
        " printf('\"number\":%d,', x)) FROM trials, n WHERE number = 1;"
        "COMMIT");
  }
  const auto s = test::open_store(path);
  const auto begin = std::chrono::steady_clock::now();
  const auto loaded = s->load();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : to_string(loaded.error())));
  REQUIRE(loaded->runs.size() == 100'000);
  REQUIRE(loaded->trials.size() == 1'000);
  CHECK(loaded->runs.back().id == run_id{"run100000"});
  CHECK(loaded->runs[776].trial == 777);
  CHECK(loaded->trials[776].number == 777);
  MESSAGE("loaded 100,000 runs and 1,000 trials in " << took.count() << " s");
}
