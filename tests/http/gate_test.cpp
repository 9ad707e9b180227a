#include "controller/http/gate.hpp"

#include "controller/http/listen_address.hpp"

#include <doctest/doctest.h>

namespace sweepd::http {
namespace {

using fields = std::vector<std::pair<std::string_view, std::string_view>>;

gate_rules rules() {
  gate_rules r;
  r.hosts = {"127.0.0.1:8088", "localhost:8088", "[::1]:8088", "sweeps.example.org:443",
             "sweeps.example.org:80"};
  r.public_origin = "https://sweeps.example.org:443";
  return r;
}

int status_of(fields f, std::string_view method = "GET", std::string_view target = "/x",
              int version = 11) {
  head h;
  h.method = method;
  h.target = target;
  h.version = version;
  h.fields = std::move(f);
  const auto r = head_problem(h, rules());
  return r ? r->status : 0;
}

const std::pair<std::string_view, std::string_view> host{"Host", "127.0.0.1:8088"};

}  // namespace

TEST_CASE("gate: Host must be one of ours, once") {
  for (const auto* good : {"127.0.0.1:8088", "localhost:8088", "LOCALHOST:8088", "[::1]:8088",
                           "sweeps.example.org", "sweeps.example.org:443", "Sweeps.Example.ORG"})
    CHECK_MESSAGE(status_of({{"Host", good}}) == 0, good);
  for (const auto* bad : {"evil.example", "evil.example:8088", "127.0.0.1", "127.0.0.1:80",
                          "127.0.0.1:08088", "127.0.0.1:8088:1", "localhost.:8088", "", ":8088",
                          "user@localhost:8088", "[::1]", "[::1]8088", "[::1", "127.1:8088",
                          "0.0.0.0:8088", "localhost:8088/", "2130706433:8088", "localhost:99999",
                          "localhost:8088, localhost:8088", "localhost :8088"})
    CHECK_MESSAGE(status_of({{"Host", bad}}) == 421, bad);
  CHECK(status_of({}) == 400);
  CHECK(status_of({host, {"HOST", "evil.example"}}) == 400);
  CHECK(status_of({host, {"host", "127.0.0.1:8088"}}) == 400);
  CHECK(status_of({}, "GET", "/x", 10) == 400);
}

TEST_CASE("gate: other origins and other sites are refused for every method") {
  for (const auto* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"}) {
    for (const auto* origin :
         {"http://evil.example", "null", "", "http://127.0.0.1:8089", "https://127.0.0.1:8088",
          "http://localhost:8088", "http://127.0.0.1:8088.evil.example", "127.0.0.1:8088",
          "http://127.0.0.1:8088/x", "http://sweeps.example.org"})
      CHECK_MESSAGE(status_of({host, {"Origin", origin}}, method) == 403, origin);
    for (const auto* site : {"cross-site", "same-site", "Cross-Site", "", "new-word"})
      CHECK_MESSAGE(status_of({host, {"Sec-Fetch-Site", site}}, method) == 403, site);
  }
  for (const auto* origin : {"http://127.0.0.1:8088", "HTTP://127.0.0.1:8088",
                             "https://sweeps.example.org", "https://sweeps.example.org:443"})
    CHECK_MESSAGE(status_of({host, {"Origin", origin}}) == 0, origin);
  for (const auto* site : {"same-origin", "none"})
    CHECK(status_of({host, {"Sec-Fetch-Site", site}}, "DELETE") == 0);
  CHECK(status_of({host, {"Origin", "http://127.0.0.1:8088"},
                   {"Origin", "http://127.0.0.1:8088"}}) == 400);
}

TEST_CASE("gate: a message has one unambiguous end, or is refused") {
  const auto with = [](fields more, int version = 11) {
    more.insert(more.begin(), host);
    return status_of(more, "POST", "/x", version);
  };
  CHECK(with({{"Transfer-Encoding", "chunked"}}) == 0);
  CHECK(with({{"transfer-encoding", "Chunked"}}) == 0);
  CHECK(with({{"Content-Length", "0"}}) == 0);
  CHECK(with({{"Content-Length", "12"}}, 10) == 0);
  for (const auto* te : {"gzip", "xchunked", "chunked, identity", "identity, chunked", "chunked,",
                         "chunked;q=1", "", "chunked chunked", "\"chunked\""})
    CHECK_MESSAGE(with({{"Transfer-Encoding", te}}) == 400, te);
  CHECK(with({{"Transfer-Encoding", "chunked"}}, 10) == 400);
  CHECK(with({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}) == 400);
  CHECK(with({{"Transfer-Encoding", "chunked"}, {"Content-Length", "4"}}) == 400);
  CHECK(with({{"Content-Length", "4"}, {"Transfer-Encoding", "gzip"}}) == 400);
  CHECK(with({{"Content-Length", "4"}, {"Content-Length", "4"}}) == 400);
  for (const auto* cl : {"4, 4", "+4", "-1", "0x4", "4 ", "", "4,", "18446744073709551616", "1e3"})
    CHECK_MESSAGE(with({{"Content-Length", cl}}) == 400, cl);
}

TEST_CASE("gate: targets") {
  CHECK(status_of({host}, "GET", "http://127.0.0.1:8088/x?y=1") == 0);
  CHECK(status_of({host}, "GET", "HTTP://127.0.0.1:8088") == 0);
  CHECK(status_of({host}, "GET", "http://localhost:8088/x") == 400);
  CHECK(status_of({host}, "GET", "http://evil.example/") == 400);
  CHECK(status_of({host}, "GET", "http://127.0.0.1:8088@evil.example/") == 400);
  CHECK(status_of({host}, "GET", "ftp://127.0.0.1:8088/") == 400);
  CHECK(status_of({host}, "GET", "x") == 400);
  CHECK(status_of({host}, "GET", "*") == 400);
  CHECK(status_of({host}, "OPTIONS", "*") == 0);
  CHECK(status_of({host}, "GET", "/x#y") == 400);
  CHECK(status_of({host}, "GET", "/\xC3\xA9") == 400);
  CHECK(status_of({host}, "GET", "//evil.example/x") == 0);  // a path with an empty segment
  CHECK(origin_form("http://h:1/x?y") == "/x?y");
  CHECK(origin_form("http://h:1") == "/");
  CHECK(origin_form("http://h:1?x=/") == "/");
  CHECK(origin_form("/a?u=http://h/") == "/a?u=http://h/");
}

TEST_CASE("gate: sizes hold to the byte") {
  const std::string at(8 * 1024, 'a');
  CHECK(status_of({host}, "GET", "/" + at.substr(1)) == 0);
  CHECK(status_of({host}, "GET", "/" + at) == 414);
  fields many{host};
  for (int i = 0; i < 99; ++i) many.emplace_back("X-A", "1");
  CHECK(status_of(many) == 0);
  many.emplace_back("X-A", "1");
  CHECK(status_of(many) == 431);
}

TEST_CASE("gate: methods and expectations") {
  for (const auto* method : {"BREW", "TRACE", "CONNECT", "get", "PROPFIND"})
    CHECK_MESSAGE(status_of({host}, method) == 501, method);
  CHECK(status_of({host, {"Expect", "100-Continue"}}, "POST") == 0);
  CHECK(status_of({host, {"Expect", "a-miracle"}}, "POST") == 417);
  CHECK(status_of({host, {"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}}) == 400);
  CHECK(status_of({host, {"Idempotency-Key", std::string(255, 'k')}}, "POST") == 0);
  CHECK(status_of({host, {"Idempotency-Key", std::string(256, 'k')}}, "POST") == 400);
}

TEST_CASE("gate: raw bytes show what a parser smooths over") {
  CHECK_FALSE(raw_head_problem("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK_FALSE(raw_head_problem("GET / HTTP/1.1\r\nHost:\r\nX: a\tb \r\n\r\n"));
  for (const std::string_view raw :
       {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n",
        "GET / HTTP/1.1\r\n A: b\r\n\r\n", "GET / HTTP/1.1\nA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n"})
    CHECK_MESSAGE(raw_head_problem(raw), raw);
  CHECK(raw_head_problem(std::string_view("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24)));
}

TEST_CASE("gate: content types") {
  CHECK(accepts_type("application/json", "Application/JSON; charset=utf-8"));
  CHECK(accepts_type("text/plain, application/json", "application/json"));
  CHECK(accepts_type("*/*", ""));
  CHECK_FALSE(accepts_type("application/json", ""));
  CHECK_FALSE(accepts_type("application/json", "text/plain"));
  CHECK_FALSE(accepts_type("application/json", "application/json-patch"));
  CHECK_FALSE(accepts_type("application/json", "application/json, text/plain"));
  CHECK_FALSE(accepts_type("application/json", "application/x-www-form-urlencoded"));
}

TEST_CASE("listen_address: twelve forms, and who can reach them") {
  struct row {
    const char* text;
    bool valid;
    bool local;
  };
  for (const auto& [text, valid, local] :
       {row{"127.0.0.1:8088", true, true}, row{"127.9.9.9:1", true, true},
        row{"[::1]:8088", true, true}, row{"localhost:0", true, true},
        row{"unix:/tmp/x.sock", true, true}, row{"[::ffff:127.0.0.1]:1", true, true},
        row{"0.0.0.0:8088", true, false}, row{"[::]:8088", true, false}, row{":8088", true, false},
        row{"*:8088", true, false}, row{"10.0.0.5:8088", true, false},
        row{"[::ffff:10.0.0.5]:1", true, false}, row{"127.0.0.1", false, false},
        row{"::1:8088", false, false}, row{"127.0.0.1:99999", false, false},
        row{"127.0.0.1:", false, false}, row{"unix:", false, false},
        row{"no.such.host.invalid:1", false, false}}) {
    const auto at = parse_listen_address(text);
    CHECK_MESSAGE(at.has_value() == valid, text);
    if (at) CHECK_MESSAGE(at->is_local() == local, text);
  }
}

TEST_CASE("listen_address: our own names") {
  using names = std::vector<std::string>;
  CHECK(own_hosts(*parse_listen_address("0.0.0.0:0"), 81, "", false) ==
        names{"127.0.0.1:81", "localhost:81", "[::1]:81"});
  CHECK(own_hosts(*parse_listen_address("10.0.0.5:81"), 81, "https://a.b:443", false) ==
        names{"127.0.0.1:81", "localhost:81", "[::1]:81", "10.0.0.5:81", "a.b:443", "a.b:80"});
  CHECK(own_hosts(*parse_listen_address("unix:/x"), 0, "https://a.b:8443", false) ==
        names{"127.0.0.1:80", "localhost:80", "[::1]:80", "a.b:8443"});
  CHECK(origin_is_local("http://localhost:80"));
  CHECK_FALSE(origin_is_local("http://localhost.example:80"));
}

}  // namespace sweepd::http
