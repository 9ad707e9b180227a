// Round trips, the compare-and-set of runs, uniqueness, and what a commit refuses.
#include "controller/store/sqlite_store.hpp"

#include "controller/store/documents.hpp"
#include "controller/store/sqlite_reader.hpp"
#include "tests/store/fixtures.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>

using namespace sweepd;
using namespace sweepd::store;
using test::temp_dir;

namespace {

moment at(std::int64_t s) {
  return {instant{milliseconds{1'700'000'000'000 + s * 1000}}, mono{milliseconds{s * 1000}}};
}

void ok(const result<void>& r) { REQUIRE_MESSAGE(r.has_value(), (r ? "" : to_string(r.error()))); }

/// A sweep with one run per call, without history.
struct small_world {
  std::uint64_t seq = 0;
  core::sweep sweep;
  core::batch b;

  small_world() {
    sweep.id = sweep_id{"sweep001"};
    sweep.project = "local/default";
    b.sweeps.push_back(sweep);
    b.specs.emplace_back(sweep.id, sweep.spec);
    b.at = at(1);
  }
  core::batch take() {
    core::batch out = std::move(b);
    b = {};
    b.at = out.at;
    return out;
  }
  core::run offer(const char* id, std::uint64_t trial, std::uint32_t epoch = 1) {
    core::run r;
    r.id = run_id{id};
    r.sweep = sweep.id;
    r.trial = trial;
    r.epoch = epoch;
    b.events.push_back({++seq, b.at, {},
                        core::ev::run_offered{r.id, r.sweep, trial, 1, epoch, {}, "q", false}});
    b.runs.push_back(r);
    return r;
  }
  void move(core::run& r, core::run_state from, core::run_state to) {
    core::ev::run_moved e;
    e.run = r.id;
    e.epoch = r.epoch;
    e.from = from;
    e.to = to;
    r.state = to;
    b.events.push_back({++seq, b.at, {core::actor_kind::policy, "rule 2 @ 3f9a"}, e});
    b.runs.push_back(r);
  }
};

/// Every alternative of the event variant, with members that are not their defaults where it matters.
std::vector<core::event> one_of_each() {
  std::vector<core::event> out;
  boost::mp11::mp_for_each<boost::mp11::mp_iota_c<std::variant_size_v<core::event>>>([&](auto i) {
    std::variant_alternative_t<decltype(i)::value, core::event> e{};
    if constexpr (requires { e.sweep; }) e.sweep = sweep_id{"sweep001"};
    if constexpr (requires { e.run; } && !requires { e.to; }) e.run = run_id{"run00001"};
    if constexpr (requires { e.agent; }) e.agent = agent_id{"agent001"};
    if constexpr (requires { e.reason; }) e.reason = "because \"\xc3\xa4\" \\ \n";
    out.emplace_back(std::move(e));
  });
  return out;
}

}  // namespace

TEST_CASE("sqlite_store: a new database is empty and remembers nothing") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("data/sweepd.db"));
  const auto snapshot = s->load();
  REQUIRE(snapshot.has_value());
  CHECK(snapshot->last_seq == 0);
  CHECK_FALSE(snapshot->last.has_value());
  CHECK(snapshot->sweeps.empty());
}

TEST_CASE("sqlite_store: after every batch of a script the reopened store equals the model") {
  temp_dir dir;
  const std::uint64_t n = 24;
  const auto expected = test::script_states(n);
  test::script script;
  auto s = test::open_store(dir.file("a.db"));
  CHECK(test::text_of(s->load().value()) == expected[0]);
  for (std::uint64_t k = 1; k <= n; ++k) {
    ok(s->commit(script.next()));
    s.reset();
    s = test::open_store(dir.file("a.db"));
    CHECK(test::text_of(s->load().value()) == expected[k]);
  }
}

TEST_CASE("sqlite_store: every kind of event comes back as it was") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"));
  core::batch b;
  b.at = at(5);
  const auto all = one_of_each();
  for (const auto& e : all) {
    // A move needs its run's row; the other tests have many of them.
    if (std::holds_alternative<core::ev::run_moved>(e) ||
        std::holds_alternative<core::ev::run_offered>(e))
      continue;
    b.events.push_back({b.events.size() + 1, b.at, {core::actor_kind::user, "key1"}, e});
  }
  CHECK(b.events.size() == all.size() - 2);
  ok(s->commit(b));
  const auto reader = sqlite_reader::open(s->path()).value();
  core::event_filter f;
  f.limit = 1000;
  const auto stored = reader->events(f).value();
  REQUIRE(stored.size() == b.events.size());
  doc_reader docs;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    CHECK(stored[i].seq == i + 1);
    CHECK(stored[i].wall == b.at.wall);
    CHECK(stored[i].at == b.at.at);
    CHECK(stored[i].actor == R"({"what":"user","id":"key1"})");
    CHECK(stored[i].hash.size() == 64);
    core::event back;
    ok(docs.read(stored[i].body, back));
    CHECK(json::to_text(back) == json::to_text(b.events[i].what));
    CHECK(stored[i].body == json::to_text(b.events[i].what));
  }
  CHECK(reader->verify().value() == std::nullopt);
}

TEST_CASE("sqlite_store: numbers come back to the last bit, and what JSON cannot say as text") {
  temp_dir dir;
  auto s = test::open_store(dir.file("a.db"));
  small_world w;
  auto r = w.offer("run00001", 1);
  auto& row = w.b.runs.back();
  std::mt19937_64 dice(7);
  boost::json::array many;
  for (int i = 0; i < 20'000; ++i) {
    const auto bits = dice();
    double d = 0;
    std::memcpy(&d, &bits, sizeof d);
    many.emplace_back(std::isfinite(d) ? d : std::generate_canonical<double, 53>(dice));
  }
  row.summary["many"] = many;
  row.summary["nan"] = std::nan("");
  row.summary["deep"] = boost::json::object{{"inf", -HUGE_VAL}};
  row.metric.best = 0.1 + 0.2;
  row.metric.last = std::nan("");
  row.log_tail = std::string("cut \xe2\x82 here\0there", 16);
  row.host = "\xff\xfe";
  const auto tail = row.log_tail;
  ok(s->commit(w.take()));
  s.reset();
  s = test::open_store(dir.file("a.db"));
  const auto back = s->load().value().runs.at(0);
  CHECK(back.summary.at("many") == boost::json::value(many));
  CHECK(back.summary.at("nan") == "NaN");
  CHECK(back.summary.at("deep").at("inf") == "-Infinity");
  CHECK(back.metric.best == 0.1 + 0.2);
  CHECK(std::isnan(back.metric.last.value()));
  CHECK(back.log_tail == tail);
  CHECK(back.host == "\xff\xfe");
}

TEST_CASE("sqlite_store: heartbeats are laid over the rows, the later signal counts") {
  temp_dir dir;
  auto s = test::open_store(dir.file("a.db"));
  small_world w;
  w.offer("run00001", 1);
  w.offer("run00002", 2);
  w.b.runs[1].last_signal_wall = at(500).wall;
  core::agent a;
  a.id = agent_id{"agent001"};
  a.sweep = w.sweep.id;
  w.b.agents.push_back(a);
  ok(s->commit(w.take()));
  w.b.beats = core::heartbeat_block{{{run_id{"run00001"}, at(90).wall},
                                     {run_id{"run00002"}, at(90).wall},
                                     {run_id{"gone0000"}, at(90).wall}},
                                    {{agent_id{"agent001"}, at(91).wall}}};
  ok(s->commit(w.take()));
  s.reset();
  s = test::open_store(dir.file("a.db"));
  const auto back = s->load().value();
  CHECK(back.runs[0].last_signal_wall == at(90).wall);
  CHECK(back.runs[1].last_signal_wall == at(500).wall);
  CHECK(back.agents[0].last_beat_wall == at(91).wall);
}

TEST_CASE("sqlite_store: a run moves only from the state and epoch its stored row is in") {
  using enum core::run_state;
  temp_dir dir;
  const auto path = dir.file("a.db");
  small_world w;
  auto r = w.offer("run00001", 1);
  w.move(r, pending, running);
  {
    const auto s = test::open_store(path);
    ok(s->commit(w.take()));
  }
  const auto refused = [&](const core::batch& b, const char* why) {
    const auto s = test::open_store(path);
    const auto before = test::text_of(s->load().value());
    const auto outcome = s->commit(b);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == errc::internal);
    CHECK_MESSAGE(outcome.error().message.find(why) != std::string::npos, outcome.error().message);
    CHECK(test::text_of(s->load().value()) == before);
    // What broke a rule once is not trusted again.
    core::batch empty;
    CHECK_FALSE(s->commit(empty).has_value());
  };
  const auto attempt = [&](auto&& change, const char* why) {
    auto copy = w;
    auto run_copy = r;
    change(copy, run_copy);
    refused(copy.take(), why);
  };
  attempt([](auto& x, auto& run) { x.move(run, crashed, failed); }, "stored row is running");
  attempt([](auto& x, auto& run) { run.epoch = 2; x.move(run, running, failed); }, "epoch 2");
  attempt([](auto& x, auto& run) { x.move(run, running, crashed); x.move(run, running, failed); },
          "but is crashed");
  attempt([](auto& x, auto& run) { x.move(run, running, crashed); x.b.runs.back().state = failed; },
          "its events end in crashed");
  attempt([](auto& x, auto& run) { x.move(run, running, crashed); x.b.runs.clear(); }, "its row is not");
  attempt([](auto& x, auto& run) { run.state = failed; x.b.runs.push_back(run); }, "without an event");
  attempt([](auto& x, auto&) { x.offer("run00001", 1, 2); }, "is handed out");
  attempt([](auto& x, auto&) { core::run ghost; ghost.id = run_id{"ghost000"}; x.move(ghost, running, failed); },
          "missing");
  attempt([](auto& x, auto& run) { ++x.seq; x.move(run, running, failed); }, "where 3 follows");
}

TEST_CASE("sqlite_store: a run may go through several states in one batch, and live again") {
  using enum core::run_state;
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"));
  small_world w;
  auto r = w.offer("run00001", 1);
  w.move(r, pending, running);
  w.move(r, running, crashed);
  w.move(r, crashed, failed);
  ok(s->commit(w.take()));
  auto again = w.offer("run00001", 1, 2);  // the same id under a higher epoch
  w.move(again, pending, running);
  ok(s->commit(w.take()));
  const auto back = s->load().value();
  REQUIRE(back.runs.size() == 1);
  CHECK(back.runs[0].state == running);
  CHECK(back.runs[0].epoch == 2);
}

TEST_CASE("sqlite_store: one run per attempt and one trial per position, whatever core believes") {
  temp_dir dir;
  {
    const auto s = test::open_store(dir.file("a.db"));
    small_world w;
    w.offer("run00001", 1);
    w.offer("run00002", 1);
    const auto twice = s->commit(w.take());
    REQUIRE_FALSE(twice.has_value());
    CHECK(twice.error().code == errc::internal);
    CHECK(s->load().value().sweeps.empty());  // all or nothing
  }
  {
    const auto s = test::open_store(dir.file("b.db"));
    small_world w;
    core::trial t;
    t.sweep = w.sweep.id;
    t.number = 1;
    w.b.trials.push_back(t);
    t.number = 2;
    w.b.trials.push_back(t);
    const auto twice = s->commit(w.take());
    REQUIRE_FALSE(twice.has_value());
    CHECK(twice.error().code == errc::internal);
  }
}

TEST_CASE("sqlite_store: the serving clock never goes back, the wall clock may") {
  temp_dir dir;
  const auto s = test::open_store(dir.file("a.db"));
  core::batch b;
  b.at = at(100);
  ok(s->commit(b));
  b.at = at(90);
  ok(s->commit(b));
  CHECK(s->load()->last == moment{at(90).wall, at(100).at});
}

TEST_CASE("sqlite_store: keys, agents and a sweep's new spec come back as last written") {
  temp_dir dir;
  auto s = test::open_store(dir.file("a.db"));
  small_world w;
  core::api_key key{key_id{"abcdefgh"}, "ci", std::string(64, '0'), core::role::operator_, "*",
                    at(1).wall, at(9).wall, false};
  w.b.keys.push_back(key);
  ok(s->commit(w.take()));
  key.revoked = true;
  w.b.keys.push_back(key);
  w.sweep.spec.run_cap = 7;
  w.sweep.spec.yaml = "a: \xc3\xa4\n";
  w.sweep.state = core::sweep_state::running;
  w.b.sweeps.push_back(w.sweep);
  w.b.specs.emplace_back(w.sweep.id, w.sweep.spec);
  ok(s->commit(w.take()));
  s.reset();
  s = test::open_store(dir.file("a.db"));
  const auto back = s->load().value();
  CHECK(json::to_text(back.keys.at(0)) == json::to_text(key));
  CHECK(json::to_text(back.sweeps.at(0)) == json::to_text(w.sweep));
}
