// Many coroutines on several threads against one controller: for the sanitizers, and for the
// invariants.
#include "controller/core/check.hpp"
#include "tests/service/harness.hpp"

#include <boost/asio/strand.hpp>

#include <thread>

using namespace sweepd;
using namespace sweepd::test;

namespace {

constexpr int agents = 8;
constexpr int cells = 200;

asio::awaitable<void> one_agent(service::controller& c, sweep_id sweep, std::string name,
                                std::atomic<int>& finished) {
  const auto who = service::caller(core::actor{core::actor_kind::agent, name});
  core::command join = cmd::join_agent{agent_id{name}, sweep, name, "host", 1};
  auto joining = c.submit(std::move(join), who);
  (void)co_await std::move(joining);
  for (int n = 0;; ++n) {
    const run_id fresh{service::fresh_id()};
    cmd::claim claim{sweep, agent_id{name}, name + std::to_string(n), {}, fresh};
    auto asking = c.claim(std::move(claim), who, std::chrono::minutes{10});
    const auto got = co_await std::move(asking);
    if (!got || std::holds_alternative<answer::over>(*got)) co_return;
    const auto* h = std::get_if<answer::handout>(&*got);
    if (h == nullptr) continue;
    core::command start = cmd::start_run{h->run, h->epoch, "host", 2};
    auto starting = c.submit(std::move(start), who);
    (void)co_await std::move(starting);
    core::command report = cmd::report_run{h->run, h->epoch, 0, {R"({"loss":0.5})"}, 0, "x", {}};
    auto reporting = c.submit(std::move(report), who);
    (void)co_await std::move(reporting);
    core::command beat = cmd::beat_agent{agent_id{name}, {h->run}};
    auto beating = c.submit(std::move(beat), who);
    (void)co_await std::move(beating);
    core::command end = cmd::finish_run{h->run, h->epoch, 0, {}, {}};
    auto ending = c.submit(std::move(end), who);
    const auto ended = co_await std::move(ending);
    if (ended) ++finished;
  }
}

asio::awaitable<void> watcher(service::controller& c, std::uint64_t& last) {
  for (;;) {
    auto waiting = c.wait_events(last, std::chrono::seconds{1});
    const auto seq = co_await std::move(waiting);
    if (seq <= last) co_return;  // draining
    last = seq;
  }
}

}  // namespace

TEST_CASE("threads: eight agents on three threads empty a sweep, each cell once") {
  memory_store disk;
  std::uint64_t watched = 0;
  std::atomic<int> finished{0};
  {
    asio::io_context io;
    service::controller c(asio::make_strand(io), disk, service::system_clock(), {});
    REQUIRE(c.start().has_value());
    auto spec = bench::grid(cells);
    spec.max_concurrent_runs = agents / 2;
    auto whole = [&]() -> asio::awaitable<void> {
      core::command create = cmd::create_sweep{sweep_id{"s"}, "local/default", spec, {}};
      auto creating = c.submit(std::move(create), bench::user());
      (void)co_await std::move(creating);
    };
    asio::co_spawn(io, whole(), [&](std::exception_ptr e) {
      REQUIRE_FALSE(e);
      asio::co_spawn(io, watcher(c, watched), [](std::exception_ptr) {});
      auto left = std::make_shared<std::atomic<int>>(agents);
      for (int i = 0; i < agents; ++i)
        asio::co_spawn(io, one_agent(c, sweep_id{"s"}, "agent" + std::to_string(i), finished),
                       [&c, &io, left](std::exception_ptr failed) {
                         REQUIRE_FALSE(failed);
                         if (--*left == 0) asio::co_spawn(io, c.stop(), [](std::exception_ptr) {});
                       });
    });
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&io] { io.run(); });
    for (auto& t : threads) t.join();
    const auto n = c.stats();
    CHECK(n.handouts == cells);
    CHECK(n.queue == 0);
    CHECK(n.batches < n.events);
    CHECK(n.durable_seq == disk.log_of_events().size());
  }
  CHECK(finished == cells);
  CHECK(watched > 0);
  std::set<std::uint64_t> trials;
  for (const auto& r : disk.log_of_events())
    if (const auto* e = std::get_if<core::ev::run_offered>(&r.what)) trials.insert(e->trial);
  CHECK(trials.size() == cells);
}
