// The server as main builds it: a real controller (its store in memory) behind the key table.
#include "controller/http/key_cache.hpp"

#include "tests/http/live_server.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

namespace sweepd::http::test {
namespace {

asio::awaitable<response> who(request_context& ctx, services& svc) {
  response r;
  r.content_type = "text/plain";
  r.body = ctx.who.key_id + " " + std::string(json::enum_name(ctx.who.role)) + " " + svc.version;
  co_return r;
}

constexpr route table[] = {{"GET", "/who", need::viewer, who}};

/// Controller and server on one loop, in one thread.
class whole_server {
 public:
  explicit whole_server(server_options o = {})
      : controller_(io_.get_executor(), store_, clock_, service::options{}),
        services_{controller_, store_, clock_, io_.get_executor(), "1.2.3"},
        routes_({table}) {
    if (const auto started = controller_.start(); !started)
      throw std::runtime_error(to_string(started.error()));
    services_.observe = [this](std::string_view pattern, std::string_view method, int status, double) {
      seen += std::string(method) + " " + std::string(pattern) + " " + std::to_string(status) + "\n";
    };
    o.listen = {"127.0.0.1:0"};
    server_ = std::make_unique<server>(io_.get_executor(), routes_, services_, o);
    if (const auto bound = server_->listen(false); !bound)
      throw std::runtime_error(to_string(bound.error()));
    port = server_->ports().front();
    server_->run();
    thread_ = std::thread([this] {
      const auto work = boost::asio::make_work_guard(io_);
      io_.run();
    });
  }
  ~whole_server() {
    asio::co_spawn(io_, server_->stop(milliseconds{0}), asio::use_future).get();
    asio::co_spawn(io_, controller_.stop(), asio::use_future).get();
    io_.stop();
    thread_.join();
  }

  void submit(core::command c) {
    auto r = asio::co_spawn(io_, controller_.submit(std::move(c), service::caller{}),
                            asio::use_future).get();
    REQUIRE_MESSAGE(r.has_value(), (r ? std::string() : to_string(r.error())));
  }
  issued_key add_key(core::role role) {
    const auto k = make_key();
    core::cmd::create_key c;
    c.key.id.value = k.id;
    c.key.sha256 = k.sha256;
    c.key.role = role;
    c.key.project = "*";
    submit(c);
    return k;
  }
  reply ask(const std::string& key) {
    const auto r = probe(port, "GET /who HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                                   "\r\nConnection: close\r\n" +
                                   (key.empty() ? "" : "Authorization: Bearer " + key + "\r\n") +
                                   "\r\n");
    return r.first;
  }
  /// Until the answer has that status; how long it took.
  milliseconds until(int status, const std::string& key) {
    const test_clock clock;
    const auto from = clock.steady();
    while (ask(key).status != status && clock.steady() - from < milliseconds{10'000}) continue;
    return clock.steady() - from;
  }

  unsigned short port = 0;
  std::string seen;  ///< what observe was told; read it when nothing is in flight
  sweepd::test::fake_clock clock_;

 private:
  asio::io_context io_{1};
  sweepd::test::memory_store store_;
  service::controller controller_;
  services services_;
  router routes_;
  std::unique_ptr<server> server_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("key_cache: without keys everyone is a local admin; the first key ends that within a second") {
  whole_server s;
  CHECK(s.ask("").body == "local admin 1.2.3");
  CHECK(s.ask("anything").body == "local admin 1.2.3");
  const auto k = s.add_key(core::role::viewer);
  CHECK(s.until(401, "") <= milliseconds{1'000});
  CHECK(s.ask(k.key).body == k.id + " viewer 1.2.3");
  CHECK(s.ask(make_key().key).status == 401);
}

TEST_CASE("key_cache: a new key is good at once, a revoked one is not within a second") {
  whole_server s;
  s.add_key(core::role::admin);
  s.until(401, "");
  const auto k = s.add_key(core::role::agent);
  CHECK(s.ask(k.key).status == 200);  // no wait: a key that fails is looked for
  core::cmd::revoke_key revoke;
  revoke.key.value = k.id;
  s.submit(revoke);
  CHECK(s.until(401, k.key) <= milliseconds{1'000});
}

TEST_CASE("key_cache: a key ends at its expiry, by the wall clock") {
  whole_server s;
  s.add_key(core::role::admin);
  const auto k = make_key();
  core::cmd::create_key c;
  c.key.id.value = k.id;
  c.key.sha256 = k.sha256;
  c.key.project = "*";
  c.key.expires = s.clock_.now() + milliseconds{60'000};
  s.submit(c);
  s.until(401, "");
  CHECK(s.ask(k.key).status == 200);
  s.clock_.jump_wall(milliseconds{60'000});
  CHECK(s.ask(k.key).status == 401);
}

TEST_CASE("key_cache: sessions tell the observer each answer by pattern") {
  whole_server s;
  s.ask("");
  probe(s.port, "GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(s.port) +
                    "\r\nConnection: close\r\n\r\n");
  probe(s.port, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  // The last answer is written before it is told; a further exchange orders the two.
  s.ask("");
  CHECK(s.seen.starts_with("GET /who 200\nGET  404\nGET  421\n"));
}

}  // namespace sweepd::http::test
