// Requests and responses as handlers see them: plain data, no Beast. Including this header is
// cheap.
#pragma once

#include "controller/base/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::http {

namespace asio = boost::asio;

/// A request whose head passed the gate and whose body is within its route's limit.
struct request {
  std::string method;                                      ///< upper case
  std::string path;                                        ///< decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  std::map<std::string, std::string> headers;              ///< names in lower case
  std::string body;
  std::string peer;        ///< address of the other side
  std::string origin;      ///< ours, as the client knows it: "http://127.0.0.1:8088"; for absolute links
  std::string request_id;  ///< ours; also sent back as X-Request-Id

  /// The first query value of that name; none when absent.
  [[nodiscard]] std::optional<std::string> param(std::string_view name) const;
  [[nodiscard]] std::string header(std::string_view lower_case_name) const;  ///< "" when absent
};

/// Writes one piece of a streamed body; false: the client is gone.
using body_writer = std::function<asio::awaitable<bool>(std::string piece)>;

struct response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// When set, `body` is not sent; this is called with a writer and its return ends the (chunked)
  /// body. Used for server-sent events and large downloads.
  std::function<asio::awaitable<void>(body_writer)> stream;
};

response json_response(int status, const boost::json::value& body);
/// RFC 9457 problem details: type, title, status, code, detail, where, request_id.
/// `internal` shows no detail; it is logged under the request id.
response problem(const error& e, const request& req);
response no_content();
/// The same shape for a status that has no errc (405, 415, 431, ...); `code` is its stable name.
response refuse(int status, std::string_view code, std::string_view detail,
                std::string_view request_id);
/// "Not Found" for 404; "" for a status that this server never sends.
std::string_view reason_phrase(int status);

}  // namespace sweepd::http
