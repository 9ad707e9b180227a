// Cuts at every byte, resumption from every offset, damaged records, refused pieces.
#include "controller/agent/run_files.hpp"
#include "controller/agent/shipper.hpp"
#include "controller/agent/slurm.hpp"
#include "controller/agent/spool.hpp"
#include "tests/agent/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace sweepd;
using namespace sweepd::agent;
using sweepd::agent::test::slurp;
using sweepd::agent::test::spit;
using sweepd::agent::test::temp_dir;
namespace bj = boost::json;
namespace fs = std::filesystem;

namespace {

spool_record record_of(const std::string& run) {
  spool_record r;
  r.run = run;
  r.sweep = "sweep1";
  r.epoch = 3;
  return r;
}

spool make_spool(const temp_dir& dir, const std::string& run = "abcd1234") {
  auto made = spool::create(dir.path(), record_of(run));
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  return std::move(*made);
}

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

/// A server of one run: takes what follows on what it has, as the real one does.
struct store {
  std::vector<std::string> history;
  std::string log;
  bj::object summary;

  told take(const report& r) {
    if (!r.history.empty()) {
      REQUIRE(r.history_offset <= history.size());  // never a gap
      for (std::size_t i = history.size() - r.history_offset; i < r.history.size(); ++i)
        history.push_back(bj::serialize(r.history[i]));
    }
    if (!r.log.empty()) {
      REQUIRE(r.log_offset <= log.size());
      if (r.log_offset + r.log.size() > log.size()) log += r.log.substr(log.size() - r.log_offset);
    }
    for (const auto& [key, value] : r.summary) summary[key] = value;
    return answer();
  }
  told answer() const {
    told t;
    t.state = "running";
    t.history_lines = history.size();
    t.log_bytes = log.size();
    return t;
  }
};

void ship_all(shipper& s, store& to, bool ended) {
  for (int i = 0; i < 10'000; ++i) {
    const auto r = s.next(ended);
    if (r.empty()) return;
    s.taken(to.take(r));
  }
  FAIL("shipping does not end");
}

}  // namespace

TEST_CASE("spool: what is not UTF-8 becomes '?', byte for byte, and no character is ever split") {
  const std::string text = "a\xc3\xa9\xf0\x9f\x98\x80\xff\xc0\xaf\xed\xa0\x80\xe2\x82\xac!";
  std::string whole = text;
  clean_utf8(whole, true);
  CHECK(whole == "aé😀??????€!");
  REQUIRE(whole.size() == text.size());
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    std::string head = text.substr(0, cut);
    clean_utf8(head, false);
    CHECK(head.size() + 3 >= cut);
    std::string tail = text.substr(head.size());
    clean_utf8(tail, true);
    CHECK(head + tail == whole);
  }
  std::string stub = "ab\xe2\x82";
  clean_utf8(stub, true);
  CHECK(stub == "ab??");
}

TEST_CASE("spool: everything arrives whole from whatever offsets the server is at") {
  const std::string output = "line one é\nline \xff two\nno newline €";
  for (std::size_t lines = 0; lines <= 4; ++lines) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{5}, std::size_t{12}, output.size()}) {
      const temp_dir dir;
      auto s = make_spool(dir);
      REQUIRE(s.append_output(output));
      spit(s.metrics_path(), mixed);
      store all;
      shipper first(s);
      first.set_bases(all.answer());
      ship_all(first, all, true);
      CHECK(all.history.size() == 4);
      CHECK(all.log == "line one é\nline ? two\nno newline €");
      // A new agent knows nothing and is told where the server stands.
      store part = all;
      part.history.resize(lines);
      part.log.resize(bytes);
      part.summary.clear();
      shipper second(s);
      second.forget();
      second.taken(part.answer());
      ship_all(second, part, true);
      CHECK(part.history == all.history);
      CHECK(part.log == all.log);
      if (lines < 4) CHECK(part.summary.at("best") == 2);
    }
  }
}

TEST_CASE("spool: a second process of the same run goes on behind what the server has") {
  const temp_dir dir;
  auto s = make_spool(dir);
  REQUIRE(s.append_output("new output\n"));
  spit(s.metrics_path(), "{\"b\": 1}\n");
  store server;
  server.history = {"{\"a\":1}", "{\"a\":2}"};
  server.log = "old output\n";
  shipper ship(s);
  ship.set_bases(server.answer());
  ship_all(ship, server, true);
  CHECK(server.history == std::vector<std::string>{"{\"a\":1}", "{\"a\":2}", "{\"b\":1}"});
  CHECK(server.log == "old output\nnew output\n");
}

TEST_CASE("spool: a server restored from a backup gets again what it has lost") {
  const temp_dir dir;
  auto s = make_spool(dir);
  REQUIRE(s.append_output("0123456789"));
  spit(s.metrics_path(), mixed);
  store server;
  shipper ship(s);
  ship.set_bases(server.answer());
  ship_all(ship, server, true);
  server.history.resize(1);
  server.log.resize(4);
  ship.forget();
  ship.taken(server.answer());
  ship_all(ship, server, true);
  CHECK(server.history.size() == 4);
  CHECK(server.log == "0123456789");
}

TEST_CASE("spool: one refused line is replaced by a note and the others get through") {
  const temp_dir dir;
  auto s = make_spool(dir);
  REQUIRE(s.append_output("some output\n"));
  std::string rows;
  for (int i = 0; i < 50; ++i) rows += i == 17 ? "{\"bad\": 1}\n" : "{\"i\": " + std::to_string(i) + "}\n";
  spit(s.metrics_path(), rows);
  store server;
  shipper ship(s);
  ship.set_bases(server.answer());
  int refusals = 0;
  for (int i = 0; i < 200; ++i) {
    const auto r = ship.next(true);
    if (r.empty()) break;
    const auto bad = std::any_of(r.history.begin(), r.history.end(),
                                 [](const bj::value& v) { return v.get_object().contains("bad"); });
    if (bad) {
      ++refusals;
      ship.refused("no such thing here");
    } else {
      ship.taken(server.take(r));
    }
  }
  CHECK(refusals > 0);
  REQUIRE(server.history.size() == 50);
  CHECK(server.history[16] == "{\"i\":16}");
  CHECK(server.history[17] == "{\"_sweepd_refused\":\"no such thing here\"}");
  CHECK(server.history[49] == "{\"i\":49}");
  CHECK(server.log == "some output\n");
  CHECK(ship.complaints().size() == 1);
}

TEST_CASE("spool: a refused piece of output is blanked, the rest gets through") {
  const temp_dir dir;
  auto s = make_spool(dir);
  const std::string output = std::string(20'000, 'a') + "\x02" + std::string(20'000, 'b');
  REQUIRE(s.append_output(output));
  store server;
  shipper ship(s);
  ship.set_bases(server.answer());
  for (int i = 0; i < 200; ++i) {
    const auto r = ship.next(true);
    if (r.empty()) break;
    if (r.log.find('\x02') != std::string::npos)
      ship.refused("not this");
    else
      ship.taken(server.take(r));
  }
  REQUIRE(server.log.size() == output.size());
  CHECK(server.log.find('\x02') == std::string::npos);
  CHECK(std::count(server.log.begin(), server.log.end(), 'a') > 10'000);
  CHECK(std::count(server.log.begin(), server.log.end(), 'b') > 10'000);
}

TEST_CASE("spool: a record survives, a torn one is named and left alone") {
  const temp_dir dir;
  std::string text;
  {
    auto s = make_spool(dir);
    s.record.exit_code = 3;
    s.record.ended = true;
    s.record.why.push_back({"agent", "because é"});
    REQUIRE(s.save());
    text = slurp(s.dir() / "spool.json");
  }
  const auto file = dir.path() / "abcd1234" / "spool.json";
  {
    const auto again = spool::open(dir.path() / "abcd1234");
    REQUIRE(again);
    CHECK(again->record.exit_code == 3);
    CHECK(again->record.why.at(0).text == "because é");
    CHECK(again->record.epoch == 3);
  }
  const auto json_end = text.size() - 1;  // without the newline it is still whole
  for (std::size_t cut = 0; cut < json_end; ++cut) {
    spit(file, text.substr(0, cut));
    CHECK_FALSE(spool::open(dir.path() / "abcd1234"));
    std::vector<std::string> complaints;
    CHECK(unfinished_spools(dir.path(), complaints).empty());
    CHECK(complaints.size() == 1);
  }
}

TEST_CASE("spool: it belongs to one living agent at a time") {
  const temp_dir dir;
  auto s = std::make_unique<spool>(make_spool(dir));
  CHECK(spool::open(s->dir()).error().code == errc::busy);
  const auto where = s->dir();
  s.reset();
  CHECK(spool::open(where));
}

TEST_CASE("spool: only what is still owed is found again, and the same run gets a folder of its own") {
  const temp_dir dir;
  auto owed = make_spool(dir, "owed");
  auto done = make_spool(dir, "done");
  done.record.finish_acked = done.record.files_sent = true;
  REQUIRE(done.save());
  auto lost = make_spool(dir, "lost");
  lost.record.refused = "gone";
  REQUIRE(lost.save());
  auto again = make_spool(dir, "owed");
  CHECK(again.dir().filename() == "owed-2");
  fs::create_directory(dir / "no-record");
  std::vector<std::string> complaints;
  const auto found = unfinished_spools(dir.path(), complaints);
  CHECK(found.size() == 2);
  CHECK(complaints.empty());
}

TEST_CASE("spool: a run id that is a path is refused") {
  const temp_dir dir;
  for (const char* id : {"", "..", "../x", "a/b", "a b", "x\n", "."})
    CHECK_FALSE(spool::create(dir.path(), record_of(id)));
}

TEST_CASE("run_files: output, the program's own files and W&B's logs, links left out") {
  const temp_dir dir;
  auto s = make_spool(dir);
  REQUIRE(s.append_output("hello\n"));
  fs::create_directories(s.files_path() / "model");
  spit(s.files_path() / "model" / "w.bin", "1");
  spit(s.files_path() / "output.log", "mine");
  fs::create_symlink("/etc/passwd", s.files_path() / "link");
  const auto wandb = dir.path() / "w" / "wandb" / "run-20260101_000000-abcd1234" / "logs";
  fs::create_directories(wandb);
  spit(wandb / "debug.log", "d");
  fs::create_directories(dir.path() / "w" / "wandb" / "run-20260101_000000-other123" / "logs");
  const auto list = files_of_run(s, dir.path() / "w", std::nullopt);
  std::vector<std::string> names;
  for (const auto& f : list.files) names.push_back(f.name);
  CHECK(names == std::vector<std::string>{"model/w.bin", "output.log", "agent/output.log", "debug.log"});
  REQUIRE(list.notes.size() == 1);
  CHECK(list.notes[0].find("link") != std::string::npos);
}

TEST_CASE("run_files: a file over the limit loses its middle and says how much") {
  const temp_dir dir;
  spit(dir / "big", "HEAD" + std::string(10'000, 'x') + "TAIL");
  const auto bytes = bytes_to_send(dir / "big", 1'000);
  REQUIRE(bytes);
  CHECK(bytes->size() <= 1'000);
  CHECK(bytes->starts_with("HEAD"));
  CHECK(bytes->ends_with("TAIL"));
  CHECK(bytes->find("9208 bytes are left out") != std::string::npos);
  CHECK(bytes_to_send(dir / "big", 100'000)->size() == 10'008);
}

TEST_CASE("slurm: the job's log is found in scontrol's answer, the scheduler's words in the log") {
  CHECK(job_log_of("JobId=3 JobName=x\n   WorkDir=/w\n   StdErr=/w/a b.err\n   StdIn=/dev/null\n"
                   "   StdOut=/w/a.out\n") == fs::path("/w/a b.err"));
  CHECK(job_log_of("   StdOut=/w/a.out\n") == fs::path("/w/a.out"));
  CHECK_FALSE(job_log_of("slurm_load_jobs error: Invalid job id specified"));
  const temp_dir dir;
  const std::string before = "slurmstepd-h: error: *** JOB 2 ON h CANCELLED AT 2026-11-22T10:00:00 ***\n";
  const std::string words = "slurmstepd-h: error: *** JOB 3 ON h CANCELLED AT 2026-11-22T11:02:30 DUE TO PREEMPTION ***";
  spit(dir / "log", before + "epoch 1\n" + words + "\nbye\n");
  const auto found = scheduler_words(dir / "log", before.size());
  REQUIRE(found.size() == 1);
  CHECK(found[0] == fact{"scheduler log", words});
}
