// Listens and serves: one session coroutine a connection, the gate before anything is routed, then
// authentication, then the body, then the route's handler. Beast stays inside transport.cpp and
// parser.cpp.
//
// Thread rule: everything of one server runs on `io`, which must not run two handlers at once (an
// io_context with one thread, or a strand). Only connections() may be called from elsewhere.
#pragma once

#include "controller/http/router.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sweepd::http {

/// What security.md, sections 3 and 4, asks of the network; all may be lowered.
struct server_options {
  /// HOST:PORT or unix:PATH; port 0: any free one
  std::vector<std::string> listen{"127.0.0.1:8088"};
  std::string public_url;            ///< adds its host to the Host allow-list
  bool insecure_plaintext = false;   ///< allows a non-loopback address without TLS (with keys)
  std::string tls_certificate, tls_key;  ///< PEM files; empty: plain HTTP
  std::size_t connections_max = 20'000;
  std::size_t connections_per_address_max = 1'000;
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t header_fields_max = 100;
  std::size_t target_bytes_max = 8 * 1024;
  std::size_t inflight_body_bytes_max = 256u << 20;
  milliseconds header_deadline{10'000};
  milliseconds body_deadline{30'000};   ///< plus 1 s per 100 KB declared
  milliseconds idle_deadline{75'000};
  milliseconds write_deadline{30'000};
  int failed_auth_per_minute = 10;      ///< per address, then 429
  std::int64_t requests_per_second = 200;          ///< per key, then 429 (rate_limit.hpp); 0: no limit
  std::int64_t agent_requests_per_second = 5'000;  ///< per key: agents' keys, and what agents write
};

/// What sessions need of the rest of the program. Made from `services` by controller_backend()
/// (key_cache.hpp); tests make their own.
struct backend {
  const service::clock* clock = nullptr;
  /// Whom a key stands for; "" is no key. `keyless`: this listener may serve without any key while
  /// none exists. Errors: unauthorized. Quick: it runs for every request.
  std::function<result<principal>(const std::string& key, bool keyless)> authenticate;
  /// Looks for newer keys after a failure; true: worth asking again. May be empty.
  std::function<asio::awaitable<bool>()> renew;
  /// Calls the route's handler.
  std::function<asio::awaitable<response>(const route&, request_context&)> invoke;
  /// services::observe; may be empty.
  std::function<void(std::string_view, std::string_view, int, double)> observe;
  std::function<void()> start;  ///< with run(); may be empty
  std::function<void()> stop;   ///< with the end of stop(), or the server's; may be empty
};

class server {
 public:
  server(asio::any_io_executor io, const router& routes, services& svc, server_options opts);
  server(asio::any_io_executor io, const router& routes, backend back, server_options opts);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  /// Binds every address. Errors: invalid (a non-loopback address, or a public URL, without any
  /// key; a non-loopback address without TLS and without insecure_plaintext; bad TLS files: exit
  /// code 78), unavailable (in use).
  result<void> listen(bool any_key_exists);
  /// Real ports, in the order of `listen`; 0 for a Unix socket.
  [[nodiscard]] std::vector<unsigned short> ports() const;
  /// Accepts until stop().
  void run();
  /// Stops accepting, lets requests in flight end within `drain`, closes the rest.
  asio::awaitable<void> stop(milliseconds drain);
  [[nodiscard]] std::size_t connections() const;
  /// Reads the certificate and key files again; connections that exist keep what they have.
  result<void> reload_tls();

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace sweepd::http
