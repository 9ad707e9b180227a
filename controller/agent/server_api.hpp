// The agent's calls to the server, typed: what goes in, what comes back. One exchange at a time on one
// kept connection, so whoever must not wait for another has a server_api of his own. Retries are the
// caller's; whether the server is there at all is noted in the shared link_watch.
#pragma once

#include "controller/agent/spool.hpp"
#include "controller/base/duration.hpp"
#include "controller/base/result.hpp"
#include "controller/http/client.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::agent {

namespace asio = boost::asio;

class link_watch;

struct joined {
  std::string agent;
  milliseconds heartbeat_every{5'000};
  milliseconds run_heartbeat_every{15'000};
  std::string method;
  std::string project;                ///< "entity/project"
  std::string program;
  std::vector<std::string> command;   ///< empty: W&B's default command
  std::optional<std::uint64_t> size;  ///< configurations, if finite
};

struct handout {
  std::string run;
  std::uint64_t trial = 0;
  int attempt = 1;
  std::uint32_t epoch = 1;
  boost::json::object config;  ///< {"lr": {"value": 0.1}, ...}
};

struct claim_answer {
  enum class kind { run, wait, over };
  kind what = kind::wait;
  handout run;
  std::string code;
  std::string reason;
  std::optional<milliseconds> retry_in;
};

/// To an agent's heartbeat.
struct beat_answer {
  static constexpr bool has_defaults = true;
  std::vector<std::string> stop;
  bool exit = false;
  std::string reason;
};

/// To a run's writes.
struct told {
  static constexpr bool has_defaults = true;
  std::string state;
  bool stop = false;
  std::uint64_t history_lines = 0;
  std::uint64_t log_bytes = 0;
  std::string reason;
};

/// What one report carries; everything may be empty (then it is the run's heartbeat).
struct report {
  std::uint64_t history_offset = 0;
  boost::json::array history;
  std::uint64_t log_offset = 0;
  std::string log;
  boost::json::object summary;
  [[nodiscard]] bool empty() const { return history.empty() && log.empty() && summary.empty(); }
};

class server_api {
 public:
  server_api(asio::any_io_executor io, http::client_options opts, link_watch& link);

  /// `nonce` makes a repeated join the same join.
  asio::awaitable<result<joined>> join(std::string sweep, std::string name, std::string host,
                                       std::int64_t pid, std::string nonce);
  asio::awaitable<result<claim_answer>> claim(std::string sweep, std::string agent,
                                              std::string request_id, std::vector<std::string> knows,
                                              milliseconds wait);
  asio::awaitable<result<beat_answer>> beat(std::string agent, std::vector<std::string> alive);
  asio::awaitable<result<void>> leave(std::string agent, std::string reason);

  asio::awaitable<result<told>> start(spool_record record);
  asio::awaitable<result<told>> send(spool_record record, report what);
  asio::awaitable<result<told>> preempting(spool_record record);
  asio::awaitable<result<told>> finish(spool_record record);
  asio::awaitable<result<void>> put_file(spool_record record, std::string name, std::string bytes);

 private:
  asio::awaitable<result<http::client_response>> exchange(
      std::string method, std::string target, std::string body, std::string content_type,
      std::map<std::string, std::string> headers, milliseconds timeout);
  asio::awaitable<result<boost::json::value>> post(std::string target, boost::json::value body,
                                                   std::string key, milliseconds timeout);
  asio::awaitable<result<told>> tell(spool_record record, std::string verb, boost::json::object body);

  http::client client_;
  link_watch& link_;
};

/// True for errors that pass by themselves: no connection, starting, draining, busy, disk full, a fault
/// of the server's.
bool passes(errc code);
/// True for a key that is missing, revoked or of too low a role.
bool key_refused(errc code);

/// %XX for everything that is not a plain character of a path segment or a query value.
std::string url_encode(std::string_view text);

}  // namespace sweepd::agent
