// Serving time, outages of our own, and the checkpoint that keeps both over a restart.
#include "controller/service/serving_time.hpp"

#include "tests/service/harness.hpp"

using namespace sweepd;
using namespace sweepd::test;

namespace {

mono served(bench& b) {
  return b.look<mono>([](const core::state&, moment now) { return now.at; });
}

}  // namespace

TEST_CASE("serving_time: counts what passes between ticks, at most late_tick of a gap") {
  fake_clock clock;
  service::serving_time t(clock, 15s);
  t.start(mono{1h});
  clock.advance(10s);
  CHECK(t.now().at == mono{1h + 10s});
  CHECK_FALSE(t.missed());
  t.tick();
  clock.advance(15s);
  CHECK_FALSE(t.missed());
  t.tick();
  clock.advance(10min);
  CHECK(t.now().at == mono{1h + 40s});
  const auto gap = t.missed();
  REQUIRE(gap.has_value());
  CHECK(gap->what == "late tick");
  CHECK(gap->gap == 10min);
  CHECK(t.now().at == mono{1h + 40s});
  CHECK_FALSE(t.missed());
}

TEST_CASE("serving_time: the host's sleep is not served, and noticed once") {
  fake_clock clock;
  service::serving_time t(clock, 15s);
  t.start(mono{0s});
  clock.advance(5s);
  clock.suspend(8h);
  const auto gap = t.missed();
  REQUIRE(gap.has_value());
  CHECK(gap->what == "suspend");
  CHECK(gap->gap == 8h);
  CHECK(t.now().at == mono{5s});
  CHECK_FALSE(t.missed());
}

TEST_CASE("serving_time: wall-clock jumps do not move it") {
  fake_clock clock;
  service::serving_time t(clock, 15s);
  t.start(mono{0s});
  clock.jump_wall(-24h * 365);
  clock.advance(1s);
  CHECK_FALSE(t.missed());
  CHECK(t.now().at == mono{1s});
}

TEST_CASE("serving_time: stands still while frozen") {
  fake_clock clock;
  service::serving_time t(clock, 15s);
  t.start(mono{0s});
  clock.advance(3s);
  t.freeze();
  clock.advance(1h);
  t.tick();
  CHECK(t.now().at == mono{3s});
  clock.advance(1h);
  CHECK(t.thaw() == 2h);
  clock.advance(2s);
  CHECK(t.now().at == mono{5s});
}

TEST_CASE("outage: a late tick starts every lease afresh before anything is marked") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto agent = b.join(sweep);
  const auto run = b.started_run(sweep, agent);
  b.clock.advance(1h);
  b.poke();
  b.durable();
  const auto noted = b.stored<core::ev::outage_noted>();
  REQUIRE(noted.size() == 1);
  CHECK(noted[0].what == "late tick");
  CHECK(noted[0].gap == 1h);
  CHECK(b.run_row(run.run).state == core::run_state::running);
  // And after one full grace of silence it is taken for dead all the same.
  for (int i = 0; i < 70; ++i) {
    b.clock.advance(5s);
    b.poke();
  }
  CHECK(b.run_row(run.run).state == core::run_state::crashed);
}

TEST_CASE("outage: a command that comes first after a stop is decided after the outage is noted") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.durable();
  const auto seq = b.c->stats().durable_seq;
  b.clock.advance(20s);
  b.ask(cmd::move_sweep{sweep, cmd::sweep_verb::pause, ""});
  const auto log = b.disk.log_of_events();
  REQUIRE(log.size() >= seq + 2);
  CHECK(std::holds_alternative<core::ev::outage_noted>(log[seq].what));
  CHECK(std::holds_alternative<core::ev::sweep_moved>(log[seq + 1].what));
}

TEST_CASE("outage: a suspend is noted, a tick in time is not") {
  bench b;
  b.boot();
  for (int i = 0; i < 10; ++i) {
    b.clock.advance(14s);
    b.poke();
  }
  b.durable();
  CHECK(b.stored<core::ev::outage_noted>().empty());
  b.clock.suspend(3h);
  b.poke();
  b.durable();
  REQUIRE(b.stored<core::ev::outage_noted>().size() == 1);
  CHECK(b.stored<core::ev::outage_noted>()[0].what == "suspend");
}

TEST_CASE("timer: ticks by itself, when something is due") {
  memory_store disk;
  asio::io_context io{1};
  service::controller c(io.get_executor(), disk, service::system_clock(), {});
  REQUIRE(c.start().has_value());
  int ended = 0;
  // Only a tick can end these: nothing happens in between.
  for (int i = 1; i <= 3; ++i)
    asio::co_spawn(io, c.wait_events(0, milliseconds{20 * i}),
                   [&](std::exception_ptr, std::uint64_t) { ++ended; });
  while (ended < 3) REQUIRE(io.run_one_for(10s) > 0);
  bool stopped = false;
  asio::co_spawn(io, c.stop(), [&](std::exception_ptr) { stopped = true; });
  while (!stopped) REQUIRE(io.run_one_for(10s) > 0);
  CHECK_FALSE(c.stats().ready);
}

TEST_CASE("start: a new database has no outage, a restart has one, with the wall time it took") {
  bench b;
  b.boot();
  b.make_sweep(bench::grid(3));
  CHECK(b.stored<core::ev::outage_noted>().empty());
  b.c.reset();
  b.clock.advance(2h);
  b.crash_and_restart();
  b.durable();
  REQUIRE(b.stored<core::ev::outage_noted>().size() == 1);
  CHECK(b.stored<core::ev::outage_noted>()[0].what == "start");
  CHECK(b.stored<core::ev::outage_noted>()[0].gap == 2h);
}

TEST_CASE("start: a wall clock set back while we were down is no negative outage") {
  bench b;
  b.boot();
  b.make_sweep(bench::grid(3));
  b.c.reset();
  b.clock.jump_wall(-24h);
  b.crash_and_restart();
  b.durable();
  REQUIRE(b.stored<core::ev::outage_noted>().size() == 1);
  CHECK(b.stored<core::ev::outage_noted>()[0].gap == 0ms);
}

TEST_CASE("start: no run crashes before one full grace, however long we were down") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto run = b.started_run(sweep, b.join(sweep));
  b.c.reset();
  b.clock.advance(240h);
  b.crash_and_restart();
  for (int i = 0; i < 58; ++i) {
    b.clock.advance(5s);
    b.poke();
    REQUIRE(b.run_row(run.run).state == core::run_state::running);
  }
  for (int i = 0; i < 4; ++i) {
    b.clock.advance(5s);
    b.poke();
  }
  CHECK(b.run_row(run.run).state == core::run_state::crashed);
}

TEST_CASE("checkpoint: serving time goes on after a restart where it was stored last") {
  bench b;
  b.boot();
  for (int i = 0; i < 10; ++i) {
    b.clock.advance(6s);
    b.poke();
  }
  b.durable();
  const auto before = served(b);
  CHECK(before == mono{60s});
  b.clock.advance(4s);  // not stored: the next checkpoint is not due
  b.poke();
  b.c.reset();
  b.clock.advance(1h);
  b.crash_and_restart();
  CHECK(served(b) == before);
}

TEST_CASE("checkpoint: one block holds the last signals of all who live, also of the quiet ones") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto a1 = b.join(sweep);
  const auto a2 = b.join(sweep);
  const auto r1 = b.started_run(sweep, a1);
  const auto r2 = b.started_run(sweep, a2);
  b.clock.advance(1s);
  b.beat(a1, {r1.run});
  b.beat(a2, {r2.run});
  const auto quiet_since = b.clock.now();
  b.clock.advance(5s);
  b.poke();
  b.beat(a1, {r1.run});
  const auto heard = b.clock.now();
  b.clock.advance(5s);
  b.poke();
  b.durable();
  b.crash_and_restart();
  CHECK(b.run_row(r1.run).last_signal_wall == heard);
  CHECK(b.run_row(r2.run).last_signal_wall == quiet_since);
}
