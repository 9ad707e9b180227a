// The files that go to the server when a run has ended: its output, W&B's debug logs if the program left
// a run folder, whatever it put into SWEEPD_RUN_DIR/files/, and the scheduler's job log.
#pragma once

#include "controller/agent/spool.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sweepd::agent {

/// The server takes no larger file; larger ones lose their middle.
inline constexpr std::size_t upload_bytes_max = 64u << 20;
inline constexpr std::size_t upload_files_max = 1'000;

struct upload {
  std::string name;            ///< as the server knows it: relative, with '/'
  std::filesystem::path path;
};

struct upload_list {
  std::vector<upload> files;
  std::vector<std::string> notes;  ///< what was left out, and why
};

/// `wandb_root`: WANDB_DIR or the working folder. `job_log`: the Slurm job's log, if known.
upload_list files_of_run(const spool& s, const std::filesystem::path& wandb_root,
                         const std::optional<std::filesystem::path>& job_log);

/// The bytes to send: all of it, or the first quarter and the last three of what fits, with a line
/// between that says how much is missing.
result<std::string> bytes_to_send(const std::filesystem::path& path,
                                  std::size_t limit = upload_bytes_max);

}  // namespace sweepd::agent
