// When the disk is full, when it fails, and how it ends in good order.
#include "tests/service/harness.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

using namespace sweepd;
using namespace sweepd::test;

namespace {

const error no_room{errc::disk_full, "database or disk is full", "store"};

cmd::create_sweep creating_s1() {
  return {sweep_id{"s1"}, "local/default", bench::grid(3), {}};
}

}  // namespace

TEST_CASE("disk full: read-only until there is room, then everything that was held goes out") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto agent = b.join(sweep);
  const auto run = b.started_run(sweep, agent);
  b.durable();
  const auto stored = b.disk.log_of_events().size();
  b.disk.fail_always(no_room);

  const auto held = b.tell(cmd::tune_sweep{sweep, 7, std::nullopt, ""});
  b.until([&] { return b.c->stats().disk_full; });
  CHECK_FALSE(held->done());
  // Changes are refused, and so is what would show memory that is ahead of the disk.
  CHECK(bench::code_of(b.finish(b.tell(cmd::tune_sweep{sweep, 8, std::nullopt, ""}))) ==
        errc::disk_full);
  CHECK(bench::code_of(b.finish(b.wait_claim(b.claim_of(sweep, agent)))) == errc::disk_full);
  std::function<bool(const core::state&, moment)> look = [](const core::state&, moment) {
    return true;
  };
  const auto seen = b.run(service::read_state<bool>(*b.c, look));
  REQUIRE_FALSE(seen.has_value());
  CHECK(seen.error().code == errc::disk_full);
  const auto patient = b.spawn(b.c->read([](const core::state&, moment) {}));
  core::file_part part;
  CHECK_FALSE(b.run(b.c->put_files({part})).has_value());
  // Heartbeats go on, and nobody is marked for as long as it takes.
  for (int i = 0; i < 200; ++i) {
    b.clock.advance(5s);
    b.poke();
    b.beat(agent, {run.run});
  }
  CHECK_FALSE(held->done());
  CHECK_FALSE(patient->done());
  CHECK(b.disk.log_of_events().size() == stored);

  b.disk.heal();
  b.clock.advance(1s);
  b.poke();
  bench::as<answer::done>(b.finish(held));
  b.finish(patient);
  CHECK_FALSE(b.c->stats().disk_full);
  b.durable();
  const auto noted = b.stored<core::ev::outage_noted>();
  REQUIRE(noted.size() == 1);
  CHECK(noted[0].what == "disk full");
  CHECK(noted[0].gap == 1001s);
  CHECK(b.run_row(run.run).state == core::run_state::running);
  CHECK(b.run_row(run.run).health == core::run_health::ok);
  b.ask(cmd::tune_sweep{sweep, 9, std::nullopt, ""});
}

TEST_CASE("disk full: a heartbeat's answer that the disk does not know is an error, not a wait") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto agent = b.join(sweep);
  const auto run = b.started_run(sweep, agent);
  b.durable();
  b.disk.fail_always(no_room);
  const auto held = b.tell(cmd::act_on_run{run.run, cmd::run_verb::stop, "enough", false});
  b.until([&] { return b.c->stats().disk_full; });
  // The stop is in memory only: the agent must not hear of it yet.
  CHECK(bench::code_of(b.finish(b.tell(cmd::beat_agent{agent, {run.run}}))) == errc::disk_full);
  b.disk.heal();
  b.poke();
  b.finish(held);
  CHECK(b.ask<answer::agent_told>(cmd::beat_agent{agent, {run.run}}).stop == std::vector{run.run});
}

TEST_CASE("disk full: serving time stands still, so a crashed run's fail_after does not run out") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto run = b.started_run(sweep, b.join(sweep));
  for (int i = 0; i < 70; ++i) {
    b.clock.advance(5s);
    b.poke();
  }
  REQUIRE(b.run_row(run.run).state == core::run_state::crashed);
  b.disk.fail_always(no_room);
  b.tell(cmd::tune_sweep{sweep, 7, std::nullopt, ""});
  b.until([&] { return b.c->stats().disk_full; });
  for (int i = 0; i < 600; ++i) {
    b.clock.advance(5s);
    b.poke();
  }
  b.disk.heal();
  // A write that began before may still fail: only another look finds the room.
  for (int i = 0; i < 100'000 && b.c->stats().disk_full; ++i) b.poke();
  REQUIRE_FALSE(b.c->stats().disk_full);
  b.poke();
  CHECK(b.run_row(run.run).state == core::run_state::crashed);
}

TEST_CASE("disk full: who waited for a run gets one when there is room again") {
  bench b;
  b.boot();
  auto spec = bench::grid(5);
  spec.max_concurrent_runs = 1;
  const auto sweep = b.make_sweep(spec);
  const auto first = b.started_run(sweep, b.join(sweep));
  const auto waiting = b.wait_claim(b.claim_of(sweep, b.join(sweep)), 1h);
  b.settle();
  b.disk.fail_always(no_room);
  const auto ending = b.tell(cmd::finish_run{first.run, first.epoch, 0, {}, {}});
  b.until([&] { return b.c->stats().disk_full; });
  b.disk.heal();
  b.poke();
  bench::as<answer::run_told>(b.finish(ending));
  bench::as<answer::handout>(b.finish(waiting));
}

TEST_CASE("disk full: suggestions that came meanwhile are asked for again") {
  bench b;
  b.boot();
  b.disk.fail_always(no_room);
  const auto creating = b.tell(creating_s1());
  b.until([&] { return b.c->stats().disk_full; });
  b.disk.heal();
  b.poke();
  b.finish(creating);
  CHECK(b.handed(sweep_id{"s1"}, b.join(sweep_id{"s1"})).trial == 1);
}

TEST_CASE("disk full: a start on a full disk waits for room, and then serves") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.c.reset();
  b.disk.fail_always(no_room);
  b.c = std::make_unique<service::controller>(b.io.get_executor(), b.store, b.clock, b.opts);
  REQUIRE(b.c->start().has_value());
  b.until([&] { return b.c->stats().disk_full; });
  b.disk.heal();
  b.poke();
  b.until([&] { return !b.c->stats().disk_full; });
  b.ask(cmd::tune_sweep{sweep, 7, std::nullopt, ""});
  CHECK(b.stored<core::ev::outage_noted>().size() == 2);
}

TEST_CASE("disk full: a stop that finds no room ends all the same, and tells who waited") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.disk.fail_always(no_room);
  const auto held = b.tell(cmd::tune_sweep{sweep, 7, std::nullopt, ""});
  b.until([&] { return b.c->stats().disk_full; });
  b.run(b.c->stop());
  CHECK(bench::code_of(b.finish(held)) == errc::disk_full);
}

TEST_CASE("fatal: any other failed commit is reported once, and nothing is promised after it") {
  bench b;
  std::atomic<int> reported{0};
  std::string what;
  b.opts.on_fatal = [&](const error& e) {
    what = e.message;
    ++reported;
  };
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.disk.fail_always(error{errc::internal, "fsync: Input/output error", "store"});
  const auto lost = b.tell(cmd::tune_sweep{sweep, 7, std::nullopt, ""});
  const auto reply = b.finish(lost);
  CHECK(bench::code_of(reply) == errc::internal);
  CHECK(reported == 1);
  CHECK(what == "fsync: Input/output error");
  CHECK_FALSE(b.c->stats().ready);
  CHECK(bench::code_of(b.finish(b.tell(cmd::tune_sweep{sweep, 8, std::nullopt, ""}))) ==
        errc::unavailable);
  CHECK_THROWS_AS(b.run(b.c->read([](const core::state&, moment) {})), std::runtime_error);
  b.run(b.c->stop());
  CHECK(reported == 1);
}

TEST_CASE("fatal: a commit that was written and yet failed is there after the restart") {
  bench b;
  b.opts.on_fatal = [](const error&) {};
  b.boot();
  b.disk.fail_commit(1, error{errc::internal, "power cut", "store"}, true);
  const auto unknown = b.tell(creating_s1());
  CHECK(bench::code_of(b.finish(unknown)) == errc::internal);
  b.crash_and_restart();
  CHECK(bench::code_of(b.finish(b.tell(creating_s1()))) == errc::conflict);
}

TEST_CASE("fatal: without on_fatal the process ends with exit code 74, unanswered") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(STDERR_FILENO);
    bench b;
    b.boot();
    b.disk.fail_always(error{errc::internal, "fsync: Input/output error", "store"});
    b.finish(b.tell(creating_s1()));
    _exit(1);  // not reached: it was answered
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 74);
}

TEST_CASE("stop: commits what is open, answers who waits, refuses the rest") {
  bench b;
  b.boot();
  auto spec = bench::grid(5);
  spec.max_concurrent_runs = 1;
  const auto sweep = b.make_sweep(spec);
  const auto agent = b.join(sweep);
  const auto run = b.started_run(sweep, agent);
  const auto waiting = b.wait_claim(b.claim_of(sweep, b.join(sweep)), 1h);
  const auto watching = b.spawn(b.c->wait_events(1'000, 1h));
  b.clock.advance(3s);
  b.beat(agent, {run.run});
  b.store.shut();
  const auto open = b.tell(cmd::tune_sweep{sweep, std::nullopt, 7, ""});
  b.settle();
  const auto stopping = b.spawn(b.c->stop());
  b.settle();
  CHECK(bench::as<answer::wait>(b.finish(waiting)).code == "draining");
  b.finish(watching);
  CHECK_FALSE(open->done());
  CHECK_FALSE(stopping->done());
  CHECK(bench::code_of(b.finish(b.tell(cmd::tune_sweep{sweep, 8, std::nullopt, ""}))) ==
        errc::unavailable);
  b.store.open();
  bench::as<answer::done>(b.finish(open));
  b.finish(stopping);
  CHECK_FALSE(b.c->stats().ready);
  b.run(b.c->stop());
  const auto heard = b.clock.now();
  b.c.reset();
  b.boot();
  CHECK(b.run_row(run.run).last_signal_wall == heard);
  CHECK(b.look<std::int64_t>([&](const core::state& s, moment) {
    return s.sweeps.at(sweep).spec.run_cap.value();
  }) == 7);
}

TEST_CASE("stop: destroying a controller with coroutines that wait in it leaks and hangs nothing") {
  bench b;
  b.boot();
  auto spec = bench::grid(5);
  spec.max_concurrent_runs = 1;
  const auto sweep = b.make_sweep(spec);
  b.started_run(sweep, b.join(sweep));
  const auto waiting = b.wait_claim(b.claim_of(sweep, b.join(sweep)), 1h);
  const auto watching = b.spawn(b.c->wait_events(1'000, 1h));
  b.settle();
  b.c.reset();
  b.settle();
  CHECK_FALSE(waiting->done());
  CHECK_FALSE(watching->done());
}
