// Keys: how one is made, how it is presented, and whom it stands for. Pure but for the random
// device. The live table and its refresh are key_cache.hpp's; this file has no clock and no
// controller.
//
// A key is "local-" and 43 characters of [0-9A-Za-z] (256 bits). Its id is the first 8 of the 43;
// what is stored is the SHA-256 of the whole text. The guess space makes slow hashing pointless.
#pragma once

#include "controller/base/result.hpp"
#include "controller/core/types.hpp"
#include "controller/http/router.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sweepd::http {

/// A new key. `key` is shown once and never stored.
struct issued_key {
  std::string key;     ///< "local-..."
  std::string id;      ///< 8 characters
  std::string sha256;  ///< 64 lower-case hex digits: what the store keeps
};
/// Throws std::runtime_error when the system has no randomness.
issued_key make_key();

/// The key in an Authorization header: "Bearer KEY", or "Basic" with user `api`. "" when there is
/// no header; unauthorized when it is of no such form.
result<std::string> presented_key(std::optional<std::string_view> authorization);

/// The id of a key of our form; none otherwise.
std::optional<std::string> key_id_of(std::string_view key);

/// The keys as they were at one moment. Immutable.
class key_table {
 public:
  key_table() = default;
  explicit key_table(std::vector<core::api_key> keys);
  /// Is there one that is not revoked? An expired one counts: expiry must not open the door to all.
  [[nodiscard]] bool any() const { return any_; }
  /// Whom the key stands for at `now`. unauthorized for unknown, expired and revoked alike.
  [[nodiscard]] result<principal> check(std::string_view key, instant now) const;

 private:
  std::unordered_map<std::string, core::api_key> by_id_;
  bool any_ = false;
};

/// Failed attempts by address, in windows of one minute. A right key is never refused: keys cannot
/// be guessed at any rate, and one misconfigured agent must not lock out the others on its host.
class failed_attempts {
 public:
  explicit failed_attempts(int per_minute) : max_(per_minute) {}
  /// Notes one; true when the address is over its limit.
  bool note(const std::string& address, milliseconds steady_now);
  [[nodiscard]] bool over(const std::string& address, milliseconds steady_now) const;

 private:
  struct window {
    milliseconds start{0};
    int count = 0;
  };
  int max_;
  std::unordered_map<std::string, window> by_address_;
};

}  // namespace sweepd::http
