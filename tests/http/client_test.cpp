// The client against the real server: plain, TLS and Unix sockets.
#include "controller/http/client.hpp"

#include "tests/http/live_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

namespace sweepd::http::test {
namespace {

/// Runs one coroutine of the client on a loop of its own.
template <class T>
T run(asio::awaitable<T> what, asio::io_context& io) {
  std::optional<T> out;
  std::exception_ptr thrown;
  asio::co_spawn(io, std::move(what), [&](std::exception_ptr e, T value) {
    thrown = e;
    out.emplace(std::move(value));
  });
  io.restart();
  io.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*out);
}

client_options to(const live_server& s, std::string key = {}) {
  client_options o;
  o.url = "http://" + s.host();
  o.api_key = std::move(key);
  return o;
}

constexpr milliseconds patience{10'000};

/// A server that follows a script: takes connections one after the other, reads a head on each,
/// sends its answer (perhaps nothing) and closes.
class scripted_server {
 public:
  explicit scripted_server(std::vector<std::string> answers) : answers_(std::move(answers)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(fd_, 16);
    socklen_t size = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~scripted_server() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  [[nodiscard]] client_options options() const {
    client_options o;
    o.url = "http://127.0.0.1:" + std::to_string(port_);
    return o;
  }
  std::atomic<int> heads = 0;
  std::atomic<int> closed = 0;

 private:
  void serve() {
    for (std::size_t i = 0; i < answers_.size();) {
      const int c = ::accept(fd_, nullptr, nullptr);
      if (c < 0) return;
      // "+" at the end of an answer: the next one goes on the same connection.
      for (bool more = true; more && i < answers_.size();) {
        std::string head;
        char byte = 0;
        while (!head.ends_with("\r\n\r\n") && ::recv(c, &byte, 1, 0) == 1) head += byte;
        if (!head.ends_with("\r\n\r\n")) break;
        ++heads;
        auto answer = answers_[i++];
        more = answer.ends_with('+');
        if (more) answer.pop_back();
        if (!answer.empty()) ::send(c, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      ::close(c);
      ++closed;
    }
  }
  int fd_ = -1;
  unsigned short port_ = 0;
  std::vector<std::string> answers_;
  std::thread thread_;
};

constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr const char* fine_kept = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok+";

}  // namespace

TEST_CASE("client: exchanges reuse one connection") {
  live_server s;
  asio::io_context io;
  client c(io.get_executor(), to(s));
  for (int i = 0; i < 20; ++i) {
    const auto r = run(c.send("POST", "/echo", "body " + std::to_string(i), "application/json", {},
                              patience), io);
    REQUIRE(r);
    CHECK(r->status == 200);
    CHECK(r->body == "body " + std::to_string(i));
    CHECK(r->headers.at("content-type") == "text/plain");
  }
  CHECK(s.connections() == 1);
  const auto head = run(c.send("HEAD", "/ping", {}, {}, {}, patience), io);
  REQUIRE(head);
  CHECK(head->body.empty());
  CHECK(head->headers.at("content-length") == "4");
}

TEST_CASE("client: any status is an answer; call() makes errors of problems") {
  live_options o;
  o.keyed = true;
  live_server s(o);
  asio::io_context io;
  client c(io.get_executor(), to(s, "viewer-key"));
  const auto plain = run(c.send("GET", "/nowhere", {}, {}, {}, patience), io);
  REQUIRE(plain);
  CHECK(plain->status == 404);
  const auto missing = run(c.call("GET", "/nowhere"), io);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::not_found);
  CHECK(missing.error().message == "there is nothing at this path");
  const auto refused = run(c.call("POST", "/operate"), io);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::forbidden);
  const auto large = run(c.call("POST", "/small", boost::json::value(std::string(2'000, 'x'))), io);
  REQUIRE_FALSE(large);
  CHECK(large.error().code == errc::too_large);
  client nobody(io.get_executor(), to(s));
  CHECK(run(nobody.call("GET", "/view"), io).error().code == errc::unauthorized);
}

TEST_CASE("client: call() sends and reads JSON") {
  live_server s;
  asio::io_context io;
  client c(io.get_executor(), to(s));
  const boost::json::value body{{"a", 1}, {"b", {1.5, nullptr}}};
  const auto r = run(c.call("POST", "/echo", body), io);
  REQUIRE(r);
  CHECK(*r == body);
  CHECK(*run(c.call("POST", "/echo"), io) == boost::json::value(boost::json::object{}));
  const auto text = run(c.call("GET", "/ping"), io);
  REQUIRE_FALSE(text);
  CHECK(text.error().code == errc::unavailable);
}

TEST_CASE("client: a large body goes both ways") {
  live_server s;
  asio::io_context io;
  client c(io.get_executor(), to(s));
  const std::string big(3u << 20, 'b');
  const auto r = run(c.send("POST", "/echo", big, "application/json", {}, patience), io);
  REQUIRE(r);
  CHECK(r->body == big);
  auto small = to(s);
  small.body_bytes_max = 1000;
  client limited(io.get_executor(), small);
  CHECK(run(limited.send("POST", "/echo", std::string(1000, 'x'), "application/json", {}, patience),
            io)->body.size() == 1000);
  const auto over =
      run(limited.send("POST", "/echo", std::string(1001, 'x'), "application/json", {}, patience), io);
  REQUIRE_FALSE(over);
  CHECK(over.error().code == errc::too_large);
}

TEST_CASE("client: a stream comes in pieces, and may be left") {
  live_server s;
  asio::io_context io;
  client c(io.get_executor(), to(s));
  std::string got;
  const auto all = run(c.stream("/stream", {}, [&](std::string_view piece) {
                         got += piece;
                         return true;
                       }), io);
  REQUIRE(all);
  CHECK(all->status == 200);
  CHECK(all->body.empty());
  CHECK(got == "piece 1\npiece 2\npiece 3\n");
  std::size_t bytes = 0;
  const auto left = run(c.stream("/stream/endless", {}, [&](std::string_view piece) {
                          bytes += piece.size();
                          return bytes < 1'000'000;
                        }), io);
  CHECK(left);
  CHECK(bytes >= 1'000'000);
  const auto missing = run(c.stream("/nowhere", {}, [](std::string_view) { return true; }), io);
  REQUIRE(missing);
  CHECK(missing->status == 404);
  CHECK(missing->body.find("not_found") != std::string::npos);
}

TEST_CASE("client: a stream cut midway is an error, not a short success") {
  live_server s;
  asio::io_context io;
  client c(io.get_executor(), to(s));
  const auto r = run(c.stream("/stream/broken", {}, [](std::string_view) { return true; }), io);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::unavailable);
}

TEST_CASE("client: a kept connection that turns out dead is reopened for what is safe to repeat") {
  asio::io_context io;
  const std::map<std::string, std::string> none;
  const std::map<std::string, std::string> idempotent{{"Idempotency-Key", "k"}};
  struct row {
    const char* method;
    std::map<std::string, std::string> headers;
    bool repeated;
  };
  // The second answer is empty: the connection is kept, takes the request, and closes in silence.
  for (const auto& [method, headers, repeated] :
       {row{"GET", none, true}, row{"POST", none, false}, row{"POST", idempotent, true},
        row{"DELETE", none, false}}) {
    scripted_server s({fine_kept, "", fine});
    client c(io.get_executor(), s.options());
    REQUIRE(run(c.send("GET", "/", {}, {}, {}, patience), io));
    const auto r = run(c.send(method, "/", {}, {}, headers, patience), io);
    CHECK(r.has_value() == repeated);
    if (!r) CHECK(r.error().code == errc::unavailable);
    CHECK(s.heads == (repeated ? 3 : 2));
  }
}

TEST_CASE("client: nothing is repeated once an answer has begun, nor on a fresh connection") {
  asio::io_context io;
  {
    scripted_server s({fine_kept, "HTTP/1.1 200 OK\r\nContent-Le", fine});
    client c(io.get_executor(), s.options());
    REQUIRE(run(c.send("GET", "/", {}, {}, {}, patience), io));
    CHECK_FALSE(run(c.send("GET", "/", {}, {}, {}, patience), io));
    CHECK(s.heads == 2);
  }
  {
    scripted_server s({"", fine});
    client c(io.get_executor(), s.options());
    CHECK_FALSE(run(c.send("GET", "/", {}, {}, {}, patience), io));
    CHECK(s.heads == 1);
  }
}

TEST_CASE("client: a connection closed while idle is not even tried") {
  asio::io_context io;
  scripted_server s({fine, fine});  // closed after the first, although the answer did not say so
  client c(io.get_executor(), s.options());
  REQUIRE(run(c.send("POST", "/", {}, {}, {}, patience), io));
  while (s.closed == 0) std::this_thread::yield();
  const auto r = run(c.send("POST", "/", {}, {}, {}, patience), io);
  CHECK(r);  // a POST without a key is never repeated, so it went out once, on a fresh connection
  CHECK(s.heads == 2);
}

TEST_CASE("client: interim answers are skipped, garbage is refused, silence is timed out") {
  asio::io_context io;
  {
    scripted_server s({"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + std::string(fine)});
    client c(io.get_executor(), s.options());
    const auto r = run(c.send("GET", "/", {}, {}, {}, patience), io);
    REQUIRE(r);
    CHECK(r->body == "ok");
  }
  {
    scripted_server s({"SSH-2.0-OpenSSH\r\n\r\n"});
    client c(io.get_executor(), s.options());
    CHECK(run(c.send("GET", "/", {}, {}, {}, patience), io).error().code == errc::unavailable);
  }
  {
    live_server s;
    client c(io.get_executor(), to(s));
    const test_clock clock;
    const auto from = clock.steady();
    // The stream's head comes, its end does not: the deadline is for the whole exchange.
    const auto r = run(c.send("GET", "/stream/endless", {}, {}, {}, milliseconds{100}), io);
    REQUIRE_FALSE(r);
    CHECK(clock.steady() - from < patience);
  }
}

TEST_CASE("client: nobody there is unavailable; a bad URL or header is invalid") {
  asio::io_context io;
  unsigned short port = 0;
  {
    live_server s;
    port = s.port();
  }
  client_options o;
  o.url = "http://127.0.0.1:" + std::to_string(port);
  client c(io.get_executor(), o);
  CHECK(run(c.call("GET", "/x"), io).error().code == errc::unavailable);
  const std::map<std::string, std::string> split{{"X-A", "b\r\nX-C: d"}};
  CHECK(run(c.send("GET", "/x", {}, {}, split, patience), io).error().code == errc::invalid);
  CHECK(run(c.send("GET", "/x y", {}, {}, {}, patience), io).error().code == errc::invalid);
  CHECK(run(c.send("GET", "x", {}, {}, {}, patience), io).error().code == errc::invalid);
  o.url = "gopher://x";
  client bad(io.get_executor(), o);
  CHECK(run(bad.call("GET", "/x"), io).error().code == errc::invalid);
}

TEST_CASE("client: overlapping exchanges take connections of their own") {
  live_server s;
  asio::io_context io;
  client c(io.get_executor(), to(s));
  int done = 0;
  for (int i = 0; i < 8; ++i)
    asio::co_spawn(io, c.send("POST", "/echo", std::to_string(i), "application/json", {}, patience),
                   [&done, i](std::exception_ptr, result<client_response> r) {
                     if (r && r->body == std::to_string(i)) ++done;
                   });
  io.run();
  CHECK(done == 8);
}

TEST_CASE("client: over a Unix socket") {
  const auto path = std::filesystem::temp_directory_path() /
                    ("sweepd-client-test-" + std::to_string(::getpid()) + ".sock");
  live_options o;
  o.server.listen = {"unix:" + path.string()};
  live_server s(o);
  asio::io_context io;
  client_options opts;
  opts.url = "unix:" + path.string();
  client c(io.get_executor(), opts);
  const auto r = run(c.send("GET", "/who", {}, {}, {}, patience), io);
  REQUIRE(r);
  CHECK(r->body == "local *");
}

TEST_CASE("client: TLS with a certificate it trusts, and none other") {
  namespace fs = std::filesystem;
  const auto dir = fs::temp_directory_path() / ("sweepd-tls-test-" + std::to_string(::getpid()));
  fs::create_directories(dir);
  const auto make = [&](const std::string& name, const std::string& subject) {
    const auto command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=" +
        subject + "' -addext 'subjectAltName=" + subject + "' -keyout " + (dir / (name + ".key")).string() +
        " -out " + (dir / (name + ".pem")).string() + " 2>/dev/null";
    return std::system(command.c_str()) == 0;
  };
  REQUIRE(make("good", "IP:127.0.0.1"));
  REQUIRE(make("other", "DNS:elsewhere.example"));
  live_options o;
  o.server.tls_certificate = (dir / "good.pem").string();
  o.server.tls_key = (dir / "good.key").string();
  {
    live_server s(o);
    asio::io_context io;
    client_options opts;
    opts.url = "https://" + s.host();
    opts.ca_file = o.server.tls_certificate;
    client c(io.get_executor(), opts);
    const std::string big(1u << 20, 't');
    for (int i = 0; i < 3; ++i) {
      const auto r = run(c.send("POST", "/echo", big, "application/json", {}, patience), io);
      REQUIRE(r);
      CHECK(r->body == big);
      CHECK(r->headers.at("strict-transport-security") == "max-age=31536000");
    }
    CHECK(s.connections() == 1);

    opts.ca_file = (dir / "other.pem").string();
    client wary(io.get_executor(), opts);
    CHECK(run(wary.call("GET", "/ping"), io).error().code == errc::unavailable);
    opts.ca_file = o.server.tls_certificate;
    opts.url = "https://localhost:" + std::to_string(s.port());  // not the certificate's name
    client misled(io.get_executor(), opts);
    CHECK(run(misled.call("GET", "/ping"), io).error().code == errc::unavailable);
    const auto plain = probe(s.port(), get(s, "/ping"));
    CHECK(plain.status == 0);
  }
  o.server.tls_key = (dir / "other.key").string();
  CHECK_THROWS(live_server(o));  // a key that is not the certificate's
  fs::remove_all(dir);
}

}  // namespace sweepd::http::test
