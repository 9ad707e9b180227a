#include "controller/service/idempotency.hpp"

#include "tests/service/harness.hpp"

using namespace sweepd;
using namespace sweepd::test;

namespace {

service::caller with_key(const std::string& key, const std::string& fingerprint,
                         const std::string& who = "op") {
  service::caller c(core::actor{core::actor_kind::user, who});
  c.idempotency_key = key;
  c.fingerprint = fingerprint;
  return c;
}

cmd::create_sweep create(const std::string& id) {
  return {sweep_id{id}, "local/default", bench::grid(3), {}};
}

}  // namespace

TEST_CASE("idempotency: a repeated key gives the first reply and does nothing again") {
  bench b;
  b.boot();
  const auto first = b.ask(create("s1"), with_key("k", "f"));
  const auto again = b.ask(create("s2"), with_key("k", "f"));
  CHECK(first.id == "s1");
  CHECK(again.id == "s1");
  CHECK(b.stored<core::ev::sweep_created>().size() == 1);
}

TEST_CASE("idempotency: a repeat during the first one's commit waits for that commit") {
  bench b;
  b.boot();
  b.store.shut();
  const auto first = b.tell(create("s1"), with_key("k", "f"));
  const auto again = b.tell(create("s2"), with_key("k", "f"));
  b.settle();
  CHECK_FALSE(again->done());
  b.store.open();
  CHECK(bench::as<answer::done>(b.finish(again)).id == "s1");
  CHECK(first->done());
}

TEST_CASE("idempotency: the same key for another request is a conflict") {
  bench b;
  b.boot();
  b.ask(create("s1"), with_key("k", "f"));
  CHECK(bench::code_of(b.finish(b.tell(create("s2"), with_key("k", "g")))) == errc::conflict);
}

TEST_CASE("idempotency: keys of different callers do not meet") {
  bench b;
  b.boot();
  b.ask(create("s1"), with_key("k", "f", "ann"));
  CHECK(b.ask(create("s2"), with_key("k", "f", "bob")).id == "s2");
}

TEST_CASE("idempotency: a kept reply survives a restart") {
  bench b;
  b.boot();
  b.ask(create("s1"), with_key("k", "f"));
  b.crash_and_restart();
  CHECK(b.ask(create("s2"), with_key("k", "f")).id == "s1");
  CHECK(bench::code_of(b.finish(b.tell(create("s2"), with_key("k", "g")))) == errc::conflict);
}

TEST_CASE("idempotency: an error is not kept, a reply that changed nothing is") {
  bench b;
  b.boot();
  const sweep_id sweep{"s1"};
  const cmd::move_sweep pause{sweep, cmd::sweep_verb::pause, ""};
  CHECK(bench::code_of(b.finish(b.tell(pause, with_key("k", "f")))) == errc::not_found);
  b.ask(create("s1"));
  CHECK(b.ask(pause, with_key("k", "f")).changed);
  CHECK_FALSE(b.ask(pause, with_key("k2", "f")).changed);
  b.ask(cmd::move_sweep{sweep, cmd::sweep_verb::resume, ""});
  // A late repeat of the pause that changed nothing must not pause now.
  CHECK_FALSE(b.ask(pause, with_key("k2", "f")).changed);
  CHECK(b.sweep_state(sweep) != core::sweep_state::paused);
}

TEST_CASE("idempotency: each command of a call is known by its place") {
  bench b;
  b.boot();
  std::vector<core::command> two;
  two.push_back(create("s1"));
  two.push_back(create("s2"));
  const auto first = b.run(b.c->submit_all(two, with_key("k", "f")));
  two.clear();
  two.push_back(create("s3"));
  two.push_back(create("s4"));
  const auto again = b.run(b.c->submit_all(two, with_key("k", "f")));
  CHECK(bench::as<answer::done>(again.at(0)).id == "s1");
  CHECK(bench::as<answer::done>(again.at(1)).id == "s2");
  CHECK(first.size() == 2);
}

TEST_CASE("idempotency: rows are forgotten after their retention") {
  service::idempotency kept;
  const instant t{1'000'000ms};
  kept.keep("k", "f", answer::done{"x", "", true}, t);
  CHECK(kept.find("k", "f", t + core::idempotency_retention).has_value());
  CHECK_FALSE(kept.find("k", "f", t + core::idempotency_retention + 1ms).has_value());
  CHECK(kept.size() == 0);
}
