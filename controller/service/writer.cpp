#include "controller/service/writer.hpp"

#include "controller/service/clock.hpp"

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
    auto committed = commit(store_, *batch);
    done_(std::move(committed), stopwatch() - begin);
    lock.lock();
  }
}

}  // namespace sweepd::service
