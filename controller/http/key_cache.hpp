// The live key table, and the backend that a server gets from `services`.
//
// A controller.read() waits for durability, which a request's hot path must not. So the table is a
// copy, made anew when something has become durable since: every 250 ms off the request path, and
// at once when a key fails (it may be newer than the copy). A revocation is thus effective within a
// second. Thread rule: everything on the server's executor.
#pragma once

#include "controller/http/auth.hpp"
#include "controller/http/server.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>

namespace sweepd::http {

class key_cache : public std::enable_shared_from_this<key_cache> {
 public:
  key_cache(asio::any_io_executor io, service::controller& from);

  /// As backend::authenticate; `now` decides about expiry.
  [[nodiscard]] result<principal> check(const std::string& key, bool keyless, instant now) const;
  /// Reads the keys if anything has become durable since the last time; true: they were read.
  asio::awaitable<bool> renew();
  void start();  ///< the periodic refresh
  void stop();

 private:
  static asio::awaitable<void> keep_fresh(std::shared_ptr<key_cache> self);

  asio::any_io_executor io_;
  service::controller& from_;
  asio::steady_timer timer_;
  std::shared_ptr<const key_table> table_;  ///< null until first read
  std::uint64_t seq_ = 0;                   ///< durable_seq before the table was read
  bool stopped_ = false;
};

/// Authenticates against the controller's keys and calls the routes' handlers with `svc`, which
/// must outlive the server.
backend controller_backend(asio::any_io_executor io, services& svc);

}  // namespace sweepd::http
