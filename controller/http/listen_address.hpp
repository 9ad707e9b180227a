// "127.0.0.1:8088", "[::1]:0", "gpu01.lan:8088", "unix:/run/sweepd.sock": where to listen, and what
// that means for the gate. Looks names up; opens nothing.
#pragma once

#include "controller/base/result.hpp"
#include "controller/http/gate.hpp"

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sweepd::http {

struct listen_address {
  std::string text;       ///< as given
  std::string unix_path;  ///< set for a Unix socket; then the rest is empty
  std::string host;       ///< without brackets; empty, "*", "0.0.0.0" and "::" are all addresses
  unsigned short port = 0;
  std::vector<boost::asio::ip::address> addresses;  ///< what the host stands for

  [[nodiscard]] bool is_unix() const { return !unix_path.empty(); }
  /// Only this machine can reach it: every address is loopback, or it is a Unix socket.
  [[nodiscard]] bool is_local() const;
};

/// Errors: invalid (the form; a host that cannot be found).
result<listen_address> parse_listen_address(std::string_view text);

/// The Host values that a listener answers to: the three loopback names and, unless it listens on
/// all addresses, the host it was given, with `port`; and the host of `public_origin` (normal form,
/// may be empty).
std::vector<std::string> own_hosts(const listen_address& at, unsigned short port,
                                   const std::string& public_origin, bool tls);

/// Is the host of that normal origin one that only this machine can mean?
bool origin_is_local(std::string_view normal_origin);

}  // namespace sweepd::http
