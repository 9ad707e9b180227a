// What Prometheus sees: families under sweepd_, base units, no ids as labels. One object, made by
// `serve`, fed by the server's sessions (observe_http) and, at each scrape, from the controller's
// statistics, one look at the state, and the events since the last scrape (event_tail.hpp).
//
// Thread rule: every member may be called from any thread. What it does not do: listen; the route is
// rest's, which calls text() through services::metrics_text.
#pragma once

#include "controller/service/controller.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sweepd::metrics {

namespace asio = boost::asio;

struct metrics_options {
  std::string version;
  std::string database;  ///< path of the database file, for its size; empty: not reported
};

class metrics {
 public:
  /// Counting of events starts at what is durable now: make it after controller.start().
  metrics(service::controller& controller, core::reader& reader, asio::any_io_executor blocking,
          metrics_options opts);
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  /// One answered request. `pattern` is the route's, never the path; "" when no route matched.
  void observe_http(std::string_view pattern, std::string_view method, int status, double seconds);

  /// The page in Prometheus' text format.
  asio::awaitable<std::string> text();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace sweepd::metrics
