// Malformed and abusive bytes over real sockets: what must be refused, and that the connection then
// ends with nothing of it read as a second request.
#include "tests/http/live_server.hpp"

#include <doctest/doctest.h>

namespace sweepd::http::test {
namespace {

struct bytes_case {
  const char* name;
  std::string bytes;
  int status;
};

/// Refused with that status, one answer only, then closed.
void check_refused(const live_server& s, const std::vector<bytes_case>& cases) {
  for (const auto& c : cases) {
    const auto r = probe(s.port(), c.bytes);
    CHECK_MESSAGE(r.status == c.status, c.name);
    CHECK_MESSAGE(r.closed, c.name);
    CHECK_MESSAGE(r.extra.empty(), c.name);
    CHECK_MESSAGE(r.first.header("connection") == "close", c.name);
    CHECK_MESSAGE(r.first.header("x-content-type-options") == "nosniff", c.name);
  }
}

}  // namespace

TEST_CASE("wire: every way to smuggle a second request is refused, and ends the connection") {
  live_server s;
  const auto head = "POST /echo HTTP/1.1\r\nHost: " + s.host() + "\r\nContent-Type: application/json\r\n";
  const auto old = "POST /echo HTTP/1.0\r\nHost: " + s.host() + "\r\nContent-Type: application/json\r\n";
  const std::string next = "GET /ping HTTP/1.1\r\nHost: " + s.host() + "\r\n\r\n";
  const std::string none = "\r\n0\r\n\r\n" + next;
  check_refused(
      s, {
             {"CL and TE", head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n" + none, 400},
             {"TE and CL", head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n" + none, 400},
             {"TE gzip, CL", head + "Transfer-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", 400},
             {"CL, TE gzip", head + "Content-Length: 4\r\nTransfer-Encoding: gzip\r\n\r\nabcd", 400},
             {"TE gzip", head + "Transfer-Encoding: gzip\r\n" + none, 400},
             {"TE xchunked", head + "Transfer-Encoding: xchunked\r\n" + none, 400},
             {"TE chunked, identity", head + "Transfer-Encoding: chunked, identity\r\n" + none, 400},
             {"TE identity, chunked", head + "Transfer-Encoding: identity, chunked\r\n" + none, 400},
             {"TE twice", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" + none, 400},
             {"TE empty", head + "Transfer-Encoding:\r\n" + none, 400},
             {"TE with a control", head + "Transfer-Encoding: \x0b" "chunked\r\n" + none, 400},
             {"TE, space before colon", head + "Transfer-Encoding : chunked\r\n" + none, 400},
             {"TE folded", head + "Transfer-Encoding:\r\n chunked\r\n" + none, 400},
             {"TE in HTTP/1.0", old + "Transfer-Encoding: chunked\r\n" + none, 400},
             {"TE in HTTP/1.0, kept", old + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n" + none, 400},
             {"CL twice, equal", head + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400},
             {"CL twice, different", head + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400},
             {"CL list", head + "Content-Length: 4, 4\r\n\r\nabcd", 400},
             {"CL +4", head + "Content-Length: +4\r\n\r\nabcd", 400},
             {"CL -1", head + "Content-Length: -1\r\n\r\n", 400},
             {"CL 2^64", head + "Content-Length: 18446744073709551616\r\n\r\n", 400},
             {"CL 2^64+4", head + "Content-Length: 18446744073709551620\r\n\r\nabcd", 400},
             {"CL hex", head + "Content-Length: 0x4\r\n\r\nabcd", 400},
             {"CL empty", head + "Content-Length:\r\n\r\n", 400},
             {"obs-fold", head + "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n", 400},
             {"obs-fold, tab", head + "X-A: b\r\n\tc\r\nContent-Length: 0\r\n\r\n", 400},
             {"fold of a length", head + "Content-Length: 4\r\n 2\r\n\r\nabcd", 400},
             {"bare LF", "GET /ping HTTP/1.1\nHost: " + s.host() + "\n\n\r\n\r\n", 400},
             {"bare LF in a field", head + "X-A: b\nContent-Length: 0\r\n\r\n", 400},
             {"bare CR in a field", head + "X-A: b\rContent-Length: 0\r\n\r\n", 400},
             {"NUL in a field", head + "X-A: a" + std::string(1, '\0') + "b\r\n\r\n", 400},
             {"no colon", head + "Content-Length\r\n\r\n", 400},
             {"empty name", head + ": x\r\n\r\n", 400},
             {"space in a name", head + "Content Length: 4\r\n\r\nabcd", 400},
         });
}

TEST_CASE("wire: Host, absolute targets and malformed request lines") {
  live_server s;
  const auto own = "Host: " + s.host() + "\r\n";
  check_refused(
      s, {
             {"no Host", "GET /ping HTTP/1.1\r\n\r\n", 400},
             {"no Host, 1.0", "GET /ping HTTP/1.0\r\n\r\n", 400},
             {"two Hosts", "GET /ping HTTP/1.1\r\n" + own + "Host: evil.example\r\n\r\n", 400},
             {"two equal Hosts", "GET /ping HTTP/1.1\r\n" + own + own + "\r\n", 400},
             {"absolute, other host", "GET http://evil.example/ping HTTP/1.1\r\n" + own + "\r\n", 400},
             {"absolute, user", "GET http://" + s.host() + "@evil.example/ HTTP/1.1\r\n" + own + "\r\n", 400},
             {"no slash", "GET ping HTTP/1.1\r\n" + own + "\r\n", 400},
             {"space in target", "GET /pi ng HTTP/1.1\r\n" + own + "\r\n", 400},
             {"two spaces", "GET  /ping HTTP/1.1\r\n" + own + "\r\n", 400},
             {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
             {"HTTP/1.2", "GET /ping HTTP/1.2\r\n" + own + "\r\n", 400},
             {"HTTP/0.9", "GET /ping\r\n\r\n", 400},
             {"lower case http", "GET /ping http/1.1\r\n" + own + "\r\n", 400},
             {"TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) +
                               std::string(100, '\0'), 400},
             {"non-ASCII target", "GET /\xff HTTP/1.1\r\n" + own + "\r\n", 400},
             {"fragment", "GET /ping#x HTTP/1.1\r\n" + own + "\r\n", 400},
             {"unknown method", "BREW /ping HTTP/1.1\r\n" + own + "\r\n", 501},
             {"TRACE", "TRACE /ping HTTP/1.1\r\n" + own + "\r\n", 501},
             {"CONNECT", "CONNECT " + s.host() + " HTTP/1.1\r\n" + own + "\r\n", 400},
         });
  const auto absolute =
      probe_kept(s.port(), "GET http://" + s.host() + "/ping HTTP/1.1\r\n" + own + "\r\n");
  CHECK(absolute.status == 200);
  CHECK_FALSE(absolute.closed);
}

TEST_CASE("wire: a foreign Host is told nothing at all, on every method and path") {
  live_server s;
  for (const auto* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"}) {
    for (const auto* path : {"/ping", "/admin", "/nowhere"}) {
      const auto r = probe(s.port(), std::string(method) + " " + path +
                                         " HTTP/1.1\r\nHost: evil.example:" +
                                         std::to_string(s.port()) + "\r\n\r\n");
      CHECK(r.status == 421);
      CHECK(r.closed);
      CHECK(r.first.header("content-length") == "0");
      CHECK(r.first.header("content-type").empty());
    }
  }
  for (const auto* host : {"localhost", "[::1]", "LocalHost"}) {
    const auto r = probe_kept(s.port(), "GET /ping HTTP/1.1\r\nHost: " + std::string(host) + ":" +
                                            std::to_string(s.port()) + "\r\n\r\n");
    CHECK(r.status == 200);
  }
}

TEST_CASE("wire: pages of other sites are refused on every route and method") {
  live_server s;
  for (const auto* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"}) {
    for (const auto* path : {"/ping", "/admin", "/things/1", "/nowhere"}) {
      for (const auto* field :
           {"Origin: http://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-site\r\n"}) {
        const auto r = probe(s.port(), std::string(method) + " " + path + " HTTP/1.1\r\nHost: " +
                                           s.host() + "\r\n" + field + "\r\n");
        CHECK(r.status == 403);
        CHECK(r.closed);
        CHECK(r.first.head.find("access-control") == std::string::npos);
      }
    }
  }
  const auto own = probe_kept(
      s.port(), get(s, "/ping", "Origin: http://" + s.host() + "\r\nSec-Fetch-Site: same-origin\r\n"));
  CHECK(own.status == 200);
  CHECK_FALSE(own.closed);
}

TEST_CASE("wire: chunked bodies are read; extensions, trailers and malformed sizes are not") {
  live_server s;
  const auto head = "POST /echo HTTP/1.1\r\nHost: " + s.host() +
                    "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto good = probe_kept(s.port(), head + "3\r\nabc\r\n0000A\r\n0123456789\r\n0\r\n\r\n");
  CHECK(good.status == 200);
  CHECK(good.first.body == "abc0123456789");
  CHECK_FALSE(good.closed);
  const auto empty = probe_kept(s.port(), head + "0\r\n\r\n");
  CHECK(empty.status == 200);
  CHECK_FALSE(empty.closed);
  const std::string next = "GET /ping HTTP/1.1\r\nHost: " + s.host() + "\r\n\r\n";
  check_refused(
      s, {
             {"extension", head + "3;a=b\r\nabc\r\n0\r\n\r\n" + next, 400},
             {"extension on the last", head + "3\r\nabc\r\n0;a\r\n\r\n" + next, 400},
             {"8 KB extension", head + "1;" + std::string(8192, 'e') + "\r\nx\r\n0\r\n\r\n", 400},
             {"endless extension", head + "1;" + std::string(100'000, 'e'), 400},
             {"trailer", head + "0\r\nX-A: b\r\n\r\n" + next, 400},
             {"length as trailer", head + "0\r\nContent-Length: 9\r\n\r\n" + next, 400},
             {"no size", head + "\r\nabc\r\n0\r\n\r\n", 400},
             {"not hex", head + "xyz\r\nabc\r\n0\r\n\r\n", 400},
             {"0x", head + "0x3\r\nabc\r\n0\r\n\r\n", 400},
             {"negative", head + "-3\r\nabc\r\n0\r\n\r\n", 400},
             {"too many digits", head + "FFFFFFFFFFFFFFFFF\r\nabc", 400},
             {"endless zeros", head + std::string(100'000, '0'), 400},
             {"data longer than its size", head + "3\r\nabcd\r\n0\r\n\r\n", 400},
             {"bare LF", head + "3\nabc\n0\n\n\r\n\r\n", 400},
             {"huge size", head + "FFFFFFFFFFFFFFF\r\nabc", 413},
         });
}

TEST_CASE("wire: a chunk's size line may come byte by byte") {
  live_server s;
  raw_connection c(s.port());
  const auto all = "POST /echo HTTP/1.1\r\nHost: " + s.host() +
                   "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
  for (const char byte : all) c.send({&byte, 1});
  const auto r = c.read();
  REQUIRE(r);
  CHECK(r->body == "hello world");
}

TEST_CASE("wire: Expect: 100-continue is answered when the body is wanted, and only then") {
  live_server s;
  const auto head = "POST /small HTTP/1.1\r\nHost: " + s.host() +
                    "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n";
  {
    raw_connection c(s.port());
    c.send(head + "Content-Length: 4\r\n\r\n");
    CHECK(c.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    c.send("body");
    const auto r = c.read();
    REQUIRE(r);
    CHECK(r->status == 200);
    CHECK(r->body == "body");
  }
  const auto refused = probe(s.port(), head + "Content-Length: 1001\r\n\r\n");
  CHECK(refused.status == 413);
  CHECK(refused.closed);
  const auto miracle = probe(s.port(), get(s, "/ping", "Expect: a-miracle\r\n"));
  CHECK(miracle.status == 417);
}

TEST_CASE("wire: state changes need the route's content type") {
  live_server s;
  const auto with = [&](const std::string& method, const std::string& path, const std::string& type) {
    return probe_kept(s.port(), method + " " + path + " HTTP/1.1\r\nHost: " + s.host() + "\r\n" +
                                    (type.empty() ? "" : "Content-Type: " + type + "\r\n") +
                                    "Content-Length: 0\r\n\r\n")
        .status;
  };
  CHECK(with("POST", "/echo", "application/json") == 200);
  CHECK(with("POST", "/echo", "Application/JSON; charset=utf-8") == 200);
  for (const auto* type : {"", "text/plain", "application/x-www-form-urlencoded",
                           "multipart/form-data; boundary=x", "application/jsonx"})
    CHECK_MESSAGE(with("POST", "/echo", type) == 415, type);
  CHECK(with("PUT", "/things/1", "") == 415);
  CHECK(with("PUT", "/any", "") == 200);
  CHECK(with("PUT", "/any", "application/octet-stream") == 200);
  CHECK(with("DELETE", "/admin", "") == 200);  // no simple request, and nothing to mistake
  CHECK(probe(s.port(), "DELETE /admin HTTP/1.1\r\nHost: " + s.host() +
                            "\r\nContent-Length: 2\r\n\r\n{}")
            .status == 415);
}

TEST_CASE("wire: a GET takes no body") {
  live_server s;
  CHECK(probe_kept(s.port(), get(s, "/ping", "Content-Length: 0\r\n")).status == 200);
  const auto r = probe(s.port(), get(s, "/ping", "Content-Length: 4\r\n") + "abcd");
  CHECK(r.status == 400);
  CHECK(r.closed);
  CHECK(r.extra.empty());
}

}  // namespace sweepd::http::test
