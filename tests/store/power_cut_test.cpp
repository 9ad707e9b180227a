// Power cuts: at every operation of a script, everything acknowledged is still there.
//
// One run of the script, in which the disk's possible remains are noted before every operation; then
// each of them is opened as after a reboot. The same with synchronous=NORMAL must lose something, or
// these tests could not fail.
#include "controller/store/connection.hpp"
#include "controller/store/sqlite_reader.hpp"
#include "tests/store/amnesia_vfs.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

using namespace sweepd;
using namespace sweepd::store;
using test::amnesia_vfs;
using test::temp_dir;

namespace {

constexpr std::uint64_t batches = 16;
constexpr int checkpoint_frames = 60;  // so that the script has several checkpoints

struct remains {
  test::disk_image image;
  std::uint64_t acknowledged = 0;
};

/// `sync_every`: 0: commit(); else write(), and a sync() after so many.
std::vector<remains> run_script(const std::string& path, durability d, std::uint64_t sync_every = 0) {
  std::vector<remains> out;
  amnesia_vfs disk;
  std::uint64_t acknowledged = 0;
  disk.on_operation([&](test::disk_op, std::uint64_t n) {
    const unsigned keep[] = {50, 0, 90, 10};
    out.push_back({disk.cut(n, keep[n % 4]), acknowledged});
    return SQLITE_OK;
  });
  const auto s = test::open_store(path, {disk.name(), d, checkpoint_frames});
  test::script script;
  for (std::uint64_t k = 1; k <= batches; ++k) {
    if (sync_every == 0) {
      REQUIRE(s->commit(script.next()).has_value());
    } else {
      REQUIRE(s->write(script.next()).has_value());
      if (k % sync_every != 0) continue;
      REQUIRE(s->sync().has_value());
    }
    acknowledged = k;
  }
  return out;
}

struct verdict {
  std::size_t cuts = 0;
  std::size_t lost = 0;     ///< cuts after which an acknowledged batch was gone
  std::size_t lost_some = 0;  ///< of these: some were gone, not all
  std::size_t damaged = 0;  ///< cuts after which the state was none the script ever had
  std::string first;
};

/// Opens every `step`-th of them.
verdict judge(const std::string& path, std::vector<remains> all, std::size_t step) {
  const auto states = test::script_states(batches);
  verdict out;
  for (std::size_t i = 0; i < all.size(); i += step) {
    auto& r = all[i];
    ++out.cuts;
    amnesia_vfs disk(std::move(r.image));
    std::string wrong;
    const auto s = sqlite_store::open(path, {disk.name(), durability::full, checkpoint_frames});
    const auto loaded = s ? (*s)->load() : result<core::snapshot>(tl::unexpected(s.error()));
    if (!loaded) {
      wrong = to_string(loaded.error());
    } else {
      const auto state = std::find(states.begin(), states.end(), test::text_of(*loaded));
      const auto reader = sqlite_reader::open((*s)->path(), disk.name()).value();
      if (state == states.end()) wrong = "a state that never was";
      else if (reader->verify().value() != std::nullopt) wrong = "the event chain is broken";
      else if (!reader->damage().value().empty()) wrong = reader->damage().value().front();
      else if (static_cast<std::uint64_t>(state - states.begin()) < r.acknowledged) {
        ++out.lost;
        out.lost_some += state != states.begin() ? 1 : 0;
      }
    }
    if (wrong.empty()) continue;
    ++out.damaged;
    if (out.first.empty()) out.first = "cut " + std::to_string(out.cuts) + ": " + wrong;
  }
  return out;
}

}  // namespace

TEST_CASE("power cut: with synchronous=FULL nothing acknowledged is lost, wherever it falls") {
  temp_dir dir;
  auto cuts = run_script(dir.file("a.db"), durability::full);
  REQUIRE(cuts.size() > 300);
  CHECK(cuts.back().acknowledged == batches);  // the last operations are those of closing
  const auto v = judge(dir.file("a.db"), std::move(cuts), 1);
  MESSAGE(v.cuts << " cuts, " << v.lost << " lost something, " << v.damaged << " damaged");
  CHECK(v.lost == 0);
  CHECK_MESSAGE(v.damaged == 0, v.first);
}

TEST_CASE("power cut: nothing that was written before a sync is lost after it") {
  temp_dir dir;
  auto cuts = run_script(dir.file("a.db"), durability::full, 4);
  REQUIRE(cuts.size() > 300);
  CHECK(cuts.back().acknowledged == batches);
  const auto v = judge(dir.file("a.db"), std::move(cuts), 1);
  MESSAGE(v.cuts << " cuts, " << v.lost << " lost something, " << v.damaged << " damaged");
  CHECK(v.lost == 0);
  CHECK_MESSAGE(v.damaged == 0, v.first);
}

TEST_CASE("power cut: with synchronous=NORMAL something is lost, so these tests can fail") {
  temp_dir dir;
  const auto v = judge(dir.file("a.db"), run_script(dir.file("a.db"), durability::normal), 7);
  MESSAGE(v.cuts << " cuts, " << v.lost << " lost something, " << v.damaged << " damaged");
  CHECK(v.lost_some > 0);
}

TEST_CASE("amnesia_vfs: unsynced sectors may go, synced ones stay, undead files may come back") {
  amnesia_vfs disk;
  const auto open = [&](int flags) {
    return SQLite::Database(std::string("d.db"), flags, 0, disk.name());
  };
  {
    auto db = open(SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("PRAGMA synchronous=OFF; CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    CHECK(disk.cut(1, 0).at("d.db").empty());
    CHECK(disk.cut(1, 100) == disk.now());
    db.exec("PRAGMA synchronous=FULL; INSERT INTO t VALUES (2)");
    CHECK(disk.cut(1, 0).at("d.db") == disk.now().at("d.db"));
    CHECK_FALSE(disk.now().contains("d.db-journal"));
    db.exec("PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=OFF");
    const auto before = disk.operations();
    db.exec("INSERT INTO t VALUES (3)");
    CHECK(disk.operations() > before);
  }
  // A write that is refused reaches the disk by half, and SQLite says so.
  disk.on_operation([](test::disk_op op, std::uint64_t) {
    return op == test::disk_op::write ? SQLITE_IOERR_WRITE : SQLITE_OK;
  });
  auto db = open(SQLite::OPEN_READWRITE);
  CHECK_THROWS_AS(db.exec("INSERT INTO t VALUES (4)"), SQLite::Exception);
}
