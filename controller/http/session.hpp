// One connection: head, gate, route, key, body, handler, answer; again while it is kept alive.
//
// Called by server.cpp for each accepted connection. Each phase has one absolute deadline: the head
// from its first byte, the body, each write, the wait between requests. A handler has none: long
// polls end by their own patience. Whatever throws in a handler becomes a 500, is logged, and ends
// the connection.
#pragma once

#include "controller/http/auth.hpp"
#include "controller/http/body.hpp"
#include "controller/http/gate.hpp"
#include "controller/http/rate_limit.hpp"
#include "controller/http/server.hpp"
#include "controller/http/transport.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace sweepd::http {

/// A connection that stop() can reach.
struct open_connection {
  transport* io = nullptr;
  bool idle = true;  ///< between requests: may be closed without loss
};

class connection_slot;

/// What the sessions of one server share. Outlives them (they hold it). One thread, but for
/// `connections`.
struct session_hub : std::enable_shared_from_this<session_hub> {
  session_hub(const router& r, backend b, server_options o);

  const router& routes;
  backend back;
  server_options opts;
  memory_budget bodies;
  failed_attempts failures;
  rate_limit asking;   ///< by key: people and scripts
  rate_limit writing;  ///< by key: agents
  bool draining = false;
  std::list<open_connection> open;
  std::unordered_map<std::string, std::size_t> by_address;
  std::atomic<std::size_t> connections{0};
  std::function<void()> on_last_closed;  ///< set while stop() waits

  /// A place for one more connection; null when the total or the address is at its limit. An empty
  /// `address` (a Unix socket) has no limit of its own.
  std::unique_ptr<connection_slot> admit(std::string address);
  /// Counts a request of that key; why it has to wait a second, or none. Without keys there is nobody to
  /// tell apart.
  std::optional<std::string> rate_problem(const route& r, const principal& who);
  std::string next_request_id();
  /// The Date header of now; made once a second.
  std::string_view date();

 private:
  std::uint64_t id_seed_;
  std::uint64_t ids_ = 0;
  instant date_of_{};
  std::string date_;
};

/// Holds a connection's place in the counts and in the list of open ones.
class connection_slot {
 public:
  connection_slot(std::shared_ptr<session_hub> hub, std::string address);
  ~connection_slot();
  connection_slot(const connection_slot&) = delete;
  connection_slot& operator=(const connection_slot&) = delete;
  [[nodiscard]] open_connection& entry() { return *entry_; }
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  std::shared_ptr<session_hub> hub_;
  std::string address_;
  std::list<open_connection>::iterator entry_;
};

/// What a listener knows about the connections it accepts.
struct listener_rules {
  gate_rules gate;
  bool keyless = false;  ///< loopback or a Unix socket: served without keys while none exist
};

/// Serves until the connection ends. Never throws.
asio::awaitable<void> serve_connection(std::shared_ptr<session_hub> hub,
                                       std::shared_ptr<const listener_rules> rules,
                                       std::unique_ptr<transport> io,
                                       std::unique_ptr<connection_slot> slot);

}  // namespace sweepd::http
