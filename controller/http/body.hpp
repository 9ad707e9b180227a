// Where a request's body goes: counted against its route's limit and the server's memory budget,
// and inflated on the way when it came gzipped. Pure but for zlib; no socket.
//
// Made by the session once the head has passed the gate; fed by the parser; gives its memory back
// to the budget when it is destroyed, which is after the handler's answer. Thread rule: one thread
// a server.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sweepd::http {

/// Memory that all bodies of a server may take together.
class memory_budget {
 public:
  explicit memory_budget(std::size_t bytes_max) : max_(bytes_max) {}
  [[nodiscard]] bool take(std::size_t bytes) {
    if (bytes > max_ - used_) return false;
    used_ += bytes;
    return true;
  }
  void give_back(std::size_t bytes) { used_ -= bytes; }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::size_t max_;
  std::size_t used_ = 0;
};

enum class body_state {
  ok,
  too_large,    ///< over the route's limit, or inflating suspiciously: 413
  over_budget,  ///< no memory for it now: 503
  malformed,    ///< not the gzip it says it is: 400
};

/// A gzipped body may grow by this factor once it is over the free allowance.
inline constexpr std::size_t inflate_ratio_max = 100;
inline constexpr std::size_t inflate_free_bytes = 1u << 20;

class body_sink {
 public:
  /// `bytes_max` bounds both what is received and what it inflates to.
  body_sink(memory_budget& budget, std::size_t bytes_max, bool gzip);
  ~body_sink();
  body_sink(const body_sink&) = delete;
  body_sink& operator=(const body_sink&) = delete;

  /// Takes the next piece as sent. After anything but ok, it takes no more.
  body_state append(std::string_view piece);
  /// No more will come: is it whole?
  body_state finish();
  /// The body; the budget stays charged until the sink is destroyed.
  [[nodiscard]] std::string take() { return std::move(body_); }
  [[nodiscard]] std::size_t received() const { return received_; }

 private:
  struct inflater;
  body_state store(std::string_view bytes);
  body_state inflate(std::string_view piece);

  memory_budget& budget_;
  std::size_t max_;
  std::size_t received_ = 0;
  std::size_t charged_ = 0;
  std::string body_;
  std::unique_ptr<inflater> gzip_;
  body_state state_ = body_state::ok;
};

}  // namespace sweepd::http
