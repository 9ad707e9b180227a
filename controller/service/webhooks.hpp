// Webhooks as the edges see them: a port, so that rest/ need not know how they are delivered (hooks/).
//
// Thread rule: the controller's io_context, one thread.
#pragma once

#include "controller/core/webhook.hpp"
#include "controller/service/controller.hpp"

#include <string>
#include <vector>

namespace sweepd::service {

/// What came of one try to deliver.
struct delivery {
  bool taken = false;
  int status = 0;       ///< of the answer; 0: there was none
  std::string message;  ///< why it was not taken
  milliseconds took{0};
};

class webhooks {
 public:
  virtual ~webhooks() = default;

  /// All of them as they are now. With address and secret: whoever shows them leaves those out.
  [[nodiscard]] virtual std::vector<core::webhook> list() const = 0;
  /// Gives it an id and a secret, stores it, and tells it what happens from now on. A repeated request
  /// (caller::idempotency_key) is a conflict: the secret was shown once. Errors: invalid (/url, /kinds), and
  /// those of controller::submit.
  virtual asio::awaitable<result<core::webhook>> add(core::webhook wanted, caller who) = 0;
  /// Errors: not_found, and those of controller::submit.
  virtual asio::awaitable<result<void>> remove(webhook_id id, caller who, std::string reason) = 0;
  /// Sends a message without events, once, now. Errors: not_found.
  virtual asio::awaitable<result<delivery>> test(webhook_id id) = 0;
};

}  // namespace sweepd::service
