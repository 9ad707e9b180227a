// Looking after the server: backup and doctor.
#include "controller/cli/columns.hpp"
#include "controller/cli/context.hpp"
#include "controller/cli/doctor.hpp"
#include "controller/cli/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

namespace sweepd::cli {
namespace {

/// A file that exists under its name only when it is complete: written beside it, synced, renamed.
class whole_file {
 public:
  explicit whole_file(std::string path) : path_(std::move(path)), part_(path_ + ".part") {}
  ~whole_file() {
    if (fd_ >= 0) close(fd_), unlink(part_.c_str());
  }
  whole_file(const whole_file&) = delete;
  whole_file& operator=(const whole_file&) = delete;

  result<void> open() {
    // 0600: a backup holds everything that the keys protect.
    fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd_ >= 0 ? result<void>{} : system_error();
  }
  bool write(std::string_view piece) {
    while (!piece.empty()) {
      const auto n = ::write(fd_, piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        broken_ = errno;
        return false;
      }
      piece.remove_prefix(static_cast<std::size_t>(n));
      size_ += static_cast<std::uint64_t>(n);
    }
    return true;
  }
  result<void> commit() {
    if (broken_ != 0) errno = broken_;
    if (broken_ != 0 || fsync(fd_) != 0 || rename(part_.c_str(), path_.c_str()) != 0)
      return system_error();
    close(fd_);
    fd_ = -1;
    return {};
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  [[nodiscard]] tl::unexpected<error> system_error() const {
    return fail(errc::internal, path_ + ": " + std::strerror(errno));
  }
  std::string path_, part_;
  int fd_ = -1;
  int broken_ = 0;
  std::uint64_t size_ = 0;
};

result<int> backup(context& c) {
  const auto& path = c.args.operands.front();
  c.doing("write a backup to " + path, "a key with the role admin is needed");
  if (path == "-") {
    auto ok = c.server().download("/backup", [&](std::string_view piece) {
      c.io.out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
      return c.io.out.good();
    });
    if (!ok) return tl::unexpected<error>(ok.error());
    return exit_with::success;
  }
  struct stat there{};
  if (stat(path.c_str(), &there) == 0 && !c.args.has("force"))
    return c.usage("'" + clean(path) + "' exists already", "choose another name, or add --force");
  whole_file file(path);
  if (auto ok = file.open(); !ok) {
    c.at.next = "choose a place that can be written to";
    return tl::unexpected<error>(ok.error());
  }
  auto ok =
      c.server().download("/backup", [&](std::string_view piece) { return file.write(piece); });
  if (!ok) {
    c.at.next.clear();
    return tl::unexpected<error>(ok.error());
  }
  if (auto committed = file.commit(); !committed) {
    c.at.next = "free space there, or choose another place";
    return tl::unexpected<error>(committed.error());
  }
  c.note("backup of " + short_size(file.size()) + " written to " + clean(path));
  return exit_with::success;
}

result<int> doctor(context& c) {
  c.doing("examine the server");
  const auto checks = examine(c);
  json::array items;
  bool failed = false;
  for (const auto& check : checks) {
    failed = failed || check.level == "fail";
    items.push_back(
        json::object{{"level", check.level}, {"check", check.what}, {"text", check.text}});
  }
  auto printed = print_list(c.io.out, c.how,
                            {state_column("LEVEL", "level"), text_column("CHECK", "check"),
                             text_column("RESULT", "text")},
                            items, "check");
  if (!printed) return c.usage(printed.error().message);
  return failed ? exit_with::failure : exit_with::success;
}

result<int> version(context& c) {
  c.io.out << "sweepd " SWEEPD_VERSION "\n";
  return exit_with::success;
}

}  // namespace

std::vector<command> admin_commands() {
  return {
      {"backup",
       "Server",
       "FILE",
       1,
       1,
       "store a consistent copy of the database",
       "FILE appears only when it is complete; '-' writes to standard output. Taken while the "
       "server runs; start 'sweepd serve --data' on a directory with it to restore.",
       "sweepd backup sweepd-monday.db",
       {{"force", '\0', "", "replace an existing file"}},
       backup},
      {"doctor",
       "Server",
       "",
       0,
       0,
       "check the client, the connection and the server",
       "One line a check: ok, warn or fail. Exit 1 when any fails.",
       "sweepd doctor",
       {},
       doctor},
      {"version", "Other", "", 0, 0, "print the version", "", "sweepd version", {}, version},
  };
}

}  // namespace sweepd::cli
