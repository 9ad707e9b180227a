// What the kernel can tell about processes: who one is (a pid alone is reused), who is left in a process
// group, how often the out-of-memory killer struck our control group, why a limit's signal came.
// Only reads /proc and /sys/fs/cgroup; decides nothing. Linux only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sweepd::agent {

/// Start time of a process in clock ticks since boot: with the boot id it names one process for ever.
std::optional<std::uint64_t> process_start_ticks(pid_t pid);
/// This boot's id; empty when /proc does not tell.
std::string boot_id();

/// A descriptor that becomes readable when the process ends, closed on exec; -1: no such process. (The
/// declaration in glibc 2.36 lacks its extern "C".)
int open_pidfd(pid_t pid);

/// Members of a process group that are not zombies, `leader` excepted.
std::vector<pid_t> living_group_members(pid_t group, pid_t leader);

/// The out-of-memory kill counter of the control group this process is in (memory.events of version 2,
/// memory.oom_control of version 1).
struct oom_counter {
  std::string file;  ///< where it was read
  std::uint64_t kills = 0;
};
/// None where no such file is readable.
std::optional<oom_counter> read_oom_counter();

/// For people: "SIGKILL", "SIGTERM"; "signal 35" for those without a name.
std::string signal_name(int signal);
/// Why a limit ended the program, for SIGXCPU and SIGXFSZ; empty for other signals.
std::string limit_note(int signal);

}  // namespace sweepd::agent
