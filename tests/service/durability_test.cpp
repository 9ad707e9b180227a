// What a caller may conclude from an answer: that it is on disk. And what it costs: one commit for
// many.
#include "tests/service/harness.hpp"

using namespace sweepd;
using namespace sweepd::test;

namespace {

cmd::create_sweep creating(const std::string& id) {
  return {sweep_id{id}, "local/default", bench::grid(3), {}};
}

}  // namespace

TEST_CASE("submit: a reply never precedes its commit") {
  bench b;
  b.boot();
  b.store.shut();
  const auto before = b.store.arrived();
  const auto created = b.tell(creating("s1"));
  b.settle();
  b.store.wait_for_arrival(before + 1);
  b.settle();
  CHECK_FALSE(created->done());
  CHECK(b.stored<core::ev::sweep_created>().empty());
  b.store.let_one();
  bench::as<answer::done>(b.finish(created));
  CHECK(b.stored<core::ev::sweep_created>().size() == 1);
  b.store.open();
}

TEST_CASE("submit: commands that come during a commit share the next one") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.durable();
  const auto before = b.store.arrived();
  b.store.shut();
  std::vector<std::shared_ptr<started<reply>>> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(b.tell(cmd::join_agent{agent_id{"a" + std::to_string(i)}, sweep, "n", "h", 1}));
  b.settle();
  b.store.wait_for_arrival(before + 1);
  b.store.open();
  for (const auto& one : all) bench::as<answer::done>(b.finish(one));
  const auto batches = b.store.batches();
  REQUIRE(b.store.arrived() == before + 2);
  CHECK(batches[before].agents.size() == 1);
  CHECK(batches[before + 1].agents.size() == 19);
}

TEST_CASE("submit: a batch holds at most batch_commands_max commands, with the rows of its end") {
  bench b;
  b.opts.batch_commands_max = 4;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.durable();
  const auto before = b.store.arrived();
  b.store.shut();
  std::vector<std::shared_ptr<started<reply>>> all;
  for (int i = 1; i <= 9; ++i)
    all.push_back(b.tell(cmd::tune_sweep{sweep, i, std::nullopt, ""}));
  b.settle();
  b.store.open();
  for (const auto& one : all) bench::as<answer::done>(b.finish(one));
  const auto batches = b.store.batches();
  REQUIRE(b.store.arrived() == before + 3);
  const std::vector<std::int64_t> limits{1, 5, 9};
  const std::vector<std::size_t> events{1, 4, 4};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& one = batches[before + i];
    REQUIRE(one.sweeps.size() == 1);
    REQUIRE(one.specs.size() == 1);
    CHECK(one.specs[0].second.max_concurrent_runs == limits[i]);
    CHECK(one.events.size() == events[i]);
  }
}

TEST_CASE("batch: a sweep's row leaves behind what is memory only") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(50));
  const auto agent = b.join(sweep);
  b.handed(sweep, agent);
  for (const auto& batch : b.store.batches())
    for (const auto& row : batch.sweeps) {
      CHECK(row.ready.empty());
      CHECK(row.by_number.empty());
    }
  CHECK(b.look<bool>([&](const core::state& s, moment) {
    return s.sweeps.at(sweep).by_number.size() == 1 && !s.sweeps.at(sweep).ready.empty();
  }));
}

TEST_CASE("read: what was seen is durable when the answer comes") {
  bench b;
  b.boot();
  b.store.shut();
  const auto before = b.store.arrived();
  const auto created = b.tell(creating("s1"));
  b.settle();
  bool seen = false;
  const auto reading =
      b.spawn(b.c->read([&](const core::state& s, moment) { seen = !s.sweeps.empty(); }));
  b.settle();
  CHECK(seen);
  CHECK_FALSE(reading->done());
  b.store.wait_for_arrival(before + 1);
  b.store.open();
  b.finish(reading);
  CHECK(created->done());
  CHECK(b.stored<core::ev::sweep_created>().size() == 1);
}

TEST_CASE("read: with nothing on its way to the disk it answers at once") {
  bench b;
  b.boot();
  b.durable();
  b.store.shut();
  const auto before = b.store.arrived();
  b.durable();
  CHECK(b.store.arrived() == before);
  b.store.open();
}

TEST_CASE("submit: an error waits for what it was drawn from") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.durable();
  b.store.shut();
  const auto canceling = b.tell(cmd::move_sweep{sweep, cmd::sweep_verb::cancel, "enough"});
  b.settle();
  const auto pausing = b.tell(cmd::move_sweep{sweep, cmd::sweep_verb::pause, ""});
  b.settle();
  CHECK_FALSE(pausing->done());
  b.store.open();
  CHECK(bench::code_of(b.finish(pausing)) == errc::conflict);
  CHECK(canceling->done());
}

TEST_CASE("heartbeat: a slow disk neither delays its answer nor ages the lease") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto agent = b.join(sweep);
  const auto run = b.started_run(sweep, agent);
  b.durable();
  b.store.shut();
  const auto before = b.store.arrived();
  const auto other = b.tell(creating("s2"));
  b.settle();
  b.store.wait_for_arrival(before + 1);
  // Ten minutes on one commit, twice crash_after: nobody is taken for dead.
  for (int i = 0; i < 120; ++i) {
    b.clock.advance(5s);
    b.poke();
    b.beat(agent, {run.run});
    const auto told =
        b.finish(b.tell(cmd::report_run{run.run, run.epoch, 0, {}, 0, "", {}}));
    CHECK(bench::as<answer::run_told>(told).state == core::run_state::running);
  }
  CHECK_FALSE(other->done());
  b.store.open();
  b.finish(other);
  CHECK(b.run_row(run.run).state == core::run_state::running);
  CHECK(b.run_row(run.run).health == core::run_health::ok);
}

TEST_CASE("heartbeat: an answer drawn from what is not durable waits for it") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto agent = b.join(sweep);
  const auto run = b.started_run(sweep, agent);
  b.durable();
  b.store.shut();
  const auto reporting =
      b.tell(cmd::report_run{run.run, run.epoch, 0, {R"({"loss":1})"}, 0, "", {}});
  b.settle();
  // It would name an offset that a crash could take back.
  const auto empty = b.tell(cmd::report_run{run.run, run.epoch, 1, {}, 0, "", {}});
  // The agent is told nothing that depends on it.
  b.beat(agent, {run.run});
  CHECK_FALSE(empty->done());
  const auto stopping = b.tell(cmd::act_on_run{run.run, cmd::run_verb::stop, "enough", false});
  b.settle();
  const auto told = b.tell(cmd::beat_agent{agent, {run.run}});
  b.settle();
  CHECK_FALSE(told->done());
  b.store.open();
  CHECK(bench::as<answer::run_told>(b.finish(empty)).history_lines == 1);
  CHECK(bench::as<answer::agent_told>(b.finish(told)).stop == std::vector{run.run});
  CHECK(reporting->done());
  CHECK(stopping->done());
}

TEST_CASE("glance: sees what is not durable yet, and does not wait for it") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.durable();
  b.store.shut();
  const auto tuned = b.tell(cmd::tune_sweep{sweep, 7, std::nullopt, ""});
  b.settle();
  std::optional<std::int64_t> seen;
  const auto reads = [&](const core::state& s, moment) { seen = s.sweeps.at(sweep).spec.max_concurrent_runs; };
  const auto waits = b.spawn(b.c->try_read(reads));
  b.settle();
  CHECK_FALSE(waits->done());
  seen.reset();
  const auto glanced = b.spawn(b.c->glance(reads));
  b.settle();
  REQUIRE(glanced->done());
  CHECK(glanced->value->has_value());
  CHECK(seen == 7);
  CHECK_FALSE(tuned->done());
  b.store.open();
  b.finish(tuned);
  b.finish(waits);
}

TEST_CASE("submit: a batch that is held open for others is committed although nobody comes") {
  bench b;
  b.opts.gather_max = 10s;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.durable();
  const auto before = b.store.arrived();
  b.store.shut();
  const auto join = [&](int i) {
    return b.tell(cmd::join_agent{agent_id{"g" + std::to_string(i)}, sweep, "n", "h", 1});
  };
  const auto first = join(0);
  b.settle();
  b.store.wait_for_arrival(before + 1);
  const auto second = join(1);
  b.settle();
  b.store.open();
  b.finish(first);
  b.finish(second);  // the first one's client never asks again
  CHECK(b.store.arrived() == before + 2);
}

TEST_CASE("submit: a full queue refuses commands, but not heartbeats") {
  bench b;
  b.opts.queue_commands_max = 3;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto agent = b.join(sweep);
  b.durable();
  b.store.shut();
  std::vector<std::shared_ptr<started<reply>>> all;
  for (int i = 1; i <= 3; ++i) all.push_back(b.tell(cmd::tune_sweep{sweep, i, std::nullopt, ""}));
  b.settle();
  CHECK(b.c->stats().queue == 3);
  const auto fourth = b.tell(cmd::tune_sweep{sweep, 4, std::nullopt, ""});
  CHECK(bench::code_of(b.finish(fourth)) == errc::busy);
  b.beat(agent, {});
  b.store.open();
  for (const auto& one : all) bench::as<answer::done>(b.finish(one));
  b.ask(cmd::tune_sweep{sweep, 5, std::nullopt, ""});
  CHECK(b.c->stats().queue == 0);
}

TEST_CASE("submit: too many bytes on their way to the disk refuse more of them") {
  bench b;
  b.opts.queue_bytes_max = 100;
  b.boot();
  b.store.shut();
  core::file_part part;
  part.run = run_id{"r"};
  part.name = "f";
  part.transfer = "t";
  part.bytes = std::string(100, 'x');
  const auto first = b.spawn(b.c->put_files({part}));
  b.settle();
  const auto second = b.run(b.c->put_files({part}));
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == errc::busy);
  b.store.open();
  CHECK(b.finish(first).has_value());
}

TEST_CASE("submit_all: the commands of one call share a transaction, each with its own reply") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  b.durable();
  const auto before = b.store.arrived();
  std::vector<core::command> commands;
  commands.push_back(cmd::tune_sweep{sweep, 2, std::nullopt, ""});
  commands.push_back(cmd::tune_sweep{sweep_id{"none"}, 2, std::nullopt, ""});
  commands.push_back(cmd::move_sweep{sweep, cmd::sweep_verb::pause, ""});
  const auto replies = b.run(b.c->submit_all(std::move(commands), bench::user()));
  REQUIRE(replies.size() == 3);
  CHECK(replies[0].has_value());
  CHECK(bench::code_of(replies[1]) == errc::not_found);
  CHECK(replies[2].has_value());
  CHECK(b.store.arrived() == before + 1);
}

TEST_CASE("put_files: durable when it returns") {
  bench b;
  b.boot();
  core::file_part part;
  part.run = run_id{"r"};
  part.name = "model.bin";
  part.transfer = "t";
  part.bytes = "abc";
  part.complete = true;
  part.size = 3;
  CHECK(b.run(b.c->put_files({part})).has_value());
  CHECK(b.disk.file(run_id{"r"}, "model.bin", 0, 10).value() == "abc");
}

TEST_CASE("wait_events: wakes when an event is durable, and not before") {
  bench b;
  b.boot();
  b.durable();
  const auto last = b.c->stats().durable_seq;
  const auto waiting = b.spawn(b.c->wait_events(last, 1h));
  b.settle();
  b.store.shut();
  b.tell(creating("s1"));
  b.settle();
  CHECK_FALSE(waiting->done());
  b.store.open();
  CHECK(b.finish(waiting) == last + 1);
  CHECK(b.run(b.c->wait_events(0, 1h)) >= last + 1);  // its suggestions may have ended, too
}

TEST_CASE("wait_events: answers when its patience is over") {
  bench b;
  b.boot();
  const auto last = b.c->stats().durable_seq;
  const auto waiting = b.spawn(b.c->wait_events(last, 10s));
  b.settle();
  b.clock.advance(9s);
  b.poke();
  CHECK_FALSE(waiting->done());
  b.clock.advance(1s);
  b.poke();
  CHECK(b.finish(waiting) == last);
}
