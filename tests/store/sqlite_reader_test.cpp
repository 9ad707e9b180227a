// The reader: filters and paging, the hash chain against tampering, triggers, backups, many threads.
#include "controller/store/sqlite_reader.hpp"

#include "controller/store/connection.hpp"
#include "controller/store/statements.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

namespace {

/// A database with the script's first n batches, closed.
void write_script(const std::string& path, std::uint64_t n) {
  const auto s = test::open_store(path);
  test::script script;
  for (std::uint64_t k = 0; k < n; ++k) REQUIRE(s->commit(script.next()).has_value());
}

/// What an attacker with the sqlite3 shell does.
void tamper(const std::string& path, const std::string& sql) {
  SQLite::Database db(path, SQLite::OPEN_READWRITE);
  db.exec(sql);
}

std::vector<std::uint64_t> seqs(const std::vector<core::stored_event>& events) {
  std::vector<std::uint64_t> out;
  for (const auto& e : events) out.push_back(e.seq);
  return out;
}

const char* const no_triggers =
    "DROP TRIGGER events_never_change; DROP TRIGGER events_never_go; DROP TRIGGER events_in_order;";

}  // namespace

TEST_CASE("sqlite_reader: events are filtered, paged and ordered") {
  temp_dir dir;
  write_script(dir.file("a.db"), 12);
  const auto s = test::open_store(dir.file("a.db"));
  const auto reader = sqlite_reader::open(s->path()).value();
  core::event_filter all;
  all.limit = 1000;
  const auto every = reader->events(all).value();
  REQUIRE(every.size() == s->load()->last_seq);

  const auto by_hand = [&](auto&& keep) {
    std::vector<std::uint64_t> out;
    for (const auto& e : every)
      if (keep(e)) out.push_back(e.seq);
    return out;
  };
  auto f = all;
  f.run = test::script_run(3);
  CHECK(seqs(reader->events(f).value()) == by_hand([](const auto& e) { return e.run == "run00003"; }));
  CHECK(reader->events(f).value().size() == 3);  // offered, running, finished
  f = all;
  f.sweep = sweep_id{"sweep001"};
  // Moves name only a run; they are found by its sweep all the same.
  CHECK(reader->events(f).value().size() == every.size());
  f.sweep = sweep_id{"another0"};
  CHECK(reader->events(f).value().empty());
  f = all;
  f.agent = agent_id{"agent001"};
  f.type = "agent_joined";
  CHECK(seqs(reader->events(f).value()) == std::vector<std::uint64_t>{2});
  f = all;
  f.type = "run_moved";
  f.sweep = sweep_id{"sweep001"};
  CHECK(seqs(reader->events(f).value()) == by_hand([](const auto& e) { return e.type == "run_moved"; }));
  f = all;
  f.since = every[10].wall;
  CHECK(seqs(reader->events(f).value()) ==
        by_hand([&](const auto& e) { return e.wall >= every[10].wall; }));
  f.since = every.back().wall + milliseconds{1};
  CHECK(reader->events(f).value().empty());
  f = all;
  f.limit = 4;
  f.newest_first = true;
  const auto last = every.size();
  CHECK(seqs(reader->events(f).value()) ==
        std::vector<std::uint64_t>{last, last - 1, last - 2, last - 3});
  f.newest_first = false;
  std::vector<std::uint64_t> paged;
  while (true) {
    const auto page = seqs(reader->events(f).value());
    if (page.empty()) break;
    paged.insert(paged.end(), page.begin(), page.end());
    f.after = page.back();
  }
  CHECK(paged == by_hand([](const auto&) { return true; }));
}

TEST_CASE("sqlite_reader: an event of a run whose row is not in the batch is still its sweep's") {
  temp_dir dir;
  write_script(dir.file("a.db"), 4);
  const auto s = test::open_store(dir.file("a.db"));
  core::batch b;
  b.events.push_back({s->load()->last_seq + 1, {}, {}, core::ev::run_slot_freed{test::script_run(1), "x"}});
  b.events.push_back({b.events[0].seq + 1, {}, {},
                      core::ev::agent_moved{agent_id{"agent001"}, {}, core::agent_state::left, "x"}});
  REQUIRE(s->commit(b).has_value());
  const auto reader = sqlite_reader::open(s->path()).value();
  core::event_filter f;
  f.sweep = sweep_id{"sweep001"};
  f.after = b.events[0].seq - 1;
  CHECK(reader->events(f).value().size() == 2);
}

TEST_CASE("sqlite_reader: the chain finds a changed, removed, reordered, added or cut-off row") {
  temp_dir dir;
  const auto check = [&](const std::string& sql, std::optional<std::uint64_t> broken) {
    const auto path = dir.file("t.db");
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path + suffix);
    write_script(path, 10);
    const auto s = test::open_store(path);
    tamper(path, sql);
    CAPTURE(sql);
    const auto reader = sqlite_reader::open(path).value();
    CHECK(reader->verify().value() == broken);
  };
  const std::string open_door = no_triggers;
  check("SELECT 1", std::nullopt);
  check(open_door + "UPDATE events SET body = replace(body, 'random', 'Random') WHERE seq = 1", 1);
  check(open_door + "UPDATE events SET actor = '{}' WHERE seq = 7", 7);
  check(open_door + "UPDATE events SET run = 'run00009' WHERE seq = 5", 5);
  check(open_door + "UPDATE events SET wall = wall + 1 WHERE seq = 3", 3);
  check(open_door + "UPDATE events SET hash = zeroblob(32) WHERE seq = 8", 8);
  check(open_door + "DELETE FROM events WHERE seq = 6", 6);
  check(open_door +
            "UPDATE events SET seq = -1 WHERE seq = 4; UPDATE events SET seq = 4 WHERE seq = 5;"
            "UPDATE events SET seq = 5 WHERE seq = -1",
        4);
  check(open_door + "DELETE FROM events WHERE seq > 20", 21);
  check("INSERT INTO events SELECT seq + 1, wall, at, actor, type, sweep, run, agent, body, hash"
        " FROM events ORDER BY seq DESC LIMIT 1",
        36);
}

TEST_CASE("sqlite_store: a log that does not end where the last batch ended is not loaded") {
  temp_dir dir;
  write_script(dir.file("a.db"), 5);
  tamper(dir.file("a.db"), std::string(no_triggers) + "DELETE FROM events WHERE seq > 8");
  const auto s = test::open_store(dir.file("a.db"));
  const auto loaded = s->load();
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().message.find("the event log ends at 8") != std::string::npos);
  CHECK(loaded.error().where == s->path());
  CHECK_FALSE(s->commit({}).has_value());
}

TEST_CASE("sqlite_reader: a rare type is found by its index, however long the log is") {
  temp_dir dir;
  write_script(dir.file("a.db"), 3);
  SQLite::Database db(dir.file("a.db"));
  const auto plan = [&](const char* type) {
    SQLite::Statement s(db, "EXPLAIN QUERY PLAN " + std::string(store::sql::select_events) + " AND type = '" + type +
                                "'" + store::sql::and_rare + " ORDER BY seq DESC LIMIT 10");
    std::string out;
    while (s.executeStep()) out += s.getColumn(3).getString();
    return out;
  };
  CHECK(plan("sweep_moved").find("events_by_rare_type") != std::string::npos);
}

TEST_CASE("sqlite_reader: events since a time are found although the clock was set back") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"));
  const auto wall = [](std::int64_t minutes) { return instant{milliseconds{minutes * 60'000 + 7}}; };
  std::uint64_t seq = 0;
  for (const auto minute : {10, 11, 12, 3, 4, 12}) {
    core::batch b;
    b.events.push_back({++seq, moment{wall(minute), mono{}}, core::actor{}, core::ev::outage_noted{"start", {}, {}}});
    REQUIRE(s->commit(b).has_value());
  }
  const auto reader = sqlite_reader::open(s->path()).value();
  core::event_filter f;
  f.limit = 100;
  f.since = wall(12);
  CHECK(seqs(reader->events(f).value()) == std::vector<std::uint64_t>{3, 6});
  f.since = wall(4);
  CHECK(seqs(reader->events(f).value()) == std::vector<std::uint64_t>{1, 2, 3, 5, 6});
  f.since = wall(13);
  CHECK(reader->events(f).value().empty());
}

TEST_CASE("sqlite_store: the event table refuses UPDATE, DELETE, REPLACE and gaps") {
  temp_dir dir;
  write_script(dir.file("a.db"), 3);
  for (const char* sql :
       {"UPDATE events SET body = '{}' WHERE seq = 1", "DELETE FROM events", "DELETE FROM events WHERE seq = 2",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE seq = 2",
        "INSERT INTO events SELECT seq + 2, wall, at, actor, type, sweep, run, agent, body, hash"
        " FROM events ORDER BY seq DESC LIMIT 1"}) {
    CAPTURE(sql);
    CHECK_THROWS_WITH_AS(tamper(dir.file("a.db"), sql), doctest::Contains("append-only"), SQLite::Exception);
  }
  const auto s = test::open_store(dir.file("a.db"));
  CHECK(sqlite_reader::open(s->path()).value()->verify().value() == std::nullopt);
}

TEST_CASE("sqlite_reader: a backup is private, complete, and a database of its own") {
  temp_dir dir;
  auto s = test::open_store(dir.file("a.db"));
  test::script script;
  for (int k = 0; k < 15; ++k) REQUIRE(s->commit(script.next()).has_value());
  const auto before = test::text_of(s->load().value());
  const auto reader = sqlite_reader::open(s->path()).value();
  REQUIRE(reader->backup(dir.file("copy.db")).has_value());
  struct stat st {};
  REQUIRE(::stat(dir.file("copy.db").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0600);
  for (int k = 0; k < 5; ++k) REQUIRE(s->commit(script.next()).has_value());

  const auto copy = test::open_store(dir.file("copy.db"));
  CHECK(test::text_of(copy->load().value()) == before);
  const auto copy_reader = sqlite_reader::open(copy->path()).value();
  CHECK(copy_reader->verify().value() == std::nullopt);
  CHECK(copy_reader->damage().value().empty());

  const auto again = reader->backup(dir.file("copy.db"));
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == errc::conflict);
  CHECK(reader->backup(dir.file("no/such/dir.db")).error().code == errc::not_found);
}

TEST_CASE("sqlite_reader: many threads read whole batches while the writer goes on") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"), {{}, durability::full, 50});
  test::script script;
  REQUIRE(s->commit(script.next()).has_value());
  const auto reader = sqlite_reader::open(s->path()).value();
  std::atomic<bool> done = false;
  std::atomic<int> reads = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i)  // more than there are connections
    readers.emplace_back([&, i] {
      std::uint64_t newest = 0;
      do {
        core::event_filter f;
        f.newest_first = true;
        f.limit = 1;
        const auto last = reader->events(f);
        const bool fine = last && !last->empty() && last->front().seq >= newest;
        if (fine) newest = last->front().seq;
        // Both come in one batch: whoever has seen the lines sees the log, asked for afterwards.
        const auto lines = reader->history(test::script_run(1), 0, 10);
        const auto log = reader->log(test::script_run(1), 0, 10'000);
        const bool together = log && lines && (lines->empty() || (lines->size() == 3 && !log->empty()));
        if (i == 0 && reader->verify().value_or(0) != std::nullopt) ++wrong;
        if (!fine || !together) ++wrong;
        ++reads;
      } while (!done);
    });
  for (int k = 0; k < 60; ++k) CHECK(s->commit(script.next()).has_value());
  done = true;
  for (auto& t : readers) t.join();
  CHECK(wrong == 0);
  CHECK(reads >= 6);
}

TEST_CASE("sqlite_reader: damage in the file is named, and does not end the process") {
  temp_dir dir;
  write_script(dir.file("a.db"), 20);
  const auto size = std::filesystem::file_size(dir.file("a.db"));
  {
    std::fstream file(dir.file("a.db"), std::ios::in | std::ios::out | std::ios::binary);
    for (std::uintmax_t page = 2; page * 4096 < size; page += 3) {
      file.seekp(static_cast<std::streamoff>(page * 4096 + 8));
      file.write("\xde\xad\xbe\xef", 4);
    }
  }
  const auto s = sqlite_store::open(dir.file("a.db"));
  if (!s) {
    CHECK(s.error().code == errc::internal);
    return;
  }
  const auto loaded = (*s)->load();
  const auto found = sqlite_reader::open(dir.file("a.db")).value()->damage();
  CHECK((!found || !found->empty()));
  if (!loaded) CHECK(loaded.error().message.find("damaged") != std::string::npos);
}
