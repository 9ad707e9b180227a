// One webhook being told: follows the event log from where it was told last, sends what is its own, tries again
// with growing pauses, and stores how far it came after each delivery. So a restart loses nothing, and repeats at
// most the one delivery whose end was not stored yet (every event carries its number).
//
// While one delivery is on its way, or within `pace` of the last one, what happens is gathered and goes out
// together: a thousand crashes are a few messages. Thread rule: the controller's io_context; it reads the log on
// the pool for blocking calls.
#pragma once

#include "controller/core/webhook.hpp"
#include "controller/hooks/message.hpp"
#include "controller/service/clock.hpp"
#include "controller/service/webhooks.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>

namespace sweepd::hooks {

namespace asio = boost::asio;

struct hook_options {
  bool allow_private = false;         ///< also addresses that is_public() refuses
  std::string base_url;               ///< of the page, for links
  milliseconds timeout{10'000};       ///< of one try
  milliseconds pace{1'000};           ///< at most one delivery in this time
  milliseconds slack_pace{10'000};    ///< the same for people who read along
  milliseconds retry_first{1'000};    ///< doubled after each try
  milliseconds retry_max{600'000};
  int tries_max = 150;                ///< a day, with these pauses; then the delivery is given up
  event_view view = nullptr;
};

/// What all followers share.
struct surroundings {
  service::controller& controller;
  core::reader& reader;
  const service::clock& clock;
  asio::any_io_executor io;
  asio::any_io_executor blocking;
  hook_options opts;
};

class follower : public std::enable_shared_from_this<follower> {
 public:
  follower(const surroundings& around, core::webhook hook);

  [[nodiscard]] const core::webhook& hook() const { return hook_; }
  /// Begins; `ended` is called once, when it has stopped.
  void start(std::function<void()> ended);
  /// Whatever it waits for ends at once; a delivery on its way is broken off, and comes again after a restart.
  void stop();
  /// One try with a body of no events.
  asio::awaitable<service::delivery> test();

 private:
  asio::awaitable<void> live();
  asio::awaitable<void> follow();
  /// Reads on; the events that are this webhook's, at most items_max, and up to where the log was looked at.
  asio::awaitable<result<std::vector<item>>> next();
  asio::awaitable<result<void>> name_sweeps(message& m);
  /// Tries until it is taken or given up.
  asio::awaitable<void> deliver(message m);
  asio::awaitable<service::delivery> try_once(message m);
  asio::awaitable<void> store();
  asio::awaitable<void> pause(milliseconds how_long);
  [[nodiscard]] bool wants(std::string_view kind) const;

  const surroundings& around_;
  core::webhook hook_;
  std::uint64_t read_to_;    ///< of the log; hook_.told_to follows when it is stored
  std::uint64_t stored_to_;
  bool stopped_ = false;
  asio::steady_timer timer_;
  asio::cancellation_signal cancel_;
};

}  // namespace sweepd::hooks
