#include "controller/wandb/run_files.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

constexpr std::string_view console_file = "output.log";

struct stored_files {
  std::vector<core::file_info> uploads;
  std::uint64_t log_start = 0;
};

/// What the state knows of the console.
struct console_facts {
  std::uint64_t log_bytes = 0;
  bool again = false;  ///< the run was taken up again
  instant at;
};

void add_console(std::vector<run_file>& files, const console_facts& facts, std::uint64_t start) {
  if (facts.log_bytes <= start) return;
  auto it = std::find_if(files.begin(), files.end(), [](const auto& f) { return f.info.name == console_file; });
  if (it != files.end() && !facts.again) return;
  if (it == files.end()) it = files.insert(files.end(), run_file{});
  it->info = {std::string(console_file), facts.log_bytes - start, "", facts.at};
  it->console = true;
  it->from = start;
}

}  // namespace

asio::awaitable<result<std::vector<run_file>>> files_of(http::services& svc, run_id id) {
  auto look = [id](const core::state& s, moment) -> result<console_facts> {
    const auto* r = core::find(s, id);
    if (r == nullptr) return fail(errc::not_found, "there is no such run");
    return console_facts{r->log_bytes, r->epoch > 1, std::max(r->last_signal_wall, r->created)};
  };
  SWEEPD_CO_TRY(const auto facts, co_await http::view(svc, std::move(look)));
  auto load = [&reader = svc.reader, id]() -> result<stored_files> {
    stored_files out;
    SWEEPD_TRY(out.uploads, reader.files(id));
    SWEEPD_TRY(out.log_start, reader.log_start(id));
    return out;
  };
  SWEEPD_CO_TRY(auto stored, co_await http::off_strand(svc, std::move(load)));
  std::vector<run_file> out;
  for (auto& f : stored.uploads) out.push_back(run_file{std::move(f), false, 0});
  add_console(out, facts, stored.log_start);
  co_return out;
}

result<std::string> read_file(core::reader& reader, const run_id& id, const run_file& f, std::uint64_t from,
                              std::size_t limit) {
  if (f.console) return reader.log(id, f.from + from, limit);
  return reader.file(id, f.info.name, from, limit);
}

}  // namespace sweepd::wandb
