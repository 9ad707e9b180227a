// A really full disk: a small tmpfs of our own, mounted in a name space that ends with the child.
#include "controller/store/sqlite_reader.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

namespace {

constexpr int cannot_mount = 77;

/// In the child a failed check is its line, on stderr, and the exit code 1.
#define MUST(x)                                                          \
  do {                                                                   \
    if (!(x)) {                                                          \
      std::fprintf(stderr, "disk_full_test.cpp:%d: %s\n", __LINE__, #x); \
      return 1;                                                          \
    }                                                                    \
  } while (false)

core::batch log_batch(std::uint64_t from, std::size_t bytes) {
  core::batch b;
  b.at.at = mono{milliseconds{static_cast<std::int64_t>(from)}};
  core::run_data d;
  d.run = run_id{"run00001"};
  d.log_from = from;
  d.log.assign(bytes, 'x');
  b.data.push_back(std::move(d));
  return b;
}

int fill_and_recover(const std::string& mount_point) {
  const auto path = mount_point + "/data/sweepd.db";
  const auto filler = mount_point + "/filler";
  const int fd = ::open(filler.c_str(), O_RDWR | O_CREAT, 0600);
  MUST(fd >= 0 && ::posix_fallocate(fd, 0, 20 << 20) == 0);
  ::close(fd);
  std::uint64_t size = 0;
  {
    auto opened = sqlite_store::open(path);
    MUST(opened.has_value());
    auto& s = **opened;
    MUST(s.load().has_value());
    constexpr std::size_t step = 256 * 1024;
    result<void> outcome;
    while ((outcome = s.commit(log_batch(size, step)))) size += step;
    MUST(outcome.error().code == errc::disk_full);
    MUST(size > 0);
    // Small ones are refused as well: the mode is ours to keep, not SQLite's.
    MUST(s.commit({}).error().code == errc::disk_full);
    auto reader = sqlite_reader::open(path);
    MUST(reader.has_value());
    MUST((*reader)->log(run_id{"run00001"}, 0, 1 << 30).value().size() == size);
    MUST(::unlink(filler.c_str()) == 0);
    MUST(s.commit(log_batch(size, step)).has_value());
    size += step;
    MUST((*reader)->log(run_id{"run00001"}, 0, 1 << 30).value().size() == size);
    MUST((*reader)->damage().value().empty());
  }
  auto again = sqlite_store::open(path);
  MUST(again.has_value());
  const auto loaded = (*again)->load();
  MUST(loaded.has_value() && loaded->last.has_value());
  auto reader = sqlite_reader::open(path);
  MUST(reader.has_value() && (*reader)->log(run_id{"run00001"}, 0, 1 << 30).value().size() == size);
  return 0;
}

int in_small_world(const std::string& mount_point) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=36m") != 0)
    return cannot_mount;
  return fill_and_recover(mount_point);
}

}  // namespace

TEST_CASE("disk full: commits are refused whole, reads go on, and room ends it by itself") {
  temp_dir dir;
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(in_small_world(dir.path()));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == cannot_mount) {
    MESSAGE("SKIPPED: mounting a small file system needs root");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}
