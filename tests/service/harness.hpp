// A controller on a bench: one io_context that the test drives, a clock that it moves, and a store
// whose commits it can hold back. Waits end on what is awaited, never on time; the ten seconds in
// until() only turn a hang into a failure.
#pragma once

#include "controller/service/controller.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sweepd::test {

namespace asio = boost::asio;
namespace cmd = core::cmd;
namespace answer = core::answer;
using namespace std::chrono_literals;

using reply = result<core::answer_to>;

/// A memory_store whose commits wait at a gate while the test keeps it shut, and whose syncs at another.
class gated_store final : public core::store {
 public:
  explicit gated_store(memory_store& inner) : inner_(inner) {}

  result<core::snapshot> load() override { return inner_.load(); }
  result<void> commit(const core::batch& b) override {
    std::unique_lock lock(mutex_);
    ++arrived_;
    batches_.push_back(b);
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_ || permits_ > 0; });
    if (!open_) --permits_;
    lock.unlock();
    return inner_.commit(b);
  }

  result<void> sync() override {
    std::unique_lock lock(mutex_);
    ++syncs_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return sync_open_; });
    return sync_outcome_;
  }

  void shut_sync() {
    const std::lock_guard lock(mutex_);
    sync_open_ = false;
  }
  /// They come to that.
  void open_sync(result<void> outcome = {}) {
    const std::lock_guard lock(mutex_);
    sync_open_ = true;
    sync_outcome_ = std::move(outcome);
    changed_.notify_all();
  }
  /// Syncs that have begun.
  std::size_t syncs() {
    const std::lock_guard lock(mutex_);
    return syncs_;
  }

  void shut() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Lets one commit through.
  void let_one() {
    const std::lock_guard lock(mutex_);
    ++permits_;
    changed_.notify_all();
  }
  /// Blocks until `n` commits in all have come to the gate.
  void wait_for_arrival(std::size_t n) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [&] { return arrived_ >= n; }));
  }
  std::size_t arrived() {
    const std::lock_guard lock(mutex_);
    return arrived_;
  }
  /// Every batch that came to the gate, in order.
  std::vector<core::batch> batches() {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

 private:
  memory_store& inner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  std::size_t permits_ = 0;
  std::size_t arrived_ = 0;
  std::vector<core::batch> batches_;
  bool sync_open_ = true;
  std::size_t syncs_ = 0;
  result<void> sync_outcome_;
};

/// A coroutine that was started, and what it gave.
template <class T>
struct started {
  std::optional<T> value;
  std::exception_ptr thrown;
  [[nodiscard]] bool done() const { return value.has_value() || thrown != nullptr; }
};

struct bench {
  memory_store disk;
  fake_clock clock;
  gated_store store{disk};
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  service::options opts;
  std::unique_ptr<service::controller> c;
  int next_id = 0;

  bench() {
    opts.internal_timer = false;
    opts.gather_max = 0ms;  // a batch is committed as soon as the gate lets it
  }
  ~bench() {
    store.open();
    store.open_sync();
  }

  void boot() {
    c = std::make_unique<service::controller>(io.get_executor(), store, clock, opts);
    const auto ok = c->start();
    REQUIRE_MESSAGE(ok.has_value(), (ok ? std::string() : to_string(ok.error())));
    durable();
  }
  /// The process dies and a new one starts on what reached the disk.
  void crash_and_restart() {
    store.open();
    c.reset();
    settle();
    boot();
  }

  void until(const std::function<bool()>& what) {
    while (!what()) REQUIRE_MESSAGE(io.run_one_for(10s) > 0, "nothing happened for ten seconds");
  }
  /// Everything that can run without the writer has run.
  void settle() {
    while (io.poll() > 0) {
    }
  }
  /// Everything is on disk.
  void durable() {
    run(c->read([](const core::state&, moment) {}));
  }

  template <class T>
  std::shared_ptr<started<T>> spawn(asio::awaitable<T> a) {
    auto out = std::make_shared<started<T>>();
    asio::co_spawn(io, std::move(a), [out](std::exception_ptr e, T v) {
      if (e)
        out->thrown = e;
      else
        out->value.emplace(std::move(v));
    });
    return out;
  }
  std::shared_ptr<started<bool>> spawn(asio::awaitable<void> a) {
    auto out = std::make_shared<started<bool>>();
    asio::co_spawn(io, std::move(a), [out](std::exception_ptr e) {
      if (e)
        out->thrown = e;
      else
        out->value = true;
    });
    return out;
  }
  template <class T>
  T finish(const std::shared_ptr<started<T>>& s) {
    until([&] { return s->done(); });
    if (s->thrown) std::rethrow_exception(s->thrown);
    return std::move(*s->value);
  }
  template <class T>
  T run(asio::awaitable<T> a) {
    return finish(spawn(std::move(a)));
  }
  void run(asio::awaitable<void> a) { finish(spawn(std::move(a))); }

  // --- what people and agents do ---
  static service::caller user() {
    return service::caller(core::actor{core::actor_kind::user, "op"});
  }
  std::shared_ptr<started<reply>> tell(core::command one, service::caller who = user()) {
    return spawn(c->submit(std::move(one), std::move(who)));
  }
  /// Must succeed with an A.
  template <class A = answer::done>
  A ask(core::command one, service::caller who = user()) {
    return as<A>(finish(tell(std::move(one), std::move(who))));
  }
  template <class A>
  static A as(const reply& r) {
    REQUIRE_MESSAGE(r.has_value(), (r ? std::string() : to_string(r.error())));
    REQUIRE_MESSAGE(std::holds_alternative<A>(*r), json::to_text(*r));
    return std::get<A>(*r);
  }
  static errc code_of(const reply& r) {
    REQUIRE_FALSE(r.has_value());
    return r.error().code;
  }

  static core::sweep_spec grid(int cells) {
    core::sweep_spec spec;
    spec.name = "grid";
    spec.method = "grid";
    spec.metric = "loss";
    spec.size = static_cast<std::uint64_t>(cells);
    boost::json::array values;
    for (int i = 0; i < cells; ++i) values.push_back(i);
    spec.config = {{"method", "grid"}, {"parameters", {{"x", {{"values", values}}}}}};
    return spec;
  }
  std::string fresh(const char* prefix) { return prefix + std::to_string(++next_id); }
  sweep_id make_sweep(core::sweep_spec spec, std::optional<core::crash_policy> policy = {}) {
    const sweep_id id{fresh("sweep")};
    ask(cmd::create_sweep{id, "local/default", std::move(spec), std::move(policy)});
    // Suggestions come from another thread, with an event when they are the last: from here on the
    // number of commits is in the test's hand.
    until([&] {
      return look<bool>([id](const core::state& s, moment) {
        const auto& sweep = s.sweeps.at(id);
        return !sweep.ready.empty() || sweep.state == core::sweep_state::paused;
      });
    });
    durable();
    return id;
  }
  agent_id join(const sweep_id& sweep) {
    const agent_id id{fresh("agent")};
    ask(cmd::join_agent{id, sweep, "agent", "host", 1});
    return id;
  }
  cmd::claim claim_of(const sweep_id& sweep, const agent_id& agent,
                      std::vector<run_id> knows = {}) {
    return cmd::claim{sweep, agent, fresh("request"), std::move(knows), run_id{fresh("run")}};
  }
  std::shared_ptr<started<reply>> wait_claim(cmd::claim what, milliseconds patience = 30s) {
    return spawn(c->claim(std::move(what), user(), patience));
  }
  answer::handout handed(const sweep_id& sweep, const agent_id& agent,
                         std::vector<run_id> knows = {}) {
    return as<answer::handout>(finish(wait_claim(claim_of(sweep, agent, std::move(knows)))));
  }
  answer::handout started_run(const sweep_id& sweep, const agent_id& agent) {
    auto h = handed(sweep, agent);
    ask<answer::run_told>(cmd::start_run{h.run, h.epoch, "host", 2});
    return h;
  }
  void beat(const agent_id& agent, std::vector<run_id> alive) {
    ask<answer::agent_told>(cmd::beat_agent{agent, std::move(alive)});
  }
  void poke() { run(c->poke()); }

  template <class T>
  T look(std::function<T(const core::state&, moment)> fn) {
    const auto r = run(service::read_state<T>(*c, std::move(fn)));
    REQUIRE(r.has_value());
    return *r;
  }
  core::run run_row(const run_id& id) {
    return look<core::run>([id](const core::state& s, moment) { return s.runs.at(id); });
  }
  core::sweep_state sweep_state(const sweep_id& id) {
    return look<core::sweep_state>(
        [id](const core::state& s, moment) { return s.sweeps.at(id).state; });
  }
  /// How many events of this type reached the disk.
  template <class E>
  std::vector<E> stored() const {
    std::vector<E> out;
    for (const auto& r : disk.log_of_events())
      if (const auto* e = std::get_if<E>(&r.what)) out.push_back(*e);
    return out;
  }
};

}  // namespace sweepd::test
