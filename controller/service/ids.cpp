// fresh_id(): the ids of sweeps, runs and agents.
//
// Ids of about the same time stand side by side in an index: the store touches one leaf of each index for a batch of
// new runs, not one for every run. (RFC 9562, 6.2, has the same in mind with UUIDv7.)
#include "controller/service/clock.hpp"
#include "controller/service/controller.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

namespace sweepd::service {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";  // in the order of their bytes
constexpr std::size_t digits = 8;
constexpr std::uint64_t places = 36 * 36 * 36;  // in one second: the last three digits

/// 24 random bits at a time, from one call for many.
class random_source {
 public:
  std::uint64_t next() {
    if (used_ + 3 > bytes_.size()) fill();
    std::uint64_t out = 0;
    for (int i = 0; i < 3; ++i) out = out << 8 | bytes_[used_++];
    return out;
  }

 private:
  void fill() {
    while (getrandom(bytes_.data(), bytes_.size(), 0) != static_cast<ssize_t>(bytes_.size()))
      if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    used_ = 0;
  }

  std::array<unsigned char, 240> bytes_{};  // getrandom() gives so few whole or not at all
  std::size_t used_ = bytes_.size();
};

/// Rising numbers: the second, then a place in it. A clock that goes back, or more ids than a second has places,
/// only make it go on from where it is. A process begins in the second after the one it is started in, where
/// nobody was before.
class id_sequence {
 public:
  std::string next() {
    const std::lock_guard lock(mutex_);
    const auto now = second_now();
    place_ += 1 + random_.next() % 8;
    if (second_ == 0) enter(now + 1);
    if (now > second_) enter(now);
    if (place_ >= places) enter(second_ + 1);
    std::string out(digits, '0');
    auto rest = second_ * places + place_;  // the highest digits are left out: they change every 700 days
    for (auto digit = out.rbegin(); digit != out.rend(); ++digit, rest /= alphabet.size())
      *digit = alphabet[rest % alphabet.size()];
    return out;
  }

 private:
  static std::uint64_t second_now() {
    const auto now = std::chrono::floor<std::chrono::seconds>(system_clock().now());
    return static_cast<std::uint64_t>(now.time_since_epoch().count());
  }
  void enter(std::uint64_t second) {
    second_ = second;
    place_ = random_.next() % (places / 4);
  }

  std::mutex mutex_;
  random_source random_;
  std::uint64_t second_ = 0, place_ = 0;
};

}  // namespace

std::string fresh_id() {
  static id_sequence ids;
  return ids.next();
}

}  // namespace sweepd::service
