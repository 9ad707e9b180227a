// A real server on a real port, with routes of the tests' own and no controller; and raw sockets to
// send it bytes that no client library would send. Nothing here waits for time to pass: a test
// waits for bytes or for the connection to end, and fails if neither comes.
#pragma once

#include "controller/http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sweepd::http::test {

using test_handler = std::function<asio::awaitable<response>(request_context&)>;

/// Wall time stands still; steady time is the machine's.
class test_clock final : public service::clock {
 public:
  [[nodiscard]] instant now() const override;
  [[nodiscard]] milliseconds steady() const override;
  [[nodiscard]] milliseconds boot() const override { return steady(); }
};

/// Keys of the tests: "viewer-key", "agent-key", "operator-key", "admin-key". Without `keyed`
/// everyone is a local admin where the listener allows it.
struct live_options {
  server_options server;
  bool keyed = false;
  live_options();
};

class live_server {
 public:
  explicit live_server(live_options o = {});
  ~live_server();
  live_server(const live_server&) = delete;
  live_server& operator=(const live_server&) = delete;

  [[nodiscard]] unsigned short port() const { return port_; }
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::size_t connections() const { return server_->connections(); }
  boost::asio::io_context& io() { return io_; }
  server& get() { return *server_; }
  /// From here on no key is let in.
  void revoke_all() { revoked_ = true; }
  /// Stops with that drain and waits until it has.
  void stop(milliseconds drain);

 private:
  boost::asio::io_context io_;
  test_clock clock_;
  std::atomic<bool> revoked_{false};
  router routes_;
  std::unique_ptr<server> server_;
  std::thread thread_;
  unsigned short port_ = 0;
  bool stopped_ = false;
};

/// What a raw connection gave back.
struct reply {
  int status = 0;
  std::string head;  ///< with the status line, lower case
  std::string body;  ///< de-chunked
  [[nodiscard]] std::string header(std::string_view lower_name) const;
};

class raw_connection {
 public:
  explicit raw_connection(unsigned short port);
  explicit raw_connection(const std::string& unix_path);
  ~raw_connection();
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;

  /// False when the other side no longer takes bytes.
  bool send(std::string_view bytes);
  /// One response; none when the connection ends (or nothing comes for 10 s) before it is whole.
  std::optional<reply> read(bool head_only = false);
  /// Everything up to the end; none when it does not end within 10 s.
  std::optional<std::string> read_to_end();
  /// Bytes until `mark` has been seen; "" when the connection ends before.
  std::string read_until(std::string_view mark);
  /// Ended, with nothing more to read; waits for it up to 10 s.
  bool ended();
  void half_close();
  /// Looks only: has the other side closed?
  [[nodiscard]] bool closed_now() const;

 private:
  bool fill();
  int fd_ = -1;
  std::string held_;
  bool eof_ = false;
};

/// Sends `bytes` on a fresh connection, reads one response, and says whether the connection then
/// ended.
struct probe_result {
  int status = 0;  ///< 0: no response
  bool closed = false;
  std::string extra;  ///< what came after the first response
  reply first;
};
probe_result probe(unsigned short port, std::string_view bytes);
/// For requests after which the connection lives: sends, reads one response, proves it by a second
/// one.
probe_result probe_kept(unsigned short port, const std::string& bytes);

/// "GET /ping HTTP/1.1" with the right Host, and more fields (each with its line end).
std::string get(const live_server& s, std::string_view path, std::string_view fields = {});
std::string post(const live_server& s, std::string_view path, std::string_view body,
                 std::string_view fields = {});

}  // namespace sweepd::http::test
