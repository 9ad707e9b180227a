// The helpers of live_server.hpp.
#include "tests/http/live_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_future.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace sweepd::http::test {
namespace {

constexpr int patience_ms = 10'000;

asio::awaitable<response> plain(std::string text) {
  response r;
  r.content_type = "text/plain";
  r.body = std::move(text);
  co_return r;
}

asio::awaitable<response> thrower() {
  throw std::runtime_error("a fault of the test's own");
  co_return response{};
}

asio::awaitable<void> count_to_three(body_writer write) {
  for (int i = 1; i <= 3; ++i) {
    std::string line = "piece " + std::to_string(i) + "\n";
    if (!co_await write(std::move(line))) co_return;
  }
}

asio::awaitable<void> fail_midway(body_writer write) {
  std::string line = "before";
  co_await write(std::move(line));
  throw std::runtime_error("a stream's fault of the test's own");
}

/// Writes until the client is gone.
asio::awaitable<void> endless(body_writer write) {
  for (;;) {
    std::string block(64 * 1024, 'x');
    if (!co_await write(std::move(block))) co_return;
  }
}

asio::awaitable<response> streaming(asio::awaitable<void> (*how)(body_writer)) {
  response r;
  r.content_type = "text/plain";
  r.stream = how;
  co_return r;
}

asio::awaitable<response> answer(const route& r, request_context& ctx) {
  if (r.pattern == "/who") return plain(ctx.who.key_id + " " + ctx.who.project);
  if (r.pattern == "/echo" || r.pattern == "/small" || r.pattern == "/any")
    return plain(ctx.req.body);
  if (r.pattern == "/size") return plain(std::to_string(ctx.req.body.size()));
  if (r.pattern == "/things/{id}") return plain(ctx["id"]);
  if (r.pattern == "/things/{id}/files/{name...}") return plain(ctx["id"] + "|" + ctx["name"]);
  if (r.pattern == "/throw") return thrower();
  if (r.pattern == "/stream") return streaming(count_to_three);
  if (r.pattern == "/stream/broken") return streaming(fail_midway);
  if (r.pattern == "/stream/endless") return streaming(endless);
  if (r.pattern == "/headers") {
    std::string all;
    for (const auto& [name, value] : ctx.req.headers) all += name + "=" + value + "\n";
    return plain(all);
  }
  return plain("pong");
}

constexpr route table[] = {
    {"GET", "/ping", need::open},
    {"GET", "/view", need::viewer},
    {"POST", "/agent", need::agent},
    {"POST", "/operate", need::operator_},
    {"POST", "/admin", need::admin},
    {"DELETE", "/admin", need::admin},
    {"GET", "/who", need::viewer},
    {"GET", "/headers", need::viewer},
    {"POST", "/echo", need::viewer},
    {"POST", "/size", need::viewer, nullptr, 32u << 20},
    {"POST", "/small", need::viewer, nullptr, 1000},
    {"PUT", "/any", need::viewer, nullptr, 1000, "*/*"},
    {"GET", "/things/{id}", need::viewer},
    {"PUT", "/things/{id}", need::viewer},
    {"GET", "/things/{id}/files/{name...}", need::viewer},
    {"GET", "/throw", need::viewer},
    {"GET", "/stream", need::viewer},
    {"GET", "/stream/broken", need::viewer},
    {"GET", "/stream/endless", need::viewer},
};

result<principal> known_key(const std::string& key) {
  const std::map<std::string, core::role> roles{{"viewer-key", core::role::viewer},
                                                {"agent-key", core::role::agent},
                                                {"operator-key", core::role::operator_},
                                                {"admin-key", core::role::admin}};
  const auto found = roles.find(key);
  if (found == roles.end()) return fail(errc::unauthorized, "this key is not valid");
  principal p;
  p.key_id = key.substr(0, 6);
  p.role = found->second;
  p.project = "team/vision";
  return p;
}

backend test_backend(const test_clock& clock, bool keyed, const std::atomic<bool>& revoked) {
  backend b;
  b.clock = &clock;
  b.authenticate = [keyed, &revoked](const std::string& key, bool keyless) -> result<principal> {
    if (revoked) return fail(errc::unauthorized, "this key is not valid");
    if (keyed || !keyless) return known_key(key);
    principal local;
    local.key_id = "local";
    local.role = core::role::admin;
    return local;
  };
  b.invoke = answer;
  return b;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

instant test_clock::now() const { return instant{milliseconds{1'763'832'000'000}}; }
milliseconds test_clock::steady() const {
  return std::chrono::duration_cast<milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

live_options::live_options() { server.listen = {"127.0.0.1:0"}; }

live_server::live_server(live_options o) : io_(1), routes_({table}) {
  server_ = std::make_unique<server>(io_.get_executor(), routes_, test_backend(clock_, o.keyed, revoked_),
                                     o.server);
  const auto bound = server_->listen(o.keyed);
  if (!bound) throw std::runtime_error(to_string(bound.error()));
  port_ = server_->ports().front();
  server_->run();
  thread_ = std::thread([this] {
    const auto work = boost::asio::make_work_guard(io_);
    io_.run();
  });
}

void live_server::stop(milliseconds drain) {
  stopped_ = true;
  boost::asio::co_spawn(io_, server_->stop(drain), boost::asio::use_future).get();
}

live_server::~live_server() {
  if (!stopped_) stop(milliseconds{0});
  io_.stop();
  thread_.join();
}

std::string reply::header(std::string_view lower_name) const {
  const auto at = head.find("\r\n" + std::string(lower_name) + ": ");
  if (at == std::string::npos) return {};
  const auto from = at + lower_name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

raw_connection::raw_connection(unsigned short port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    throw std::runtime_error("cannot connect to the test's server");
}

raw_connection::raw_connection(const std::string& unix_path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::strncpy(at.sun_path, unix_path.c_str(), sizeof at.sun_path - 1);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    throw std::runtime_error("cannot connect to the test's socket");
}

raw_connection::~raw_connection() { ::close(fd_); }

bool raw_connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void raw_connection::half_close() { ::shutdown(fd_, SHUT_WR); }

bool raw_connection::closed_now() const {
  char one = 0;
  const auto n = ::recv(fd_, &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN);
}

bool raw_connection::fill() {
  if (eof_) return false;
  pollfd p{fd_, POLLIN, 0};
  if (::poll(&p, 1, patience_ms) <= 0) return false;
  char some[65536];
  const auto n = ::recv(fd_, some, sizeof some, 0);
  if (n <= 0) {
    eof_ = true;
    return false;
  }
  held_.append(some, static_cast<std::size_t>(n));
  return true;
}

std::string raw_connection::read_until(std::string_view mark) {
  for (;;) {
    const auto at = held_.find(mark);
    if (at != std::string::npos) {
      auto out = held_.substr(0, at + mark.size());
      held_.erase(0, out.size());
      return out;
    }
    if (!fill()) return {};
  }
}

std::optional<reply> raw_connection::read(bool head_only) {
  reply out;
  out.head = lower(read_until("\r\n\r\n"));
  if (out.head.size() < 12) return std::nullopt;
  out.status = std::stoi(out.head.substr(9, 3));
  if (head_only) return out;
  if (out.header("transfer-encoding") == "chunked") {
    for (;;) {
      const auto line = read_until("\r\n");
      if (line.empty()) return std::nullopt;
      const auto size = std::stoul(line, nullptr, 16);
      while (held_.size() < size + 2)
        if (!fill()) return std::nullopt;
      out.body += held_.substr(0, size);
      held_.erase(0, size + 2);
      if (size == 0) return out;
    }
  }
  const auto length = out.header("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (held_.size() < size)
    if (!fill()) return std::nullopt;
  out.body = held_.substr(0, size);
  held_.erase(0, size);
  return out;
}

std::optional<std::string> raw_connection::read_to_end() {
  while (fill()) continue;
  if (!eof_) return std::nullopt;
  return std::exchange(held_, {});
}

bool raw_connection::ended() {
  const auto rest = read_to_end();
  return rest && rest->empty();
}

probe_result probe(unsigned short port, std::string_view bytes) {
  raw_connection c(port);
  c.send(bytes);
  probe_result out;
  const auto first = c.read(bytes.starts_with("HEAD "));
  if (first) {
    out.first = *first;
    out.status = first->status;
  }
  const auto rest = c.read_to_end();
  out.closed = rest.has_value();
  if (rest) out.extra = *rest;
  return out;
}

probe_result probe_kept(unsigned short port, const std::string& bytes) {
  raw_connection c(port);
  c.send(bytes);
  probe_result out;
  if (const auto first = c.read()) {
    out.first = *first;
    out.status = first->status;
  }
  c.send("GET /ping HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n");
  const auto second = c.read();
  out.closed = !second || second->status != 200 || second->body != "pong";
  return out;
}

std::string get(const live_server& s, std::string_view path, std::string_view fields) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + s.host() + "\r\n" +
         std::string(fields) + "\r\n";
}

std::string post(const live_server& s, std::string_view path, std::string_view body,
                 std::string_view fields) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + s.host() +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

}  // namespace sweepd::http::test
