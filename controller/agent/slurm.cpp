#include "controller/agent/slurm.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace sweepd::agent {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds scontrol_limit{5'000};
constexpr std::size_t words_max = 5;
constexpr std::uint64_t log_tail_bytes = 256 * 1024;

std::string env_text(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool by_scheduler(const std::string& line) {
  static constexpr std::array words{"slurmstepd", "CANCELLED", "oom-kill", "oom_kill", "OUT_OF_MEMORY",
                                    "DUE TO", "srun: error", "slurmd"};
  return std::any_of(words.begin(), words.end(),
                     [&](const char* w) { return line.find(w) != std::string::npos; });
}

spawn_spec scontrol_spec(const std::string& job) {
  spawn_spec spec;
  spec.argv = {"scontrol", "show", "job", job};
  spec.env = {"PATH=" + env_text("PATH"), "LC_ALL=C"};
  if (!env_text("SLURM_CONF").empty()) spec.env.push_back("SLURM_CONF=" + env_text("SLURM_CONF"));
  return spec;
}

/// slurm-JOB.out, Slurm's default name, where it would be.
std::optional<fs::path> default_job_log(const std::string& job, const fs::path& workdir) {
  std::error_code ec;
  const auto name = "slurm-" + job + ".out";
  for (const auto& folder : {fs::path(env_text("SLURM_SUBMIT_DIR")), workdir})
    if (!folder.empty() && fs::is_regular_file(folder / name, ec)) return folder / name;
  return std::nullopt;
}

/// Runs `scontrol show job JOB` and gives its output; empty when it cannot.
asio::awaitable<std::string> ask_scontrol(asio::any_io_executor io, std::string job) {
  const auto spec = scontrol_spec(job);
  std::string out;
  auto sink = [&out](std::string_view bytes) { out += bytes; };
  auto child = child_process::start(io, spec, sink);
  if (!child) co_return std::string{};
  asio::steady_timer limit(io, scontrol_limit);
  limit.async_wait([weak = std::weak_ptr(*child)](const boost::system::error_code& ec) {
    const auto alive = weak.lock();
    if (!ec && alive) alive->kill();
  });
  const auto status = co_await (*child)->wait();
  co_return status.exit_code == 0 ? out : std::string{};
}

}  // namespace

std::optional<std::string> slurm_job_id() {
  const auto id = env_text("SLURM_JOB_ID");
  const bool number = !id.empty() && std::all_of(id.begin(), id.end(),
                                                 [](char c) { return c >= '0' && c <= '9'; });
  if (!number) return std::nullopt;
  return id;
}

std::optional<fs::path> job_log_of(const std::string& scontrol_text) {
  std::optional<fs::path> found;
  std::istringstream in(scontrol_text);
  std::string line;
  while (std::getline(in, line)) {
    const auto start = line.find_first_not_of(" \t");
    if (start == std::string::npos) continue;
    const auto field = line.substr(start);
    if (field.starts_with("StdErr=") && field.size() > 7) return fs::path(field.substr(7));
    if (field.starts_with("StdOut=") && field.size() > 7) found = fs::path(field.substr(7));
  }
  return found;
}

asio::awaitable<std::optional<fs::path>> find_slurm_log(asio::any_io_executor io, std::string job,
                                                        fs::path workdir) {
  const auto text = co_await ask_scontrol(io, job);
  std::error_code ec;
  const auto told = job_log_of(text);
  if (told && fs::is_regular_file(*told, ec)) co_return told;
  co_return default_job_log(job, workdir);
}

std::vector<fact> scheduler_words(const fs::path& log, std::uint64_t from) {
  std::error_code ec;
  const auto size = fs::file_size(log, ec);
  if (ec || size <= from) return {};
  std::ifstream in(log, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(std::max(from, size - std::min(size, log_tail_bytes))));
  std::vector<fact> out;
  std::string line;
  while (std::getline(in, line)) {
    if (!by_scheduler(line)) continue;
    clean_utf8(line, true);
    out.push_back(fact{"scheduler log", line.substr(0, 500)});
  }
  if (out.size() > words_max) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(words_max));
  return out;
}

}  // namespace sweepd::agent
