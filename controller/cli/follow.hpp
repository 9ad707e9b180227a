// Commands that go on for a while: an event loop with timers and Ctrl-C, and the server's event
// stream that reconnects where it left off. The callbacks run one after the other in loop.run(),
// and may make blocking calls (api has an event loop of its own).
#pragma once

#include "controller/cli/json_text.hpp"
#include "controller/cli/settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace sweepd::cli {

/// An io_context with the three things that commands wait for.
class loop {
 public:
  loop();
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// Calls `f` for each of these signals, every time.
  void on_signal(std::vector<int> signals, std::function<void(int)> f);
  void every(milliseconds period, std::function<void()> f);
  void after(milliseconds wait, std::function<void()> f);
  /// Runs until stop().
  void run();
  void stop();
  boost::asio::io_context& io();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// One server-sent event.
struct sent_event {
  std::string id;
  std::string type;
  std::string data;
};

/// Cuts a byte stream into server-sent events (WHATWG HTML, section 9.2); comments are dropped.
class event_parser {
 public:
  /// Longest line kept; a longer one makes its event disappear rather than fill the memory.
  static constexpr std::size_t line_bytes_max = 4u << 20;
  std::vector<sent_event> feed(std::string_view piece);

 private:
  void take_line(std::string_view line, std::vector<sent_event>& out);
  std::string rest_;
  bool skipping_ = false;
  bool after_cr_ = false;
  sent_event open_;
};

/// Follows /api/v1/events from `after` on. A cut connection is opened again, after 0.5 s up to 10
/// s, from the last event seen; an answer that refuses (a bad key) ends it.
class event_stream {
 public:
  struct hooks {
    std::function<void(const json::object& event)> on_event;
    std::function<void(const error&)> on_refused;
    std::function<void(const error&)> on_lost;  ///< the connection was cut; it is tried again
  };
  event_stream(loop& l, const settings& s, std::vector<std::pair<std::string, std::string>> query,
               std::uint64_t after, hooks h);
  ~event_stream();

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace sweepd::cli
