// The two threads at the disk: one writes batches, the other syncs what was written, both at the same time.
//
// Each does one thing at a time; whoever gives the next waits for the outcome of the one before. Nothing is decided
// here: what a failure means is for engine_disk.cpp to say. Owns the threads, not the store.
#pragma once

#include "controller/core/store.hpp"
#include "controller/service/gather.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace sweepd::service {

/// A thread that does a job when it is told to.
class worker {
 public:
  /// An exception of the job is errc::internal. `done` is called on the thread after each.
  using job = std::function<result<void>()>;
  using outcome = std::function<void(result<void> came_of_it, commit_time took)>;

  worker(job what, outcome done);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void start();
  /// Ends the thread after the job that is running, if one is. Idempotent.
  void stop();

 private:
  void run();

  job what_;
  outcome done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false;
  bool stop_ = false;
  std::thread thread_;  // last: it uses all of the above
};

class writer {
 public:
  writer(core::store& store, worker::outcome written, worker::outcome synced);

  /// Writes `b`, which must stay as it is until the outcome is known.
  void write(const core::batch& b);
  /// Makes durable what is written by now.
  void sync() { syncing_.start(); }
  void stop();

 private:
  const core::batch* next_ = nullptr;  // handed over by start()
  worker writing_, syncing_;
};

}  // namespace sweepd::service
