#include "controller/service/gather.hpp"

#include <algorithm>

namespace sweepd::service {
namespace {

constexpr double share_of_the_disk = 0.5;
constexpr unsigned misses_max = 6;

}  // namespace

void gather::committed(std::size_t answered, std::size_t arrived, commit_time took, double now) {
  open_ = false;
  if (answered == 0) return;  // nobody of whom to expect another command
  if (pass_ > 0) {
    --pass_;
    return;
  }
  open_ = true;
  answered_ = answered;
  arrived_ = arrived;
  until_ = now + std::min(seconds_max_, took.idle * share_of_the_disk);
}

double gather::left(std::size_t commands, double now) {
  if (!open_) return 0;
  if (commands < answered_ + arrived_ && now < until_) return until_ - now;
  open_ = false;
  misses_ = 2 * commands >= answered_ + 2 * arrived_ ? 0 : std::min(misses_ + 1, misses_max);
  if (misses_ > 0) pass_ = 1u << misses_;
  return 0;
}

}  // namespace sweepd::service
