// Puts one response on a connection: whole, or streamed piece by piece (chunked for HTTP/1.1, until
// the connection's end for 1.0). Each write has its own deadline. Used by session.cpp.
#pragma once

#include "controller/http/message.hpp"
#include "controller/http/respond.hpp"
#include "controller/http/transport.hpp"

#include <cstdint>
#include <string>

namespace sweepd::http {

/// Every phase gets 1 s for each 100 KB on top of its own deadline.
inline constexpr std::size_t bytes_per_grace_second = 100 * 1024;
milliseconds grace_for(std::size_t bytes);

class answer_writer {
 public:
  answer_writer(transport& io, milliseconds deadline) : io_(io), deadline_(deadline) {}

  /// `f` comes with version, keep_alive, tls, id and date; the framing is decided here.
  /// `head_only`: the answer to HEAD. False: the connection cannot be used any more; `failure` says
  /// what threw, if so.
  asio::awaitable<bool> write(response r, framing f, bool head_only);
  [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  /// After write(): may the connection serve on? (A stream to HTTP/1.0 ends with it.)
  [[nodiscard]] bool kept() const { return kept_; }

 private:
  asio::awaitable<void> stream(response r, bool chunked);
  asio::awaitable<bool> piece(std::string bytes, bool chunked);

  transport& io_;
  milliseconds deadline_;
  std::uint64_t body_bytes_ = 0;
  bool gone_ = false;
  bool kept_ = false;
  std::string failure_;
};

}  // namespace sweepd::http
