// The file on disk: one owner, nobody else may read it, and what a second sweepd is told.
#include "controller/store/data_file.hpp"

#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat st {};
  REQUIRE(::stat(path.c_str(), &st) == 0);
  return st.st_mode & 0777;
}

}  // namespace

TEST_CASE("data_file: directories are 0700 and files 0600, whatever the umask") {
  temp_dir dir;
  const auto old = ::umask(0);
  const auto path = dir.file("deep/er/sweepd.db");
  const auto s = test::open_store(path);
  test::script script;
  REQUIRE(s->commit(script.next()).has_value());
  ::umask(old);
  CHECK(mode_of(dir.file("deep")) == 0700);
  CHECK(mode_of(dir.file("deep/er")) == 0700);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) CHECK(mode_of(path + suffix) == 0600);
}

TEST_CASE("data_file: a database that others may read is refused, with the command that helps") {
  temp_dir dir;
  const auto path = dir.file("sweepd.db");
  test::open_store(path).reset();
  for (const auto mode : {0640U, 0604U, 0620U, 0666U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto s = sqlite_store::open(path);
    REQUIRE_FALSE(s.has_value());
    CHECK(s.error().code == errc::invalid);
    CHECK(s.error().message.find("chmod 600 '" + path) != std::string::npos);
  }
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  CHECK(sqlite_store::open(path).has_value());
}

TEST_CASE("data_file: a second owner is refused by pid, and may come when the first is gone") {
  temp_dir dir;
  const auto path = dir.file("sweepd.db");
  auto first = test::open_store(path);
  const auto second = sqlite_store::open(path);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == errc::conflict);
  CHECK(second.error().message ==
        "another sweepd (pid " + std::to_string(::getpid()) + ") owns " + path);
  first.reset();
  CHECK(sqlite_store::open(path).has_value());
}

TEST_CASE("data_file: an owner that was killed leaves no lock behind") {
  temp_dir dir;
  const auto path = dir.file("sweepd.db");
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto s = sqlite_store::open(path);
    const char answer = s ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  const auto refused = sqlite_store::open(path);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("(pid " + std::to_string(child) + ")") != std::string::npos);
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(sqlite_store::open(path).has_value());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("data_file: a path that is a directory, or below a file, is an error with the path") {
  temp_dir dir;
  CHECK(sqlite_store::open(dir.path()).error().code == errc::invalid);
  test::open_store(dir.file("a.db")).reset();
  const auto below = sqlite_store::open(dir.file("a.db/b.db"));
  REQUIRE_FALSE(below.has_value());
  CHECK(below.error().where.find("a.db") != std::string::npos);
  CHECK(sqlite_store::open("").error().code == errc::invalid);
}
