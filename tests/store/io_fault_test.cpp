// The n-th operation of the disk fails, for every n of a script: an I/O error ends all writing and the
// next start has everything acknowledged; a full disk refuses one batch and takes it later.
#include "controller/store/sqlite_reader.hpp"
#include "tests/store/amnesia_vfs.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace sweepd;
using namespace sweepd::store;
using test::amnesia_vfs;
using test::temp_dir;

namespace {

constexpr std::uint64_t batches = 5;
constexpr int checkpoint_frames = 30;

store_options on(const amnesia_vfs& disk) {
  return {disk.name(), durability::full, checkpoint_frames};
}

int io_error(test::disk_op op) {
  switch (op) {
    case test::disk_op::write: return SQLITE_IOERR_WRITE;
    case test::disk_op::sync: return SQLITE_IOERR_FSYNC;
    case test::disk_op::truncate: return SQLITE_IOERR_TRUNCATE;
    case test::disk_op::remove: return SQLITE_IOERR_DELETE;
  }
  return SQLITE_IOERR;
}

/// Commits what is left of the script; how many batches were acknowledged in all.
std::uint64_t go_on(core::store& s, std::uint64_t done, result<void>& outcome) {
  test::script script;
  while (script.given() < done) (void)script.next();
  outcome = {};
  while (done < batches) {
    outcome = s.commit(script.next());
    if (!outcome) break;
    ++done;
  }
  return done;
}

}  // namespace

TEST_CASE("io fault: every n-th operation failing with EIO loses nothing acknowledged") {
  temp_dir dir;
  const auto states = test::script_states(batches);
  const auto where = [&](const core::snapshot& s) {
    const auto it = std::find(states.begin(), states.end(), test::text_of(s));
    REQUIRE(it != states.end());
    return static_cast<std::uint64_t>(it - states.begin());
  };
  std::uint64_t n = 0;
  for (bool fired = true; fired;) {
    ++n;
    fired = false;
    amnesia_vfs disk;
    disk.on_operation([&](test::disk_op op, std::uint64_t i) {
      if (i != n) return SQLITE_OK;
      fired = true;
      return io_error(op);
    });
    CAPTURE(n);
    std::uint64_t acknowledged = 0;
    if (auto s = sqlite_store::open(dir.file("a.db"), on(disk)); s) {
      result<void> outcome;
      acknowledged = go_on(**s, 0, outcome);
      if (!outcome) {
        CHECK(fired);
        CHECK(outcome.error().code == errc::internal);
        // Not even when the disk is well again: nobody knows what it has.
        CHECK((*s)->commit({}).error().code == errc::internal);
      }
    } else {
      CHECK(s.error().code == errc::internal);
    }
    disk.on_operation(nullptr);
    {
      amnesia_vfs after_cut(disk.cut(n, 50));
      const auto s = test::open_store(dir.file("a.db"), on(after_cut));
      CHECK(where(s->load().value()) >= acknowledged);
    }
    const auto s = test::open_store(dir.file("a.db"), on(disk));
    const auto found = where(s->load().value());
    CHECK(found >= acknowledged);
    CHECK(found <= acknowledged + 1);
    result<void> outcome;
    CHECK(go_on(*s, found, outcome) == batches);
    CHECK(test::text_of(s->load().value()) == states.back());
  }
  MESSAGE((n - 1) << " operations failed, one by one");
  CHECK(n > 100);
}

TEST_CASE("io fault: a disk that fills up at any operation refuses whole batches and recovers") {
  temp_dir dir;
  const auto states = test::script_states(batches);
  std::uint64_t n = 0;
  std::uint64_t refusals = 0;
  for (bool fired = true; fired;) {
    ++n;
    fired = false;
    amnesia_vfs disk;
    bool healed = false;
    disk.on_operation([&](test::disk_op op, std::uint64_t i) {
      if (healed || i < n || op != test::disk_op::write) return SQLITE_OK;
      fired = true;
      return SQLITE_FULL;
    });
    CAPTURE(n);
    auto s = sqlite_store::open(dir.file("a.db"), on(disk));
    if (!s) {
      CHECK(s.error().code == errc::disk_full);
      healed = true;
      s = sqlite_store::open(dir.file("a.db"), on(disk));
      REQUIRE(s.has_value());
    }
    result<void> outcome;
    auto done = go_on(**s, 0, outcome);
    if (!outcome) {
      ++refusals;
      REQUIRE(outcome.error().code == errc::disk_full);
      // Nothing of the batch is there, for this process and for one that starts now.
      CHECK(test::text_of((*s)->load().value()) == states[done]);
      CHECK(go_on(**s, done, outcome) == done);
      CHECK(outcome.error().code == errc::disk_full);
      healed = true;
      done = go_on(**s, done, outcome);
    }
    CHECK(done == batches);
    CHECK(test::text_of((*s)->load().value()) == states.back());
    const auto reader = sqlite_reader::open((*s)->path(), disk.name()).value();
    CHECK(reader->verify().value() == std::nullopt);
    CHECK(reader->damage().value().empty());
  }
  CHECK(refusals > 50);
}
