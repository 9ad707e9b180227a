#include "controller/agent/process_facts.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

namespace sweepd::agent {
namespace {

namespace fs = std::filesystem;

/// What can be read of a file. Not through a stream buffer: when a process ends between opening and
/// reading its file, read() fails, and the buffer's iterators make an exception of it.
std::string slurp(const std::string& path) {
  std::string out;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return out;
  std::array<char, 4'096> piece{};
  for (;;) {
    const auto n = ::read(fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    out.append(piece.data(), static_cast<std::size_t>(n));
  }
  ::close(fd);
  return out;
}

/// The fields of /proc/PID/stat after the command name (which may hold blanks and parentheses): the
/// first one is field 3, the state.
std::vector<std::string> stat_fields(const std::string& pid) {
  const auto text = slurp("/proc/" + pid + "/stat");
  const auto close = text.rfind(')');
  if (close == std::string::npos) return {};
  std::istringstream rest(text.substr(close + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t n = 0;
  const auto end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, n);
  if (ec != std::errc{} || at != end) return std::nullopt;
  return n;
}

/// The number behind `key ` at the beginning of a line.
std::optional<std::uint64_t> keyed_number(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  std::string name;
  std::string value;
  while (in >> name >> value)
    if (name == key) return to_number(value);
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> process_start_ticks(pid_t pid) {
  const auto fields = stat_fields(std::to_string(pid));
  constexpr std::size_t start_time = 22 - 3;
  if (fields.size() <= start_time) return std::nullopt;
  return to_number(fields[start_time]);
}

std::string boot_id() {
  auto id = slurp("/proc/sys/kernel/random/boot_id");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

std::vector<pid_t> living_group_members(pid_t group, pid_t leader) {
  std::vector<pid_t> out;
  std::error_code ec;
  for (fs::directory_iterator at("/proc", ec); !ec && at != fs::directory_iterator(); at.increment(ec)) {
    const auto name = at->path().filename().string();
    const auto pid = to_number(name);
    if (!pid || static_cast<pid_t>(*pid) == leader) continue;
    const auto fields = stat_fields(name);
    if (fields.size() < 3 || fields[0] == "Z" || fields[0] == "X") continue;
    if (to_number(fields[2]) == static_cast<std::uint64_t>(group))
      out.push_back(static_cast<pid_t>(*pid));
  }
  return out;
}

std::optional<oom_counter> read_oom_counter() {
  std::ifstream in("/proc/self/cgroup");
  std::string line;
  std::vector<std::pair<std::string, std::string>> files;  // file, key
  while (std::getline(in, line)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const auto path = line.substr(second + 1);
    if (controllers == ",,")
      files.emplace_back("/sys/fs/cgroup" + path + "/memory.events", "oom_kill");
    if (controllers.find(",memory,") != std::string::npos) {
      files.emplace_back("/sys/fs/cgroup/memory" + path + "/memory.oom_control", "oom_kill");
      // Inside a container the path is often the host's, while only our own group is mounted.
      files.emplace_back("/sys/fs/cgroup/memory/memory.oom_control", "oom_kill");
    }
  }
  for (const auto& [file, key] : files)
    if (const auto n = keyed_number(file, key)) return oom_counter{file, *n};
  return std::nullopt;
}

std::string signal_name(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  return abbreviation != nullptr ? "SIG" + std::string(abbreviation)
                                 : "signal " + std::to_string(signal);
}

std::string limit_note(int signal) {
  const auto resource = signal == SIGXCPU ? RLIMIT_CPU : RLIMIT_FSIZE;
  if (signal != SIGXCPU && signal != SIGXFSZ) return {};
  rlimit limit{};
  std::string value = "unknown";
  if (::getrlimit(resource, &limit) == 0)
    value = limit.rlim_cur == RLIM_INFINITY ? "unlimited for the agent, set by the program"
                                            : std::to_string(limit.rlim_cur);
  return signal == SIGXCPU ? "CPU time limit reached (RLIMIT_CPU, seconds: " + value + ")"
                           : "file size limit reached (RLIMIT_FSIZE, bytes: " + value + ")";
}

}  // namespace sweepd::agent
