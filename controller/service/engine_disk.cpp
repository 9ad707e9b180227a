// Batches on their way to the disk, and what becomes of them: durable, no room, or the end.
#include "controller/service/engine.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace sweepd::service {
namespace {

constexpr int exit_io_error = 74;  // sysexits.h: EX_IOERR

void end_process(const error& e) {
  std::fprintf(stderr, "sweepd: the store failed, ending: %s\n", to_string(e).c_str());
  ::_exit(exit_io_error);
}

}  // namespace

void engine::feed_writer() {
  if (!writer_ || phase_ == phase::failed || phase_ == phase::stopped) return;
  if (writing_ || disk_full_) {
    // Rows are made when a batch is closed, so a batch cannot be cut in two later.
    if (batches_.open_commands() >= opts_.batch_commands_max) close_batch();
    return;
  }
  if (batches_.to_write() == nullptr) {
    if (batches_.open_is_empty(state_) || batch_may_grow()) return;
    close_batch();
  }
  write_next();
}

/// A transaction costs almost the same whether one command is in it or ten: a quarter of those that the next sync waits
/// for are written together; and while a sync runs, as many as are in it. Nobody is told later for it: they all wait
/// for a sync that has not begun.
bool engine::batch_may_grow() {
  if (phase_ != phase::serving) return false;
  const auto open = batches_.open_commands();
  if (rest_first_ || open == 0 || open >= opts_.batch_commands_max) return false;
  const auto wanted = gather_.wanted(stopwatch());
  const auto written = batches_.written_commands();
  return wanted > written ? 4 * open < wanted - written && gathering() : open < syncing_commands_;
}

/// Between two batches. Who was waited for is in the sync: what of it is not written yet is written first.
void engine::feed_sync() {
  if (!writer_ || phase_ == phase::failed || phase_ == phase::stopped) return;
  if (syncing_ > 0 || batches_.written() == 0) return;
  if (!no_room_) {
    if (writing_ || gathering()) return;
    if (rest_first_ && !batches_.all_written(state_)) return;
  }
  syncing_ = batches_.written();
  syncing_commands_ = batches_.written_commands();
  writer_->sync();
}

/// Is it worth waiting a little for others to join? Then the timer comes back to it.
bool engine::gathering() {
  if (phase_ != phase::serving || batches_.commands() >= opts_.batch_commands_max) return false;
  const double left = gather_.left(batches_.commands(), stopwatch());
  if (left <= 0) {
    rest_first_ = rest_first_ || std::exchange(gathering_, false);
    return false;
  }
  gathering_ = true;
  if (std::exchange(gather_timer_runs_, true)) return true;
  gather_timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(left)));
  gather_timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
    if (ec) return;
    const auto self = weak.lock();
    if (self) self->on_strand([e = self.get()] { e->gather_timer_runs_ = false; });
  });
  return true;
}

void engine::close_batch() {
  suggester_->trials_changed(batches_.close(state_, time_.now()).trials);
}

/// If there is one: after a full disk the batch in question may be written by now, and wait for its sync.
void engine::write_next() {
  const auto* next = batches_.to_write();
  if (next == nullptr) return;
  writing_ = true;
  rest_first_ = false;
  writer_->write(next->rows);
}

void engine::on_written(result<void> written, commit_time took) {
  if (phase_ == phase::stopped || phase_ == phase::failed) return;
  if (!written && written.error().code != errc::disk_full) return on_failed(written.error());
  last_write_seconds_ = took.whole;
  if (written) {
    writing_ = false;
    batches_.note_written();
    return;
  }
  no_room_ = written.error();
  if (batches_.written() == 0) on_disk_full(*std::exchange(no_room_, std::nullopt));
}

void engine::on_synced(result<void> synced, commit_time took) {
  if (phase_ == phase::stopped || phase_ == phase::failed) return;
  if (!synced) return on_failed(synced.error());
  count_.last_commit_seconds = last_write_seconds_ + took.whole;
  syncing_commands_ = 0;
  std::size_t commands = 0;
  for (auto left = std::exchange(syncing_, 0); left > 0; --left) {
    const auto done = batches_.pop();
    commands += done->commands;
    ++count_.batches;
    if (!done->rows.events.empty()) {
      events_.durable(done->rows.events.back().seq);
      count_.durable_seq = events_.newest();
    }
    for (auto& answer : done->waiting) answer->release();
  }
  gather_.committed(commands, batches_.commands(), took, stopwatch());
  if (disk_full_) leave_disk_full();
  if (no_room_ && batches_.written() == 0) on_disk_full(*std::exchange(no_room_, std::nullopt));
}

// The batch stays where it is, with the answers to what is in it; tick() tries it again. Memory is
// ahead of the disk by it, so whoever only looked gets an error instead of what may never be so.
void engine::on_disk_full(const error& e) {
  writing_ = false;
  if (!std::exchange(disk_full_, true)) {
    time_.freeze();
    count_.disk_full = true;
  }
  const bool give_up_all = phase_ == phase::draining;
  for (auto& answer : batches_.take_waiting(give_up_all)) answer->refuse(e);
  if (!give_up_all) return;
  phase_ = phase::stopped;
  for (auto& to : std::exchange(draining_, {})) to(true);
}

void engine::leave_disk_full() {
  disk_full_ = false;
  count_.disk_full = false;
  const auto stood = time_.thaw();
  order(core::cmd::note_outage{"disk full", stood});
  for (const auto& [id, sweep] : state_.sweeps) changed_.insert(id);
}

void engine::report_fatal(const error& e) {
  if (fatal_reported_.exchange(true)) return;
  if (opts_.on_fatal)
    opts_.on_fatal(e);
  else
    end_process(e);
}

// Reached only if on_fatal returns. Whether the batch is on disk is not known, and nobody is told
// that it is.
void engine::on_failed(const error& e) {
  phase_ = phase::failed;
  count_.ready = false;
  timer_.cancel();
  const error unknown{errc::internal,
                      "the store failed; it is not known what was stored: " + e.message, e.where};
  for (auto& answer : batches_.take_waiting(true)) answer->refuse(unknown);
  for (auto& c : claims_.take_all()) c.to(tl::unexpected<error>(unknown));
  events_.finish();
  for (auto& to : std::exchange(draining_, {})) to(true);
}

void engine::start_drain(completion<bool> to) {
  on_strand([this, to = std::move(to)]() mutable {
    if (!writer_ || phase_ == phase::failed || phase_ == phase::stopped) {
      to(true);
      return;
    }
    draining_.push_back(std::move(to));
    if (phase_ == phase::draining) return;
    phase_ = phase::draining;
    count_.ready = false;
    timer_.cancel();
    for (auto& c : claims_.take_all()) {
      c.last = core::answer::wait{"draining", "the controller is shutting down; ask again", {}};
      c.to(core::answer_to(std::move(c.last)));
    }
    events_.finish();
    checkpoint(true);
    if (disk_full_ && !writing_) write_next();  // one last try
  });
}

void engine::finish_drain() {
  if (phase_ != phase::draining || writing_ || !batches_.all_durable(state_)) return;
  phase_ = phase::stopped;
  for (auto& to : std::exchange(draining_, {})) to(true);
}

void engine::stop_threads() {
  if (writer_) writer_->stop();
  if (suggester_) suggester_->stop();
}

void engine::abandon() {
  phase_ = phase::stopped;
  timer_.cancel();
  batches_.take_waiting(true).clear();
  claims_.take_all().clear();
  events_.abandon();
  draining_.clear();
}

}  // namespace sweepd::service
