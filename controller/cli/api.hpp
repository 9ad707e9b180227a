// The server as the commands see it: plain blocking calls over http::client. Targets are below
// /api/v1; bodies and answers are JSON. Every mutation carries an idempotency key, so it is tried
// once more when the connection was lost, and cannot happen twice. Not thread-safe; one per
// command.
#pragma once

#include "controller/cli/json_text.hpp"
#include "controller/cli/settings.hpp"
#include "controller/config/yaml_reader.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::cli {

inline constexpr std::string_view api_root = "/api/v1";
inline constexpr std::size_t page_size = 1000;

/// `/runs?state=crashed&limit=5` from parts; empty values are left out.
std::string target(std::string_view path,
                   const std::vector<std::pair<std::string, std::string>>& query = {});

/// An answer as it came.
struct raw_answer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

class api {
 public:
  explicit api(const settings& s);
  ~api();
  api(const api&) = delete;
  api& operator=(const api&) = delete;

  /// GET. Errors: those of the server; unavailable when there is no answer.
  result<json::value> get(const std::string& target);
  /// POST, PUT, PATCH or DELETE with an idempotency key of its own. A null body is {} (DELETE:
  /// none).
  result<json::value> change(std::string method, const std::string& target, json::value body);

  /// A list page by page until `each` returns false. `limit` 0: no limit. The answer says whether
  /// more was left, and the total if the server knows it.
  struct listed {
    std::uint64_t seen = 0;
    std::uint64_t total = 0;
    bool more = false;
  };
  result<listed> pages(std::string_view path,
                       std::vector<std::pair<std::string, std::string>> query, std::uint64_t limit,
                       const std::function<bool(const json::object&)>& each);

  /// GET of something that is not JSON (a log): status below 400, else an error.
  result<raw_answer> raw(const std::string& target);
  /// A path outside /api/v1 as it is, whatever its status (/healthz, /readyz).
  result<raw_answer> outside(const std::string& target);
  /// GET streamed to `sink` piece by piece; errors as above.
  result<void> download(const std::string& target,
                        const std::function<bool(std::string_view)>& sink);

  /// Of the last exchange that failed.
  [[nodiscard]] const std::string& request_id() const { return request_id_; }
  /// What a 400 said about an input file, all of it.
  [[nodiscard]] const std::vector<config::problem>& problems() const { return problems_; }

 private:
  struct impl;
  result<raw_answer> exchange(std::string method, std::string target, std::string body,
                              std::map<std::string, std::string> headers);
  result<json::value> judged(const raw_answer& r);
  error refused(int status, const std::map<std::string, std::string>& headers,
                std::string_view body);

  std::unique_ptr<impl> impl_;
  std::string request_id_;
  std::vector<config::problem> problems_;
};

/// The error that a problem+json answer stands for, with its request id and problems. An answer
/// that is none (a proxy's page) is named by its status.
struct refusal {
  error what;
  std::string request_id;
  std::vector<config::problem> problems;
};
refusal read_refusal(int status, const std::map<std::string, std::string>& headers,
                     std::string_view body);

/// 32 hex digits from the system's random device.
std::string fresh_idempotency_key();

}  // namespace sweepd::cli
