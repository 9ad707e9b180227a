#include "controller/cli/follow.hpp"

#include "controller/base/json_text.hpp"
#include "controller/cli/api.hpp"
#include "controller/http/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <list>

namespace sweepd::cli {
namespace {

namespace asio = boost::asio;

struct periodic {
  asio::steady_timer timer;
  milliseconds period;
  std::function<void()> call;
  bool again;
};

void arm(periodic& p) {
  p.timer.expires_after(p.period);
  p.timer.async_wait([&p](const boost::system::error_code& ec) {
    if (ec) return;
    if (p.again) arm(p);
    p.call();
  });
}

struct watched_signals {
  asio::signal_set set;
  std::function<void(int)> call;
  watched_signals(asio::io_context& io, std::function<void(int)> f) : set(io), call(std::move(f)) {}
};

void arm(watched_signals& w) {
  w.set.async_wait([&w](const boost::system::error_code& ec, int number) {
    if (ec) return;
    arm(w);
    w.call(number);
  });
}

}  // namespace

struct loop::impl {
  asio::io_context io{1};
  std::list<periodic> timers;
  std::list<watched_signals> signals;
};

loop::loop() : impl_(std::make_unique<impl>()) {}
loop::~loop() = default;

void loop::on_signal(std::vector<int> signals, std::function<void(int)> f) {
  auto& w = impl_->signals.emplace_back(impl_->io, std::move(f));
  for (const int s : signals) w.set.add(s);
  arm(w);
}

void loop::every(milliseconds period, std::function<void()> f) {
  arm(impl_->timers.emplace_back(
      periodic{asio::steady_timer(impl_->io), period, std::move(f), true}));
}

void loop::after(milliseconds wait, std::function<void()> f) {
  arm(impl_->timers.emplace_back(
      periodic{asio::steady_timer(impl_->io), wait, std::move(f), false}));
}

void loop::run() {
  impl_->io.restart();
  const auto work = asio::make_work_guard(impl_->io);
  impl_->io.run();
}

void loop::stop() { impl_->io.stop(); }
asio::io_context& loop::io() { return impl_->io; }

std::vector<sent_event> event_parser::feed(std::string_view piece) {
  std::vector<sent_event> out;
  for (const char c : piece) {
    const bool second_of_crlf = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (second_of_crlf) continue;
    if (c == '\n' || c == '\r') {
      if (!skipping_) take_line(rest_, out);
      skipping_ = false;
      rest_.clear();
    } else if (rest_.size() < line_bytes_max) {
      rest_ += c;
    } else {
      skipping_ = true;
    }
  }
  return out;
}

void event_parser::take_line(std::string_view line, std::vector<sent_event>& out) {
  if (line.empty()) {
    if (!open_.data.empty()) {
      open_.data.pop_back();  // the last line break is not part of it
      out.push_back(open_);
    }
    open_.type.clear();
    open_.data.clear();
    return;
  }
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "id") open_.id = value;
  if (name == "event") open_.type = value;
  if (name == "data") open_.data += std::string(value) + "\n";
}

/// Kept alive by its own coroutine; `dead` is set when the event_stream goes.
struct event_stream::impl : std::enable_shared_from_this<impl> {
  asio::io_context& io;
  settings config;
  std::vector<std::pair<std::string, std::string>> query;
  std::uint64_t last;
  hooks on;
  asio::steady_timer pause;
  bool dead = false;
  bool heard = false;
  bool told = false;  ///< that the connection is lost; once is enough until it is back

  impl(asio::io_context& i, const settings& s, std::vector<std::pair<std::string, std::string>> q,
       std::uint64_t after, hooks h)
      : io(i), config(s), query(std::move(q)), last(after), on(std::move(h)), pause(i) {}

  bool take(event_parser& parser, std::string_view piece) {
    told = false;
    for (const auto& e : parser.feed(piece)) {
      auto v = sweepd::json::parse(e.data);
      if (!v || !v->is_object()) continue;
      auto& record = v->get_object();
      if (!e.type.empty() && !record.contains("type")) record["type"] = e.type;
      const auto seq = static_cast<std::uint64_t>(whole(record, "seq"));
      if (seq != 0 && seq <= last) continue;
      if (seq != 0) last = seq;
      heard = true;
      if (!dead) on.on_event(record);
    }
    return !dead;
  }

  /// True: go on after a pause. False: refused.
  bool judge(const result<http::client_response>& r) {
    if (r && r->status >= 300 && r->status < 500 && r->status != 429) {
      on.on_refused(read_refusal(r->status, r->headers, r->body).what);
      return false;
    }
    if (!told)
      on.on_lost(!r ? r.error()
                    : error{errc::unavailable,
                            r->status < 300 ? "the server ended the stream"
                                            : "the server answered " + std::to_string(r->status),
                            {}});
    told = true;
    return true;
  }

  asio::awaitable<void> follow() {
    const auto self = shared_from_this();
    milliseconds wait{500};
    while (!dead) {
      http::client_options o;
      o.url = config.url.value;
      o.api_key = config.api_key.value;
      o.timeout = config.timeout_ms();
      http::client client(io.get_executor(), o);
      auto q = query;
      q.emplace_back("after", std::to_string(last));
      event_parser parser;
      std::string where = target(std::string(api_root) + "/events", q);
      std::map<std::string, std::string> headers;
      headers["accept"] = "text/event-stream";
      headers["last-event-id"] = std::to_string(last);
      std::function<bool(std::string_view)> sink = [&](std::string_view piece) {
        return take(parser, piece);
      };
      heard = false;
      const auto r = co_await client.stream(std::move(where), std::move(headers), std::move(sink));
      if (dead || !judge(r)) co_return;
      wait = heard ? milliseconds{500} : std::min(wait * 2, milliseconds{10'000});
      pause.expires_after(wait);
      boost::system::error_code ec;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
  }
};

event_stream::event_stream(loop& l, const settings& s,
                           std::vector<std::pair<std::string, std::string>> query,
                           std::uint64_t after, hooks h)
    : impl_(std::make_shared<impl>(l.io(), s, std::move(query), after, std::move(h))) {
  asio::co_spawn(l.io(), impl_->follow(), asio::detached);
}

event_stream::~event_stream() {
  impl_->dead = true;
  impl_->pause.cancel();
}

}  // namespace sweepd::cli
