// The hash chain over the event table: h_n = SHA-256(h_{n-1} || canonical row), h_0 = 32 zero bytes.
//
// The canonical row is every column but the hash: seq, wall, at as 8 bytes big-endian, then actor,
// type, sweep, run, agent, body, each as its length in 8 bytes big-endian and its bytes. It finds a
// changed, removed, inserted or reordered row. A tail that was cut off is found only against the head
// kept in `meta`, or, when that was forged too, against a head that was exported before.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sweepd::store {

using digest = std::array<unsigned char, 32>;

std::string hex(const digest& d);
/// SHA-256 of a text.
digest sha256(std::string_view text);

/// The columns that are hashed. An absent subject is empty.
struct event_row {
  std::uint64_t seq = 0;
  std::int64_t wall = 0;
  std::int64_t at = 0;
  std::string_view actor, type, sweep, run, agent, body;
};

/// The chain's end; starts at a stored head, or at the beginning. One thread at a time.
class event_chain {
 public:
  explicit event_chain(const digest& head = {});
  ~event_chain();
  event_chain(const event_chain&) = delete;
  event_chain& operator=(const event_chain&) = delete;

  /// Appends a row; the new head.
  const digest& add(const event_row& row);
  [[nodiscard]] const digest& head() const { return head_; }
  /// Goes back to a head taken before, when a transaction did not happen.
  void rewind(const digest& head) { head_ = head; }

 private:
  struct hasher;
  std::unique_ptr<hasher> hasher_;
  digest head_;
};

}  // namespace sweepd::store
