// In a file of its own so that programs without a controller (tests, the client) link without one.
#include "controller/http/key_cache.hpp"

#include "controller/http/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>

namespace sweepd::http {
namespace {

constexpr milliseconds refresh_every{250};

}  // namespace

key_cache::key_cache(asio::any_io_executor io, service::controller& from)
    : io_(io), from_(from), timer_(io) {}

result<principal> key_cache::check(const std::string& key, bool keyless, instant now) const {
  if (!table_) return fail(errc::unauthorized, "the server is starting");
  if (!keyless || table_->any()) return table_->check(key, now);
  principal local;
  local.key_id = local_key_id;
  local.role = core::role::admin;
  return local;
}

asio::awaitable<bool> key_cache::renew() {
  const auto seq = from_.stats().durable_seq;
  if (table_ && seq == seq_) co_return false;
  // Shared: should this coroutine go first, the strand still has where to write.
  auto keys = std::make_shared<std::vector<core::api_key>>();
  std::function<void(const core::state&, moment)> look = [keys](const core::state& s, moment) {
    for (const auto& [id, key] : s.keys) keys->push_back(key);
  };
  co_await from_.read(std::move(look));
  if (table_ && seq < seq_) co_return true;  // another refresh was faster and saw more
  table_ = std::make_shared<const key_table>(std::move(*keys));
  seq_ = seq;
  co_return true;
}

asio::awaitable<void> key_cache::keep_fresh(std::shared_ptr<key_cache> self) {
  while (!self->stopped_) {
    std::string what;
    try {
      co_await self->renew();
    } catch (const std::exception& e) {
      what = e.what();
    }
    if (!what.empty()) log::line(log::level::error, "keys were not refreshed", {{"error", what}});
    if (self->stopped_) co_return;
    self->timer_.expires_after(refresh_every);
    boost::system::error_code ec;
    co_await self->timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
}

void key_cache::start() {
  auto loop = keep_fresh(shared_from_this());
  asio::co_spawn(io_, std::move(loop), asio::detached);
}

void key_cache::stop() {
  stopped_ = true;
  timer_.cancel();
}

backend controller_backend(asio::any_io_executor io, services& svc) {
  const auto cache = std::make_shared<key_cache>(io, svc.controller);
  const auto* const clock = &svc.clock;
  backend out;
  out.clock = clock;
  out.authenticate = [cache, clock](const std::string& key, bool keyless) {
    return cache->check(key, keyless, clock->now());
  };
  out.renew = [cache] { return cache->renew(); };
  out.invoke = [&svc](const route& r, request_context& ctx) { return r.run(ctx, svc); };
  out.observe = svc.observe;
  out.start = [cache] { cache->start(); };
  out.stop = [cache] { cache->stop(); };
  return out;
}

server::server(asio::any_io_executor io, const router& routes, services& svc, server_options opts)
    : server(io, routes, controller_backend(io, svc), std::move(opts)) {}

}  // namespace sweepd::http
