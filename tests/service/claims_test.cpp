// The long poll: who waits, what ends the waiting, and in which order.
#include "tests/service/harness.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

using namespace sweepd;
using namespace sweepd::test;

namespace {

core::sweep_spec one_at_a_time(int cells = 10) {
  auto spec = bench::grid(cells);
  spec.max_concurrent_runs = 1;
  return spec;
}

answer::wait told_to_wait(const reply& r) { return bench::as<answer::wait>(r); }

}  // namespace

TEST_CASE("claim: the first one is woken by the suggestions it waits for") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(2));
  const auto agent = b.join(sweep);
  const auto first = b.handed(sweep, agent);
  CHECK(first.trial == 1);
  CHECK(first.config.find("\"x\"") != std::string::npos);
}

TEST_CASE("claim: waits for a slot, and gets the run when one is freed") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(one_at_a_time());
  const auto a1 = b.join(sweep);
  const auto a2 = b.join(sweep);
  const auto first = b.started_run(sweep, a1);
  const auto waiting = b.wait_claim(b.claim_of(sweep, a2));
  b.settle();
  CHECK_FALSE(waiting->done());
  CHECK(b.c->stats().claims_waiting == 1);
  b.ask<answer::run_told>(cmd::finish_run{first.run, first.epoch, 0, {}, {}});
  CHECK(bench::as<answer::handout>(b.finish(waiting)).trial == 2);
  CHECK(b.c->stats().claims_waiting == 0);
  CHECK(b.c->stats().handouts == 2);
}

TEST_CASE("claim: first come, first served, and one free slot wakes one") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(one_at_a_time());
  const auto a1 = b.join(sweep);
  const auto first = b.started_run(sweep, a1);
  std::vector<std::shared_ptr<started<reply>>> waiting;
  for (int i = 0; i < 5; ++i) {
    const auto agent = b.join(sweep);
    waiting.push_back(b.wait_claim(b.claim_of(sweep, agent)));
    b.settle();
  }
  auto run = first.run;
  auto epoch = first.epoch;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    b.ask<answer::run_told>(cmd::finish_run{run, epoch, 0, {}, {}});
    const auto next = bench::as<answer::handout>(b.finish(waiting[i]));
    for (std::size_t j = i + 1; j < waiting.size(); ++j) CHECK_FALSE(waiting[j]->done());
    run = next.run;
    epoch = next.epoch;
  }
}

TEST_CASE("claim: resume wakes who waited for it") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto agent = b.join(sweep);
  b.ask(cmd::move_sweep{sweep, cmd::sweep_verb::pause, "lunch"});
  const auto waiting = b.wait_claim(b.claim_of(sweep, agent));
  b.settle();
  CHECK_FALSE(waiting->done());
  b.ask(cmd::move_sweep{sweep, cmd::sweep_verb::resume, ""});
  bench::as<answer::handout>(b.finish(waiting));
}

TEST_CASE("claim: the end of the sweep answers all who wait") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(one_at_a_time());
  b.started_run(sweep, b.join(sweep));
  std::vector<std::shared_ptr<started<reply>>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(b.wait_claim(b.claim_of(sweep, b.join(sweep))));
  b.settle();
  b.ask(cmd::move_sweep{sweep, cmd::sweep_verb::cancel, ""});
  for (const auto& one : waiting) bench::as<answer::over>(b.finish(one));
}

TEST_CASE("claim: tells the reason when its patience is over") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(one_at_a_time());
  b.started_run(sweep, b.join(sweep));
  const auto agent = b.join(sweep);
  const auto waiting = b.wait_claim(b.claim_of(sweep, agent), 5s);
  b.settle();
  b.clock.advance(4s);
  b.poke();
  b.settle();
  CHECK_FALSE(waiting->done());
  b.clock.advance(1s);
  b.poke();
  CHECK(told_to_wait(b.finish(waiting)).code == "slots");
  CHECK(told_to_wait(b.finish(b.wait_claim(b.claim_of(sweep, agent), 0s))).code == "slots");
}

TEST_CASE("claim: a backoff that ends by itself wakes who waits for it") {
  bench b;
  b.boot();
  core::crash_policy policy;
  policy.rules.push_back({});
  policy.rules.back().action = core::rule_action::requeue;
  policy.backoff.initial = 4s;
  policy.backoff.jitter_percent = 0;
  const auto sweep = b.make_sweep(bench::grid(1), policy);
  const auto agent = b.join(sweep);
  const auto first = b.started_run(sweep, agent);
  b.ask<answer::run_told>(cmd::finish_run{first.run, first.epoch, 3, {}, {}});
  const auto waiting = b.wait_claim(b.claim_of(sweep, agent), 1min);
  b.settle();
  CHECK_FALSE(waiting->done());
  b.clock.advance(3s);
  b.poke();
  b.settle();
  CHECK_FALSE(waiting->done());
  b.clock.advance(2s);
  b.poke();
  CHECK(bench::as<answer::handout>(b.finish(waiting)).attempt == 2);
}

TEST_CASE("claim: only so many may wait for one sweep") {
  bench b;
  b.opts.claims_waiting_max = 2;
  b.boot();
  const auto sweep = b.make_sweep(one_at_a_time());
  b.started_run(sweep, b.join(sweep));
  const auto w1 = b.wait_claim(b.claim_of(sweep, b.join(sweep)));
  const auto w2 = b.wait_claim(b.claim_of(sweep, b.join(sweep)));
  b.settle();
  CHECK(bench::code_of(b.finish(b.wait_claim(b.claim_of(sweep, b.join(sweep))))) == errc::busy);
  CHECK_FALSE(w1->done());
  CHECK_FALSE(w2->done());
}

TEST_CASE("claim: an agent that asks anew is not waited for twice") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(one_at_a_time());
  const auto first = b.started_run(sweep, b.join(sweep));
  const auto agent = b.join(sweep);
  const auto lost = b.wait_claim(b.claim_of(sweep, agent));
  b.settle();
  const auto again = b.wait_claim(b.claim_of(sweep, agent));
  told_to_wait(b.finish(lost));
  b.ask<answer::run_told>(cmd::finish_run{first.run, first.epoch, 0, {}, {}});
  bench::as<answer::handout>(b.finish(again));
  CHECK(b.stored<core::ev::run_offered>().size() == 2);
  CHECK(b.stored<core::ev::run_reoffered>().empty());
}

TEST_CASE("claim: what an agent said it had is not heard again each time its claim is looked at") {
  bench b;
  b.boot();
  auto policy = core::crash_policy{};
  policy.suspect_after = 10s;
  policy.crash_after = 20s;
  auto spec = bench::grid(10);
  spec.max_concurrent_runs = 2;
  const auto sweep = b.make_sweep(spec, policy);
  const auto a1 = b.join(sweep);
  const auto a2 = b.join(sweep);
  const auto first = b.started_run(sweep, a1);
  const auto second = b.started_run(sweep, a2);
  const auto waiting = b.wait_claim(b.claim_of(sweep, a1, {first.run}), 10min);
  b.settle();
  // The line is looked at all the time, while a1 is dead.
  for (int i = 0; i < 10; ++i) {
    b.clock.advance(5s);
    b.poke();
    b.beat(a2, {second.run});
    b.ask(cmd::tune_sweep{sweep, 2, std::nullopt, ""});
  }
  CHECK(b.run_row(first.run).state == core::run_state::crashed);
  CHECK_FALSE(waiting->done());
}

TEST_CASE("claim: who goes away while waiting gets no run") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(one_at_a_time());
  const auto first = b.started_run(sweep, b.join(sweep));
  asio::cancellation_signal hang_up;
  bool ended = false;
  asio::co_spawn(b.io, b.c->claim(b.claim_of(sweep, b.join(sweep)), bench::user(), 1h),
                 asio::bind_cancellation_slot(
                     hang_up.slot(), [&](std::exception_ptr, const reply&) { ended = true; }));
  b.settle();
  CHECK(b.c->stats().claims_waiting == 1);
  hang_up.emit(asio::cancellation_type::terminal);
  b.until([&] { return ended; });
  CHECK(b.c->stats().claims_waiting == 0);
  b.ask<answer::run_told>(cmd::finish_run{first.run, first.epoch, 0, {}, {}});
  b.durable();
  CHECK(b.stored<core::ev::run_offered>().size() == 1);
}

TEST_CASE("suggester: a grid is handed out to its last cell, each cell once") {
  bench b;
  b.boot();
  constexpr int cells = 300;  // more than one portion of a grid's lookahead
  const auto sweep = b.make_sweep(bench::grid(cells));
  const auto agent = b.join(sweep);
  std::set<std::string> configs;
  for (int i = 0; i < cells; ++i) {
    const auto h = b.handed(sweep, agent);
    configs.insert(h.config);
    b.ask<answer::run_told>(cmd::finish_run{h.run, h.epoch, 0, {}, {}});
  }
  CHECK(configs.size() == cells);
  bench::as<answer::over>(b.finish(b.wait_claim(b.claim_of(sweep, agent))));
  CHECK(b.sweep_state(sweep) == core::sweep_state::finished);
}

TEST_CASE("suggester: a strategy that fails pauses its sweep and says why") {
  bench b;
  b.boot();
  auto spec = bench::grid(3);
  spec.config = {{"method", "no such method"}, {"parameters", boost::json::object()}};
  const auto sweep = b.make_sweep(spec);
  b.until([&] { return b.sweep_state(sweep) == core::sweep_state::paused; });
  const auto text = b.look<std::string>(
      [&](const core::state& s, moment) { return s.sweeps.at(sweep).pause_text; });
  CHECK(text.find("the search strategy failed") != std::string::npos);
  const auto waiting = told_to_wait(b.finish(b.wait_claim(b.claim_of(sweep, b.join(sweep)), 0s)));
  CHECK(waiting.code == "paused");
}

TEST_CASE("claim: a run id that is taken already is drawn anew") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(3));
  const auto agent = b.join(sweep);
  const auto first = b.started_run(sweep, agent);
  auto again = b.claim_of(sweep, agent);
  again.fresh_run = first.run;
  const auto second = bench::as<answer::handout>(b.finish(b.wait_claim(std::move(again))));
  CHECK(second.run != first.run);
  CHECK(second.trial == 2);
}
