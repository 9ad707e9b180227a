// A run's files as W&B's clients see them: what was uploaded, and its console as it was streamed.
#pragma once

#include "controller/http/handling.hpp"

#include <string>
#include <vector>

namespace sweepd::wandb {

namespace asio = boost::asio;

struct run_file {
  core::file_info info;
  /// The console's text as it was streamed, not an upload: of a run that uploaded none (it died, or
  /// still lives), and of one that was taken up again, whose upload holds the last process's lines only.
  bool console = false;
  std::uint64_t from = 0;  ///< where that text begins in the log
};

/// Errors: those of the store; not_found.
asio::awaitable<result<std::vector<run_file>>> files_of(http::services& svc, run_id id);

/// Bytes [from, from + limit) of it. Blocks on the disk.
result<std::string> read_file(core::reader& reader, const run_id& id, const run_file& f, std::uint64_t from,
                              std::size_t limit);

}  // namespace sweepd::wandb
