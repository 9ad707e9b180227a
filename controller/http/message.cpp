#include "controller/http/message.hpp"

#include "controller/base/json_text.hpp"
#include "controller/http/log.hpp"

#include <array>

namespace sweepd::http {
namespace {

namespace bj = boost::json;

struct phrase {
  int status;
  std::string_view text;
};

constexpr std::array phrases{
    phrase{100, "Continue"},
    phrase{200, "OK"},
    phrase{201, "Created"},
    phrase{202, "Accepted"},
    phrase{204, "No Content"},
    phrase{206, "Partial Content"},
    phrase{301, "Moved Permanently"},
    phrase{302, "Found"},
    phrase{303, "See Other"},
    phrase{304, "Not Modified"},
    phrase{307, "Temporary Redirect"},
    phrase{308, "Permanent Redirect"},
    phrase{400, "Bad Request"},
    phrase{401, "Unauthorized"},
    phrase{403, "Forbidden"},
    phrase{404, "Not Found"},
    phrase{405, "Method Not Allowed"},
    phrase{406, "Not Acceptable"},
    phrase{408, "Request Timeout"},
    phrase{409, "Conflict"},
    phrase{410, "Gone"},
    phrase{412, "Precondition Failed"},
    phrase{413, "Content Too Large"},
    phrase{414, "URI Too Long"},
    phrase{415, "Unsupported Media Type"},
    phrase{416, "Range Not Satisfiable"},
    phrase{417, "Expectation Failed"},
    phrase{421, "Misdirected Request"},
    phrase{422, "Unprocessable Content"},
    phrase{429, "Too Many Requests"},
    phrase{431, "Request Header Fields Too Large"},
    phrase{500, "Internal Server Error"},
    phrase{501, "Not Implemented"},
    phrase{503, "Service Unavailable"},
    phrase{507, "Insufficient Storage"},
};

bj::string_view text(std::string_view s) { return {s.data(), s.size()}; }

response problem_details(int status, std::string_view code, std::string_view detail,
                         std::string_view where, std::string_view request_id) {
  bj::object body;
  body["type"] = "urn:sweepd:problem:" + std::string(code);
  body["title"] = text(reason_phrase(status));
  body["status"] = status;
  body["code"] = text(code);
  body["detail"] = text(detail);
  body["where"] = text(where);
  body["request_id"] = text(request_id);
  response r;
  r.status = status;
  r.content_type = "application/problem+json";
  r.body = json::to_text(body);
  return r;
}

/// What a client needs besides the status: how to authenticate, when to come back.
void add_guidance(response& r) {
  if (r.status == 401) r.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"sweepd\"");
  if (r.status == 429 || r.status == 503) r.headers.emplace_back("Retry-After", "1");
  if (r.status == 507) r.headers.emplace_back("Retry-After", "5");
}

}  // namespace

std::string_view reason_phrase(int status) {
  for (const auto& p : phrases)
    if (p.status == status) return p.text;
  return {};
}

std::optional<std::string> request::param(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::string request::header(std::string_view lower_case_name) const {
  const auto found = headers.find(std::string(lower_case_name));
  return found == headers.end() ? std::string{} : found->second;
}

response json_response(int status, const boost::json::value& body) {
  response r;
  r.status = status;
  r.body = json::to_text(body);
  return r;
}

response problem(const error& e, const request& req) {
  std::string_view detail = e.message;
  std::string_view where = e.where;
  if (e.code == errc::internal) {
    log::line(log::level::error, "internal error",
              {{"request_id", req.request_id}, {"error", to_string(e)}});
    detail = "an error of ours; the server's log has the details under this request id";
    where = {};
  }
  auto r = problem_details(http_status(e.code), name(e.code), detail, where, req.request_id);
  add_guidance(r);
  return r;
}

response no_content() {
  response r;
  r.status = 204;
  r.content_type.clear();
  return r;
}

response refuse(int status, std::string_view code, std::string_view detail,
                std::string_view request_id) {
  auto r = problem_details(status, code, detail, {}, request_id);
  add_guidance(r);
  return r;
}

}  // namespace sweepd::http
