// Somebody a webhook is sent to: takes POST requests on a port of its own, answers as it is told, keeps what came.
// A thread of its own; everything public may be called from the test's.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace sweepd::test {

struct received {
  std::string path;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

class receiver {
 public:
  receiver();
  ~receiver();
  receiver(const receiver&) = delete;
  receiver& operator=(const receiver&) = delete;

  [[nodiscard]] std::string url() const;
  /// The next answers; after them 204.
  void answer(std::deque<int> statuses);
  /// Every answer from now on is `status`; none: 204 again.
  void always(std::optional<int> status);
  /// The next request, waited for; fails the test after a minute.
  received next();
  /// Requests that came and were not taken by next().
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct impl;
  void serve();
  std::unique_ptr<impl> impl_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::deque<received> kept_;
  std::deque<int> statuses_;
  std::optional<int> always_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sweepd::test
