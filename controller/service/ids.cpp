#include "controller/service/ids.hpp"

#include "controller/service/clock.hpp"
#include "controller/service/controller.hpp"

#include <sys/random.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <system_error>

namespace sweepd::service {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";  // in the order of their bytes
constexpr std::size_t digits = 8;
constexpr std::uint64_t places = 36 * 36 * 36;  // in one second: the last three digits
// The first ids of a second lie far apart, so that people can tell a fleet's by their ends; when there are many,
// the others lie close.
constexpr int far_apart = 64;
constexpr std::uint64_t long_step = 512;
constexpr std::uint64_t short_step = 8;

std::uint64_t system_second() {
  const auto now = std::chrono::floor<std::chrono::seconds>(system_clock().now());
  return static_cast<std::uint64_t>(now.time_since_epoch().count());
}

}  // namespace

std::uint64_t random_source::next() {
  if (used_ + 3 > bytes_.size()) fill();
  std::uint64_t out = 0;
  for (int i = 0; i < 3; ++i) out = out << 8 | bytes_[used_++];
  return out;
}

void random_source::fill() {
  while (getrandom(bytes_.data(), bytes_.size(), 0) != static_cast<ssize_t>(bytes_.size()))
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  used_ = 0;
}

std::string id_sequence::next() {
  const std::lock_guard lock(mutex_);
  const auto now = second_now_();
  place_ += 1 + random_.next() % (made_++ < far_apart ? long_step : short_step);
  if (second_ == 0) enter(now + 1);
  if (now > second_) enter(now);
  if (place_ >= places) enter(second_ + 1);
  std::string out(digits, '0');
  auto rest = second_ * places + place_;  // the highest digits are left out: they change every 700 days
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, rest /= alphabet.size())
    *digit = alphabet[rest % alphabet.size()];
  return out;
}

void id_sequence::enter(std::uint64_t second) {
  second_ = second;
  made_ = 0;
  place_ = random_.next() % (places / 4);
}

std::string fresh_id() {
  static id_sequence ids(system_second);
  return ids.next();
}

}  // namespace sweepd::service
