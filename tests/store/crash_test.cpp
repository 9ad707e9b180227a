// A real process, killed for real: what it said was committed is there. (The page cache survives a kill,
// so this says nothing about fsync; power_cut_test.cpp does.)
#include "controller/store/sqlite_reader.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

namespace {

constexpr int kills = 20;
constexpr std::uint64_t batches_per_life = 400;

/// The child: goes on where the database ends, and writes one byte for every batch committed.
[[noreturn]] void live(const std::string& path, std::uint64_t from, int acks) {
  auto s = sqlite_store::open(path, {{}, durability::full, 100});
  if (!s || !(*s)->load()) ::_exit(2);
  test::script script;
  while (script.given() < from) (void)script.next();
  for (std::uint64_t i = 0; i < batches_per_life; ++i) {
    if (!(*s)->commit(script.next())) ::_exit(3);
    if (::write(acks, "+", 1) != 1) ::_exit(4);
  }
  ::_exit(5);
}

/// Reads `want` acknowledgements, or what there is until the end.
std::uint64_t read_acks(int fd, std::uint64_t want) {
  std::uint64_t got = 0;
  char byte = 0;
  while (got < want && ::read(fd, &byte, 1) == 1) ++got;
  return got;
}

}  // namespace

TEST_CASE("kill -9: twenty lives, and every acknowledged batch is there after each") {
  temp_dir dir;
  const auto path = dir.file("a.db");
  std::mt19937 dice(20261122);
  std::uint64_t durable = 0;
  std::uint64_t acknowledged_in_all = 0;
  for (int life = 0; life < kills; ++life) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(pipe[0]);
      live(path, durable, pipe[1]);
    }
    ::close(pipe[1]);
    auto acknowledged = read_acks(pipe[0], 1 + dice() % 12);
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));  // else it ended by itself, and no kill was tested
    acknowledged += read_acks(pipe[0], batches_per_life);
    ::close(pipe[0]);
    CHECK(acknowledged > 0);
    acknowledged_in_all += acknowledged;

    const auto s = test::open_store(path);
    const auto now = s->load().value();
    // The script's batch k happened at second k.
    REQUIRE(now.last.has_value());
    const auto found = static_cast<std::uint64_t>(now.last->at.time_since_epoch().count() / 1000);
    CHECK(found >= durable + acknowledged);
    CHECK(found <= durable + acknowledged + 1);
    durable = found;
    const auto reader = sqlite_reader::open(path).value();
    CHECK(reader->verify().value() == std::nullopt);
  }
  MESSAGE(kills << " kills, " << acknowledged_in_all << " acknowledged batches, " << durable << " durable");
  const auto s = test::open_store(path);
  CHECK(test::text_of(s->load().value()) == test::script_states(durable).back());
}
