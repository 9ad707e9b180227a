// One-shot hand-backs from the strand to the coroutine that waits, on that coroutine's own
// executor.
//
// completion<T> is a waiting coroutine, its type erased; held is a finished answer that may leave
// only when a batch is durable. wait_for<T>() suspends a coroutine and gives its completion to
// `start`. Always posted, never run in place: a caller's code must not run inside the strand.
#pragma once

#include "controller/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

namespace sweepd::service {

namespace asio = boost::asio;

/// Takes one T, once. Dropped without a value, it destroys the coroutine that waits.
template <class T>
class completion {
 public:
  completion() = default;
  template <class Handler>
    requires(!std::same_as<std::remove_cvref_t<Handler>, completion>)
  explicit completion(Handler handler)
      : self_(std::make_unique<holder<Handler>>(std::move(handler))) {}

  void operator()(T value) { std::exchange(self_, nullptr)->send(std::move(value)); }

 private:
  struct base {
    virtual ~base() = default;
    virtual void send(T value) = 0;
  };
  template <class Handler>
  struct delivery {
    Handler handler;
    T value;
    void operator()() { std::move(handler)(std::move(value)); }
  };
  template <class Handler>
  struct holder final : base {
    // Work is counted on the waiter's executor, so that its io_context does not run dry meanwhile.
    asio::any_io_executor work;
    Handler handler;
    explicit holder(Handler h)
        : work(asio::prefer(asio::any_io_executor(asio::get_associated_executor(h)),
                            asio::execution::outstanding_work.tracked)),
          handler(std::move(h)) {}
    void send(T value) override {
      asio::post(work, delivery<Handler>{std::move(handler), std::move(value)});
    }
  };
  std::unique_ptr<base> self_;
};

/// How wait_for() starts: called once, on the waiting coroutine's thread, after it was suspended.
template <class T, class Start>
struct starter {
  Start start;
  template <class Handler>
  void operator()(Handler handler) {
    const asio::cancellation_slot slot = asio::get_associated_cancellation_slot(handler);
    start(completion<T>(std::move(handler)), slot);
  }
};

/// `auto waiting = wait_for<T>(start); T x = co_await std::move(waiting);`, in two statements, see
/// the GCC 12 rule. start(completion<T>, cancellation_slot) must see to it that the completion is
/// called.
template <class T, class Start>
asio::awaitable<T> wait_for(Start start) {
  starter<T, Start> begin{std::move(start)};
  return asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(std::move(begin),
                                                                      asio::use_awaitable);
}

/// What becomes of an answer when it cannot be given.
template <class T>
void replace_by(T& value, const error& e) {
  value = tl::unexpected<error>(e);
}
template <class T>
void replace_by(std::vector<result<T>>& values, const error& e) {
  for (auto& v : values) v = tl::unexpected<error>(e);
}

/// An answer that waits for a batch.
class held {
 public:
  explicit held(bool needs_disk) : needs_disk_(needs_disk) {}
  virtual ~held() = default;
  held(const held&) = delete;
  held& operator=(const held&) = delete;
  /// The batch is durable: the answer goes out.
  virtual void release() = 0;
  /// It will not become durable in time: the error goes out instead.
  virtual void refuse(const error& e) = 0;
  /// True for what changed something (or asked to wait): held on while the disk is full. False for
  /// those that only looked: refused then.
  [[nodiscard]] bool needs_disk() const { return needs_disk_; }

 private:
  bool needs_disk_;
};

template <class T>
class held_value final : public held {
 public:
  held_value(completion<T> to, T value, bool needs_disk)
      : held(needs_disk), to_(std::move(to)), value_(std::move(value)) {}
  void release() override { to_(std::move(value_)); }
  void refuse(const error& e) override {
    replace_by(value_, e);
    to_(std::move(value_));
  }

 private:
  completion<T> to_;
  T value_;
};

template <class T>
std::unique_ptr<held> hold_value(completion<T> to, T value, bool needs_disk = true) {
  return std::make_unique<held_value<T>>(std::move(to), std::move(value), needs_disk);
}

}  // namespace sweepd::service
