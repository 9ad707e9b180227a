#include "tests/cli/scripted_server.hpp"

#include "controller/base/instant.hpp"
#include "controller/cli/cli.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <sstream>

namespace sweepd::cli::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// False: the other side is gone.
bool read_request(tcp::socket& socket, std::string& buffer, asked& out) {
  boost::system::error_code ec;
  const auto head = asio::read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n", ec);
  if (ec) return false;
  std::istringstream lines(buffer.substr(0, head));
  buffer.erase(0, head);
  std::string line;
  std::getline(lines, line);
  std::istringstream first(line);
  first >> out.method >> out.target;
  std::size_t length = 0;
  while (std::getline(lines, line) && line != "\r") {
    const auto colon = line.find(':');
    std::string value = line.substr(colon + 2);
    if (value.ends_with('\r')) value.pop_back();
    const auto name = lower(line.substr(0, colon));
    if (name == "content-length") length = std::stoul(value);
    out.headers[name] = value;
  }
  if (buffer.size() < length)
    asio::read(socket, asio::dynamic_buffer(buffer), asio::transfer_exactly(length - buffer.size()),
               ec);
  out.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return !ec;
}

}  // namespace

scripted_server::scripted_server()
    : acceptor_(io_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
      accepting_([this] { accept(); }) {}

scripted_server::~scripted_server() {
  {
    const std::lock_guard hold(lock_);
    stopping_ = true;
    // shutdown() wakes threads that block in accept and read; close() alone would not.
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    for (const auto& s : sockets_) ::shutdown(s->native_handle(), SHUT_RDWR);
  }
  accepting_.join();
  for (auto& t : threads_) t.join();
}

void scripted_server::accept() {
  while (true) {
    auto socket = std::make_shared<tcp::socket>(io_);
    boost::system::error_code ec;
    acceptor_.accept(*socket, ec);
    const std::lock_guard hold(lock_);
    if (ec || stopping_) return;
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void scripted_server::serve(std::shared_ptr<tcp::socket> socket) {
  std::string buffer;
  for (asked request; read_request(*socket, buffer, request); request = asked{}) {
    const canned answer = answer_for(request);
    if (answer.cut) break;
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " X\r\n";
    for (const auto& h : answer.headers) text += h + "\r\n";
    if (answer.hold)
      text += "Connection: close\r\n";
    else
      text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    text += "\r\n" + answer.body;
    boost::system::error_code ec;
    asio::write(*socket, asio::buffer(text), ec);
    if (ec) break;
  }
  ::shutdown(socket->native_handle(), SHUT_RDWR);
}

canned scripted_server::answer_for(const asked& request) {
  const std::lock_guard hold(lock_);
  requests_.push_back(request);
  const std::string whole = request.method + " " + request.target;
  for (const auto& key : {whole, whole.substr(0, whole.find('?'))}) {
    const auto at = script_.find(key);
    if (at == script_.end()) continue;
    canned out = at->second.front();
    if (at->second.size() > 1) at->second.pop_front();
    return out;
  }
  return {404,
          R"({"code":"not_found","detail":"there is no such thing","request_id":"r404"})",
          {"Content-Type: application/problem+json"}};
}

void scripted_server::on(const std::string& what, canned answer) {
  const std::lock_guard hold(lock_);
  script_[what].push_back(std::move(answer));
}

void scripted_server::refuse(const std::string& what, int status, const std::string& code,
                             const std::string& detail, const std::string& more) {
  on(what, canned{status,
                  R"({"type":"about:blank","title":"x","status":)" + std::to_string(status) +
                      R"(,"code":")" + code + R"(","detail":")" + detail +
                      R"(","request_id":"req-77")" + more + "}",
                  {"Content-Type: application/problem+json", "X-Request-Id: req-77"}});
}

std::string scripted_server::url() const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

std::vector<asked> scripted_server::requests() const {
  const std::lock_guard hold(lock_);
  return requests_;
}

std::vector<asked> scripted_server::requests(const std::string& what) const {
  std::vector<asked> out;
  for (const auto& r : requests())
    if (r.method + " " + r.target.substr(0, r.target.find('?')) == what) out.push_back(r);
  return out;
}

int session::run(std::vector<std::string> args) {
  std::istringstream in(input);
  std::ostringstream to_out, to_err;
  surroundings around{in,
                      to_out,
                      to_err,
                      terminal,
                      terminal,
                      terminal,
                      [this](const std::string& name) -> std::optional<std::string> {
                        const auto at = env.find(name);
                        if (at == env.end() || at->second.empty()) return std::nullopt;
                        return at->second;
                      },
                      [this] { return *parse_rfc3339(now); },
                      [this] { return width; },
                      [] { return std::size_t{40}; }};
  const int code = cli::run(args, around);
  out = to_out.str();
  err = to_err.str();
  return code;
}

int session::run(const scripted_server& server, std::vector<std::string> args) {
  args.push_back("--url");
  args.push_back(server.url());
  return run(std::move(args));
}

}  // namespace sweepd::cli::test
