// A response's head as bytes: status line, framing, and the headers every answer carries. Pure.
// Handlers may set Content-Security-Policy and Cache-Control themselves (the web page, downloads);
// the rest is not theirs to change. There are no CORS headers anywhere.
#pragma once

#include "controller/base/instant.hpp"
#include "controller/http/gate.hpp"
#include "controller/http/message.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sweepd::http {

/// How this answer travels.
struct framing {
  int version = 11;
  bool keep_alive = true;
  bool chunked = false;        ///< a stream to an HTTP/1.1 client; else Content-Length or the end
  bool until_close = false;    ///< a stream to an HTTP/1.0 client
  bool tls = false;
  std::string_view request_id;
  std::string_view date;       ///< http_date(now); empty: no Date
};

/// Ends with the empty line. Headers of the response that would break the head are left out (a
/// value with a line break cannot be sent); framing headers are always ours.
std::string response_head(const response& r, const framing& f);

/// IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(instant t);

/// What the gate's refusal looks like on the wire; 421 has no body.
response answer_to(const refusal& why, std::string_view request_id);

/// May a response of that status carry a body?
bool has_body(int status);

}  // namespace sweepd::http
