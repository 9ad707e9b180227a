#include "controller/store/data_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

namespace sweepd::store {
namespace {

tl::unexpected<error> os_error(const std::string& what, const std::string& path) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  return fail(full ? errc::disk_full : errc::internal,
              what + ": " + std::generic_category().message(code), path);
}

/// Every missing directory on the way, readable by the owner only.
result<void> make_directory(const std::filesystem::path& dir) {
  std::error_code ec;
  if (dir.empty() || std::filesystem::is_directory(dir, ec)) return {};
  if (auto parent = make_directory(dir.parent_path()); !parent) return parent;
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST)
    return os_error("cannot make the directory", dir.string());
  return {};
}

std::string pid_in(int lock) {
  char text[32] = {};
  const auto n = ::pread(lock, text, sizeof text - 1, 0);
  const long pid = n > 0 ? std::strtol(text, nullptr, 10) : 0;
  return pid > 0 ? std::to_string(pid) : std::string("unknown");
}

/// The lock file's descriptor, locked, with our pid inside for whoever comes second.
result<int> take_lock(const std::string& path) {
  const auto name = path + ".lock";
  const int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return os_error("cannot open the lock file", name);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const bool taken = errno == EWOULDBLOCK;
    auto refusal = taken ? fail(errc::conflict, "another sweepd (pid " + pid_in(lock) + ") owns " + path)
                         : os_error("cannot lock", name);
    ::close(lock);
    return refusal;
  }
  // On a full disk the pid is missing from a later message; owning does not depend on it.
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) == 0 && ::pwrite(lock, pid.data(), pid.size(), 0) < 0) errno = 0;
  return lock;
}

result<void> make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    if (errno == EEXIST) return {};
    return os_error("cannot make the database file", path);
  }
  ::close(fd);
  return sync_directory_of(path);
}

}  // namespace

result<void> sync_directory_of(const std::string& file) {
  const auto dir = std::filesystem::path(file).parent_path().string();
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_error("cannot open the directory", dir);
  const bool ok = ::fsync(fd) == 0;
  auto outcome = ok ? result<void>{} : result<void>(os_error("cannot sync the directory", dir));
  ::close(fd);
  return outcome;
}

result<void> check_private(const std::string& file) {
  struct stat st {};
  if (::stat(file.c_str(), &st) != 0) {
    if (errno == ENOENT) return {};
    return os_error("cannot look at the file", file);
  }
  if (!S_ISREG(st.st_mode)) return fail(errc::invalid, "is not a regular file", file);
  if ((st.st_mode & 077) != 0)
    return fail(errc::invalid,
                "others than its owner may open it, and it holds keys and configurations; run: "
                "chmod 600 '" + file + "'",
                file);
  return {};
}

result<data_file> data_file::claim(const std::string& path) {
  std::error_code ec;
  const auto full = std::filesystem::absolute(path, ec).lexically_normal();
  if (ec || path.empty() || !full.has_filename())
    return fail(errc::invalid, "is not the path of a file", path);
  if (auto dir = make_directory(full.parent_path()); !dir)
    return tl::unexpected(std::move(dir).error());
  SWEEPD_TRY(const int lock, take_lock(full.string()));
  data_file out(full.string(), lock);
  for (const char* suffix : {"", "-wal", "-shm"})
    if (auto ok = check_private(out.path_ + suffix); !ok) return tl::unexpected(std::move(ok).error());
  if (auto ok = make_file(out.path_); !ok) return tl::unexpected(std::move(ok).error());
  return out;
}

data_file::data_file(data_file&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

data_file& data_file::operator=(data_file&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

data_file::~data_file() {
  if (lock_ >= 0) ::close(lock_);
}

std::uint64_t data_file::room() const {
  struct statvfs fs {};
  if (::statvfs(path_.c_str(), &fs) != 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
}

}  // namespace sweepd::store
