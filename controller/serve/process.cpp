#include "controller/serve/process.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace sweepd::serve {
namespace {

namespace fs = std::filesystem;

fs::path url_file(const std::string& data) { return fs::path(data) / "sweepd.url"; }

}  // namespace

void prepare_process() {
  ::umask(077);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

result<void> prepare_data(const std::string& data) {
  std::error_code ec;
  fs::create_directories(fs::path(data) / "tmp", ec);
  if (ec) return fail(errc::invalid, "cannot make the data directory: " + ec.message(), data);
  const auto mode = fs::status(data, ec).permissions();
  const auto others = fs::perms::group_all | fs::perms::others_all;
  if (ec || (mode & others) != fs::perms::none)
    return fail(errc::invalid, "the data directory must be for its owner only: chmod 700 it", data);
  for (const auto& left : fs::directory_iterator(fs::path(data) / "tmp", ec))
    fs::remove(left.path(), ec);
  return {};
}

result<void> write_urls(const std::string& data, const std::vector<std::string>& urls) {
  const auto whole = url_file(data);
  auto part = whole;
  part += ".new";
  {
    std::ofstream out(part, std::ios::trunc);
    for (const auto& url : urls) out << url << '\n';
    out.flush();
    if (!out) return fail(errc::internal, "cannot write", part.string());
  }
  std::error_code ec;
  fs::permissions(part, fs::perms::owner_read | fs::perms::owner_write, ec);
  fs::rename(part, whole, ec);
  if (ec) return fail(errc::internal, "cannot write: " + ec.message(), whole.string());
  return {};
}

void remove_urls(const std::string& data) {
  std::error_code ignored;
  fs::remove(url_file(data), ignored);
}

}  // namespace sweepd::serve
