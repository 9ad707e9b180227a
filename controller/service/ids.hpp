// The ids of sweeps, runs and agents: fresh_id() of controller.hpp, and where they come from.
//
// Ids of about the same time stand side by side in an index: the store touches one leaf of each index for a batch of
// new runs, not one for every run. (RFC 9562, 6.2, has the same in mind with UUIDv7.)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace sweepd::service {

/// 24 random bits at a time, from one call of the system for many.
class random_source {
 public:
  std::uint64_t next();

 private:
  void fill();

  std::array<unsigned char, 240> bytes_{};  // getrandom() gives so few whole or not at all
  std::size_t used_ = bytes_.size();
};

/// Rising numbers: the second, then a place in it. A clock that goes back, or more ids than a second has places,
/// only make it go on from where it is. A process begins in the second after the one it is started in, where
/// nobody was before. Thread-safe.
class id_sequence {
 public:
  /// `second_now`: seconds since 1970.
  explicit id_sequence(std::function<std::uint64_t()> second_now) : second_now_(std::move(second_now)) {}
  /// 8 characters of [a-z0-9].
  std::string next();

 private:
  void enter(std::uint64_t second);

  std::function<std::uint64_t()> second_now_;
  std::mutex mutex_;
  random_source random_;
  std::uint64_t second_ = 0, place_ = 0;
  int made_ = 0;  // in this second
};

}  // namespace sweepd::service
