#include "controller/agent/run_files.hpp"

#include <algorithm>
#include <fstream>

namespace sweepd::agent {
namespace {

namespace fs = std::filesystem;

/// wandb/run-20261122_110000-RUN or wandb/offline-run-...-RUN; the newest when there are several.
std::optional<fs::path> wandb_folder(const fs::path& root, const std::string& run) {
  std::optional<fs::path> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(root / "wandb", ec)) {
    const auto name = entry.path().filename().string();
    const bool of_run = (name.starts_with("run-") || name.starts_with("offline-run-")) &&
                        name.ends_with("-" + run);
    if (of_run && entry.is_directory(ec) && (!found || entry.path() > *found)) found = entry.path();
  }
  return found;
}

void add_program_files(const spool& s, upload_list& out) {
  std::error_code ec;
  const auto root = s.files_path();
  std::vector<fs::path> paths;
  for (fs::recursive_directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->is_symlink(ec)) {
      out.notes.push_back("files/" + it->path().lexically_relative(root).string() +
                          " is a symbolic link and was not sent");
      continue;
    }
    if (it->is_regular_file(ec)) paths.push_back(it->path());
  }
  std::sort(paths.begin(), paths.end());
  if (paths.size() > upload_files_max) {
    out.notes.push_back("files/ holds " + std::to_string(paths.size()) + " files; the first " +
                        std::to_string(upload_files_max) + " are sent");
    paths.resize(upload_files_max);
  }
  for (const auto& path : paths)
    out.files.push_back({path.lexically_relative(root).generic_string(), path});
}

}  // namespace

upload_list files_of_run(const spool& s, const fs::path& wandb_root,
                         const std::optional<fs::path>& job_log) {
  upload_list out;
  std::error_code ec;
  add_program_files(s, out);
  const auto add = [&](const std::string& name, const fs::path& path) {
    if (!fs::is_regular_file(path, ec)) return;
    const bool taken = std::any_of(out.files.begin(), out.files.end(),
                                   [&](const upload& u) { return u.name == name; });
    out.files.push_back({taken ? "agent/" + name : name, path});
  };
  add("output.log", s.output_path());
  if (const auto folder = wandb_folder(wandb_root, s.record.run)) {
    add("debug.log", *folder / "logs" / "debug.log");
    add("debug-internal.log", *folder / "logs" / "debug-internal.log");
  }
  if (job_log) add(job_log->filename().string(), *job_log);
  return out;
}

result<std::string> bytes_to_send(const fs::path& path, std::size_t limit) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ec;
  const auto size = fs::file_size(path, ec);
  if (!in || ec) return fail(errc::not_found, "cannot read", path.string());
  const auto piece = [&](std::uint64_t from, std::size_t n) {
    std::string out(n, '\0');
    in.clear();
    in.seekg(static_cast<std::streamoff>(from));
    in.read(out.data(), static_cast<std::streamsize>(n));
    out.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    return out;
  };
  if (size <= limit) return piece(0, static_cast<std::size_t>(size));
  constexpr std::size_t note_room = 200;
  const auto head = (limit - note_room) / 4;
  const auto tail = limit - note_room - head;
  return piece(0, head) + "\n... " + std::to_string(size - head - tail) +
         " bytes are left out here by sweepd agent ...\n" + piece(size - tail, tail);
}

}  // namespace sweepd::agent
