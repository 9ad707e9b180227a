// Looking at runs: runs, logs, files.
#include "controller/cli/context.hpp"
#include "controller/cli/follow.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/run_filter.hpp"
#include "controller/cli/text.hpp"
#include "controller/cli/views.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <ostream>

namespace sweepd::cli {
namespace {

constexpr std::uint64_t log_piece = 1u << 20;
constexpr std::uint64_t log_tail_max = 4u << 20;  ///< below what the server gives in one piece
constexpr milliseconds log_poll{1'000};

result<int> list_runs(context& c) {
  c.doing("list runs");
  SWEEPD_TRY(auto query, run_filter(c));
  const auto& project = c.config.project.value;
  if (!project.empty() && project != "all" && project != "*")
    query.emplace_back("project", project);
  query.emplace_back("trial", c.args.value("trial"));
  return print_pages(
      c, "/runs", std::move(query), run_columns(),
      "no such run" + std::string(project.empty() ? "" : " in project ") + clean(project));
}

/// Prints a log piece by piece. On a terminal whole lines only, so that no escape sequence or
/// character is cut in two before it is cleaned; elsewhere byte by byte as stored.
class log_printer {
 public:
  log_printer(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}

  void print(std::string_view piece) {
    if (!terminal_) {
      out_.write(piece.data(), static_cast<std::streamsize>(piece.size()));
      out_.flush();
      return;
    }
    rest_ += piece;
    const auto end = rest_.find_last_of("\r\n");
    if (end == std::string::npos) return;
    out_ << clean_block(std::string_view(rest_).substr(0, end + 1)) << std::flush;
    rest_.erase(0, end + 1);
  }
  void flush() {
    if (rest_.empty()) return;
    out_ << clean_block(rest_) << '\n' << std::flush;
    rest_.clear();
  }

 private:
  std::ostream& out_;
  bool terminal_;
  std::string rest_;
};

std::uint64_t number_header(const raw_answer& r, const std::string& name) {
  const auto at = r.headers.find(name);
  std::uint64_t n = 0;
  if (at != r.headers.end())
    std::from_chars(at->second.data(), at->second.data() + at->second.size(), n);
  return n;
}

/// The last `lines` lines, and in `next` the offset behind them.
result<std::string> log_tail(context& c, const std::string& path, std::uint64_t lines,
                             std::uint64_t& next) {
  for (std::uint64_t bytes = 64 * 1024;; bytes *= 8) {
    SWEEPD_TRY(const auto r, c.server().raw(path + "?tail=" + std::to_string(bytes)));
    next = number_header(r, "x-log-from") + r.body.size();
    std::string_view text = r.body;
    std::size_t at = text.size();
    if (at > 0 && text[at - 1] == '\n') --at;
    std::uint64_t seen = 0;
    while (at > 0 && (text[at - 1] != '\n' || ++seen < lines)) --at;
    if (at > 0 || r.body.size() < bytes || bytes >= log_tail_max)
      return lines == 0 ? std::string{} : std::string(text.substr(at));
  }
}

/// Prints everything from `from` on; moves it behind what was printed.
result<void> print_from(context& c, const std::string& path, std::uint64_t& from,
                        log_printer& printer) {
  while (true) {
    SWEEPD_TRY(const auto r, c.server().raw(target(path, {{"from", std::to_string(from)},
                                                          {"limit", std::to_string(log_piece)}})));
    printer.print(r.body);
    // Later than asked for when the beginning was pruned.
    from = std::max(from, number_header(r, "x-log-from")) + r.body.size();
    if (r.body.empty() || from >= number_header(r, "x-log-size")) return {};
  }
}

bool is_final(const json::object& run) {
  const auto state = field(run, "state");
  return state == "finished" || state == "failed" || state == "killed";
}

/// Goes on printing until the run has ended and its log is all there.
result<int> follow_log(context& c, const json::object& run, std::uint64_t from,
                       log_printer& printer) {
  const auto path = path_of("runs", run);
  loop waiting;
  result<int> out = exit_with::success;
  const auto look_again = [&] {
    // State first: what is logged before the end is then certainly seen.
    const auto now = c.server().get(path);
    if (!now) {
      if (now.error().code == errc::unavailable) return;  // it will be back
      out = tl::unexpected<error>(now.error());
      return waiting.stop();
    }
    if (auto ok = print_from(c, path + "/log", from, printer); !ok) {
      if (ok.error().code == errc::unavailable) return;
      out = tl::unexpected<error>(ok.error());
      return waiting.stop();
    }
    if (is_final(as_object(*now))) waiting.stop();
  };
  waiting.every(log_poll, look_again);
  waiting.on_signal({SIGINT, SIGTERM}, [&](int) {
    out = exit_with::interrupted;
    waiting.stop();
  });
  waiting.run();
  return out;
}

result<int> logs(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("read the log of run " + word);
  const auto tail = c.args.number("tail", 0);
  if (!tail) return c.usage(tail.error().message);
  SWEEPD_TRY(const auto run, resolve_run(c, word));
  const auto path = path_of("runs", run) + "/log";
  log_printer printer(c.io.out, c.io.out_terminal);
  std::uint64_t from = 0;
  if (*tail) {
    SWEEPD_TRY(const auto text, log_tail(c, path, static_cast<std::uint64_t>(**tail), from));
    printer.print(text);
  } else {
    auto ok = print_from(c, path, from, printer);
    if (!ok) return tl::unexpected<error>(ok.error());
  }
  result<int> code = exit_with::success;
  if (c.args.has("follow") && !is_final(run)) code = follow_log(c, run, from, printer);
  printer.flush();
  if (from == 0 && code) c.note("the log is empty");
  return code;
}

result<int> files(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("list the files of run " + word);
  SWEEPD_TRY(const auto run, resolve_run(c, word));
  if (c.args.operands.size() == 2) {
    const auto& name = c.args.operands.back();
    c.doing("read file " + name + " of run " + word, "'sweepd files " + word + "' lists them");
    const auto from = target(path_of("runs", run) + "/file", {{"name", name}});
    auto ok = c.server().download(from, [&](std::string_view piece) {
      c.io.out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
      return c.io.out.good();
    });
    if (!ok) return tl::unexpected<error>(ok.error());
    return exit_with::success;
  }
  SWEEPD_TRY(const auto answer, c.server().get(path_of("runs", run) + "/files"));
  column size{"SIZE", "size", [](const json::object& f, const look&) {
                return cell{short_size(static_cast<std::uint64_t>(whole(f, "size")))};
              }};
  size.right = true;
  const auto& items = list(as_object(answer), "items");
  auto printed = print_list(c.io.out, c.how,
                            {text_column("NAME", "name"), size, time_column("STORED", "at"),
                             wide(text_column("SHA256", "sha256"))},
                            items, "name");
  if (!printed) return c.usage(printed.error().message);
  if (items.empty() && c.how.for_people()) c.note("the run has stored no files");
  return exit_with::success;
}

}  // namespace

std::vector<command> run_commands() {
  auto filters = run_filter_options();
  filters.push_back({"trial", '\0', "N", "only runs of this trial"});
  return {
      {"runs", "Runs", "", 0, 0, "list runs",
       "SINCE is the time in the present state; TRY the attempt at its trial.",
       "sweepd runs --sweep k3f9 --state crashed --older-than 30m\nsweepd runs --cause oom -o wide",
       listing_options(std::move(filters)), list_runs},
      {"logs",
       "Runs",
       "RUN",
       1,
       1,
       "print a run's output",
       "On a terminal escape sequences are removed; redirected output is byte for byte.",
       "sweepd logs ab12 --tail 50\nsweepd logs ab12 -f",
       {{"follow", 'f', "", "go on until the run ends"},
        {"tail", '\0', "N", "only the last N lines"}},
       logs},
      {"files",
       "Runs",
       "RUN [NAME]",
       1,
       2,
       "list a run's files, or print one",
       "",
       "sweepd files ab12\nsweepd files ab12 model.bin > model.bin",
       {},
       files},
  };
}

}  // namespace sweepd::cli
