// What a connection does when all is well, when a handler fails, and when the server stops.
#include "tests/http/live_server.hpp"

#include "controller/http/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <mutex>

#include <sys/stat.h>
#include <unistd.h>

namespace sweepd::http::test {
namespace {

constexpr std::string_view policy =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

void check_security_headers(const reply& r) {
  CHECK(r.header("content-security-policy") == policy);
  CHECK(r.header("x-content-type-options") == "nosniff");
  CHECK(r.header("referrer-policy") == "no-referrer");
  CHECK(r.header("cross-origin-opener-policy") == "same-origin");
  CHECK(r.header("cross-origin-resource-policy") == "same-origin");
  CHECK(r.header("cache-control") == "no-store");
  CHECK(r.header("x-request-id").size() == 16);
  CHECK(r.header("date") == "sat, 22 nov 2025 17:20:00 gmt");
  CHECK(r.header("server").empty());
  CHECK(r.head.find("access-control") == std::string::npos);
}

/// Collects log lines while it lives.
class log_catcher {
 public:
  log_catcher() {
    log::redirect([this](log::level, std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    });
  }
  ~log_catcher() { log::redirect({}); }
  std::string all() {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& l : lines_) out += l + "\n";
    return out;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace

TEST_CASE("session: a connection serves many requests, pipelined ones in order") {
  live_server s;
  raw_connection c(s.port());
  for (int i = 0; i < 100; ++i) {
    c.send(get(s, "/things/" + std::to_string(i)));
    const auto r = c.read();
    REQUIRE(r);
    CHECK(r->body == std::to_string(i));
    CHECK(r->header("connection").empty());
  }
  std::string batch;
  for (int i = 0; i < 50; ++i)
    batch += i % 2 == 0 ? get(s, "/things/" + std::to_string(i)) : post(s, "/echo", std::to_string(i));
  c.send(batch);
  for (int i = 0; i < 50; ++i) {
    const auto r = c.read();
    REQUIRE(r);
    CHECK(r->body == std::to_string(i));
  }
  CHECK(s.connections() == 1);
}

TEST_CASE("session: Connection: close and HTTP/1.0 are honoured") {
  live_server s;
  const auto closed = probe(s.port(), get(s, "/ping", "Connection: close\r\n"));
  CHECK(closed.status == 200);
  CHECK(closed.closed);
  CHECK(closed.first.header("connection") == "close");
  const auto old = probe(s.port(), "GET /ping HTTP/1.0\r\nHost: " + s.host() + "\r\n\r\n");
  CHECK(old.closed);
  CHECK(old.first.head.starts_with("http/1.0 200"));
  const auto kept = probe_kept(
      s.port(), "GET /ping HTTP/1.0\r\nHost: " + s.host() + "\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.first.header("connection") == "keep-alive");
  CHECK_FALSE(kept.closed);
}

TEST_CASE("session: every answer carries the security headers, refusals too") {
  live_server s;
  for (const auto& bytes :
       {get(s, "/ping"), get(s, "/nowhere"), get(s, "/throw"), post(s, "/view", "{}"),
        get(s, "/%"), get(s, "/ping", "Sec-Fetch-Site: cross-site\r\n"), get(s, "/stream"),
        std::string("GET /ping HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
        std::string("nonsense\r\n\r\n")}) {
    raw_connection c(s.port());
    c.send(bytes);
    const auto r = c.read();
    REQUIRE(r);
    check_security_headers(*r);
  }
}

TEST_CASE("session: HEAD is GET without its body") {
  live_server s;
  raw_connection c(s.port());
  for (const auto* path : {"/ping", "/stream"}) {
    c.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: " + s.host() + "\r\n\r\n");
    const auto r = c.read(true);
    REQUIRE(r);
    CHECK(r->status == 200);
    if (path == std::string("/ping")) CHECK(r->header("content-length") == "4");
  }
  c.send(get(s, "/ping"));
  const auto r = c.read();
  REQUIRE(r);
  CHECK(r->body == "pong");
}

TEST_CASE("session: what is not in the table is 404, a wrong method 405 with Allow") {
  live_server s;
  CHECK(probe_kept(s.port(), get(s, "/nowhere")).status == 404);
  CHECK(probe_kept(s.port(), get(s, "/things/a/b")).status == 404);
  const auto r = probe_kept(s.port(), "PATCH /things/1 HTTP/1.1\r\nHost: " + s.host() +
                                          "\r\nContent-Length: 0\r\n\r\n");
  CHECK(r.status == 405);
  CHECK(r.first.header("allow") == "get, head, put");
  CHECK(r.first.header("content-type") == "application/problem+json");
  CHECK_FALSE(r.closed);
  CHECK(probe_kept(s.port(), "OPTIONS * HTTP/1.1\r\nHost: " + s.host() + "\r\n\r\n").status == 404);
  for (const auto* path : {"/things/..", "/things/%2e%2e", "/%zz", "/things/%00", "/ping?a=%"})
    CHECK_MESSAGE(probe_kept(s.port(), get(s, path)).status == 400, path);
}

TEST_CASE("session: parameters arrive decoded, and an encoded slash stays within its segment") {
  live_server s;
  CHECK(probe_kept(s.port(), get(s, "/things/a%2F..%2Fb%20c")).first.body == "a/../b c");
  CHECK(probe_kept(s.port(), get(s, "/things/x/files/dir/out.log?y=1")).first.body ==
        "x|dir/out.log");
}

TEST_CASE("session: a request whose body is not read ends the connection, never mistaken for a next one") {
  live_server s;
  const auto next = get(s, "/ping");
  const auto r = probe(s.port(), post(s, "/nowhere", next));
  CHECK(r.status == 404);
  CHECK(r.closed);
  CHECK(r.extra.empty());
}

TEST_CASE("session: roles are checked before the body and before the handler") {
  live_options o;
  o.keyed = true;
  live_server s(o);
  struct row {
    const char* method;
    const char* path;
    int none, viewer, agent, operator_, admin;
  };
  for (const auto& r :
       {row{"GET", "/ping", 200, 200, 200, 200, 200}, row{"GET", "/view", 401, 200, 200, 200, 200},
        row{"POST", "/agent", 401, 403, 200, 200, 200},
        row{"POST", "/operate", 401, 403, 403, 200, 200},
        row{"POST", "/admin", 401, 403, 403, 403, 200},
        row{"DELETE", "/admin", 401, 403, 403, 403, 200}}) {
    const auto status = [&](const std::string& field) {
      return probe_kept(s.port(), std::string(r.method) + " " + r.path + " HTTP/1.1\r\nHost: " +
                                      s.host() + "\r\nContent-Type: application/json\r\n" + field +
                                      "\r\n")
          .status;
    };
    CHECK(status("") == r.none);
    CHECK(status("Authorization: Bearer viewer-key\r\n") == r.viewer);
    CHECK(status("Authorization: Bearer agent-key\r\n") == r.agent);
    CHECK(status("Authorization: Bearer operator-key\r\n") == r.operator_);
    CHECK(status("Authorization: Bearer admin-key\r\n") == r.admin);
    CHECK(status("Authorization: Basic YXBpOmFkbWluLWtleQ==\r\n") == r.admin);  // api:admin-key
  }
  const auto refused = probe_kept(s.port(), get(s, "/view"));
  CHECK(refused.first.header("www-authenticate") == "bearer realm=\"sweepd\"");
  CHECK(refused.first.body.find("sweepd/") == std::string::npos);
  // 401 comes before a byte of the body is asked for
  raw_connection c(s.port());
  c.send("POST /agent HTTP/1.1\r\nHost: " + s.host() +
         "\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
  const auto r = c.read();
  REQUIRE(r);
  CHECK(r->status == 401);
}

TEST_CASE("session: the principal reaches the handler, the key itself does not") {
  live_options o;
  o.keyed = true;
  live_server s(o);
  const std::string key = "Authorization: Bearer viewer-key\r\n";
  CHECK(probe_kept(s.port(), get(s, "/who", key)).first.body == "viewer team/vision");
  const auto seen = probe_kept(s.port(), get(s, "/headers", key + "X-A: 1\r\nx-a: 2\r\n")).first.body;
  CHECK(seen.find("viewer-key") == std::string::npos);
  CHECK(seen.find("x-a=1, 2\n") != std::string::npos);
  live_server open;
  for (const auto* field : {"", "Authorization: Bearer whatever\r\n", "Authorization: nonsense\r\n"})
    CHECK(probe_kept(open.port(), get(open, "/who", field)).first.body == "local *");
}

TEST_CASE("session: the eleventh wrong key within a minute is 429, a right one still passes") {
  live_options o;
  o.keyed = true;
  live_server s(o);
  raw_connection c(s.port());
  const auto status = [&](const std::string& field) {
    c.send(get(s, "/view", field));
    const auto r = c.read();
    return r ? r->status : 0;
  };
  for (int i = 0; i < 20; ++i) CHECK(status("") == 401);  // no key is no attempt
  for (int i = 0; i < 10; ++i) CHECK(status("Authorization: Bearer wrong\r\n") == 401);
  CHECK(status("Authorization: Bearer wrong\r\n") == 429);
  CHECK(status("Authorization: Basic bm9uc2Vuc2U=\r\n") == 429);
  CHECK(status("Authorization: Bearer viewer-key\r\n") == 200);
}

TEST_CASE("session: a handler that throws is a 500 without its words, and the server lives") {
  log_catcher caught;
  live_server s;
  const auto r = probe(s.port(), get(s, "/throw"));
  CHECK(r.status == 500);
  CHECK(r.closed);
  CHECK(r.first.body.find("a fault of the test") == std::string::npos);
  CHECK(r.first.body.find(r.first.header("x-request-id")) != std::string::npos);
  CHECK(caught.all().find("a fault of the test's own") != std::string::npos);
  CHECK(probe_kept(s.port(), get(s, "/ping")).status == 200);
}

TEST_CASE("session: a streamed body is chunked, and the connection goes on") {
  live_server s;
  const auto r = probe_kept(s.port(), get(s, "/stream"));
  CHECK(r.first.header("transfer-encoding") == "chunked");
  CHECK(r.first.header("content-length").empty());
  CHECK(r.first.body == "piece 1\npiece 2\npiece 3\n");
  CHECK_FALSE(r.closed);
  raw_connection old(s.port());
  old.send("GET /stream HTTP/1.0\r\nHost: " + s.host() + "\r\nConnection: keep-alive\r\n\r\n");
  const auto all = old.read_to_end();
  REQUIRE(all);
  CHECK(all->find("Transfer-Encoding") == std::string::npos);
  CHECK(all->ends_with("\r\n\r\npiece 1\npiece 2\npiece 3\n"));
}

TEST_CASE("session: a stream that fails midway is visibly incomplete") {
  log_catcher caught;
  live_server s;
  raw_connection c(s.port());
  c.send(get(s, "/stream/broken"));
  const auto all = c.read_to_end();
  REQUIRE(all);
  CHECK(all->find("6\r\nbefore\r\n") != std::string::npos);
  CHECK_FALSE(all->ends_with("0\r\n\r\n"));
  CHECK(caught.all().find("a stream's fault") != std::string::npos);
}

TEST_CASE("session: a stream learns that its client is gone") {
  live_server s;
  {
    raw_connection c(s.port());
    c.send(get(s, "/stream/endless"));
    CHECK_FALSE(c.read_until("xxxx").empty());
  }
  const test_clock clock;
  const auto from = clock.steady();
  while (s.connections() > 0 && clock.steady() - from < milliseconds{10'000})
    std::this_thread::yield();
  CHECK(s.connections() == 0);
}

TEST_CASE("session: one log line a request, by pattern, without secrets or queries") {
  log_catcher caught;
  {
    live_options o;
    o.keyed = true;
    live_server s(o);
    probe_kept(s.port(), get(s, "/things/canary-path?q=canary-query",
                             "Authorization: Bearer viewer-key\r\nCookie: canary-cookie\r\n"));
    probe_kept(s.port(), get(s, "/nowhere/canary-404?q=canary-query"));
    probe_kept(s.port(), get(s, "/view", "Authorization: Bearer canary-wrong\r\n"));
    probe(s.port(), "GET /ping?canary-refused HTTP/1.1\r\nHost: canary.example\r\n\r\n");
    probe(s.port(), post(s, "/echo", "canary-body", "Authorization: Bearer viewer-key\r\n"));
  }
  const auto all = caught.all();
  CHECK(all.find("canary") == std::string::npos);
  CHECK(all.find("viewer-key") == std::string::npos);
  CHECK(all.find(R"("method":"GET","route":"/things/{id}","status":200,)") != std::string::npos);
  CHECK(all.find(R"("key":"viewer")") != std::string::npos);
  CHECK(all.find(R"("bytes_in":11,"bytes_out":11,)") != std::string::npos);
  CHECK(all.find(R"("status":421)") != std::string::npos);
  CHECK(all.find("\"peer\":\"127.0.0.1\"") != std::string::npos);
}

TEST_CASE("session: a Unix socket is served, for its owner only") {
  const auto path = std::filesystem::temp_directory_path() /
                    ("sweepd-http-test-" + std::to_string(::getpid()) + ".sock");
  live_options o;
  o.server.listen = {"unix:" + path.string()};
  {
    live_server s(o);
    struct stat there {};
    REQUIRE(::lstat(path.c_str(), &there) == 0);
    CHECK(S_ISSOCK(there.st_mode));
    CHECK((there.st_mode & 0777) == 0600);
    raw_connection c(path.string());
    c.send("GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto r = c.read();
    REQUIRE(r);
    CHECK(r->body == "local *");
    CHECK_THROWS(live_server(o));  // another one must not take it over
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("session: stopping lets a request in flight end, closes idle connections, refuses new ones") {
  live_server s;
  raw_connection idle(s.port());
  idle.send(get(s, "/ping"));
  REQUIRE(idle.read());
  raw_connection busy(s.port());
  const auto all = post(s, "/echo", "in flight");
  // The interim answer proves that the server is in this request.
  busy.send("POST /echo HTTP/1.1\r\nHost: " + s.host() +
            "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  REQUIRE_FALSE(busy.read_until("\r\n\r\n").empty());
  auto stopping = std::async(std::launch::async, [&] { s.stop(milliseconds{10'000}); });
  CHECK(idle.ended());
  busy.send("in flight");
  const auto r = busy.read();
  REQUIRE(r);
  CHECK(r->status == 200);
  CHECK(r->body == "in flight");
  CHECK(r->header("connection") == "close");
  CHECK(busy.ended());
  stopping.get();
  CHECK(s.connections() == 0);
  CHECK_THROWS(raw_connection(s.port()));
}

TEST_CASE("session: what does not end within the drain is cut") {
  live_server s;
  raw_connection busy(s.port());
  busy.send("POST /echo HTTP/1.1\r\nHost: " + s.host() +
            "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  REQUIRE_FALSE(busy.read_until("\r\n\r\n").empty());
  s.stop(milliseconds{50});
  CHECK(busy.ended());
}

TEST_CASE("server: a network address needs keys, and TLS or a word that it may be without") {
  boost::asio::io_context io;
  const route none[] = {{"GET", "/", need::open}};
  const router routes({none});
  const test_clock clock;
  const auto listens = [&](const std::string& address, bool keys, bool plain,
                           const std::string& url = {}) {
    backend b;
    b.clock = &clock;
    server_options o;
    o.listen = {"127.0.0.1:0", address};
    o.insecure_plaintext = plain;
    o.public_url = url;
    server s(io.get_executor(), routes, b, o);
    const auto r = s.listen(keys);
    if (!r) CHECK(r.error().code == errc::invalid);
    return r.has_value();
  };
  for (const auto* everywhere : {"0.0.0.0:0", "[::]:0", ":0", "*:0", "[::ffff:0.0.0.0]:0"}) {
    CHECK_FALSE(listens(everywhere, false, false));
    CHECK_FALSE(listens(everywhere, false, true));
    CHECK_FALSE(listens(everywhere, true, false));
  }
  CHECK(listens("0.0.0.0:0", true, true));
  CHECK(listens("127.0.0.1:0", false, false));
  CHECK(listens("127.0.0.1:0", false, false, "http://localhost:9000"));
  CHECK_FALSE(listens("127.0.0.1:0", false, false, "https://sweeps.example.org"));
  CHECK(listens("127.0.0.1:0", true, false, "https://sweeps.example.org"));
  CHECK_FALSE(listens("127.0.0.1:0", true, false, "sweeps.example.org"));
  CHECK_FALSE(listens("nonsense", true, true));
}

}  // namespace sweepd::http::test
