// A server in the test's own process and thread: raw sockets, HTTP/1.1 with Content-Length, and behind it a
// sweep that keeps what agents tell it, by the rules of the real one (offsets, epochs, request ids). Tests
// script it: drop replies, go away and come back, order stops, answer with errors.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sweepd::agent::test {

namespace asio = boost::asio;
namespace bj = boost::json;
using asio::ip::tcp;

struct call {
  std::string method;
  std::string target;
  std::string body;
  std::string authorization;
  [[nodiscard]] bool is(std::string_view end) const {
    return std::string_view(target).substr(0, target.find('?')).ends_with(end);
  }
};

struct reply {
  int status = 200;
  bj::value body;
};

inline reply problem(int status, const std::string& code, const std::string& detail,
                     const std::string& where = {}) {
  bj::object o;
  o["code"] = code;
  o["detail"] = detail;
  o["where"] = where;
  return {status, o};
}

/// What the server knows of one run.
struct fake_run {
  std::string agent;
  std::uint32_t epoch = 1;
  std::string state = "pending";
  std::vector<std::string> history;
  std::string log;
  bj::object summary;
  std::optional<bj::object> finish;
  std::map<std::string, std::string> files;
  bool stop = false;
  bool preempting = false;
  bool listed = false;
  int starts = 0;
  bj::value config;
};

class fake_server {
 public:
  explicit fake_server(asio::io_context& io) : io_(io), acceptor_(io) { come_back(); }

  // --- the script
  std::deque<bj::object> configs;          ///< handed out one by one: {"lr": {"value": 1}}
  bj::array command;                       ///< of the sweep
  std::string program = "unused";
  std::function<std::optional<reply>(const call&)> instead;  ///< an answer in place of ours
  std::function<bool(const call&)> drop_reply;               ///< done, but the answer is lost
  std::function<void(const call&)> seen;                     ///< after it was handled
  std::string heartbeat_every = "30ms";
  bool over_when_empty = true;
  bool exit = false;

  // --- what happened
  std::map<std::string, fake_run> runs;
  std::set<std::string> agents;
  std::vector<call> calls;
  std::vector<std::string> vanished;       ///< runs that a heartbeat did not list though it should have
  int handouts = 0;
  int left = 0;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::size_t count(std::string_view end) const {
    std::size_t n = 0;
    for (const auto& c : calls) n += c.is(end) ? 1 : 0;
    return n;
  }
  /// The one run there is.
  fake_run& only() {
    REQUIRE(runs.size() == 1);
    return runs.begin()->second;
  }

  void go_away() {
    boost::system::error_code ec;
    acceptor_.close(ec);
    for (const auto& weak : connections_)
      if (const auto socket = weak.lock()) socket->close(ec);
    connections_.clear();
  }
  void come_back() {
    const tcp::endpoint here(asio::ip::address_v4::loopback(), port_);
    acceptor_ = tcp::acceptor(io_, here, true);
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(io_, accept(), asio::detached);
  }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      auto socket = std::make_shared<tcp::socket>(io_);
      auto [ec] = co_await acceptor_.async_accept(*socket, asio::as_tuple(asio::use_awaitable));
      if (ec) co_return;
      connections_.push_back(socket);
      asio::co_spawn(io_, serve(socket), asio::detached);
    }
  }

  static std::string header(const std::string& head, const std::string& name) {
    const auto at = head.find(name + ": ");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 2;
    return head.substr(from, head.find("\r\n", from) - from);
  }

  asio::awaitable<void> serve(std::shared_ptr<tcp::socket> socket) {
    std::string buffer;
    for (;;) {
      auto [ec, n] = co_await asio::async_read_until(*socket, asio::dynamic_buffer(buffer), "\r\n\r\n",
                                                     asio::as_tuple(asio::use_awaitable));
      if (ec) co_return;
      const auto head = buffer.substr(0, n);
      buffer.erase(0, n);
      const auto length_text = header(head, "Content-Length");
      const std::size_t length = length_text.empty() ? 0 : std::stoul(length_text);
      if (buffer.size() < length) {
        auto [ec2, n2] = co_await asio::async_read(*socket, asio::dynamic_buffer(buffer),
                                                   asio::transfer_exactly(length - buffer.size()),
                                                   asio::as_tuple(asio::use_awaitable));
        if (ec2) co_return;
      }
      call c;
      c.method = head.substr(0, head.find(' '));
      const auto target_at = c.method.size() + 1;
      c.target = head.substr(target_at, head.find(' ', target_at) - target_at);
      c.body = buffer.substr(0, length);
      c.authorization = header(head, "Authorization");
      buffer.erase(0, length);
      const auto text = answer(c);
      if (!text) {
        boost::system::error_code ignored;
        socket->close(ignored);
        co_return;
      }
      auto [ec3, n3] = co_await asio::async_write(*socket, asio::buffer(*text),
                                                  asio::as_tuple(asio::use_awaitable));
      if (ec3) co_return;
    }
  }

  std::optional<std::string> answer(const call& c) {
    calls.push_back(c);
    std::optional<reply> r;
    if (instead) r = instead(c);
    if (!r) r = handle(c);
    const bool drop = drop_reply && drop_reply(c);
    if (seen) seen(c);
    if (drop) return std::nullopt;
    const auto body = bj::serialize(r->body);
    return "HTTP/1.1 " + std::to_string(r->status) + " X\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  static std::string segment(const std::string& target, int n) {
    std::size_t at = 0;
    for (int i = 0; i < n; ++i) at = target.find('/', at) + 1;
    return target.substr(at, target.find_first_of("/?", at) - at);
  }

  reply handle(const call& c) {
    if (c.method == "PUT") return put_file(c);
    const auto body = bj::parse(c.body).as_object();
    if (c.is("/agents")) return join();
    if (c.is("/claims")) return claim(body);
    if (c.is("/heartbeat")) return beat(segment(c.target, 4), body);
    if (c.is("/leave")) return ++left, reply{200, bj::object{}};
    return run_call(c, body);
  }

  reply join() {
    const auto id = "agent" + std::to_string(agents.size() + 1);
    agents.insert(id);
    bj::object sweep;
    sweep["method"] = "grid";
    sweep["project"] = "local/default";
    sweep["program"] = program;
    sweep["command"] = command;
    bj::object o;
    o["agent"] = id;
    o["heartbeat_every"] = heartbeat_every;
    o["run_heartbeat_every"] = "100ms";
    o["sweep"] = sweep;
    return {201, o};
  }

  reply claim(const bj::object& body) {
    const std::string agent(body.at("agent").get_string());
    if (!agents.contains(agent)) return problem(404, "not_found", "no such agent");
    const std::string request(body.at("request_id").get_string());
    bj::object out;
    if (!by_request_.contains(request)) {
      if (configs.empty()) {
        out["status"] = over_when_empty ? "over" : "wait";
        out["code"] = "slots";
        out["reason"] = "nothing left";
        return {200, out};
      }
      const auto id = "run" + std::to_string(++handouts);
      by_request_[request] = id;
      runs[id].config = configs.front();
      runs[id].agent = agent;
      configs.pop_front();
    }
    const auto& id = by_request_[request];
    bj::object run;
    run["id"] = id;
    run["trial"] = handouts;
    run["attempt"] = 1;
    run["epoch"] = runs[id].epoch;
    run["config"] = runs[id].config;
    out["status"] = "run";
    out["run"] = run;
    return {200, out};
  }

  reply beat(const std::string& agent, const bj::object& body) {
    if (!agents.contains(agent)) return problem(404, "not_found", "no such agent: join again");
    std::set<std::string> alive;
    for (const auto& v : body.at("alive").get_array()) alive.insert(std::string(v.get_string()));
    bj::array stop;
    for (auto& [id, r] : runs) {
      if (r.agent != agent) continue;
      if (alive.contains(id)) r.listed = true;
      const bool should = (r.listed || r.starts > 0) && !r.finish;
      if (should && !alive.contains(id)) vanished.push_back(id);
      if (r.stop && alive.contains(id)) stop.emplace_back(id);
    }
    bj::object o;
    o["stop"] = stop;
    o["exit"] = exit;
    o["reason"] = exit ? "the sweep is finished" : "an operator asked";
    return {200, o};
  }

  reply run_call(const call& c, const bj::object& body) {
    const auto id = segment(c.target, 4);
    if (!runs.contains(id)) return problem(404, "not_found", "no run '" + id + "'");
    auto& r = runs[id];
    if (body.at("epoch").to_number<std::uint32_t>() != r.epoch)
      return problem(409, "conflict", "the lease has passed on", "/epoch");
    if (c.is("/start")) {
      ++r.starts;
      r.state = "running";
    } else if (c.is("/preempting")) {
      r.preempting = true;
    } else if (c.is("/report")) {
      if (auto refused = take(r, body)) return *refused;
    } else if (c.is("/finish") && !r.finish) {
      r.finish = body;
      const auto* code = body.if_contains("exit_code");
      r.state = code == nullptr ? "crashed" : code->to_number<int>() == 0 ? "finished" : "failed";
      if (r.stop) r.state = "killed";
    }
    bj::object told;
    told["state"] = r.state;
    told["stop"] = r.stop;
    told["history_lines"] = r.history.size();
    told["log_bytes"] = r.log.size();
    told["reason"] = r.stop ? "an operator asked" : "";
    return {200, told};
  }

  static std::optional<reply> take(fake_run& r, const bj::object& body) {
    if (const auto* rows = body.if_contains("history")) {
      const auto from = body.at("history_offset").to_number<std::size_t>();
      if (from > r.history.size()) return problem(409, "conflict", "a gap", "/history_offset");
      for (std::size_t i = r.history.size() - from; i < rows->get_array().size(); ++i)
        r.history.push_back(bj::serialize(rows->get_array()[i]));
    }
    if (const auto* log = body.if_contains("log")) {
      const auto from = body.at("log_offset").to_number<std::size_t>();
      if (from > r.log.size()) return problem(409, "conflict", "a gap", "/log_offset");
      const std::string text(log->get_string());
      if (from + text.size() > r.log.size()) r.log += text.substr(r.log.size() - from);
    }
    if (const auto* summary = body.if_contains("summary"))
      for (const auto& [key, value] : summary->get_object()) r.summary[key] = value;
    return std::nullopt;
  }

  reply put_file(const call& c) {
    const auto id = segment(c.target, 4);
    if (!runs.contains(id)) return problem(404, "not_found", "no run");
    const auto from = c.target.find("name=") + 5;
    runs[id].files[c.target.substr(from, c.target.find('&', from) - from)] = c.body;
    return {201, bj::object{}};
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  unsigned short port_ = 0;
  std::vector<std::weak_ptr<tcp::socket>> connections_;
  std::map<std::string, std::string> by_request_;
};

}  // namespace sweepd::agent::test
