// Reads one request's body from its connection into a sink: 100-continue, the deadline, the
// parser's verdict. Called by the session once the head, the route and the key are in order.
#pragma once

#include "controller/http/body.hpp"
#include "controller/http/message.hpp"
#include "controller/http/parser.hpp"
#include "controller/http/read_buffer.hpp"
#include "controller/http/transport.hpp"
#include "controller/service/clock.hpp"

#include <optional>
#include <string_view>

namespace sweepd::http {

enum class body_outcome {
  whole,
  gone,        ///< the client went away: nothing can be answered
  too_slow,    ///< cut at the deadline: nothing can be answered
  bad_chunks,  ///< malformed chunk, chunk extension or trailer: 400
  bad_gzip,    ///< not one whole gzip member: 400
  too_large,   ///< over the route's limit, or inflating beyond reason: 413
  over_budget, ///< no memory for it now: 503
};

/// The answer to one that is not whole; none when there is nobody to answer.
std::optional<response> answer_to(body_outcome o, std::size_t limit, std::string_view request_id);

/// What belongs to the connection; all outlive the read.
class body_reader {
 public:
  body_reader(transport& io, read_buffer& in, request_parser& parser, const service::clock& clock,
              milliseconds deadline)
      : io_(io), in_(in), parser_(parser), clock_(clock), deadline_(deadline) {}

  /// `limit`: of the route. `interim`: the client waits for 100 Continue.
  /// One deadline for all of it: what is announced buys time; without a length, what has come does.
  asio::awaitable<body_outcome> read_into(body_sink* sink, std::size_t limit, bool interim);

 private:
  void arm(milliseconds begun, std::size_t paid_for);

  transport& io_;
  read_buffer& in_;
  request_parser& parser_;
  const service::clock& clock_;
  milliseconds deadline_;
};

}  // namespace sweepd::http
