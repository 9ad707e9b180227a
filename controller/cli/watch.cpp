// watch: on a terminal a screen that redraws as things happen (the sweep's figures, what holds it
// up, its live runs, the latest events); elsewhere one plain line an event.
#include "controller/cli/columns.hpp"
#include "controller/cli/context.hpp"
#include "controller/cli/event_text.hpp"
#include "controller/cli/follow.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"
#include "controller/cli/views.hpp"

#include <csignal>
#include <deque>
#include <ostream>
#include <sstream>

namespace sweepd::cli {
namespace {

constexpr milliseconds frame_every{250};  ///< at most four pictures a second
constexpr int idle_frames = 8;  ///< and one each two seconds when nothing happens: ages grow
constexpr std::size_t events_kept = 200;
constexpr std::size_t events_shown = 8;

/// The terminal's other screen, without a cursor; restored whatever happens.
class other_screen {
 public:
  explicit other_screen(std::ostream& out) : out_(out) {
    out_ << "\x1B[?1049h\x1B[?25l" << std::flush;
  }
  ~other_screen() { out_ << "\x1B[?25h\x1B[?1049l" << std::flush; }
  other_screen(const other_screen&) = delete;
  other_screen& operator=(const other_screen&) = delete;

  /// Puts the lines on the screen, cut to its height; overwritten in place, so nothing flickers.
  void show(const std::string& picture, std::size_t rows) {
    std::string text = "\x1B[H";
    std::size_t lines = 0;
    std::size_t at = 0;
    while (at < picture.size() && lines + 1 < rows) {
      const auto end = std::min(picture.find('\n', at), picture.size());
      text += picture.substr(at, end - at) + "\x1B[K\r\n";
      at = end + 1;
      ++lines;
    }
    out_ << text << "\x1B[J" << std::flush;
  }

 private:
  std::ostream& out_;
};

bool is_over(const json::object& sweep) {
  const auto state = field(sweep, "state");
  return state == "finished" || state == "canceled";
}

class watcher {
 public:
  watcher(context& c, std::optional<json::object> sweep) : c_(c), sweep_(std::move(sweep)) {}

  result<int> watch(std::uint64_t after) {
    std::vector<std::pair<std::string, std::string>> query;
    if (sweep_) query.emplace_back("sweep", field(*sweep_, "id"));
    waiting_.on_signal({SIGINT, SIGTERM}, [this](int) { end(exit_with::interrupted); });
    event_stream::hooks on;
    on.on_event = [this](const json::object& e) { heard(e); };
    on.on_refused = [this](const error& e) { end(tl::unexpected<error>(e)); };
    on.on_lost = [this](const error& e) { lost(e); };
    const event_stream stream(waiting_, c_.config, std::move(query), after, std::move(on));
    if (c_.io.out_terminal) {
      draw_until_end();
    } else {
      waiting_.after(milliseconds{0}, [this] { check_over(); });
      waiting_.run();
    }
    return outcome_;
  }

 private:
  void end(result<int> outcome) {
    outcome_ = std::move(outcome);
    waiting_.stop();
  }

  void heard(const json::object& e) {
    problem_.clear();
    dirty_ = true;
    recent_.push_back(e);
    if (recent_.size() > events_kept) recent_.pop_front();
    if (c_.io.out_terminal) return;
    if (c_.how.as == format::json || c_.how.as == format::jsonl)
      c_.io.out << compact(e) << '\n';
    else
      c_.io.out << event_line(e, c_.how) << '\n';
    c_.io.out.flush();
    if (!c_.io.out.good()) return end(exit_with::failure);
    if (field(e, "type") == "sweep_moved") check_over();
  }

  void lost(const error& e) {
    problem_ = "connection lost (" + clean(e.message) + "), trying again";
    dirty_ = true;
    if (!c_.io.out_terminal) c_.note(problem_);
  }

  /// Plain lines end with their sweep.
  void check_over() {
    if (!sweep_) return;
    const auto now = c_.server().get(path_of("sweeps", *sweep_));
    if (now && is_over(as_object(*now))) end(exit_with::success);
  }

  void draw_until_end() {
    std::string last;
    {
      other_screen screen(c_.io.out);
      waiting_.every(frame_every, [&] {
        if (!dirty_ && ++idle_ < idle_frames) return;
        frame(screen, last);
      });
      frame(screen, last);
      if (!over_) waiting_.run();
    }
    c_.io.out << last << std::flush;  // the last picture stays on the usual screen
  }

  void frame(other_screen& screen, std::string& last) {
    dirty_ = false;
    idle_ = 0;
    c_.how.now = c_.io.now();
    c_.how.width = c_.io.columns();
    const auto rows = c_.io.rows();
    auto drawn = picture(rows);
    if (!drawn) {
      if (drawn.error().code != errc::unavailable && drawn.error().code != errc::busy)
        return end(tl::unexpected<error>(drawn.error()));
      problem_ = clean(drawn.error().message);
      screen.show(painted(problem_, tone::bad, c_.how.colour) + "\n" + last, rows);
      return;
    }
    last = *drawn;
    screen.show(problem_.empty() ? last : painted(problem_, tone::bad, c_.how.colour) + "\n" + last,
                rows);
    if (over_) end(exit_with::success);
  }

  result<std::string> picture(std::size_t rows) {
    std::ostringstream out;
    const std::size_t for_events = std::min(events_shown, rows / 3) + 2;
    if (sweep_) {
      auto ok = draw_sweep(out, rows > for_events + 8 ? rows - for_events - 8 : 1);
      if (!ok) return tl::unexpected<error>(ok.error());
    } else {
      auto ok = draw_sweeps(out, rows > for_events + 3 ? rows - for_events - 3 : 1);
      if (!ok) return tl::unexpected<error>(ok.error());
    }
    draw_events(out, for_events);
    return out.str();
  }

  result<json::array> fetch(std::string_view path,
                            std::vector<std::pair<std::string, std::string>> query,
                            std::size_t most, bool& more) {
    json::array items;
    SWEEPD_TRY(const auto seen,
               c_.server().pages(path, std::move(query), most, [&](const json::object& item) {
                 items.push_back(item);
                 return true;
               }));
    more = seen.more;
    return items;
  }

  result<void> draw_sweep(std::ostream& out, std::size_t most) {
    SWEEPD_TRY(const auto answer, c_.server().get(path_of("sweeps", *sweep_)));
    const auto& s = as_object(answer);
    over_ = is_over(s);
    const auto state = state_cell(field(s, "state"), c_.how);
    out << heading(field(s, "name") + "  " + field(s, "id"), c_.how) << "  "
        << painted(state.text, state.colour, c_.how.colour) << "  " << progress(s) << " trials  "
        << best_so_far(s) << '\n';
    out << run_counts(s) << "  slots " << field(s, "slots_used") << '/'
        << (field(s, "max_concurrent_runs").empty() ? "-" : field(s, "max_concurrent_runs"))
        << '\n';
    if (!over_) {
      SWEEPD_TRY(const auto why, c_.server().get(path_of("sweeps", *sweep_) + "/explain"));
      out << fit(field(as_object(why), "summary"), c_.how.width) << '\n';
    }
    bool more = false;
    SWEEPD_TRY(const auto runs, fetch("/runs",
                                      {{"sweep", field(s, "id")},
                                       {"state", "pending,running,preempting,preempted,crashed"}},
                                      most, more));
    out << '\n';
    SWEEPD_TRY(const auto columns, chosen_columns(c_.how, run_columns()));
    auto printed = print_list(out, c_.how, columns, runs);
    if (!printed) return printed;
    if (runs.empty()) out << "no live runs\n";
    if (more) out << "... and more ('sweepd runs' lists them all)\n";
    return {};
  }

  result<void> draw_sweeps(std::ostream& out, std::size_t most) {
    bool more = false;
    SWEEPD_TRY(const auto sweeps, fetch("/sweeps", {}, most, more));
    auto printed = print_list(out, c_.how, sweep_columns(), sweeps);
    if (!printed) return printed;
    if (sweeps.empty()) out << "no sweeps yet\n";
    if (more) out << "... and more ('sweepd sweeps' lists them all)\n";
    return {};
  }

  void draw_events(std::ostream& out, std::size_t most) {
    if (recent_.empty() || most < 3) return;
    out << '\n' << heading("Latest", c_.how) << '\n';
    const std::size_t shown = std::min(recent_.size(), most - 2);
    for (std::size_t i = recent_.size() - shown; i < recent_.size(); ++i)
      out << fit(event_line(recent_[i], c_.how), c_.how.width) << '\n';
  }

  context& c_;
  std::optional<json::object> sweep_;
  loop waiting_;
  result<int> outcome_ = exit_with::success;
  std::deque<json::object> recent_;
  std::string problem_;
  bool dirty_ = true;
  bool over_ = false;
  int idle_ = 0;
};

result<int> watch(context& c) {
  c.doing("watch");
  // On a terminal it is a picture, whatever -o says; columns still apply.
  if (c.io.out_terminal) c.how.as = c.how.as == format::wide ? format::wide : format::table;
  std::optional<json::object> sweep;
  if (!c.args.operands.empty()) {
    c.doing("watch sweep " + c.args.operands.front());
    SWEEPD_TRY(sweep, resolve_sweep(c, c.args.operands.front()));
  }
  SWEEPD_TRY(const auto status, c.server().get("/status"));
  return watcher(c, std::move(sweep))
      .watch(static_cast<std::uint64_t>(whole(as_object(status), "durable_seq")));
}

}  // namespace

std::vector<command> watch_commands() {
  return {{"watch",
           "Sweeps",
           "[SWEEP]",
           0,
           1,
           "see a sweep, or all, as they go",
           "On a terminal a live table; elsewhere one line an event. Ends with the sweep, or with "
           "Ctrl-C.",
           "sweepd watch k3f9\nsweepd watch k3f9 | tee watch.log",
           {},
           watch}};
}

}  // namespace sweepd::cli
