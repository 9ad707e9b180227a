// What the command line says, and the timings that tests shorten. Filled by agent.cpp, read by the loop
// and its sessions; never changed afterwards.
#pragma once

#include "controller/base/duration.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::agent {

struct timings {
  milliseconds batch{1'000};          ///< how often output and metrics are looked at
  milliseconds claim_wait{30'000};    ///< long poll
  milliseconds retry_first{500};
  milliseconds retry_most{30'000};
  milliseconds preempt_grace_max{20'000};  ///< Slurm kills 30 s after its TERM (KillWait)
  milliseconds impatient_grace{5'000};     ///< TERM to KILL after the second signal
  milliseconds idle_claim{5'000};          ///< when the server gives no better hint
};

struct settings {
  std::string sweep;                  ///< the id alone
  std::string url = "http://127.0.0.1:8088";
  std::string api_key;
  std::string name;
  std::string host;
  std::filesystem::path workdir;      ///< absolute
  std::size_t jobs = 1;
  std::optional<std::uint64_t> count; ///< runs to take, then leave
  milliseconds grace{30'000};
  std::vector<std::string> allow_program;  ///< fnmatch patterns; empty: anything
  std::vector<std::string> allow_env;      ///< names that ${envvar:NAME} may use though they look secret
  bool poll = false;                  ///< short requests instead of long polling
  bool preemptible = false;           ///< the first SIGTERM means preemption
  bool keep_orphans = false;          ///< programs outlive a killed agent
  std::string interpreter = "python";
  std::optional<std::string> slurm_job;
  timings time;

  [[nodiscard]] std::filesystem::path spool_root() const { return workdir / "sweepd-runs"; }
};

}  // namespace sweepd::agent
