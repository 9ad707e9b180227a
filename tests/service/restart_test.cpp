// Restart: what a new process makes of the disk is what the old one had in memory.
#include "tests/service/harness.hpp"

#include "controller/core/check.hpp"
#include "controller/service/ids.hpp"
#include "controller/service/recovery.hpp"

#include <algorithm>
#include <map>

using namespace sweepd;
using namespace sweepd::test;

namespace {

/// All that is stored of a state, as text; and what is derived and must come out the same.
std::string picture(const core::state& s) {
  std::map<std::string, std::string> lines;
  for (const auto& [id, x] : s.sweeps) {
    auto row = boost::json::value_to<boost::json::object>(json::write(x));
    row.erase("exhausted");  // what was prepared and not drawn is asked for again
    auto& text = lines["sweep " + id.value];
    text = boost::json::serialize(row);
    for (const auto n : {x.slots_used, x.cap_used, x.trials_done, std::uint64_t{x.waiting.size()},
                         std::uint64_t{x.unsettled.size()}, std::uint64_t{x.agents.size()}})
      text += " " + std::to_string(n);
    for (const auto& [n, t] : x.by_number)
      lines["trial " + id.value + " " + std::to_string(n)] = json::to_text(t);
  }
  for (const auto& [id, x] : s.runs) lines["run " + id.value] = json::to_text(x);
  for (const auto& [id, x] : s.agents) lines["agent " + id.value] = json::to_text(x);
  for (const auto& [id, x] : s.keys) lines["key " + id.value] = json::to_text(x);
  std::string out;
  for (const auto& [name, text] : lines) out += name + ": " + text + "\n";
  return out;
}

std::string picture(bench& b) {
  return b.look<std::string>([](const core::state& s, moment) { return picture(s); });
}

}  // namespace

TEST_CASE("restart: the state is the same after every commit of a busy day") {
  bench b;
  b.boot();
  core::crash_policy policy;
  policy.rules.push_back({});
  policy.rules.back().action = core::rule_action::requeue;
  policy.backoff.initial = 1s;
  const auto sweep = b.make_sweep(bench::grid(40), policy);
  const auto a1 = b.join(sweep);
  const auto a2 = b.join(sweep);
  core::api_key key;
  key.id = key_id{"abcdefgh"};
  key.name = "ci";
  b.ask(cmd::create_key{key});
  const auto check = [&] {
    b.clock.advance(6s);
    b.poke();  // a checkpoint: the last signals are stored
    const auto before = picture(b);
    b.crash_and_restart();
    CHECK(picture(b) == before);
  };
  const auto r1 = b.started_run(sweep, a1);
  check();
  const std::vector<std::string> lines{R"({"loss":2})", R"({"loss":1})"};
  b.ask<answer::run_told>(
      cmd::report_run{r1.run, r1.epoch, 0, lines, 0, "epoch 1\n", {{"note", "x"}}});
  check();
  const auto r2 = b.started_run(sweep, a2);
  b.ask<answer::run_told>(cmd::finish_run{r2.run, r2.epoch, 1, {}, {}});
  check();
  b.ask<answer::run_told>(cmd::finish_run{r1.run, r1.epoch, 0, {}, {}});
  check();
  const auto r3 = b.started_run(sweep, a1);
  b.ask(cmd::act_on_run{r3.run, cmd::run_verb::mark_failed, "stuck", true});
  check();
  b.ask(cmd::act_on_run{r3.run, cmd::run_verb::undo, "it was not"});
  check();
  b.ask(cmd::move_sweep{sweep, cmd::sweep_verb::pause, "lunch"});
  b.ask(cmd::revoke_key{key.id, "leaked"});
  b.ask(cmd::leave_agent{a2, "done"});
  check();
}

TEST_CASE("restart: the search goes on where the recorded trials end") {
  const auto all_configs = [](bool restart_often) {
    bench b;
    b.boot();
    const auto sweep = b.make_sweep(bench::grid(12));
    const auto agent = b.join(sweep);
    std::vector<std::string> configs;
    for (int i = 0; i < 12; ++i) {
      const auto h = b.handed(sweep, agent);
      configs.push_back(h.config);
      b.ask<answer::run_told>(cmd::finish_run{h.run, h.epoch, 0, {}, {}});
      if (restart_often) b.crash_and_restart();
    }
    bench::as<answer::over>(b.finish(b.wait_claim(b.claim_of(sweep, agent))));
    return configs;
  };
  CHECK(all_configs(true) == all_configs(false));
}

TEST_CASE("restart: a claim that was answered is answered alike when it is repeated") {
  bench b;
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(5));
  const auto agent = b.join(sweep);
  auto claim = b.claim_of(sweep, agent);
  const auto first = bench::as<answer::handout>(b.finish(b.wait_claim(claim)));
  b.crash_and_restart();
  claim.fresh_run = run_id{"another"};
  const auto again = bench::as<answer::handout>(b.finish(b.wait_claim(claim)));
  CHECK(again.run == first.run);
  CHECK(again.config == first.config);
}

TEST_CASE("restart: what was decided but not committed never happened") {
  bench b;
  b.opts.on_fatal = [](const error&) {};
  b.boot();
  const auto sweep = b.make_sweep(bench::grid(5));
  const auto before = picture(b);
  b.disk.fail_always(error{errc::internal, "gone", "store"});
  const auto lost = b.tell(cmd::tune_sweep{sweep, 7, std::nullopt, ""});
  CHECK_FALSE(b.finish(lost).has_value());
  b.disk.heal();
  b.crash_and_restart();
  CHECK(picture(b) == before);
}

TEST_CASE("recovery: rows that contradict each other are refused") {
  core::state s;
  core::snapshot broken;
  core::run orphan;
  orphan.id = run_id{"r1"};
  orphan.sweep = sweep_id{"gone"};
  broken.runs.push_back(orphan);
  const auto r = service::recover(broken, s, moment{});
  REQUIRE_FALSE(r.has_value());
  CHECK(r.error().code == errc::internal);
  CHECK(r.error().message.find("r1") != std::string::npos);
}

TEST_CASE("fresh_id: eight characters of [a-z0-9], all different, also beyond the places of a second") {
  constexpr std::size_t n = 30'000;
  std::set<std::string> seen;
  bool well_formed = true;
  for (std::size_t i = 0; i < n; ++i) {
    const auto id = service::fresh_id();
    well_formed = well_formed && id.size() == 8 && std::all_of(id.begin(), id.end(), [](char c) {
                    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
                  });
    seen.insert(id);
  }
  CHECK(well_formed);
  CHECK(seen.size() == n);
}

TEST_CASE("fresh_id: those of one moment are neighbours in an index") {
  std::set<std::string> beginnings;
  for (int i = 0; i < 1'000; ++i) beginnings.insert(service::fresh_id().substr(0, 4));
  CHECK(beginnings.size() <= 3);  // 36 seconds have one; their turn may come just now
}

TEST_CASE("ids: a few of one moment can be told apart by their ends, and are all different when there are many") {
  std::uint64_t second = 1'800'000'000;
  service::id_sequence ids([&] { return second; });
  std::set<char> before_last;
  std::set<std::string> all;
  std::string last;
  for (int i = 0; i < 20'000; ++i) {
    if (i == 10'000) second -= 5;  // a clock that goes back
    const auto id = ids.next();
    if (i < 16) before_last.insert(id[6]);
    CHECK(id > last);
    last = id;
    all.insert(id);
  }
  CHECK(all.size() == 20'000);
  CHECK(before_last.size() >= 6);  // of 36; side by side all would share one or two
}

TEST_CASE("system_clock: steady and boot time do not go back") {
  const auto& clock = service::system_clock();
  const auto steady = clock.steady();
  const auto boot = clock.boot();
  CHECK(clock.steady() >= steady);
  CHECK(clock.boot() >= boot);
  CHECK(clock.now() > instant{std::chrono::hours{24 * 365 * 50}});
}
