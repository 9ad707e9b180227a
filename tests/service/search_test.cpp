// Strategies that learn: what is prepared ahead, what an outcome makes of it, and what is pushed.
#include "tests/service/harness.hpp"

using namespace sweepd;
using namespace sweepd::test;
using strategies::ask;
using strategies::observation;
using strategies::suggestion;

namespace {

/// Holds strategies at the door of suggest() while it is shut.
struct gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = true;
  int waiting = 0;
  void pass() {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
    --waiting;
  }
  void set(bool to) {
    const std::lock_guard lock(mutex);
    open = to;
    changed.notify_all();
  }
  void wait_for_one() {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, 10s, [this] { return waiting > 0; }));
  }
};

/// Proposes x = the least number from 0 that nobody has tried, and says in search_info what it knew:
/// how many outcomes, and their sum. Ends after `cells`.
class counting final : public strategies::strategy {
 public:
  counting(gate& at, std::int64_t cells) : at_(at), cells_(cells) {}
  void observe(std::span<const observation> trials) override {
    seen_.assign(trials.begin(), trials.end());
  }
  result<std::vector<suggestion>> suggest(const ask& what) override {
    at_.pass();
    std::vector<suggestion> out;
    std::set<std::int64_t> tried;
    int done = 0;
    double sum = 0;
    for (const auto& one : seen_) {
      tried.insert(one.config.at("x").at("value").to_number<std::int64_t>());
      if (one.what == observation::kind::pending) continue;
      ++done;
      sum += one.value.value_or(0);
    }
    for (std::int64_t x = 0; x < cells_ && out.size() < what.n; ++x) {
      if (tried.contains(x)) continue;
      out.push_back({what.from + out.size(), {{"x", {{"value", x}}}}, {{"done", done}, {"sum", sum}}});
    }
    return out;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
  [[nodiscard]] std::size_t lookahead() const override { return 4; }
  [[nodiscard]] bool learns() const override { return true; }

 private:
  gate& at_;
  std::int64_t cells_;
  std::vector<observation> seen_;
};

struct learning : bench {
  gate door;
  explicit learning(std::int64_t cells = 1'000) {
    opts.make_strategy =
        [this, cells](const boost::json::object&) -> result<std::unique_ptr<strategies::strategy>> {
      return std::make_unique<counting>(door, cells);
    };
    boot();
  }
  ~learning() { door.set(true); }

  static core::sweep_spec spec() {
    auto s = grid(1);
    s.method = "bayes";
    s.size.reset();
    s.config = {{"method", "bayes"}, {"parameters", {{"x", {{"min", 0}, {"max", 999}}}}}};
    return s;
  }
  /// Reports `loss` and ends well.
  void finish_with(const answer::handout& h, double loss) {
    cmd::report_run report;
    report.run = h.run;
    report.epoch = h.epoch;
    report.history = {boost::json::serialize(boost::json::object{{"loss", loss}})};
    ask<answer::run_told>(report);
    ask<answer::run_told>(cmd::finish_run{h.run, h.epoch, 0, {}, {}});
  }
  /// The same, while `ready` suggestions are there; the model is then at it, and does not come back.
  void finish_and_get_stuck(const sweep_id& sweep, const answer::handout& h, std::size_t ready = 1) {
    until([&] {
      return look<bool>(
          [&](const core::state& s, moment) { return s.sweeps.at(sweep).ready.size() >= ready; });
    });
    door.set(false);
    finish_with(h, 1);
    door.wait_for_one();
  }
  boost::json::object info_of(const sweep_id& sweep, std::uint64_t trial) {
    return look<boost::json::object>([=](const core::state& s, moment) {
      return boost::json::parse(core::find_trial(s, sweep, trial)->search_info).as_object();
    });
  }
  static std::int64_t x_of(const std::string& config) {
    return boost::json::parse(config).at("x").at("value").to_number<std::int64_t>();
  }
};

}  // namespace

TEST_CASE("search: one trial at a time, each hand-out knows the outcome before it") {
  learning b;
  const auto sweep = b.make_sweep(learning::spec());
  const auto agent = b.join(sweep);
  double sum = 0;
  for (int k = 0; k < 5; ++k) {
    const auto h = b.started_run(sweep, agent);
    const auto info = b.info_of(sweep, h.trial);
    CHECK(info.at("done").to_number<int>() == k);
    CHECK(info.at("sum").to_number<double>() == sum);
    CHECK(learning::x_of(h.config) == k);
    sum += k + 0.5;
    b.finish_with(h, k + 0.5);
  }
}

TEST_CASE("search: with other runs live, a hand-out never waits for the model") {
  learning b;
  const auto sweep = b.make_sweep(learning::spec());
  const auto a1 = b.join(sweep);
  const auto a2 = b.join(sweep);
  const auto first = b.started_run(sweep, a1);
  const auto second = b.started_run(sweep, a2);
  b.finish_and_get_stuck(sweep, first, 2);
  const auto third = b.handed(sweep, a1);
  CHECK(b.info_of(sweep, third.trial).at("done").to_number<int>() == 0);
  b.door.set(true);
  b.finish_with(second, 2);
}

TEST_CASE("search: a model that does not come back holds a lone agent for two seconds only") {
  learning b;
  const auto sweep = b.make_sweep(learning::spec());
  const auto agent = b.join(sweep);
  const auto first = b.started_run(sweep, agent);
  b.finish_and_get_stuck(sweep, first);
  const auto claim = b.wait_claim(b.claim_of(sweep, agent));
  b.settle();
  CHECK_FALSE(claim->done());
  b.clock.advance(1900ms);
  b.poke();
  b.settle();
  CHECK_FALSE(claim->done());
  b.clock.advance(200ms);
  b.poke();
  const auto second = bench::as<answer::handout>(b.finish(claim));
  CHECK(b.info_of(sweep, second.trial).at("done").to_number<int>() == 0);
}

TEST_CASE("search: who asks without patience is answered at once with what is there") {
  learning b;
  const auto sweep = b.make_sweep(learning::spec());
  const auto agent = b.join(sweep);
  const auto first = b.started_run(sweep, agent);
  b.finish_and_get_stuck(sweep, first);
  bench::as<answer::handout>(b.finish(b.wait_claim(b.claim_of(sweep, agent), 0ms)));
}

TEST_CASE("search: what was drawn while the strategy was at work is not drawn again") {
  learning b(6);
  const auto sweep = b.make_sweep(learning::spec());
  std::vector<agent_id> agents;
  for (int i = 0; i < 3; ++i) agents.push_back(b.join(sweep));
  std::set<std::int64_t> tried;
  std::vector<answer::handout> live;
  for (const auto& agent : agents) live.push_back(b.started_run(sweep, agent));
  b.finish_and_get_stuck(sweep, live[0], 2);
  live.push_back(b.started_run(sweep, agents[0]));  // from what was ready
  b.door.set(true);
  b.finish_with(live[1], 1);
  live.push_back(b.started_run(sweep, agents[1]));
  b.finish_with(live[2], 1);
  live.push_back(b.started_run(sweep, agents[2]));
  for (const auto& h : live) CHECK(tried.insert(learning::x_of(h.config)).second);
  CHECK(tried.size() == 6);
  for (std::size_t i = 3; i < 6; ++i) b.finish_with(live[i], 1);
  b.until([&] { return b.sweep_state(sweep) == core::sweep_state::finished; });
}

TEST_CASE("search: a restart at any point leads to the same sequence") {
  const auto sequence = [](int restart_after) {
    learning b;
    const auto sweep = b.make_sweep(learning::spec());
    auto agent = b.join(sweep);
    std::string out;
    for (int k = 0; k < 4; ++k) {
      if (k == restart_after) b.crash_and_restart();
      const auto h = b.started_run(sweep, agent);
      out += h.config + boost::json::serialize(b.info_of(sweep, h.trial)) + "\n";
      b.finish_with(h, k * 0.25);
    }
    return out;
  };
  const auto whole = sequence(-1);
  for (int k = 0; k < 4; ++k) CHECK(sequence(k) == whole);
}

TEST_CASE("search: a program that failed tells of its point, a lost machine does not") {
  learning b;
  const auto sweep = b.make_sweep(learning::spec());
  const auto agent = b.join(sweep);
  const auto ended = [&](std::optional<int> code, std::optional<int> signal) {
    const auto h = b.started_run(sweep, agent);
    b.ask<answer::run_told>(cmd::finish_run{h.run, h.epoch, code, signal, {}});
    return h.run;
  };
  const auto failed = b.run_row(ended(3, {}));
  const auto lost = b.run_row(ended({}, 9));
  CHECK(core::tells_of_the_point(failed.cause));
  CHECK_FALSE(core::tells_of_the_point(lost.cause));
}

TEST_CASE("push: configurations wait in order, survive a restart, and their end ends the sweep") {
  bench b;
  b.boot();
  auto spec = bench::grid(1);
  spec.method = "custom";
  spec.size.reset();
  spec.config = {{"method", "custom"}, {"parameters", {{"x", {{"min", 0}, {"max", 9}}}}}};
  const sweep_id sweep{"custom1"};
  b.ask(cmd::create_sweep{sweep, "local/default", spec, {}});
  const auto agent = b.join(sweep);
  const auto claim = b.wait_claim(b.claim_of(sweep, agent));
  b.settle();
  CHECK_FALSE(claim->done());
  cmd::push_trials push{sweep, {{{"x", {{"value", 7}}}}, {{"x", {{"value", 7}}}}}, false};
  CHECK(b.ask(push).id == "1");
  const auto first = bench::as<answer::handout>(b.finish(claim));
  CHECK(learning::x_of(first.config) == 7);
  push.end = true;
  CHECK(b.ask(push).id == "3");
  CHECK(bench::code_of(b.finish(b.tell(push))) == errc::conflict);
  b.crash_and_restart();
  b.ask<answer::run_told>(cmd::finish_run{first.run, first.epoch, 0, {}, {}});
  for (std::uint64_t n = 2; n <= 4; ++n) {
    const auto h = b.started_run(sweep, agent);
    CHECK(h.trial == n);
    b.ask<answer::run_told>(cmd::finish_run{h.run, h.epoch, 0, {}, {}});
  }
  CHECK(b.sweep_state(sweep) == core::sweep_state::finished);
}

TEST_CASE("push: a grid takes none, and only who searches may end the search") {
  learning b;
  const auto grid = b.make_sweep(bench::grid(3));
  CHECK(bench::code_of(b.finish(b.tell(cmd::push_trials{grid, {{{"x", {{"value", 0}}}}}, false}))) ==
        errc::conflict);
  const auto sweep = b.make_sweep(learning::spec());
  CHECK(bench::code_of(b.finish(b.tell(cmd::push_trials{sweep, {}, true}))) == errc::conflict);
  b.ask(cmd::push_trials{sweep, {{{"x", {{"value", 500}}}}}, false});
  const auto agent = b.join(sweep);
  CHECK(learning::x_of(b.started_run(sweep, agent).config) == 500);
  CHECK(learning::x_of(b.started_run(sweep, agent).config) == 0);  // and the search goes on from 0
}
