// Everything one run says, on disk before it is sent: WORKDIR/sweepd-runs/RUN/ with output.log,
// metrics.jsonl, params.json, files/ and spool.json (the record: which run, how far it came, how it
// ended). Neither a server restart, a network cut nor the agent's own death loses a line: an agent
// started later in the same WORKDIR ships what is left. One living agent owns a spool, by flock.
// What is sent is decided by run_session; here are only the bytes and the record.
#pragma once

#include "controller/agent/metrics_file.hpp"
#include "controller/base/json_record.hpp"
#include "controller/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::agent {

/// One fact about an ending, for the server to judge: where it was seen, and what was seen.
struct fact {
  static constexpr bool has_defaults = true;
  std::string source;
  std::string text;
  friend bool operator==(const fact&, const fact&) = default;
};
BOOST_DESCRIBE_STRUCT(fact, (), (source, text))

/// spool.json. Written anew (tmp + rename) at each step of a run's life.
struct spool_record {
  static constexpr bool has_defaults = true;
  int version = 1;
  std::string url;              ///< of the server that the run belongs to
  std::string sweep;
  std::string run;
  std::uint64_t trial = 0;
  int attempt = 1;
  std::uint32_t epoch = 1;
  std::string host;
  std::int64_t pid = 0;         ///< 0: not started
  std::uint64_t pid_started = 0;  ///< with boot: tells this process from a later one with its number
  std::string boot;
  bool start_acked = false;
  std::uint64_t history_base = 0;  ///< what the server had before this process's first line
  std::uint64_t log_base = 0;
  bool preempting = false;      ///< the agent was told to go; the server is to hear it before the end
  bool ended = false;           ///< the process is gone
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::vector<fact> why;
  bool finish_acked = false;
  std::string state;            ///< the server's word at the end
  bool files_sent = false;
  std::string refused;          ///< why the server will never take it; empty: it may
};
BOOST_DESCRIBE_STRUCT(spool_record, (),
                      (version, url, sweep, run, trial, attempt, epoch, host, pid, pid_started, boot,
                       start_acked, history_base, log_base, preempting, ended, exit_code, signal, why,
                       finish_acked, state, files_sent, refused))

class spool {
 public:
  /// A new spool below `root` (WORKDIR/sweepd-runs), owned by us. Errors: invalid (an id that is not
  /// a plain file name), disk_full, internal (the folder cannot be written).
  static result<spool> create(const std::filesystem::path& root, spool_record record);
  /// An existing one. Errors: busy (another agent lives and owns it), invalid (spool.json is damaged).
  static result<spool> open(const std::filesystem::path& dir);
  spool(spool&&) noexcept;
  spool& operator=(spool&&) noexcept;
  ~spool();

  spool_record record;
  /// Makes `record` durable.
  result<void> save() const;

  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }
  [[nodiscard]] std::filesystem::path output_path() const { return dir_ / "output.log"; }
  [[nodiscard]] std::filesystem::path metrics_path() const { return dir_ / "metrics.jsonl"; }
  [[nodiscard]] std::filesystem::path params_path() const { return dir_ / "params.json"; }
  [[nodiscard]] std::filesystem::path files_path() const { return dir_ / "files"; }
  [[nodiscard]] metrics_file metrics() const { return metrics_file(metrics_path()); }

  /// Appends to output.log. Errors: disk_full, internal; then the bytes are lost and the caller says so.
  result<void> append_output(std::string_view bytes);
  [[nodiscard]] int output_fd() const { return output_fd_; }
  [[nodiscard]] std::uint64_t output_size() const;
  /// At most `max` bytes of output from `from`, as valid UTF-8 of the same length: a byte that belongs to
  /// no character becomes '?'. A character cut by the end is left for later unless `ended`.
  [[nodiscard]] std::string read_output(std::uint64_t from, std::size_t max, bool ended) const;

 private:
  spool(std::filesystem::path dir, int lock_fd, int output_fd);
  std::filesystem::path dir_;
  int lock_fd_ = -1;
  int output_fd_ = -1;
};

/// Folders below `root` whose record says that something is still to be delivered, oldest first.
/// Damaged records are named in `complaints`.
std::vector<std::filesystem::path> unfinished_spools(const std::filesystem::path& root,
                                                     std::vector<std::string>& complaints);

/// Replaces, byte for byte, what is not UTF-8 by '?'; unless `ended`, first cuts a character that the end
/// of `text` has split.
void clean_utf8(std::string& text, bool ended);

}  // namespace sweepd::agent
