// What the store's tests share: a directory that goes away, a script of realistic batches, and a text
// in which two stores can be compared.
#pragma once

#include "controller/core/store.hpp"
#include "controller/store/sqlite_store.hpp"

#include <string>
#include <vector>

namespace sweepd::test {

/// A fresh directory below the system's temporary one, removed with everything in it.
class temp_dir {
 public:
  temp_dir();
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Batches as a sweep makes them: batch 1 the sweep and its agent, each later one a trial and its run,
/// the run before starts, the one before that finishes; metric lines, log, replies, heartbeats, files.
/// Two scripts give the same batches, so the state after k of them is known.
class script {
 public:
  core::batch next();
  /// Batches given so far.
  [[nodiscard]] std::uint64_t given() const { return given_; }

 private:
  void note(core::batch& b, core::event what, core::actor who = {});
  void first(core::batch& b);
  void later(core::batch& b);

  std::uint64_t given_ = 0;
  std::uint64_t seq_ = 0;
  core::sweep sweep_;
  core::agent agent_;
  std::vector<core::run> runs_;
};

run_id script_run(std::uint64_t number);

/// Everything in a snapshot that is stored, in one text.
std::string text_of(const core::snapshot& s);

/// The texts after 0, 1, ... n batches of the script.
std::vector<std::string> script_states(std::uint64_t n);

/// Opens and loads, or fails the test.
std::unique_ptr<store::sqlite_store> open_store(const std::string& path,
                                                const store::store_options& options = {});

}  // namespace sweepd::test
