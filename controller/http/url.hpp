// A server's address as the client takes it. Pure.
#pragma once

#include "controller/base/result.hpp"

#include <string>
#include <string_view>

namespace sweepd::http {

struct server_url {
  bool tls = false;
  std::string unix_path;    ///< set for unix:PATH; then host is "localhost"
  std::string host;         ///< without brackets
  unsigned short port = 80;
  std::string host_header;  ///< as the Host field wants it
  std::string base;         ///< path put before every target; no '/' at its end
};

/// Errors: invalid. User names, queries and fragments are refused.
result<server_url> parse_server_url(std::string_view text);

}  // namespace sweepd::http
