// What of a spool the server has, and what comes next: two cursors, moved only by what the server says
// it has stored. Builds reports, takes their answers, and finds a way around data that the server refuses.
// No network here: run_session sends.
#pragma once

#include "controller/agent/server_api.hpp"
#include "controller/agent/spool.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace sweepd::agent {

class shipper {
 public:
  explicit shipper(spool& s) : spool_(s) {}

  /// The server's first answer to this process: where its lines and bytes begin.
  void set_bases(const told& answer);
  /// The next report; empty when all that is there has been sent. `ended`: the program writes no more.
  report next(bool ended);
  /// The report made last was taken: moves the cursors to what the server has.
  void taken(const told& answer);
  /// The server refused the report made last as wrong or too large: the next one is smaller, and what is
  /// refused alone is replaced by a note, so that the rest gets through.
  void refused(const std::string& why);
  /// The report made last was not taken and will not be sent as it is: the next answer only tells where
  /// the server stands.
  void forget();
  /// Complaints about lines passed over since the last call.
  std::vector<std::string> complaints();

 private:
  void read_metrics();
  void add_log(report& out);

  spool& spool_;
  metrics_cursor metrics_at_;
  std::uint64_t log_at_ = 0;
  metrics_batch last_;              ///< of the report made last
  std::size_t last_log_ = 0;
  bool ended_ = false;
  std::size_t lines_max_ = 1'000;
  std::size_t log_max_ = 512 * 1024;
  bool history_alone_ = false;      ///< after a refusal, history and log go separately
  std::set<std::uint64_t> noted_lines_;  ///< history lines replaced by a note
  bool skip_summary_ = false;
  std::uint64_t blank_log_until_ = 0;    ///< output up to here is replaced by '?'
  std::string why_;
  std::vector<std::string> complaints_;
};

}  // namespace sweepd::agent
