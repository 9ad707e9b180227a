// The controller's inside: the strand, the state, and what happens to both. controller.cpp is the
// door.
//
// engine.cpp: commands and reads. engine_claims.cpp: claims that wait. engine_loop.cpp: the tick
// and serving time. engine_disk.cpp: batches to the writer and back, disk full, fatal, drain.
// Every start_* may be called from any thread and goes to the strand; everything private runs
// there. Each turn on the strand has the same shape: notice_outage(), the work, settle().
//
// May a heartbeat be answered before the disk is done? Its answer tells an agent what to do, so the
// answer waits if it was drawn from an entity that a batch not yet durable has touched (a stop, a
// stale epoch, an offset of data); else nothing in it can be undone by a crash of ours, and it
// leaves at once. The lease itself is refreshed in memory before that, so a slow disk ages nothing
// either way.
#pragma once

#include "controller/service/batch.hpp"
#include "controller/service/controller.hpp"
#include "controller/service/gather.hpp"
#include "controller/service/idempotency.hpp"
#include "controller/service/notifier.hpp"
#include "controller/service/serving_time.hpp"
#include "controller/service/suggester.hpp"
#include "controller/service/writer.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <exception>
#include <unordered_set>

namespace sweepd::service {

using command_reply = result<core::answer_to>;

class engine : public std::enable_shared_from_this<engine> {
 public:
  engine(asio::any_io_executor io, core::store& store, const clock& clock, options opts);

  result<void> load();

  void start_submit(core::command c, caller who, completion<command_reply> to);
  void start_submit_all(std::vector<core::command> c, caller who,
                        completion<std::vector<command_reply>> to);
  void start_claim(core::cmd::claim c, caller who, milliseconds patience,
                   completion<command_reply> to, asio::cancellation_slot slot);
  void start_files(std::vector<core::file_part> parts, completion<result<void>> to);
  /// When is a look answered: when all it saw is durable; the same, but disk_full while the disk is full; or
  /// without the disk.
  enum class answered { durable, durable_or_refused, at_once };
  void start_read(std::function<void(const core::state&, moment)> look, answered when,
                  completion<result<void>> to);
  void start_wait_events(std::uint64_t after, milliseconds patience, completion<std::uint64_t> to,
                         asio::cancellation_slot slot);
  void start_poke(completion<bool> to);
  void start_drain(completion<bool> to);

  /// Ends the threads, after what they are at.
  void stop_threads();
  /// Drops whoever still waits; destroying their coroutines also ends the cycle between them and
  /// this object. Only when nothing runs on the strand any more.
  void abandon();
  [[nodiscard]] controller_stats stats() const;

 private:
  /// What a command came to, and whether the answer must wait for the disk.
  struct outcome {
    command_reply reply;
    bool at_once = false;
  };
  enum class phase { serving, draining, stopped, failed };

  /// One turn on the strand: `work` between what every turn begins and ends with. At once where the strand is one
  /// thread and the caller on it; an exception then belongs to the strand all the same, not to the caller.
  template <class Work>
  void on_strand(Work work) {
    asio::dispatch(strand_, [self = shared_from_this(), work = std::move(work)]() mutable {
      try {
        self->notice_outage();
        work();
        self->settle();
      } catch (...) {
        auto again = [thrown = std::current_exception()] { std::rethrow_exception(thrown); };
        asio::post(self->strand_, std::move(again));
      }
    });
  }

  // engine.cpp
  /// Brings an outcome from a thread at the disk to the strand.
  template <auto Member>
  worker::outcome told();
  outcome take(const core::command& c, const caller& who, std::size_t place);
  outcome perform_command(const core::command& c, const caller& who, bool heartbeat);
  /// Errors that keep a command from being looked at: draining, disk full, queue full.
  std::optional<error> refusal(bool heartbeat) const;
  void answer(completion<command_reply> to, outcome o);
  void accept(core::decision d, moment now);
  /// Decides and accepts a command of our own; what it refuses does not apply any more.
  void order(const core::command& c);
  void note_beat(const core::command& c);
  bool drawn_from_undurable(const core::command& c, const command_reply& reply) const;
  /// The end of each turn on the strand: serves claims, asks strategies, feeds the writer.
  void settle();

  // engine_claims.cpp
  void on_claim(waiting_claim c);
  std::optional<core::answer::wait> try_claim(waiting_claim& c);
  void give_up(waiting_claim c);
  void serve_claims();
  void freshen(core::cmd::claim& c) const;
  void on_suggested(suggested got);
  void drop_known(suggested& got) const;
  /// The wait of a claim that shall not be served with suggestions older than the last outcome.
  std::optional<core::answer::wait> await_fresh(const core::cmd::claim& c) const;

  // engine_loop.cpp
  void notice_outage();
  void tick();
  void tick_core(moment now);
  void checkpoint(bool even_if_early);
  void expire();
  void arm_timer();

  // engine_disk.cpp
  void feed_writer();
  void close_batch();
  void write_next();
  void on_written(result<void> written, commit_time took);
  void feed_sync();
  void on_synced(result<void> synced, commit_time took);
  bool gathering();
  bool batch_may_grow();
  void on_disk_full(const error& e);
  void leave_disk_full();
  void on_failed(const error& e);
  void report_fatal(const error& e);
  void finish_drain();

  options opts_;
  core::store& store_;
  asio::any_io_executor strand_;  // runs one thing at a time: see controller.hpp
  serving_time time_;

  core::state state_;
  batch_queue batches_;
  idempotency replies_;
  notifier events_;
  claim_lines claims_;
  std::set<sweep_id> changed_;  // since the last settle(): claims may be served, strategies asked
  std::unordered_set<run_id> beaten_runs_;  // for the heartbeat block: live when they beat last
  std::unordered_set<agent_id> beaten_agents_;
  bool beats_changed_ = false;  // since the last checkpoint

  phase phase_ = phase::serving;
  bool writing_ = false;
  std::size_t syncing_ = 0;        // so many batches are in the sync that is running
  std::size_t syncing_commands_ = 0;
  std::optional<error> no_room_;   // of the batch that could not be written; told when those before it are durable
  double last_write_seconds_ = 0;
  gather gather_;
  asio::steady_timer gather_timer_;
  bool gather_timer_runs_ = false;
  bool gathering_ = false;   // when last asked
  bool rest_first_ = false;  // it is over, and its sync has not begun
  bool disk_full_ = false;
  std::vector<completion<bool>> draining_;
  std::optional<mono> core_next_;
  milliseconds checkpoint_due_{0};  // steady
  asio::steady_timer timer_;
  milliseconds timer_at_{0};  // steady; when the timer goes off

  struct {
    std::atomic<std::uint64_t> commands{0}, batches{0}, events{0}, heartbeats{0}, handouts{0};
    std::atomic<std::size_t> queue{0}, claims_waiting{0};
    std::atomic<double> last_commit_seconds{0};
    std::atomic<bool> disk_full{false}, ready{false};
    std::atomic<std::uint64_t> durable_seq{0};
  } count_;
  std::atomic<bool> fatal_reported_{false};
  std::atomic<std::uint64_t> next_waiter_{1};

  // Last: their threads call back into the above.
  std::optional<suggester> suggester_;
  std::optional<writer> writer_;
};

/// A sign of life without data: let in before everything else, and answered without the disk.
bool is_heartbeat(const core::command& c);

}  // namespace sweepd::service
