// The batches between memory and disk: one open, some closed and waiting for the writer, some written and waiting
// for the sync that makes them durable.
//
// Whatever was decided goes into the open batch; close() turns the entities it touched into rows,
// each once, as they are then. Answers hang on the batch that makes them true. Strand only, except
// that the writer thread reads `rows` of the batch that it is given.
#pragma once

#include "controller/core/store.hpp"
#include "controller/service/completion.hpp"

#include <deque>
#include <memory>
#include <vector>

namespace sweepd::service {

/// One transaction in the making, and who waits for it.
struct pending_batch {
  core::batch rows;
  core::touched touched;      ///< what the rows were built from; filled by close()
  std::size_t commands = 0;
  std::size_t bytes = 0;      ///< of history, log and files
  std::vector<std::unique_ptr<held>> waiting;

  [[nodiscard]] bool empty() const;
};

class batch_queue {
 public:
  /// Events get their numbers from here on.
  void start_after(std::uint64_t last_seq) { seq_ = last_seq; }

  void add(core::decision& d, moment now);
  void add_files(std::vector<core::file_part> parts);
  void add_reply(core::idempotency_row row);
  void add_beats(core::heartbeat_block beats);
  [[nodiscard]] bool has_beats() const { return open_->rows.beats.has_value(); }
  /// Makes the open batch worth a commit although nothing else is in it: `at` is stored.
  void want_time_stored() { store_time_ = true; }
  void count_commands(std::size_t n);

  /// The answer goes out when everything decided so far is durable: at once if it is already.
  void hold(std::unique_ptr<held> answer, const core::state& s);
  /// Everything decided so far is durable.
  [[nodiscard]] bool all_durable(const core::state& s) const;
  [[nodiscard]] bool open_is_empty(const core::state& s) const;

  /// Builds the open batch's rows from what was touched, and queues it. Clears s.touched.
  const core::touched& close(core::state& s, moment now);
  /// The batch to write next; none when all that are closed are written.
  [[nodiscard]] pending_batch* to_write();
  /// That one is written.
  void note_written();
  /// Everything decided so far is written.
  [[nodiscard]] bool all_written(const core::state& s) const {
    return written_ == closed_.size() && open_is_empty(s);
  }
  /// How many are written and not durable, and the commands in them.
  [[nodiscard]] std::size_t written() const { return written_; }
  [[nodiscard]] std::size_t written_commands() const { return written_commands_; }
  /// Takes the oldest batch, a written one, away: it is durable.
  std::unique_ptr<pending_batch> pop();
  /// Takes out every answer that only looked (needs_disk() is false), or every answer there is.
  std::vector<std::unique_ptr<held>> take_waiting(bool all);
  /// Calls `look` for each touched set that is not durable; true as soon as one call is.
  template <class Look>
  bool any_touched(const core::state& s, Look look) const {
    if (look(s.touched)) return true;
    for (const auto& b : closed_)
      if (look(b->touched)) return true;
    return false;
  }

  [[nodiscard]] std::size_t commands() const { return commands_; }
  [[nodiscard]] std::size_t open_commands() const { return open_->commands; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<pending_batch> open_ = std::make_unique<pending_batch>();
  std::deque<std::unique_ptr<pending_batch>> closed_;
  bool store_time_ = false;
  std::uint64_t seq_ = 0;
  std::size_t written_ = 0;   // the first so many of closed_
  std::size_t written_commands_ = 0;
  std::size_t commands_ = 0;  // in all batches
  std::size_t bytes_ = 0;
};

}  // namespace sweepd::service
