// How the agent's coroutines wait: for an event or a time, whichever is first; and how long between two
// attempts. Everything is on one executor, so there is no lock. One waiter an event.
#pragma once

#include "controller/base/duration.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <string>
#include <utility>

namespace sweepd::agent {

namespace asio = boost::asio;
using steady_time = std::chrono::steady_clock::time_point;

/// What a coroutine that ended by an exception had to say.
inline std::string words_of(const std::exception_ptr& e) {
  try {
    std::rethrow_exception(e);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an unknown exception";
  }
}

/// The one place where the agent reads a clock to measure with.
inline steady_time steady_now() { return std::chrono::steady_clock::now(); }

/// A raised event stays raised until somebody has waited for it.
class wake_event {
 public:
  explicit wake_event(asio::any_io_executor io) : timer_(std::move(io)) {}

  void raise() {
    raised_ = true;
    timer_.cancel();
  }

  /// True: it was raised; false: the time is over.
  asio::awaitable<bool> wait_for(milliseconds limit) {
    if (!raised_) {
      timer_.expires_after(limit);
      co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return std::exchange(raised_, false);
  }

 private:
  asio::steady_timer timer_;
  bool raised_ = false;
};

/// Doubling delays with jitter (half to all of the nominal one), so that agents which lost their server
/// together do not come back together.
class backoff {
 public:
  backoff(milliseconds first, milliseconds most)
      : first_(first), most_(most), nominal_(first), random_(std::random_device{}()) {}

  milliseconds next() {
    const auto nominal = nominal_;
    nominal_ = std::min(nominal_ * 2, most_);
    std::uniform_int_distribution<milliseconds::rep> spread(nominal.count() / 2, nominal.count());
    return milliseconds{spread(random_)};
  }
  void reset() { nominal_ = first_; }

 private:
  milliseconds first_;
  milliseconds most_;
  milliseconds nominal_;
  std::minstd_rand random_;
};

}  // namespace sweepd::agent
