#include "controller/agent/spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace sweepd::agent {
namespace {

namespace fs = std::filesystem;

tl::unexpected<error> system_failure(const std::string& what, const fs::path& path) {
  const int e = errno;
  return fail(e == ENOSPC || e == EDQUOT ? errc::disk_full : errc::internal,
              what + ": " + std::strerror(e), path.string());
}

result<void> write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure("cannot write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

/// Ids come from the server and become folder names: nothing but plain characters.
bool plain_name(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

/// The lock of a spool folder; held as long as the descriptor lives, which a killed agent's does not.
result<int> take_lock(const fs::path& dir) {
  const auto path = dir / "lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return system_failure("cannot open", path);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return fail(errc::busy, "another agent owns this run", dir.string());
  }
  return fd;
}

result<spool_record> read_record(const fs::path& dir) {
  const auto path = dir / "spool.json";
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto record = json::parse<spool_record>(text);
  if (!record) return fail(errc::invalid, to_string(record.error()), path.string());
  if (!plain_name(record->run)) return fail(errc::invalid, "no run id", path.string());
  return record;
}

/// Length of the UTF-8 character at the front; 0: none; SIZE_MAX: cut by the end of the text.
std::size_t character_at(std::string_view text) {
  constexpr std::size_t cut = static_cast<std::size_t>(-1);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t len = first >= 0xC2 && first <= 0xDF   ? 2
                          : first >= 0xE0 && first <= 0xEF ? 3
                          : first >= 0xF0 && first <= 0xF4 ? 4
                                                           : 0;
  if (len == 0) return 0;
  for (std::size_t i = 1; i < len; ++i) {
    if (i == text.size()) return cut;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (i == 1) {  // overlong forms, surrogates, beyond U+10FFFF
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
    }
    if (byte(i) < low || byte(i) > high) return 0;
  }
  return len;
}

}  // namespace

void clean_utf8(std::string& text, bool ended) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto len = character_at(std::string_view(text).substr(at));
    if (len == static_cast<std::size_t>(-1) && !ended) {
      text.resize(at);
      return;
    }
    if (len == 0 || len == static_cast<std::size_t>(-1)) {
      text[at++] = '?';
    } else {
      at += len;
    }
  }
}

spool::spool(fs::path dir, int lock_fd, int output_fd)
    : dir_(std::move(dir)), lock_fd_(lock_fd), output_fd_(output_fd) {}

spool::spool(spool&& other) noexcept
    : record(std::move(other.record)), dir_(std::move(other.dir_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)), output_fd_(std::exchange(other.output_fd_, -1)) {}

spool& spool::operator=(spool&& other) noexcept {
  std::swap(record, other.record);
  std::swap(dir_, other.dir_);
  std::swap(lock_fd_, other.lock_fd_);
  std::swap(output_fd_, other.output_fd_);
  return *this;
}

spool::~spool() {
  if (output_fd_ >= 0) ::close(output_fd_);
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

result<spool> spool::create(const fs::path& root, spool_record record) {
  if (!plain_name(record.run)) return fail(errc::invalid, "'" + record.run + "' is not a run id");
  std::error_code ec;
  fs::create_directories(root, ec);
  fs::path dir;
  // The same run again (a requeue that keeps its id): RUN-2, RUN-3, so that nothing is written over.
  for (int n = 1; n <= 1'000; ++n) {
    dir = root / (n == 1 ? record.run : record.run + "-" + std::to_string(n));
    if (fs::create_directory(dir, ec) || ec) break;
  }
  if (ec) {
    errno = ec.value();
    return system_failure("cannot make the run's folder", dir);
  }
  SWEEPD_TRY(const int lock, take_lock(dir));
  const auto output = dir / "output.log";
  const int fd = ::open(output.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  spool made(dir, lock, fd);
  if (fd < 0) return system_failure("cannot open", output);
  fs::create_directory(made.files_path(), ec);
  std::ofstream(made.metrics_path(), std::ios::app).flush();
  made.record = std::move(record);
  if (auto saved = made.save(); !saved) return tl::unexpected<error>(saved.error());
  return made;
}

result<spool> spool::open(const fs::path& dir) {
  SWEEPD_TRY(const int lock, take_lock(dir));
  const auto output = dir / "output.log";
  spool opened(dir, lock, ::open(output.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (opened.output_fd_ < 0) return system_failure("cannot open", output);
  SWEEPD_TRY(opened.record, read_record(dir));
  return opened;
}

result<void> spool::save() const {
  const auto path = dir_ / "spool.json";
  const auto temporary = dir_ / "spool.json.tmp";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return system_failure("cannot open", temporary);
  auto written = write_all(fd, json::to_text(record) + "\n", temporary);
  if (written && ::fsync(fd) != 0) written = system_failure("cannot sync", temporary);
  ::close(fd);
  if (!written) return written;
  if (::rename(temporary.c_str(), path.c_str()) != 0) return system_failure("cannot rename", path);
  return {};
}

result<void> spool::append_output(std::string_view bytes) {
  return write_all(output_fd_, bytes, output_path());
}

std::uint64_t spool::output_size() const {
  std::error_code ec;
  const auto n = fs::file_size(output_path(), ec);
  return ec ? 0 : n;
}

std::string spool::read_output(std::uint64_t from, std::size_t max, bool ended) const {
  std::string out(max, '\0');
  const auto n = ::pread(output_fd_, out.data(), max, static_cast<off_t>(from));
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  // Only at the very end of an ended program's output is a split character final.
  clean_utf8(out, ended && out.size() < max);
  return out;
}

std::vector<fs::path> unfinished_spools(const fs::path& root, std::vector<std::string>& complaints) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(root, ec)) {
    const auto file = entry.path() / "spool.json";
    std::error_code missing;
    const auto at = fs::last_write_time(file, missing);
    if (missing) continue;  // not a spool, or one that never got its first record
    const auto record = read_record(entry.path());
    if (!record) {
      complaints.push_back(to_string(record.error()));
      continue;
    }
    if (record->refused.empty() && !(record->finish_acked && record->files_sent))
      found.emplace_back(at, entry.path());
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> out;
  for (auto& [at, dir] : found) out.push_back(std::move(dir));
  return out;
}

}  // namespace sweepd::agent
