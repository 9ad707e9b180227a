// The store port: batches of events and row snapshots in, a whole snapshot out at start, and readers
// for what is not kept in memory. Implemented by store/ on SQLite and by tests/support/memory_store.
#pragma once

#include "controller/core/commands.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::core {

/// A copy of what is stored of a row, without its memory-only part (a sweep's holds all its trials).
template <class Row>
Row stored_part(const Row& row) {
  Row out;
  boost::mp11::mp_for_each<boost::describe::describe_members<Row, boost::describe::mod_any_access>>(
      [&](auto member) { out.*member.pointer = row.*member.pointer; });
  return out;
}

/// A sweep's row without its spec, which is large and changes hardly ever: it is stored apart (batch::specs).
/// The name stays, for the column that people read.
inline sweep row_of(const sweep& row) {
  sweep out;
  boost::mp11::mp_for_each<boost::describe::describe_members<sweep, boost::describe::mod_any_access>>(
      [&](auto member) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(out.*member.pointer)>, sweep_spec>)
          out.spec.name = row.spec.name;
        else
          out.*member.pointer = row.*member.pointer;
      });
  return out;
}

/// A reply kept for a repeated Idempotency-Key. Retained idempotency_retention, at most
/// idempotency_rows_max rows.
struct idempotency_row {
  std::string key;          ///< "key id / Idempotency-Key"
  std::string fingerprint;  ///< SHA-256 of what was asked; another request under the same key is refused
  std::string reply;        ///< JSON of answer_to
  instant at;
};
BOOST_DESCRIBE_STRUCT(idempotency_row, (), (key, fingerprint, reply, at))
inline constexpr std::chrono::hours idempotency_retention{24};
inline constexpr std::size_t idempotency_rows_max = 100'000;

/// A file of a run (or of a project's artifacts: see artifact_files_of()), or a part of one. The file exists once `complete` is stored; parts of a transfer
/// that never completes are removed at start. A file of the same name is replaced by the newer one.
struct file_part {
  run_id run;
  std::string name;      ///< data, never a path
  std::string transfer;  ///< server-made id of this transfer
  std::uint64_t part = 0;
  std::string bytes;
  bool complete = false; ///< the last part
  std::uint64_t size = 0;    ///< of the whole, when complete
  std::string sha256;        ///< of the whole, when complete
  instant at;
};

/// The last signals of live runs and agents, written in one block.
struct heartbeat_block {
  std::vector<std::pair<run_id, instant>> runs;
  std::vector<std::pair<agent_id, instant>> agents;
};

/// One transaction. Everything in it becomes durable together or not at all.
struct batch {
  std::vector<event_record> events;
  std::vector<sweep> sweeps;   ///< rows as they are after the events, by row_of()
  std::vector<std::pair<sweep_id, sweep_spec>> specs;  ///< of the sweeps made or tuned
  std::vector<trial> trials;
  std::vector<run> runs;
  std::vector<agent> agents;
  std::vector<api_key> keys;
  std::vector<artifact> artifacts;
  std::vector<webhook_row> webhooks;
  std::vector<run_data> data;
  std::vector<file_part> files;
  std::vector<idempotency_row> replies;
  std::optional<heartbeat_block> beats;
  moment at;                   ///< stored as the last known serving time
  [[nodiscard]] bool empty() const;
};

/// Everything that a restarted controller needs.
struct snapshot {
  std::vector<sweep> sweeps;
  std::vector<trial> trials;
  std::vector<run> runs;
  std::vector<agent> agents;
  std::vector<api_key> keys;
  std::vector<artifact> artifacts;
  std::vector<idempotency_row> replies;
  std::uint64_t last_seq = 0;
  std::optional<moment> last;  ///< the last batch; none for a new database
};

struct event_filter {
  std::uint64_t after = 0;     ///< seq greater than this
  std::optional<sweep_id> sweep;
  std::optional<run_id> run;
  std::optional<agent_id> agent;
  std::string type;            ///< e.g. "run_moved"; empty: all
  std::optional<instant> since;
  std::size_t limit = 100;
  bool newest_first = false;
};
/// An event as stored: `body` is its JSON, `hash` the chain value.
struct stored_event {
  std::uint64_t seq = 0;
  instant wall;
  mono at;
  std::string actor;   ///< JSON
  std::string type;
  std::string sweep, run, agent;
  std::string body;    ///< JSON of the event
  std::string hash;
};
struct file_info {
  std::string name;
  std::uint64_t size = 0;
  std::string sha256;
  instant at;
};

/// Reads what is durable. Thread-safe; each call may block on the disk, so call it off the strand.
class reader {
 public:
  virtual ~reader() = default;
  virtual result<std::vector<stored_event>> events(const event_filter& f) = 0;
  /// History lines [from, from+limit), as stored.
  virtual result<std::vector<std::string>> history(const run_id& run, std::uint64_t from,
                                                   std::size_t limit) = 0;
  /// Lines of system metrics [from, from+limit), as stored.
  virtual result<std::vector<std::string>> system_metrics(const run_id& run, std::uint64_t from,
                                                          std::size_t limit) = 0;
  /// Log bytes from `from`, at most `limit` bytes. `from` beyond the end gives nothing.
  virtual result<std::string> log(const run_id& run, std::uint64_t from, std::size_t limit) = 0;
  /// The first log byte that is still kept; log() from an earlier one begins there. 0: nothing pruned.
  virtual result<std::uint64_t> log_start(const run_id& run) {
    (void)run;
    return 0;
  }
  virtual result<std::vector<file_info>> files(const run_id& run) = 0;
  /// Those of the given names, by place; none: there is no such complete file.
  virtual result<std::vector<std::optional<file_info>>> find_files(const run_id& run,
                                                                   const std::vector<std::string>& names) = 0;
  /// Bytes [from, from+limit) of a complete file; not_found when there is none of that name.
  virtual result<std::string> file(const run_id& run, const std::string& name, std::uint64_t from,
                                   std::size_t limit) = 0;
  /// Every webhook, secrets and all: for hooks/ only.
  virtual result<std::vector<webhook>> webhooks() { return std::vector<webhook>{}; }
  /// Recomputes the hash chain; the first broken seq, or none when all is well.
  virtual result<std::optional<std::uint64_t>> verify() = 0;
  /// A consistent copy of the whole database under `path`, which must not exist.
  virtual result<void> backup(const std::string& path) = 0;
};

/// The one writer. load() once, before anything else; then commit() from one thread only, or write() from one and
/// sync() from another.
class store {
 public:
  virtual ~store() = default;
  virtual result<snapshot> load() = 0;
  /// Durable when it returns. disk_full: nothing was written, try again later. Any other error: the
  /// process must end (exit 74) and start from the disk.
  virtual result<void> commit(const batch& b) = 0;
  /// The first half of commit(), with its errors: the batch is there, also if our process dies, but not yet if the
  /// machine does. Nobody may be told of it before a sync() that began afterwards.
  virtual result<void> write(const batch& b) { return commit(b); }
  /// The second half: what was written before the call is durable when it returns. May run beside a write(). After
  /// an error the process must end.
  virtual result<void> sync() { return {}; }
};

}  // namespace sweepd::core
