// A batch is written while the one before is synced; nobody is told of either before its own sync.
#include "tests/service/harness.hpp"

#include <chrono>
#include <thread>

using namespace sweepd;
using namespace sweepd::test;

namespace {

const error no_room{errc::disk_full, "database or disk is full", "store"};

std::shared_ptr<started<reply>> tune(bench& b, const sweep_id& sweep, std::int64_t limit) {
  return b.tell(cmd::tune_sweep{sweep, limit, std::nullopt, ""});
}

/// Until the threads at the disk have come to that, of which they tell the strand only afterwards.
template <class What>
void drive(bench& b, What what) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!what()) {
    b.settle();
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::yield();
  }
}

/// A sweep whose first command is in a sync that the test holds.
struct held_sync {
  explicit held_sync(bench& b) : sweep(b.make_sweep(bench::grid(3))), writes(b.disk.commits()), syncs(b.store.syncs()) {
    b.store.shut_sync();
    first = tune(b, sweep, 1);
    drive(b, [&] { return b.store.syncs() == syncs + 1; });
  }

  sweep_id sweep;
  std::size_t writes, syncs;  // before it
  std::shared_ptr<started<reply>> first;
};

}  // namespace

TEST_CASE("pipeline: the next batch is written during a sync, and answered after one of its own") {
  bench b;
  b.boot();
  const held_sync held(b);
  const auto second = tune(b, held.sweep, 2);
  drive(b, [&] { return b.disk.commits() == held.writes + 2; });
  b.settle();
  CHECK_FALSE(held.first->done());
  CHECK_FALSE(second->done());
  CHECK(b.store.syncs() == held.syncs + 1);
  CHECK(b.c->stats().durable_seq < b.disk.log_of_events().back().seq);
  b.store.open_sync();
  bench::as<answer::done>(b.finish(held.first));
  bench::as<answer::done>(b.finish(second));
  CHECK(b.store.syncs() == held.syncs + 2);
  CHECK(b.c->stats().durable_seq == b.disk.log_of_events().back().seq);
}

TEST_CASE("pipeline: one sync answers for all that was written before it") {
  bench b;
  b.boot();
  const held_sync held(b);
  std::vector<std::shared_ptr<started<reply>>> all{held.first};
  for (int i = 2; i <= 4; ++i) {
    const auto writes = b.disk.commits();
    all.push_back(tune(b, held.sweep, i));
    drive(b, [&] { return b.disk.commits() == writes + 1; });
  }
  b.settle();
  b.store.open_sync();
  for (const auto& one : all) bench::as<answer::done>(b.finish(one));
  CHECK(b.store.syncs() == held.syncs + 2);
}

TEST_CASE("pipeline: after a failed sync nobody is told anything, written or not") {
  bench b;
  int reported = 0;
  b.opts.on_fatal = [&](const error&) { ++reported; };
  b.boot();
  const held_sync held(b);
  const auto second = tune(b, held.sweep, 2);
  drive(b, [&] { return b.disk.commits() == held.writes + 2; });
  b.settle();
  b.store.open_sync(fail(errc::internal, "fsync: Input/output error", "store"));
  CHECK(bench::code_of(b.finish(held.first)) == errc::internal);
  CHECK(bench::code_of(b.finish(second)) == errc::internal);
  CHECK(bench::code_of(b.finish(tune(b, held.sweep, 3))) == errc::unavailable);
  CHECK(reported == 1);
}

TEST_CASE("pipeline: a disk that is full behind a sync holds only what did not fit") {
  bench b;
  b.boot();
  const held_sync held(b);
  b.disk.fail_always(no_room);
  const auto second = tune(b, held.sweep, 2);
  drive(b, [&] { return b.disk.commits() == held.writes + 2; });
  b.settle();
  CHECK_FALSE(b.c->stats().disk_full);  // what is on its way comes first
  b.store.open_sync();
  bench::as<answer::done>(b.finish(held.first));
  b.until([&] { return b.c->stats().disk_full; });
  CHECK_FALSE(second->done());
  b.disk.heal();
  b.clock.advance(1s);
  b.poke();
  bench::as<answer::done>(b.finish(second));
  CHECK_FALSE(b.c->stats().disk_full);
}
