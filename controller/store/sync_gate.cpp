#include "controller/store/sync_gate.hpp"

#include <algorithm>

namespace sweepd::store {

void sync_gate::begin() {
  const std::lock_guard lock(mutex_);
  begun_ = written_ + 1;
}

void sync_gate::written() {
  const std::lock_guard lock(mutex_);
  written_ = begun_;
}

void sync_gate::withdrawn() {
  {
    const std::lock_guard lock(mutex_);
    begun_ = written_;
  }
  changed_.notify_all();
}

std::uint64_t sync_gate::mark() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

bool sync_gate::is_open() const {
  const std::lock_guard lock(mutex_);
  return synced_ >= written_;
}

void sync_gate::synced(std::uint64_t mark) {
  {
    const std::lock_guard lock(mutex_);
    synced_ = std::max(synced_, mark);
  }
  changed_.notify_all();
}

void sync_gate::fail() {
  {
    const std::lock_guard lock(mutex_);
    failed_ = true;
  }
  changed_.notify_all();
}

bool sync_gate::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

bool sync_gate::wait() {
  std::unique_lock lock(mutex_);
  const auto seen = begun_;
  // One that was rolled back is waited for no longer.
  const auto durable = [&] { return synced_ >= std::min(seen, begun_); };
  ++waiting_;
  changed_.wait(lock, [&] { return failed_ || durable(); });
  --waiting_;
  return durable();
}

int sync_gate::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

}  // namespace sweepd::store
