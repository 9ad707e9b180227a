// What belongs to runs but is no state: metric lines, logs and their pruning, files, kept replies.
#include "controller/store/data_writer.hpp"

#include "controller/store/row_writer.hpp"
#include "controller/store/sqlite_reader.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

namespace {

moment at(std::int64_t s) {
  return {instant{milliseconds{1'700'000'000'000 + s * 1000}}, mono{milliseconds{s * 1000}}};
}

void ok(const result<void>& r) { REQUIRE_MESSAGE(r.has_value(), (r ? "" : to_string(r.error()))); }

}  // namespace

TEST_CASE("data_writer: history and log append only where they end") {
  temp_dir dir;
  core::batch first;
  first.at = at(1);
  core::run_data d;
  d.run = run_id{"run00001"};
  d.history = {"{\"a\":1}", "{\"a\":2}"};
  d.log = "hello ";
  first.data.push_back(d);
  d.history = {"{\"a\":3}"};
  d.history_from = 2;
  d.log = "world\n";
  d.log_from = 6;
  first.data.push_back(d);
  {
    const auto s = test::open_store(dir.file("a.db"));
    ok(s->commit(first));
    const auto reader = sqlite_reader::open(s->path()).value();
    CHECK(reader->history(d.run, 0, 100).value() ==
          std::vector<std::string>{"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"});
    CHECK(reader->log(d.run, 3, 6).value() == "lo wor");
  }
  for (const auto& [lines, bytes] : {std::pair{1, 12}, {4, 12}, {3, 11}, {3, 13}}) {
    const auto s = test::open_store(dir.file("a.db"));
    core::batch b;
    b.at = at(2);
    d.history_from = static_cast<std::uint64_t>(lines);
    d.log_from = static_cast<std::uint64_t>(bytes);
    b.data = {d};
    const auto outcome = s->commit(b);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == errc::internal);
  }
}

TEST_CASE("data_writer: a purged run has no history, output or files, and may begin anew") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"));
  core::batch b;
  b.at = at(1);
  for (const auto* id : {"run00001", "run00002"}) {
    core::run_data d;
    d.run = run_id{id};
    d.history = {"{}"};
    d.log = "out";
    b.data.push_back(d);
    b.files.push_back({d.run, "a.txt", std::string("t") + id, 0, "abc", true, 3, "", at(1).wall});
  }
  ok(s->commit(b));
  const run_id gone{"run00001"}, stays{"run00002"};
  core::batch purge;
  purge.at = at(2);
  purge.events.push_back({1, at(2), {}, core::ev::run_purged{gone}});
  ok(s->commit(purge));
  const auto reader = sqlite_reader::open(s->path()).value();
  CHECK(reader->history(gone, 0, 9).value().empty());
  CHECK(reader->log(gone, 0, 9).value().empty());
  CHECK(reader->files(gone).value().empty());
  CHECK(reader->history(stays, 0, 9).value().size() == 1);
  CHECK(reader->log(stays, 0, 9).value() == "out");
  CHECK(reader->file(stays, "a.txt", 0, 9).value() == "abc");
}

TEST_CASE("data_writer: deleted files go by name, with the event; others of the run and of other owners stay") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"));
  const run_id owner{"run00001"}, other = core::artifact_files_of("local/p");
  core::batch b;
  b.at = at(1);
  for (const auto& of : {owner, other})
    for (const auto* name : {"a", "b"})
      b.files.push_back({of, name, of.value + name, 0, "abc", true, 3, "", at(1).wall});
  ok(s->commit(b));
  core::batch gone;
  gone.at = at(2);
  gone.events.push_back({1, at(2), {}, core::ev::files_deleted{owner, {"a", "never there"}}});
  gone.events.push_back({2, at(2), {}, core::ev::artifact_purged{"x", "local/p", {"b"}, 3}});
  ok(s->commit(gone));
  const auto reader = sqlite_reader::open(s->path()).value();
  const auto left = [&](const run_id& of) { return reader->files(of).value(); };
  REQUIRE(left(owner).size() == 1);
  CHECK(left(owner)[0].name == "b");
  REQUIRE(left(other).size() == 1);
  CHECK(left(other)[0].name == "a");
  CHECK(reader->file(owner, "b", 0, 9).value() == "abc");
}

TEST_CASE("data_writer: system metrics append where they end, beside the history") {
  temp_dir dir;
  core::batch b;
  b.at = at(1);
  core::run_data d;
  d.run = run_id{"run00001"};
  d.system = {"{\"cpu\":1}", "{\"cpu\":2}"};
  b.data = {d};
  const auto s = test::open_store(dir.file("a.db"));
  ok(s->commit(b));
  const auto reader = sqlite_reader::open(s->path()).value();
  CHECK(reader->system_metrics(d.run, 1, 100).value() == std::vector<std::string>{"{\"cpu\":2}"});
  CHECK(reader->history(d.run, 0, 100).value().empty());
  const auto again = s->commit(b);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == errc::internal);
}

TEST_CASE("data_writer: a long log keeps its last 16 MB") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"));
  const auto reader = sqlite_reader::open(s->path()).value();
  const run_id run{"run00001"};
  std::uint64_t size = 0;
  const auto append = [&](std::size_t bytes, char c) {
    core::batch b;
    b.at = at(1);
    core::run_data d;
    d.run = run;
    d.log_from = size;
    d.log.assign(bytes, c);
    b.data.push_back(std::move(d));
    ok(s->commit(b));
    size += bytes;
  };
  append(6'000'000, 'a');
  CHECK(reader->log_start(run).value() == 0);
  append(6'000'000, 'b');
  append(6'000'000, 'c');
  const auto start = reader->log_start(run).value();
  CHECK(start > 0);
  CHECK(size - start >= log_bytes_kept);
  CHECK(size - start < log_bytes_kept + log_chunk_bytes_max);
  // From a pruned byte on: what is kept, from its first byte.
  CHECK(reader->log(run, 0, 3).value() == "aaa");
  CHECK(reader->log(run, 0, 100'000'000).value().size() == size - start);
  CHECK(reader->log(run, 11'999'999, 2).value() == "bc");
  CHECK(reader->log(run, size, 5).value().empty());
  // One append beyond the limit: only its tail is written.
  append(20'000'000, 'd');
  CHECK(size - reader->log_start(run).value() == log_bytes_kept);
  CHECK(reader->log(run, 0, 3).value() == "ddd");
}

TEST_CASE("data_writer: a file exists once it is complete; the newer one replaces the older") {
  temp_dir dir;
  auto s = test::open_store(dir.file("a.db"));
  const run_id run{"run00001"};
  const auto part = [&](const char* transfer, std::uint64_t n, std::string bytes, bool last,
                        std::uint64_t size) {
    core::batch b;
    b.at = at(1);
    b.files.push_back({run, "../m.bin", transfer, n, std::move(bytes), last, size, "abc", at(2).wall});
    ok(s->commit(b));
  };
  auto reader = sqlite_reader::open(s->path()).value();
  part("t1", 0, "0123", false, 0);
  CHECK(reader->files(run).value().empty());
  CHECK(reader->file(run, "../m.bin", 0, 9).error().code == errc::not_found);
  part("t1", 1, "4567", false, 0);
  part("t1", 2, "", true, 8);
  REQUIRE(reader->files(run).value().size() == 1);
  CHECK(reader->files(run).value()[0].size == 8);
  CHECK(reader->files(run).value()[0].sha256 == "abc");
  CHECK(reader->file(run, "../m.bin", 2, 4).value() == "2345");
  CHECK(reader->file(run, "../m.bin", 0, 100).value() == "01234567");
  CHECK(reader->file(run, "../m.bin", 8, 100).value().empty());
  part("t2", 0, "new", false, 0);
  CHECK(reader->file(run, "../m.bin", 0, 100).value() == "01234567");
  part("t2", 1, "er", true, 5);
  CHECK(reader->file(run, "../m.bin", 0, 100).value() == "newer");
  part("t3", 0, "never completed", false, 0);
  const auto count = [&](const char* what) {
    auto db = open_reader(s->path(), {});
    SQLite::Statement q(db, std::string("SELECT count(*) FROM ") + what);
    q.executeStep();
    return q.getColumn(0).getInt();
  };
  CHECK(count("file_parts") == 3);
  REQUIRE(s->load().has_value());
  CHECK(count("file_parts") == 2);
  CHECK(count("transfers") == 0);
  core::batch wrong;
  wrong.at = at(3);
  wrong.files.push_back({run, "n", "t4", 0, "12345", true, 6, "", at(3).wall});
  CHECK(s->commit(wrong).error().code == errc::internal);
}

TEST_CASE("sqlite_store: replies are kept for a day and pruned a few at a time") {
  temp_dir dir;
  auto s = test::open_store(dir.file("a.db"));
  core::batch b;
  b.at = at(0);
  for (int i = 0; i < 2'000; ++i)
    b.replies.push_back({"k" + std::to_string(i), "f", "{}", b.at.wall});
  ok(s->commit(b));
  core::batch later;
  later.at = at(23 * 3600);
  later.replies.push_back({"k0", "f2", "{\"x\":1}", later.at.wall});  // the same key again
  ok(s->commit(later));
  CHECK(s->load().value().replies.size() == 2'000);
  later.at = at(25 * 3600);
  later.replies = {{"k-new", "f", "{}", later.at.wall}};
  ok(s->commit(later));
  const auto left = s->load().value().replies.size();
  CHECK(left == 2'001 - replies_pruned_max - 1);
  for (int i = 0; i < 4; ++i) ok(s->commit(later));
  const auto rows = s->load().value().replies;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].key == "k0");
  CHECK(rows[0].fingerprint == "f2");
  CHECK(rows[1].key == "k-new");
}

TEST_CASE("sqlite_store: there are never more replies than the limit") {
  temp_dir dir;
  auto s = test::open_store(dir.file("a.db"));
  core::batch b;
  b.at = at(0);
  const auto n = core::idempotency_rows_max + 10;
  for (std::size_t i = 0; i < n; ++i)
    b.replies.push_back({"k" + std::to_string(i), "f", "{}",
                         instant{milliseconds{1'700'000'000'000 + static_cast<std::int64_t>(i)}}});
  ok(s->commit(b));
  const auto rows = s->load().value().replies;
  CHECK(rows.size() == core::idempotency_rows_max - replies_slack);
  CHECK(rows.back().key == "k" + std::to_string(n - 1));
}
