// A whole server in the test's process: SQLite in a directory of its own, the real controller, the real
// HTTP server on a free port, the real client. Nothing is faked; the test talks to it as anybody would.
#pragma once

#include "controller/http/client.hpp"
#include "controller/http/router.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::test {

namespace asio = boost::asio;
namespace bj = boost::json;

/// What came back: `json` is null when the body was none.
struct reply {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string text;
  bj::value json;

  /// The member at a path like "run.config.lr.value" or "items.0.id"; fails the test if it is not there.
  [[nodiscard]] const bj::value& at(std::string_view path) const;
  [[nodiscard]] std::string str(std::string_view path) const;
  [[nodiscard]] std::int64_t num(std::string_view path) const;
};

/// What a request may carry beside its body.
struct sent {
  std::string key;              ///< API key
  std::string idempotency_key;
  std::map<std::string, std::string> headers;
  std::string content_type = "application/json";
};

class rest_server {
 public:
  rest_server();
  ~rest_server();
  rest_server(const rest_server&) = delete;
  rest_server& operator=(const rest_server&) = delete;

  /// Stops it as SIGTERM would and starts it again on the same data (and another port).
  void restart();

  reply get(const std::string& target, const sent& how = {});
  reply post(const std::string& target, const bj::value& body = bj::object(), const sent& how = {});
  /// Any method; the body as it is.
  reply send(const std::string& method, const std::string& target, const std::string& body,
             const sent& how = {});
  /// Streams until `sink` returns false.
  reply stream(const std::string& target, std::map<std::string, std::string> headers,
               std::function<bool(std::string_view)> sink);

  [[nodiscard]] const http::router& routes() const;
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string data() const;

  // The usual steps; each must succeed.
  std::string create_sweep(const std::string& yaml, const sent& how = {});
  std::string join(const std::string& sweep, const sent& how = {});
  /// A claim that must get a run: the run object of the answer.
  bj::object claim(const std::string& sweep, const std::string& agent, const sent& how = {});
  /// Claims, starts, and gives the run's id.
  std::string start_run(const std::string& sweep, const std::string& agent, const sent& how = {});
  /// start_run(), and the process dies by SIGKILL: the run is crashed.
  std::string crash_run(const std::string& sweep, const std::string& agent, const sent& how = {});
  /// A new key; its secret.
  std::string make_key(const std::string& role, const std::string& project, const std::string& by = {});

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// A grid of 12 cells with a metric.
extern const std::string grid_yaml;
/// The same, with a policy that leaves crashed runs alone for an hour.
extern const std::string patient_yaml;

}  // namespace sweepd::test
