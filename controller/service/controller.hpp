// The one owner of the state: a strand, one timer, a writer thread behind it.
//
// handler -> submit(command) -> strand: decide, apply -> the open batch -> writer thread: one
// transaction -> the replies that waited for that batch. Nobody is told anything before it is
// durable: read() answers only after everything it could see is on disk. A commit that fails is the
// end of the process (on_fatal), except disk_full: read-only until a probe commit succeeds. Thread
// rule: every member may be called from any executor; the state is touched on the strand only.
#pragma once

#include "controller/core/store.hpp"
#include "controller/service/clock.hpp"
#include "controller/service/suggester.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sweepd::service {

namespace asio = boost::asio;

/// Who asks, and the Idempotency-Key they sent (empty: none).
struct caller {
  core::actor who;
  std::string idempotency_key;  ///< scoped by the caller's key id before it is stored
  std::string fingerprint;      ///< of the request, when there is an idempotency key
  caller() = default;
  explicit caller(core::actor a) : who(std::move(a)) {}
};

struct options {
  core::crash_policy default_policy;
  std::size_t batch_commands_max = 1'000;     ///< commands in one transaction
  std::size_t queue_commands_max = 20'000;    ///< beyond: busy; heartbeats are let through
  std::size_t queue_bytes_max = 256u << 20;   ///< data and file bytes not yet durable; beyond: busy
  std::size_t claims_waiting_max = 10'000;    ///< claims that wait, per sweep; beyond: busy
  milliseconds gather_max{5};                 ///< a batch waits no longer for others (gather.hpp); 0: not at all
  milliseconds checkpoint_every{5'000};       ///< heartbeats and serving time
  milliseconds late_tick{15'000};             ///< a tick later than this is an outage of ours
  unsigned suggest_threads = 1;
  strategy_maker make_strategy = strategies::make_strategy;  ///< tests bring their own
  bool internal_timer = true;                 ///< false: only poke() runs the tick (tests)
  /// Called once, from any thread, when nothing can be promised any more. Default: exit(74).
  std::function<void(const error&)> on_fatal;
};

/// Numbers for /metrics and /readyz. All since the process started.
struct controller_stats {
  std::uint64_t commands = 0;
  std::uint64_t batches = 0;
  std::uint64_t events = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t handouts = 0;
  std::size_t queue = 0;        ///< commands waiting for a commit
  std::size_t claims_waiting = 0;
  double last_commit_seconds = 0;
  bool disk_full = false;
  bool ready = false;
  std::uint64_t durable_seq = 0;
};

class engine;

class controller {
 public:
  /// `io` runs one thing at a time (one thread, or a strand); `store` is used from threads of the controller's own.
  controller(asio::any_io_executor io, core::store& store, const clock& clock, options opts);
  ~controller();
  controller(const controller&) = delete;
  controller& operator=(const controller&) = delete;

  /// Loads everything, notes the outage, gives every live run a fresh grace. Before the port opens
  /// and before anything else here. A new database has no outage to note.
  result<void> start();
  /// Drain: refuse new commands, commit what is open, checkpoint, stop the threads. Destroy the
  /// controller only after this, or when no thread runs `io` any more.
  asio::awaitable<void> stop();

  /// Decides, applies, and answers once it is durable. Errors: the command's own; busy (queue
  /// full); disk_full; unavailable (draining). With an idempotency key the first reply is given
  /// again; the same key with another fingerprint is a conflict. Only good replies are kept, errors
  /// are decided anew. Not cancellable: once decided, the outcome is waited for.
  asio::awaitable<result<core::answer_to>> submit(core::command c, caller who);

  /// Several commands in one step (all decided in order, one after the other, no other between), in
  /// one transaction. An idempotency key covers each of them by its place.
  asio::awaitable<std::vector<result<core::answer_to>>> submit_all(std::vector<core::command> c,
                                                                   caller who);

  /// A claim that waits: repeats until it gets a run, the sweep is over, or `patience` has passed;
  /// then the last `wait` is the answer. First come, first served. Cancellable while it waits.
  /// Repeats are known by request_id, not by idempotency key. Errors: as submit(); busy beyond
  /// claims_waiting_max.
  asio::awaitable<result<core::answer_to>> claim(core::cmd::claim c, caller who,
                                                 milliseconds patience);

  /// Stores parts of files; durable when it returns.
  asio::awaitable<result<void>> put_files(std::vector<core::file_part> parts);

  /// Runs `look` on the strand; returns once all it could have seen is durable. `look` must be
  /// quick and must not keep references. While the disk is full it waits until there is room again,
  /// since memory is then ahead of the disk: edges use read_state<T>() below, which answers
  /// disk_full. Throws std::runtime_error when the store has failed for good (the process is about
  /// to end).
  asio::awaitable<void> read(std::function<void(const core::state&, moment)> look);
  /// The same, but answers at once with disk_full while the disk is full; what `look` found must
  /// then not be used. Also unavailable, when the store has failed for good.
  asio::awaitable<result<void>> try_read(std::function<void(const core::state&, moment)> look);
  /// The same without waiting for the disk, also while it is full: for a check before a command, which waits
  /// itself. What `look` found must not be told to anybody. Error: unavailable.
  asio::awaitable<result<void>> glance(std::function<void(const core::state&, moment)> look);

  /// Waits until an event with seq > after is durable or `patience` is over; the newest durable
  /// seq. Cancellable.
  asio::awaitable<std::uint64_t> wait_events(std::uint64_t after, milliseconds patience);

  /// Runs the internal tick now; returns when it has run. For tests that drive time themselves.
  asio::awaitable<void> poke();

  /// Thread-safe snapshot.
  [[nodiscard]] controller_stats stats() const;

 private:
  std::shared_ptr<engine> engine_;
};

/// Looks at the state and gives what `look` made of it, once that is durable. Errors: disk_full,
/// unavailable. GCC 12: name the lambda first and std::move it in, `auto look = [..](const
/// core::state& s, moment now) {..}; co_await read_state<T>(c, std::move(look))`.
template <class T>
asio::awaitable<result<T>> read_state(controller& c,
                                      std::function<T(const core::state&, moment)> look) {
  auto found = std::make_shared<std::optional<T>>();
  std::function<void(const core::state&, moment)> keep =
      [found, look = std::move(look)](const core::state& s, moment now) {
        found->emplace(look(s, now));
      };
  auto reading = c.try_read(std::move(keep));
  auto done = co_await std::move(reading);
  if (!done) co_return tl::unexpected<error>(std::move(done).error());
  co_return std::move(**found);
}

/// 8 characters of [a-z0-9], rising with time and by chance (ids.cpp): ids of sweeps, runs, agents. No secrets.
std::string fresh_id();

}  // namespace sweepd::service
