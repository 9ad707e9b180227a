// How often each API key may ask: a token bucket a key, refilled by the steady time that the caller
// gives, so that one script in a loop cannot take the server from the others.
//
// Two buckets a key. What agents write (heartbeats, claims, reports, files) has its own, far larger one:
// a fleet shares one key, and a heartbeat that is refused is what makes a live run look dead; it is not
// without limit, since an agent's key lies on many hosts and may leak. Used by session.cpp after the key
// is known. One thread.
#pragma once

#include "controller/base/instant.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace sweepd::http {

class rate_limit {
 public:
  /// `per_second` 0: no limit. A key that was quiet may ask five seconds' worth at once.
  explicit rate_limit(std::int64_t per_second);
  /// Takes one token of the key's; false: there is none, and will be within a second.
  bool take(const std::string& key, milliseconds steady_now);

 private:
  struct bucket {
    std::int64_t tokens = 0;  ///< thousandths
    milliseconds filled{0};
  };
  [[nodiscard]] bucket refilled(const bucket& b, milliseconds steady_now) const;

  std::int64_t per_second_;
  std::int64_t full_;  ///< thousandths
  std::unordered_map<std::string, bucket> by_key_;
};

}  // namespace sweepd::http
