// The route table: method, pattern, the role it needs, the body it takes, the handler. Deny by
// default: what is not in the table is 404, a wrong method 405, and authorisation happens here, not
// in handlers.
#pragma once

#include "controller/core/types.hpp"
#include "controller/http/message.hpp"
#include "controller/service/controller.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::service {
class webhooks;
}

namespace sweepd::http {

/// The key_id of those who come without one.
inline constexpr std::string_view local_key_id = "local";

/// Who is asking, after authentication. While no key exists (loopback only) everyone is a local
/// admin.
struct principal {
  std::string key_id;   ///< "local" without keys
  core::role role = core::role::viewer;
  std::string project = "*";  ///< "entity/project", or "*" for all
  /// May it see things of that project? Handlers answer 404 if not.
  [[nodiscard]] bool sees(std::string_view project_name) const;
};

/// Everything handlers may use; built once in main. `extra` settings that only edges need live
/// here.
struct services {
  service::controller& controller;
  core::reader& reader;
  const service::clock& clock;
  asio::any_io_executor blocking;  ///< a pool for calls that may block on the disk
  std::string version;
  /// Where handlers may put temporary files; empty: the system's own directory for them.
  std::string scratch_directory{};
  /// The page of /metrics; empty: there is none.
  std::function<asio::awaitable<std::string>()> metrics_text{};
  /// Empty: this server sends none.
  service::webhooks* hooks = nullptr;
  /// Told of each answer by the session that gave it: route pattern ("" when nothing matched),
  /// method, status, seconds. Must be quick and thread-safe. Empty: nobody wants to know.
  std::function<void(std::string_view, std::string_view, int, double)> observe{};
};

struct request_context {
  const request& req;
  principal who;
  std::map<std::string, std::string, std::less<>> path;  ///< {sweep} -> value
  [[nodiscard]] const std::string& operator[](std::string_view name) const;
  /// The actor and idempotency key for controller.submit().
  [[nodiscard]] service::caller caller() const;
};

using handler = asio::awaitable<response> (*)(request_context&, services&);

/// What a route needs. `open`: no key at all (liveness). Roles are ordered viewer < agent <
/// operator < admin for reading; `agent` routes take agent and operator and admin keys, not
/// viewers.
enum class need { open, viewer, agent, operator_, admin };

/// The role table of `need`: may a key of that role use such a route?
[[nodiscard]] bool allows(need what, core::role role);

struct route {
  std::string_view method;
  /// "/api/v1/sweeps/{sweep}/claims". A last segment {name...} takes the rest of the path, '/'
  /// included.
  std::string_view pattern;
  need who = need::admin;
  handler run = nullptr;
  std::size_t body_max = 4u << 20;
  /// Accepted content types of the body, comma separated; JSON unless said otherwise. "*/*": any,
  /// or none at all (only for routes that are no use to a cross-site form).
  std::string_view takes = "application/json";
  /// Agents speak through it whatever it needs: counted as their traffic (rate_limit.hpp), as are all
  /// routes that need::agent.
  bool by_agents = false;
};

/// Several tables (REST, W&B wire, web) make one router. Thread rule: immutable once built.
class router {
 public:
  /// The tables must outlive the router. Throws std::logic_error for a malformed pattern or a
  /// method and pattern given twice: mistakes in the program, found at start-up.
  explicit router(std::vector<std::span<const route>> tables);
  struct match {
    const route* found = nullptr;
    std::map<std::string, std::string, std::less<>> path;
    std::string allow;  ///< when the path exists under other methods: for the Allow header
  };
  /// `path` as it came, still percent-encoded: segments are split first and decoded then, so an
  /// encoded '/' stays within its segment. HEAD finds GET. A literal segment wins over a parameter.
  [[nodiscard]] match find(std::string_view method, std::string_view path) const;
  /// The same for a path that is split and decoded already (split_path).
  [[nodiscard]] match find(std::string_view method, const std::vector<std::string>& path) const;
  [[nodiscard]] std::vector<const route*> all() const;

 private:
  /// A pattern, split.
  struct entry {
    const route* of = nullptr;
    std::vector<std::string_view> segments;
    bool takes_rest = false;
  };
  /// The patterns of fixed length as a tree of their segments. Nodes are numbers in tree_, 0 is its root.
  struct node {
    std::vector<std::pair<std::string_view, std::size_t>> literals;
    std::size_t parameter = 0;          ///< 0: none
    std::vector<std::size_t> ends_here; ///< numbers in entries_
  };
  static entry compile(const route& r);
  void add(entry e);
  std::size_t child(std::size_t of, std::string_view segment);
  /// Calls `look` for each pattern that fits, the most specific first, until it returns true.
  template <class Look>
  bool each_fitting(const std::vector<std::string>& path, Look look) const;
  template <class Look>
  bool walk(std::size_t at, std::size_t depth, const std::vector<std::string>& path, Look& look) const;

  std::vector<std::span<const route>> tables_;
  std::vector<entry> entries_;
  std::vector<node> tree_;
  std::vector<std::size_t> open_ended_;  ///< numbers in entries_, the most specific first
};

}  // namespace sweepd::http
