// A disk that takes its time, for `tests/bench/run --disk-ms N`: preloaded into the server, it makes every sync
// N milliseconds longer. Nothing else changes: what is measured is what the server does with the waiting.
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>

namespace {

void wait_for_the_platter() {
  static const int ms = [] {
    const char* text = std::getenv("SWEEPD_BENCH_DISK_MS");
    return text == nullptr ? 0 : std::atoi(text);
  }();
  ::poll(nullptr, 0, ms);
}

int sync_by(const char* name, int fd) {
  wait_for_the_platter();
  return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

extern "C" int fsync(int fd) { return sync_by("fsync", fd); }
extern "C" int fdatasync(int fd) { return sync_by("fdatasync", fd); }
