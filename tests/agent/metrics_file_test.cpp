// The metrics file: cut at every byte, odd lines, lines found again by their number.
#include "controller/agent/metrics_file.hpp"
#include "tests/agent/temp_dir.hpp"

#include <doctest/doctest.h>

using namespace sweepd::agent;
using sweepd::agent::test::spit;
using sweepd::agent::test::temp_dir;
namespace bj = boost::json;

namespace {

const std::string mixed =
    "{\"a\": 1}\n"
    "\n"
    "{\"loss\": NaN, \"up\": Infinity, \"down\": -Infinity, \"text\": \"NaN \\\" Infinity\"}\n"
    "not json\n"
    "{\"_summary\": {\"best\": 1, \"x\": \"é\"}}\n"
    "[1, 2]\n"
    "{\"a\": 2}\r\n"
    "{\"_summary\": {\"best\": 2}}\n"
    "{\"a\": 3}\n";

}  // namespace

TEST_CASE("metrics_file: history, summary, bare NaN, and lines that are passed over") {
  const temp_dir dir;
  spit(dir / "m", mixed);
  const auto b = metrics_file(dir / "m").read({}, 100, 1 << 20, false);
  REQUIRE(b.history.size() == 4);
  CHECK(bj::serialize(b.history[1]) ==
        R"({"loss":"NaN","up":"Infinity","down":"-Infinity","text":"NaN \" Infinity"})");
  CHECK(bj::serialize(b.summary) == R"({"best":2,"x":"é"})");
  CHECK(b.complaints.size() == 2);
  CHECK(b.to.line == 4);
  CHECK(b.to.byte == mixed.size());
}

TEST_CASE("metrics_file: cut at any byte, only whole lines count; grown again, nothing is lost or twice") {
  const temp_dir dir;
  const auto path = dir / "m";
  const metrics_file file(path);
  spit(path, mixed);
  const auto whole = file.read({}, 100, 1 << 20, false);
  for (std::size_t cut = 0; cut <= mixed.size(); ++cut) {
    spit(path, mixed.substr(0, cut));
    const auto first = file.read({}, 100, 1 << 20, false);
    CHECK(first.to.byte <= cut);
    CHECK((first.to.byte == 0 || mixed[first.to.byte - 1] == '\n'));
    spit(path, mixed);
    const auto second = file.read(first.to, 100, 1 << 20, false);
    auto both = first.history;
    both.insert(both.end(), second.history.begin(), second.history.end());
    CHECK(both == whole.history);
    CHECK(second.to == whole.to);
  }
}

TEST_CASE("metrics_file: an unfinished last line counts when the program has ended, if it is whole JSON") {
  const temp_dir dir;
  spit(dir / "m", "{\"a\": 1}\n{\"a\": 2}");
  const metrics_file file(dir / "m");
  const auto first = file.read({}, 100, 1 << 20, true);
  CHECK(first.history.size() == 1);
  CHECK(file.read(first.to, 100, 1 << 20, false).history.empty());
  CHECK(file.read(first.to, 100, 1 << 20, true).history.size() == 1);
  spit(dir / "m", "{\"a\": 1}\n{\"a\": ");
  CHECK(file.read(first.to, 100, 1 << 20, true).history.empty());
  CHECK(metrics_file(dir / "none").read({}, 10, 10, true).empty());
}

TEST_CASE("metrics_file: any line can be found again by its number") {
  const temp_dir dir;
  spit(dir / "m", mixed);
  const metrics_file file(dir / "m");
  for (std::uint64_t n = 0; n <= 4; ++n) {
    const auto at = file.find(n, true);
    CHECK(at.line == n);
    const auto rest = file.read(at, 100, 1 << 20, true);
    CHECK(rest.history.size() == 4 - n);
  }
  CHECK(file.find(9, true).byte == mixed.size());
}

TEST_CASE("metrics_file: a line that is too long is passed over, the next one is not") {
  const temp_dir dir;
  const auto path = dir / "m";
  spit(path, "{\"a\": 1}\n{\"x\": \"" + std::string(metrics_line_bytes_max + 10, 'y') + "\"}\n{\"a\": 2}\n");
  const metrics_file file(path);
  std::vector<std::string> rows;
  std::vector<std::string> complaints;
  metrics_cursor at;
  for (int i = 0; i < 20; ++i) {
    const auto b = file.read(at, 10, 1 << 16, true);
    for (const auto& row : b.history) rows.push_back(bj::serialize(row));
    complaints.insert(complaints.end(), b.complaints.begin(), b.complaints.end());
    if (b.to == at) break;
    at = b.to;
  }
  CHECK(rows == std::vector<std::string>{"{\"a\":1}", "{\"a\":2}"});
  CHECK(complaints.size() == 1);
}
