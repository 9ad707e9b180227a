// wait: blocks until a sweep has come so far, for scripts.
#include "controller/cli/context.hpp"
#include "controller/cli/follow.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"
#include "controller/cli/views.hpp"

#include <charconv>
#include <csignal>
#include <ostream>

namespace sweepd::cli {
namespace {

/// Asked even when no event comes, in case a proxy between us and the server holds them back.
constexpr milliseconds look_every{15'000};

/// What is waited for: a state, or a number of finished runs.
struct goal {
  std::string state;  ///< "over": finished or canceled
  std::int64_t runs = 0;
};

result<goal> goal_of(context& c) {
  const auto text = c.args.has("for") ? c.args.value("for") : std::string("over");
  if (text.starts_with("runs=")) {
    goal g;
    const char* end = text.data() + text.size();
    const auto r = std::from_chars(text.data() + 5, end, g.runs);
    if (r.ec == std::errc{} && r.ptr == end && g.runs > 0) return g;
  }
  for (const auto* state : {"over", "running", "paused", "finished", "canceled"})
    if (text == state) return goal{text};
  return c.usage("--for: '" + clean(text) + "' cannot be waited for",
                 "write finished, canceled, over (either of them), paused, running, or runs=N");
}

enum class standing { reached, open, never };

standing judge(const goal& g, const json::object& sweep) {
  const auto state = field(sweep, "state");
  const bool over = state == "finished" || state == "canceled";
  if (g.runs > 0) {
    if (whole(sweep, "runs.finished") >= g.runs) return standing::reached;
  } else if (state == g.state || (g.state == "over" && over)) {
    return standing::reached;
  }
  return over ? standing::never : standing::open;
}

/// Prints how it ended; the exit code.
int told(context& c, standing s, const json::object& sweep) {
  if (!print_data(c.io.out, c.how, sweep))
    c.io.out << field(sweep, "id") << "  " << state_words(sweep) << "  " << progress(sweep)
             << " trials  " << best_so_far(sweep) << '\n';
  return s == standing::reached ? exit_with::success : exit_with::conflict;
}

result<int> wait_for(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("wait for sweep " + word);
  SWEEPD_TRY(const auto wanted, goal_of(c));
  const auto patience = c.args.duration("timeout");
  if (!patience) return c.usage(patience.error().message);
  SWEEPD_TRY(const auto found, resolve_sweep(c, word));
  const auto path = path_of("sweeps", found);
  // The place in the log first, then the state: no change can fall between the two.
  SWEEPD_TRY(const auto status, c.server().get("/status"));
  result<int> out = exit_with::success;
  loop waiting;
  const auto look = [&] {
    const auto now = c.server().get(path);
    if (!now) {
      if (now.error().code == errc::unavailable) return;
      out = tl::unexpected<error>(now.error());
      return waiting.stop();
    }
    const auto s = judge(wanted, as_object(*now));
    if (s == standing::open) return;
    out = told(c, s, as_object(*now));
    waiting.stop();
  };
  event_stream::hooks on;
  on.on_event = [&](const json::object& e) {
    const auto type = field(e, "type");
    if (type == "sweep_moved" || type == "run_moved") look();
  };
  on.on_refused = [&](const error& e) {
    out = tl::unexpected<error>(e);
    waiting.stop();
  };
  on.on_lost = [&](const error& e) {
    c.note("connection lost (" + clean(e.message) + "), trying again");
  };
  waiting.on_signal({SIGINT, SIGTERM}, [&](int) {
    out = exit_with::interrupted;
    waiting.stop();
  });
  if (*patience)
    waiting.after(**patience, [&] {
      c.note("still not so after " + to_string(**patience));
      out = exit_with::timed_out;
      waiting.stop();
    });
  waiting.every(look_every, look);
  waiting.after(milliseconds{0}, look);
  const event_stream stream(waiting, c.config, {{"sweep", field(found, "id")}},
                            static_cast<std::uint64_t>(whole(as_object(status), "durable_seq")),
                            std::move(on));
  waiting.run();
  return out;
}

}  // namespace

std::vector<command> wait_commands() {
  return {{"wait",
           "Sweeps",
           "SWEEP",
           1,
           1,
           "block until a sweep has come so far",
           "Exit 0 when it is so, 3 when --timeout is over, 6 when the sweep ended otherwise.",
           "sweepd wait k3f9 --for finished --timeout 2h\nsweepd wait k3f9 --for runs=100",
           {{"for", '\0', "WHAT", "finished, canceled, over, paused, running or runs=N",
             "finished canceled over paused running"},
            {"timeout", '\0', "DURATION", "give up after this long"}},
           wait_for}};
}

}  // namespace sweepd::cli
