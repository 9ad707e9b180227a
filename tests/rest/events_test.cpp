#include "tests/rest/server_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <sstream>
#include <thread>

using namespace sweepd::test;

namespace {

/// Server-sent events as they arrive: calls `on_event` with (id, event, data) until it returns false.
class event_reader {
 public:
  using callback = std::function<bool(const std::string&, const std::string&, const bj::value&)>;
  explicit event_reader(callback on_event) : on_event_(std::move(on_event)) {}

  bool operator()(std::string_view piece) {
    buffer_ += piece;
    for (auto end = buffer_.find("\n\n"); end != std::string::npos; end = buffer_.find("\n\n")) {
      std::istringstream frame(buffer_.substr(0, end));
      buffer_.erase(0, end + 2);
      std::string line, id, event, data;
      while (std::getline(frame, line)) {
        if (line.starts_with("id: ")) id = line.substr(4);
        if (line.starts_with("event: ")) event = line.substr(7);
        if (line.starts_with("data: ")) data = line.substr(6);
      }
      if (data.empty()) continue;
      if (!on_event_(id, event, bj::parse(data))) return false;
    }
    return true;
  }

 private:
  callback on_event_;
  std::string buffer_;
};

}  // namespace

TEST_CASE("rest: the log is paged from any event on and filtered by type, sweep and agent") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto agent = server.join(sweep);
  server.start_run(sweep, agent);
  const auto all = server.get("/api/v1/events?limit=1000");
  const auto n = all.at("items").get_array().size();
  CHECK(all.at("next").is_null());
  CHECK(all.num("total") == static_cast<std::int64_t>(n));
  std::size_t found = 0;
  std::string cursor;
  for (std::size_t pages = 0; pages < n + 1; ++pages) {
    const auto r = server.get("/api/v1/events?limit=1" + (cursor.empty() ? "" : "&cursor=" + cursor));
    found += r.at("items").get_array().size();
    if (r.at("next").is_null()) break;
    cursor = r.str("next");
  }
  CHECK(found == n);
  CHECK(server.get("/api/v1/events?type=agent_joined").at("items").get_array().size() == 1);
  CHECK(server.get("/api/v1/events?type=agent_joined").str("items.0.agent") == agent);
  CHECK(server.get("/api/v1/events?after=" + std::to_string(n)).at("items").get_array().empty());
  CHECK(server.get("/api/v1/events?since=2099-01-01T00:00:00Z").at("items").get_array().empty());
  const auto verified = server.get("/api/v1/events/verify");
  CHECK(verified.at("ok").get_bool());
  CHECK(verified.num("last_seq") == static_cast<std::int64_t>(n));
  CHECK(verified.str("head").size() == 64);
}

TEST_CASE("rest: a stream gives every event once and resumes behind Last-Event-ID") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  server.join(sweep);
  const auto newest = server.get("/api/v1/status").num("durable_seq");
  std::vector<std::int64_t> ids;
  event_reader first([&](const std::string& id, const std::string& event, const bj::value& data) {
    ids.push_back(std::stoll(id));
    CHECK(data.at("type").get_string() == event);
    CHECK(data.at("seq").to_number<std::int64_t>() == ids.back());
    return ids.size() < 2;
  });
  const std::map<std::string, std::string> as_stream{{"accept", "text/event-stream"}};
  const auto r = server.stream("/api/v1/events?after=0", as_stream, first);
  CHECK(r.status == 200);
  CHECK(r.headers.at("content-type").starts_with("text/event-stream"));
  REQUIRE(ids.size() == 2);

  auto resumed = as_stream;
  resumed["last-event-id"] = std::to_string(ids.back());
  event_reader second([&](const std::string& id, const std::string&, const bj::value&) {
    ids.push_back(std::stoll(id));
    return ids.back() < newest;
  });
  server.stream("/api/v1/events", resumed, second);
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK(ids[i] == static_cast<std::int64_t>(i) + 1);
  CHECK(ids.back() == newest);
}

TEST_CASE("rest: a stream without a start gives what happens next, as it happens") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  bool began = false;
  std::string seen;
  event_reader next([&](const std::string&, const std::string& event, const bj::value& data) {
    seen = event;
    CHECK(data.at("body").at("reason").get_string() == "while streaming");
    return false;
  });
  // The stream's first piece comes before any event: from then on nothing can be missed. The change is
  // made by another client, started from inside the sink, on a thread of its own.
  std::unique_ptr<std::jthread> changer;
  const auto sink = [&](std::string_view piece) mutable {
    if (!began) {
      began = true;
      changer = std::make_unique<std::jthread>([&] {
        asio::io_context io;
        sweepd::http::client_options o;
        o.url = server.url();
        sweepd::http::client c(io.get_executor(), o);
        bj::value body{{"reason", "while streaming"}};
        auto call = c.call("POST", "/api/v1/sweeps/" + sweep + "/pause", body);
        auto done = asio::co_spawn(io, std::move(call), asio::use_future);
        io.run();
        CHECK(done.get().has_value());
      });
    }
    return next(piece);
  };
  server.stream("/api/v1/events", {{"accept", "text/event-stream"}}, sink);
  changer.reset();
  CHECK(seen == "sweep_moved");
}

TEST_CASE("rest: a stream ends when the server drains") {
  auto server = std::make_unique<rest_server>();
  std::unique_ptr<std::jthread> stopper;
  bool ended = false;
  {
    asio::io_context io;
    sweepd::http::client_options o;
    o.url = server->url();
    sweepd::http::client c(io.get_executor(), o);
    auto sink = [&](std::string_view) {
      if (!stopper) stopper = std::make_unique<std::jthread>([&] { server.reset(); });
      return true;
    };
    std::function<bool(std::string_view)> to = sink;
    std::map<std::string, std::string> headers{{"accept", "text/event-stream"}};
    auto streaming = c.stream("/api/v1/events", headers, std::move(to));
    auto done = asio::co_spawn(io, std::move(streaming), asio::use_future);
    io.run();
    done.get();  // whole or cut: both are an end
    ended = true;
  }
  stopper.reset();
  CHECK(ended);
}

TEST_CASE("rest: a stream ends with its key") {
  rest_server server;
  const auto admin = server.make_key("admin", "*");
  sent by_admin;
  by_admin.key = admin;
  const auto made = server.post("/api/v1/keys", {{"name", "v"}, {"role", "viewer"}, {"project", "*"}}, by_admin);
  const auto ask = [&](const std::string& key) {
    sweepd::http::client_options o;
    o.url = server.url();
    o.api_key = key;
    return o;
  };
  std::unique_ptr<std::jthread> revoker;
  bool leaked = false;
  event_reader next([&](const std::string&, const std::string&, const bj::value&) {
    leaked = true;  // the revocation itself, to start with
    return false;
  });
  const auto sink = [&](std::string_view piece) {
    if (!revoker)
      revoker = std::make_unique<std::jthread>([&] {
        asio::io_context io;
        sweepd::http::client c(io.get_executor(), ask(admin));
        auto call = c.call("DELETE", "/api/v1/keys/" + made.str("id"), bj::value(bj::object()));
        auto done = asio::co_spawn(io, std::move(call), asio::use_future);
        io.run();
        CHECK(done.get().has_value());
      });
    return next(piece);
  };
  asio::io_context io;
  sweepd::http::client c(io.get_executor(), ask(made.str("key")));
  std::function<bool(std::string_view)> to = sink;
  std::map<std::string, std::string> headers{{"accept", "text/event-stream"}};
  auto streaming = c.stream("/api/v1/events", headers, std::move(to));
  auto done = asio::co_spawn(io, std::move(streaming), asio::use_future);
  io.run();
  done.get();
  revoker.reset();
  CHECK_FALSE(leaked);
}
