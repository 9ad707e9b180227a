// The in-memory store of the tests must itself behave as the port says, or it proves nothing.
#include "tests/support/memory_store.hpp"

#include "controller/store/sqlite_reader.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

using namespace sweepd;
using test::memory_store;

TEST_CASE("memory_store: its readers answer as those of the real store") {
  test::temp_dir dir;
  const auto real = test::open_store(dir.file("a.db"));
  memory_store memory;
  test::script a, b;
  for (int k = 0; k < 20; ++k) {
    REQUIRE(real->commit(a.next()).has_value());
    REQUIRE(memory.commit(b.next()).has_value());
  }
  const auto reader = store::sqlite_reader::open(real->path()).value();
  std::vector<core::event_filter> filters(7);
  filters[1].sweep = sweep_id{"sweep001"};
  filters[1].newest_first = true;
  filters[2].run = test::script_run(4);
  filters[3].agent = agent_id{"agent001"};
  filters[4].type = "run_moved";
  filters[4].limit = 7;
  filters[5].since = memory.log_of_events()[30].at.wall;
  filters[6].after = 17;
  filters[6].limit = 5;
  for (const auto& f : filters) {
    const auto x = reader->events(f).value();
    const auto y = memory.events(f).value();
    REQUIRE(x.size() == y.size());
    CHECK_FALSE(x.empty());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(x[i].seq == y[i].seq);
      CHECK(x[i].sweep == y[i].sweep);
      CHECK(x[i].run == y[i].run);
      CHECK(x[i].agent == y[i].agent);
      CHECK(x[i].actor == y[i].actor);
      CHECK(x[i].body == y[i].body);
    }
  }
  const auto run = test::script_run(6);
  CHECK(reader->history(run, 1, 2).value() == memory.history(run, 1, 2).value());
  CHECK(reader->log(run, 10, 50).value() == memory.log(run, 10, 50).value());
  CHECK(reader->log(run, 1'000'000, 50).value() == memory.log(run, 1'000'000, 50).value());
  CHECK(memory.files(run).value().size() == 1);
  CHECK(reader->file(run, "model.bin", 2'990, 20).value() == memory.file(run, "model.bin", 2'990, 20).value());
  CHECK(memory.file(run, "none", 0, 1).error().code == errc::not_found);
  CHECK(memory.verify().value() == std::nullopt);
}

TEST_CASE("memory_store: the n-th commit fails as told, with or without its effect") {
  memory_store s;
  test::script script;
  s.fail_commit(2, {errc::disk_full, "full", {}});
  REQUIRE(s.commit(script.next()).has_value());
  const auto second = script.next();
  CHECK(s.commit(second).error().code == errc::disk_full);
  CHECK(s.load()->last_seq == 2);
  REQUIRE(s.commit(second).has_value());
  CHECK(s.load()->last_seq == 4);
  s.fail_commit(1, {errc::internal, "power cut", {}}, true);
  const auto third = script.next();
  CHECK(s.commit(third).error().code == errc::internal);
  CHECK(s.load()->last_seq == third.events.back().seq);
  s.fail_always({errc::disk_full, "full", {}});
  CHECK_FALSE(s.commit({}).has_value());
  CHECK_FALSE(s.commit({}).has_value());
  s.heal();
  CHECK(s.commit({}).has_value());
  CHECK(s.commits() == 7);
}

TEST_CASE("memory_store: a copy is the disk at that moment, untouched by what comes after") {
  memory_store s;
  test::script script;
  for (int k = 0; k < 5; ++k) REQUIRE(s.commit(script.next()).has_value());
  memory_store copy = s;
  const auto then = test::text_of(copy.load().value());
  REQUIRE(s.commit(script.next()).has_value());
  CHECK(test::text_of(copy.load().value()) == then);
  CHECK(test::text_of(s.load().value()) != then);
  CHECK(copy.log_of_events().size() < s.log_of_events().size());
}

TEST_CASE("memory_store: it keeps to the rules of the real one") {
  memory_store s;
  test::script script;
  for (int k = 0; k < 5; ++k) REQUIRE(s.commit(script.next()).has_value());
  const auto before = test::text_of(s.load().value());
  core::batch b;
  b.events.push_back({99, {}, {}, core::ev::outage_noted{}});
  CHECK(s.commit(b).error().code == errc::internal);
  b = {};
  auto row = s.load()->runs.at(0);
  row.state = core::run_state::failed;
  b.runs.push_back(row);
  CHECK(s.commit(b).error().code == errc::internal);
  b = {};
  row = s.load()->runs.at(0);
  row.id = run_id{"another0"};
  b.runs.push_back(row);
  CHECK(s.commit(b).error().code == errc::internal);
  CHECK(test::text_of(s.load().value()) == before);
}
