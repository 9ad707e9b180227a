// An HTTP/1.1 client for our own server: keep-alive, a deadline on everything, retries left to the
// caller. Used by the agent and the CLI. Hides Beast.
//
// Exchanges may overlap (a long poll and a heartbeat): each takes a connection of its own, and idle
// ones are kept for the next. Thread rule: one executor; the client must outlive its exchanges.
#pragma once

#include "controller/base/instant.hpp"
#include "controller/base/result.hpp"
#include "controller/http/transport.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sweepd::http {

namespace asio = boost::asio;

struct client_options {
  /// http://HOST[:PORT], https://HOST[:PORT] or unix:PATH; a path after it is put before every
  /// target.
  std::string url = "http://127.0.0.1:8088";
  std::string api_key;                        ///< sent as Bearer; empty: none
  milliseconds timeout{30'000};               ///< whole exchange, unless the call says otherwise
  std::string ca_file;                        ///< trusted certificates (PEM); empty: the system's
  std::size_t body_bytes_max = 256u << 20;    ///< of a response that is not streamed
  /// Asked of each address that the host's name stands for; one that is refused is not spoken to. The answer
  /// holds for the very address that is connected to. Empty: all.
  address_rule may_reach{};
};

struct client_response {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

class client {
 public:
  client(asio::any_io_executor io, client_options opts);
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  /// One exchange. `target` is path and query. Errors: unavailable (no connection, cut, timed out),
  /// invalid (the URL, a header with a line break), too_large; any HTTP status is a success here. A
  /// kept connection that turns out to be closed before anything was answered is opened anew once,
  /// if the request is safe to repeat: GET or HEAD, or with an Idempotency-Key.
  asio::awaitable<result<client_response>> send(std::string method, std::string target,
                                                std::string body, std::string content_type,
                                                std::map<std::string, std::string> headers,
                                                milliseconds timeout);

  /// JSON in, JSON out. A problem+json answer becomes an error with its code, detail and place.
  /// `idempotency_key` empty: none is sent. POST, PUT and PATCH send {} for a null body.
  asio::awaitable<result<boost::json::value>> call(std::string method, std::string target,
                                                   boost::json::value body = nullptr,
                                                   std::string idempotency_key = {},
                                                   milliseconds timeout = milliseconds{30'000});

  /// GET; gives the body to `sink` piece by piece (downloads, server-sent events) until it ends or
  /// the sink returns false. The timeout is for the head and for each piece. Only a 2xx body goes
  /// to the sink; another one is in the response's `body`.
  asio::awaitable<result<client_response>> stream(std::string target,
                                                  std::map<std::string, std::string> headers,
                                                  std::function<bool(std::string_view)> sink);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace sweepd::http
