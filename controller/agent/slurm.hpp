// Under Slurm: where the job's own log is, and what the scheduler wrote into it. Those words ("DUE TO
// PREEMPTION", "oom-kill") are often the only honest reason of a death. Without Slurm nothing here acts.
#pragma once

#include "controller/agent/child_process.hpp"
#include "controller/agent/spool.hpp"

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::agent {

/// SLURM_JOB_ID, when we run inside a job.
std::optional<std::string> slurm_job_id();

/// StdErr (or StdOut) of `scontrol show job`'s answer.
std::optional<std::filesystem::path> job_log_of(const std::string& scontrol_text);

/// Asks scontrol (5 s at most); else slurm-JOB.out in the folder of submission or in `workdir`.
asio::awaitable<std::optional<std::filesystem::path>> find_slurm_log(asio::any_io_executor io,
                                                                     std::string job,
                                                                     std::filesystem::path workdir);

/// The scheduler's own lines (slurmstepd, CANCELLED, oom-kill, ...) from byte `from` on, the last 5.
std::vector<fact> scheduler_words(const std::filesystem::path& log, std::uint64_t from);

}  // namespace sweepd::agent
