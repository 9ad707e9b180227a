// Each limit at one below, at, and one above; and deadlines, tiny ones, by waiting for the server's
// end.
#include "tests/http/gzip.hpp"
#include "tests/http/live_server.hpp"

#include <doctest/doctest.h>

#include <thread>

namespace sweepd::http::test {
namespace {

/// A GET of /ping whose head has exactly that many bytes.
std::string head_of(const live_server& s, std::size_t bytes) {
  const auto bare = get(s, "/ping", "X-Pad: \r\n").size();
  return get(s, "/ping", "X-Pad: " + std::string(bytes - bare, 'p') + "\r\n");
}

std::string gzip_post(const live_server& s, std::string_view path, const std::string& packed) {
  return post(s, path, packed, "Content-Encoding: gzip\r\n");
}

}  // namespace

TEST_CASE("limits: the header block holds to its 16 KB, and 431 is answered") {
  live_server s;
  for (const std::size_t n : {16'383u, 16'384u}) {
    const auto r = probe_kept(s.port(), head_of(s, n));
    CHECK(r.status == 200);
    CHECK_FALSE(r.closed);
  }
  for (const std::size_t n : {16'385u, 17'000u, 16'384u * 50}) {
    const auto r = probe(s.port(), head_of(s, n));
    CHECK(r.status == 431);
    CHECK(r.closed);
    CHECK(r.first.body.find("head_too_large") != std::string::npos);
  }
}

TEST_CASE("limits: a hundred fields, not one more") {
  live_server s;
  const auto with = [&](int n) {  // Host is one of them
    std::string more;
    for (int i = 1; i < n; ++i) more += "a" + std::to_string(i) + ":1\r\n";
    return probe_kept(s.port(), get(s, "/ping", more)).status;
  };
  CHECK(with(99) == 200);
  CHECK(with(100) == 200);
  CHECK(with(101) == 431);
  CHECK(with(1500) == 431);
}

TEST_CASE("limits: the target holds to its 8 KB, and 414 is answered") {
  live_server s;
  const auto with = [&](std::size_t n) {
    const std::string start = "/ping?x=";
    return probe(s.port(), get(s, start + std::string(n - start.size(), 'x'),
                               "Connection: close\r\n"));
  };
  CHECK(with(8'191).status == 200);
  CHECK(with(8'192).status == 200);
  for (const std::size_t n : {8'193u, 12'000u, 100'000u, 8'192u * 1000}) {
    const auto r = with(n);
    CHECK(r.status == 414);
    CHECK(r.closed);
  }
}

TEST_CASE("limits: a route's body limit, declared and chunked, holds to the byte") {
  live_server s;
  const auto chunked = [&](std::size_t n) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", n);
    return probe(s.port(), "POST /small HTTP/1.1\r\nHost: " + s.host() +
                               "\r\nContent-Type: application/json\r\nConnection: close\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n" +
                               size + std::string(n, 'b') + "\r\n0\r\n\r\n")
        .status;
  };
  for (const std::size_t n : {999u, 1000u}) {
    const auto r = probe_kept(s.port(), post(s, "/small", std::string(n, 'b')));
    CHECK(r.status == 200);
    CHECK(r.first.body.size() == n);
    CHECK(chunked(n) == 200);
  }
  for (const std::size_t n : {1001u, 1'000'000u}) {
    const auto r = probe(s.port(), post(s, "/small", std::string(n, 'b')));
    CHECK(r.status == 413);
    CHECK(r.closed);
    CHECK(chunked(n) == 413);
  }
  std::string many = "POST /small HTTP/1.1\r\nHost: " + s.host() +
                     "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 1001; ++i) many += "1\r\nx\r\n";
  CHECK(probe(s.port(), many + "0\r\n\r\n").status == 413);
}

TEST_CASE("limits: a declared body over the limit is answered before any of it is sent") {
  live_server s;
  raw_connection c(s.port());
  c.send("POST /small HTTP/1.1\r\nHost: " + s.host() +
         "\r\nContent-Type: application/json\r\nContent-Length: 1001\r\n\r\n");
  const auto r = c.read();
  REQUIRE(r);
  CHECK(r->status == 413);
}

TEST_CASE("limits: gzip bodies are inflated, within limits, one layer") {
  live_server s;
  const auto good = probe_kept(s.port(), gzip_post(s, "/echo", gzipped("{\"a\":1}")));
  CHECK(good.status == 200);
  CHECK(good.first.body == "{\"a\":1}");
  CHECK_FALSE(good.closed);
  CHECK(probe_kept(s.port(), gzip_post(s, "/small", gzipped(std::string(1000, 'a')))).status == 200);
  CHECK(probe(s.port(), gzip_post(s, "/small", gzipped(std::string(1001, 'a')))).status == 413);
  CHECK(probe(s.port(), gzip_post(s, "/size", gzipped(std::string(31u << 20, 'a')))).status == 413);
  CHECK(probe(s.port(), gzip_post(s, "/echo", "plain")).status == 400);
  CHECK(probe(s.port(), gzip_post(s, "/echo", gzipped("x").substr(0, 12))).status == 400);
  CHECK(probe(s.port(), gzip_post(s, "/echo", gzipped("x") + gzipped("y"))).status == 400);
  for (const auto* coding : {"gzip, gzip", "deflate", "br", "zstd", "x-gzip"}) {
    const auto r = probe(s.port(), post(s, "/echo", "x", "Content-Encoding: " + std::string(coding) +
                                                             "\r\n"));
    CHECK_MESSAGE(r.status == 415, coding);
    CHECK(r.first.header("accept-encoding") == "gzip");
  }
  CHECK(probe_kept(s.port(), post(s, "/echo", "x", "Content-Encoding: identity\r\n")).status == 200);
}

TEST_CASE("limits: bodies in flight share a budget; over it is 503 with Retry-After") {
  live_options o;
  o.server.inflight_body_bytes_max = 100'000;
  live_server s(o);
  raw_connection holds(s.port());  // 90,000 bytes in, one byte missing: it keeps its share
  const auto all = post(s, "/size", std::string(90'001, 'h'));
  holds.send(std::string_view(all).substr(0, all.size() - 1));
  // No wait for the server to have read them: this one is served or refused, then the next ones
  // tell.
  probe_result refused;
  for (int i = 0; i < 10'000 && refused.status != 503; ++i)
    refused = probe(s.port(), post(s, "/size", std::string(20'000, 'x'), "Connection: close\r\n"));
  CHECK(refused.status == 503);
  CHECK(refused.first.header("retry-after") == "1");
  holds.send("h");
  const auto r = holds.read();
  REQUIRE(r);
  CHECK(r->body == "90001");
  CHECK(probe_kept(s.port(), post(s, "/size", std::string(20'000, 'x'))).status == 200);
}

TEST_CASE("limits: connections by address") {
  live_options o;
  o.server.connections_per_address_max = 2;
  live_server s(o);
  raw_connection a(s.port());
  raw_connection b(s.port());
  a.send(get(s, "/ping"));
  b.send(get(s, "/ping"));
  REQUIRE(a.read());
  REQUIRE(b.read());
  CHECK(s.connections() == 2);
  raw_connection c(s.port());
  CHECK(c.ended());
  a.send(get(s, "/ping"));
  CHECK(a.read());
}

TEST_CASE("limits: connections in total, and a place comes free") {
  live_options o;
  o.server.connections_max = 1;
  live_server s(o);
  {
    raw_connection a(s.port());
    a.send(get(s, "/ping", "Connection: close\r\n"));
    REQUIRE(a.read());
    CHECK(a.ended());
  }
  int status = 0;
  for (int i = 0; i < 1'000 && status != 200; ++i)
    status = probe(s.port(), get(s, "/ping", "Connection: close\r\n")).status;
  CHECK(status == 200);
}

TEST_CASE("limits: a head that drips is cut at its deadline, whole") {
  live_options o;
  o.server.header_deadline = milliseconds{200};
  live_server s(o);
  const test_clock clock;
  const auto drip = get(s, "/ping", "X-Pad: " + std::string(4'000, 'p') + "\r\n");
  for (const bool after_one : {false, true}) {  // on a fresh and on a kept connection
    raw_connection c(s.port());
    if (after_one) {
      c.send(get(s, "/ping"));
      REQUIRE(c.read());
    }
    const auto from = clock.steady();
    std::size_t sent = 0;
    // One byte whenever the last one has had time to arrive; a deadline renewed by bytes would hold
    // until all 4,000 are out.
    while (sent < drip.size() && !c.closed_now() && clock.steady() - from < milliseconds{8'000}) {
      c.send(std::string_view(drip).substr(sent++, 1));
      for (const auto t = clock.steady(); clock.steady() - t < milliseconds{5} && !c.closed_now();)
        std::this_thread::yield();
    }
    CHECK(sent < drip.size());
    CHECK(clock.steady() - from >= milliseconds{150});
    CHECK(clock.steady() - from < milliseconds{8'000});
    CHECK(c.ended());
  }
}

TEST_CASE("limits: silence, slow bodies and idle connections are cut") {
  live_options o;
  o.server.header_deadline = milliseconds{100};
  o.server.body_deadline = milliseconds{100};
  o.server.idle_deadline = milliseconds{100};
  live_server s(o);
  raw_connection silent(s.port());
  CHECK(silent.ended());
  raw_connection idle(s.port());
  idle.send(get(s, "/ping"));
  CHECK(idle.read());
  CHECK(idle.ended());
  raw_connection slow(s.port());
  slow.send("POST /echo HTTP/1.1\r\nHost: " + s.host() +
            "\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(slow.ended());
  raw_connection chunks(s.port());
  chunks.send("POST /echo HTTP/1.1\r\nHost: " + s.host() +
              "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
  CHECK(chunks.ended());
}

TEST_CASE("limits: a client that does not read its answer is cut at the write deadline") {
  live_options o;
  o.server.write_deadline = milliseconds{200};
  live_server s(o);
  raw_connection c(s.port());
  c.send(get(s, "/stream/endless"));
  const test_clock clock;
  const auto from = clock.steady();
  while (s.connections() > 0 && clock.steady() - from < milliseconds{20'000})
    std::this_thread::yield();
  CHECK(s.connections() == 0);
}

}  // namespace sweepd::http::test
