#include "controller/service/clock.hpp"

#include <ctime>

namespace sweepd::service {
namespace {

std::chrono::nanoseconds read_exactly(clockid_t which) {
  timespec t{};
  clock_gettime(which, &t);
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

milliseconds read_posix(clockid_t which) {
  return std::chrono::duration_cast<milliseconds>(read_exactly(which));
}

class machine_clock final : public clock {
 public:
  [[nodiscard]] instant now() const override {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] milliseconds steady() const override { return read_posix(CLOCK_MONOTONIC); }
  [[nodiscard]] milliseconds boot() const override { return read_posix(CLOCK_BOOTTIME); }
};

}  // namespace

const clock& system_clock() {
  static const machine_clock instance;
  return instance;
}

double stopwatch() {
  return std::chrono::duration<double>(read_exactly(CLOCK_MONOTONIC)).count();
}

double thread_seconds() {
  return std::chrono::duration<double>(read_exactly(CLOCK_THREAD_CPUTIME_ID)).count();
}

}  // namespace sweepd::service
