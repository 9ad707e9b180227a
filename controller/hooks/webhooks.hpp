// The webhooks of a server: the port of service/webhooks.hpp, and a follower for each.
//
// start() after the controller's, stop() before it. Thread rule: the controller's io_context, one thread.
#pragma once

#include "controller/hooks/follower.hpp"
#include "controller/service/webhooks.hpp"

#include <map>
#include <memory>

namespace sweepd::hooks {

inline constexpr std::size_t webhooks_max = 100;

class webhooks final : public service::webhooks {
 public:
  explicit webhooks(surroundings around);

  /// Reads the rows and begins. Blocks on the disk. Errors: the reader's.
  result<void> start();
  /// Returns when no follower is at work any more.
  asio::awaitable<void> stop();

  [[nodiscard]] std::vector<core::webhook> list() const override;
  asio::awaitable<result<core::webhook>> add(core::webhook wanted, service::caller who) override;
  asio::awaitable<result<void>> remove(webhook_id id, service::caller who, std::string reason) override;
  asio::awaitable<result<service::delivery>> test(webhook_id id) override;

 private:
  void follow(core::webhook hook);

  surroundings around_;
  std::map<std::string, std::shared_ptr<follower>> followers_;
  std::size_t at_work_ = 0;
  asio::steady_timer all_gone_;
};

}  // namespace sweepd::hooks
