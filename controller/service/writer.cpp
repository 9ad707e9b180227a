#include "controller/service/writer.hpp"

#include "controller/service/clock.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

namespace sweepd::service {
namespace {

result<void> tried(const worker::job& what) {
  try {
    return what();
  } catch (const std::exception& e) {
    return fail(errc::internal, std::string("store: ") + e.what());
  }
}

}  // namespace

worker::worker(job what, outcome done)
    : what_(std::move(what)), done_(std::move(done)), thread_([this] { run(); }) {}

worker::~worker() { stop(); }

void worker::start() {
  {
    const std::lock_guard lock(mutex_);
    assert(!wanted_);
    wanted_ = true;
  }
  changed_.notify_one();
}

void worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || wanted_; });
    if (stop_) return;
    wanted_ = false;
    lock.unlock();
    const double begin = stopwatch();
    const double cpu_begin = thread_seconds();
    auto came_of_it = tried(what_);
    commit_time took{stopwatch() - begin, 0};
    took.idle = std::max(0.0, took.whole - (thread_seconds() - cpu_begin));
    done_(std::move(came_of_it), took);
    lock.lock();
  }
}

writer::writer(core::store& store, worker::outcome written, worker::outcome synced)
    : writing_([this, &store] { return store.write(*next_); }, std::move(written)),
      syncing_([&store] { return store.sync(); }, std::move(synced)) {}

void writer::write(const core::batch& b) {
  next_ = &b;
  writing_.start();
}

void writer::stop() {
  writing_.stop();
  syncing_.stop();
}

}  // namespace sweepd::service
