#include "controller/service/writer.hpp"

#include "controller/service/clock.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

namespace sweepd::service {
namespace {

result<void> commit(core::store& store, const core::batch& b) {
  try {
    return store.commit(b);
  } catch (const std::exception& e) {
    return fail(errc::internal, std::string("commit: ") + e.what());
  }
}

}  // namespace

writer::writer(core::store& store, outcome done)
    : store_(store), done_(std::move(done)), thread_([this] { run(); }) {}

writer::~writer() { stop(); }

void writer::give(const core::batch& b) {
  {
    const std::lock_guard lock(mutex_);
    assert(next_ == nullptr);
    next_ = &b;
  }
  changed_.notify_one();
}

void writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void writer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || next_ != nullptr; });
    if (stop_) return;
    const auto* batch = std::exchange(next_, nullptr);
    lock.unlock();
    const double begin = stopwatch();
    const double cpu_begin = thread_seconds();
    auto committed = commit(store_, *batch);
    commit_time took{stopwatch() - begin, 0};
    took.idle = std::max(0.0, took.whole - (thread_seconds() - cpu_begin));
    done_(std::move(committed), took);
    lock.lock();
  }
}

}  // namespace sweepd::service
