// The one thread that writes: takes a batch, commits it, hands the outcome back.
//
// One batch at a time; whoever gives the next one waits for the outcome of the one before. Nothing
// is decided here: what a failure means is for engine_disk.cpp to say. Owns the thread, not the
// store.
#pragma once

#include "controller/core/store.hpp"
#include "controller/service/gather.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace sweepd::service {

class writer {
 public:
  /// Called on the writer's thread after each commit. An exception of the store is errc::internal.
  using outcome = std::function<void(result<void> committed, commit_time took)>;

  writer(core::store& store, outcome done);
  ~writer();
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  /// Commits `b`, which must stay as it is until the outcome is known.
  void give(const core::batch& b);
  /// Ends the thread after the commit that is running, if one is. Idempotent.
  void stop();

 private:
  void run();

  core::store& store_;
  outcome done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  const core::batch* next_ = nullptr;
  bool stop_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace sweepd::service
