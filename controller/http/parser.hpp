// HTTP/1.1 messages from bytes, by Beast's parser fed by hand: no socket in here. Feeding it
// ourselves lets the session answer what Beast would only close on (431, 413), and lets the gate
// see raw bytes. Used by session.cpp (requests) and client.cpp (responses). Hides Beast.
#pragma once

#include "controller/http/body.hpp"
#include "controller/http/gate.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sweepd::http {

enum class fed_state {
  more,      ///< feed more bytes, beginning with those not used
  done,      ///< the message is complete; bytes not used belong to the next one
  refused,   ///< chunk extensions, trailers, malformed chunks: 400
  too_large, ///< a chunk announces more than the limit: 413
  stopped,   ///< the sink wants no more; it knows why
};
struct fed {
  std::size_t used = 0;
  fed_state state = fed_state::more;
};

/// One request after the other on one connection.
class request_parser {
 public:
  request_parser();
  ~request_parser();
  request_parser(const request_parser&) = delete;
  request_parser& operator=(const request_parser&) = delete;

  /// Starts a new request. `raw` is its whole head, up to and with the empty line; `out` views into
  /// it. Finds what is malformed; what the fields mean is for head_problem(). `known`: the very same bytes were
  /// parsed before, without a finding.
  std::optional<refusal> parse_head(std::string_view raw, head& out, std::size_t fields_max, bool known = false);

  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool expects_body() const;  ///< a length above 0, or chunked
  [[nodiscard]] std::optional<std::uint64_t> content_length() const;

  /// Feeds body bytes; `limit` is checked against announced chunk sizes before their data comes.
  void start_body(body_sink& sink, std::size_t limit);
  fed feed(std::string_view bytes);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// One response.
class response_parser {
 public:
  /// `on_body` gets the body piece by piece and says whether to go on. `head_only`: an answer to
  /// HEAD.
  response_parser(bool head_only, std::function<bool(std::string_view)> on_body);
  ~response_parser();
  response_parser(const response_parser&) = delete;
  response_parser& operator=(const response_parser&) = delete;

  fed feed(std::string_view bytes);
  /// The connection ended: is the response whole?
  bool end_of_stream();

  [[nodiscard]] bool head_done() const;
  [[nodiscard]] int status() const;
  [[nodiscard]] const std::map<std::string, std::string>& headers() const;  ///< lower-case names
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool got_some() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace sweepd::http
