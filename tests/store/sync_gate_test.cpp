// Readers and what is not on the disk yet.
#include "controller/store/sqlite_reader.hpp"
#include "controller/store/sync_gate.hpp"
#include "tests/store/amnesia_vfs.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <future>
#include <thread>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

namespace {

void until_one_waits(const sync_gate& gate) {
  while (gate.waiting() == 0) std::this_thread::yield();
}

}  // namespace

TEST_CASE("sync_gate: lets through what is durable, and does not wait for what was rolled back") {
  sync_gate gate;
  CHECK(gate.wait());
  gate.begin();
  CHECK(gate.is_open());  // nothing is written that a sync could make durable
  gate.withdrawn();
  CHECK(gate.wait());
  gate.begin();
  gate.written();
  CHECK_FALSE(gate.is_open());
  gate.synced(gate.mark());
  CHECK(gate.is_open());
  CHECK(gate.wait());
}

TEST_CASE("sync_gate: a sync answers for what was written when it began, not for more") {
  sync_gate gate;
  gate.begin();
  gate.written();
  const auto mark = gate.mark();
  gate.begin();
  gate.written();
  gate.synced(mark);
  CHECK_FALSE(gate.is_open());
  auto waiting = std::async(std::launch::async, [&] { return gate.wait(); });
  until_one_waits(gate);
  gate.synced(gate.mark());
  CHECK(waiting.get());
}

TEST_CASE("sync_gate: after a failure nobody waits for ever, and nobody is let through") {
  sync_gate gate;
  gate.begin();
  gate.written();
  auto waiting = std::async(std::launch::async, [&] { return gate.wait(); });
  until_one_waits(gate);
  gate.fail();
  CHECK_FALSE(waiting.get());
  CHECK_FALSE(gate.wait());
}

TEST_CASE("sqlite_reader: tells nobody what is written and not yet synced") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"));
  const auto reader = sqlite_reader::open(s->path(), {}, s->gate()).value();
  test::script script;
  REQUIRE(s->commit(script.next()).has_value());
  const auto before = reader->events({}).value().size();
  REQUIRE(s->write(script.next()).has_value());
  auto reading = std::async(std::launch::async, [&] { return reader->events({}).value().size(); });
  until_one_waits(*s->gate());
  REQUIRE(s->sync().has_value());
  CHECK(reading.get() > before);
}

TEST_CASE("sqlite_store: a failed sync is final, for the store and for its readers") {
  temp_dir dir;
  test::amnesia_vfs disk;
  const auto s = test::open_store(dir.file("a.db"), {disk.name(), durability::full});
  const auto reader = sqlite_reader::open(s->path(), disk.name(), s->gate()).value();
  test::script script;
  REQUIRE(s->write(script.next()).has_value());
  disk.on_operation([](test::disk_op op, std::uint64_t) { return op == test::disk_op::sync ? SQLITE_IOERR_FSYNC : SQLITE_OK; });
  CHECK(s->sync().error().code == errc::internal);
  disk.on_operation([](test::disk_op, std::uint64_t) { return SQLITE_OK; });
  CHECK(s->sync().error().code == errc::internal);
  CHECK(s->write(script.next()).error().code == errc::internal);
  CHECK(reader->events({}).error().code == errc::internal);
}
