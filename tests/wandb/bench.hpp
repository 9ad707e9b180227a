// GraphQL on a bench: a real controller over the memory store, asked without HTTP in between.
#pragma once

#include "controller/wandb/environment.hpp"
#include "controller/wandb/wandb.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_store.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <optional>
#include <string>

namespace sweepd::test {

namespace asio = boost::asio;
namespace bj = boost::json;
namespace gql = wandb::graphql;

class bench {
 public:
  bench()
      : work_(asio::make_work_guard(io)),
        controller(io.get_executor(), store, clock, options()),
        services{controller, store, clock, io.get_executor(), "9.9.9"} {
    REQUIRE(controller.start());
    request.origin = "http://sweepd.test:8088";
    who.key_id = "local";
    who.role = core::role::admin;
  }
  ~bench() { wait_for(controller.stop()); }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;

  /// Runs the coroutine to its end.
  template <class T>
  T wait_for(asio::awaitable<T> task) {
    std::optional<T> out;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr e, T value) {
      if (e) std::rethrow_exception(e);
      out.emplace(std::move(value));
    });
    while (!out) REQUIRE(io.run_one_for(std::chrono::seconds(10)) > 0);
    return std::move(*out);
  }
  void wait_for(asio::awaitable<void> task) {
    bool done = false;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
      done = true;
    });
    while (!done) REQUIRE(io.run_one_for(std::chrono::seconds(10)) > 0);
  }

  gql::engine::answer ask(const gql::engine& with, std::string query, bj::object variables = {}) {
    http::request_context ctx{request, who, {}};
    wandb::environment env{ctx, services};
    gql::engine::request r;
    r.query = std::move(query);
    r.variables = std::move(variables);
    return wait_for(with.run(env, std::move(r)));
  }
  /// The data of a question to the whole schema that must go well.
  bj::value data(std::string query, bj::object variables = {}) {
    auto got = ask(wandb::the_engine(), std::move(query), std::move(variables));
    INFO(bj::serialize(got.body));
    REQUIRE(!got.body.contains("errors"));
    REQUIRE(got.status == 200);
    return got.body.at("data");
  }

  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  memory_store store;
  fake_clock clock;
  service::controller controller;
  http::services services;
  http::request request;
  http::principal who;

 private:
  static service::options options() {
    service::options o;
    o.internal_timer = false;
    o.on_fatal = [](const error& e) { FAIL(to_string(e)); };
    return o;
  }
};

inline std::string text(const bj::value& v) { return bj::serialize(v); }

}  // namespace sweepd::test
