#include "controller/metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sweepd::metrics {
namespace {

prometheus::Gauge& gauge(prometheus::Registry& r, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(r).Add({});
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

}  // namespace

process_metrics::process_metrics(prometheus::Registry& r)
    : cpu_(gauge(r, "process_cpu_seconds_total", "User and system CPU time spent.")),
      memory_(gauge(r, "process_resident_memory_bytes", "Resident memory.")),
      open_files_(gauge(r, "process_open_fds", "Open file descriptors.")),
      open_files_max_(gauge(r, "process_max_fds", "Limit of open file descriptors.")) {}

void process_metrics::refresh() {
  rusage use{};
  if (getrusage(RUSAGE_SELF, &use) == 0) cpu_.Set(seconds(use.ru_utime) + seconds(use.ru_stime));

  std::uint64_t size = 0, resident = 0;
  if (std::ifstream statm("/proc/self/statm"); statm >> size >> resident)
    memory_.Set(static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)));

  std::error_code ec;
  double open = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", ec);
       !ec && it != std::filesystem::directory_iterator{}; it.increment(ec))
    ++open;
  if (!ec) open_files_.Set(open);

  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    open_files_max_.Set(static_cast<double>(limit.rlim_cur));
}

}  // namespace sweepd::metrics
