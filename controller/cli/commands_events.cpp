// The audit log: events, once or as they happen.
#include "controller/cli/columns.hpp"
#include "controller/cli/context.hpp"
#include "controller/cli/event_text.hpp"
#include "controller/cli/follow.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <ostream>

namespace sweepd::cli {
namespace {

using query = std::vector<std::pair<std::string, std::string>>;

constexpr std::int64_t shown_by_default = 100;

result<query> event_filter(context& c) {
  query out;
  SWEEPD_TRY(auto sweep, sweep_option(c));
  SWEEPD_TRY(auto agent, agent_option(c));
  out.emplace_back("sweep", std::move(sweep));
  out.emplace_back("agent", std::move(agent));
  if (c.args.has("run")) {
    SWEEPD_TRY(const auto run, resolve_run(c, c.args.value("run")));
    out.emplace_back("run", field(run, "id"));
  }
  out.emplace_back("type", c.args.value("type"));
  return out;
}

/// --since as the server takes it: an instant, whatever was written (1h, or a time).
result<std::string> since(context& c) {
  if (!c.args.has("since")) return std::string{};
  const auto text = c.args.value("since");
  if (parse_rfc3339(text)) return text;
  const auto d = parse_duration(text);
  if (!d)
    return c.usage("--since: '" + clean(text) + "' is neither a duration (1h) nor a UTC time",
                   "write 90s, 2h, 7d or 2026-11-22T17:00:00Z");
  return to_rfc3339(c.io.now() - *d);
}

result<int> follow(context& c, query q, std::uint64_t after) {
  loop waiting;
  result<int> out = exit_with::success;
  row_printer printer(c.io.out, c.how, event_columns(), "seq");
  event_stream::hooks on;
  on.on_event = [&](const json::object& e) {
    printer.row(e);
    c.io.out.flush();
    if (!c.io.out.good()) waiting.stop();
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
  const event_stream stream(waiting, c.config, std::move(q), after, std::move(on));
  waiting.run();
  printer.end();
  return out;
}

/// The newest `most` of what matches, oldest first. Without a filter the log's numbers tell where
/// they begin; with one the matching pages are read and only the end is kept.
result<json::array> newest(context& c, query q, std::uint64_t most, bool& more) {
  const bool filtered =
      std::any_of(q.begin(), q.end(), [](const auto& p) { return !p.second.empty(); });
  if (!filtered && most != 0) {
    SWEEPD_TRY(const auto status, c.server().get("/status"));
    const auto last = static_cast<std::uint64_t>(whole(as_object(status), "durable_seq"));
    if (last > most) q.emplace_back("after", std::to_string(last - most));
    more = last > most;
  }
  std::deque<json::object> kept;
  SWEEPD_TRY([[maybe_unused]] const auto seen,
             c.server().pages("/events", std::move(q), 0, [&](const json::object& e) {
               kept.push_back(e);
               if (most != 0 && kept.size() > most) {
                 kept.pop_front();
                 more = true;
               }
               return true;
             }));
  json::array out;
  for (auto& e : kept) out.push_back(std::move(e));
  return out;
}

result<int> list_newest(context& c, query q) {
  const auto limit = c.args.number("limit", 0);
  if (!limit) return c.usage(limit.error().message);
  const auto most = static_cast<std::uint64_t>(limit->value_or(shown_by_default));
  bool more = false;
  SWEEPD_TRY(const auto items, newest(c, std::move(q), most, more));
  if (auto ok = print_list(c.io.out, c.how, event_columns(), items, "seq"); !ok)
    return c.usage(ok.error().message);
  if (items.empty() && c.how.for_people()) c.note("no such event");
  if (more) c.note("the newest " + std::to_string(items.size()) + "; --limit 0 shows all");
  return exit_with::success;
}

result<int> events(context& c) {
  c.doing("read the events");
  const auto after = c.args.number("after", 0);
  if (!after) return c.usage(after.error().message);
  SWEEPD_TRY(auto q, event_filter(c));
  SWEEPD_TRY(const auto from, since(c));
  q.emplace_back("since", from);
  if (c.args.has("follow")) {
    auto start = static_cast<std::uint64_t>(after->value_or(0));
    if (!*after && from.empty()) {
      SWEEPD_TRY(const auto status, c.server().get("/status"));
      start = static_cast<std::uint64_t>(whole(as_object(status), "durable_seq"));
    }
    return follow(c, std::move(q), start);
  }
  if (*after) q.emplace_back("after", std::to_string(**after));
  return list_newest(c, std::move(q));
}

}  // namespace

std::vector<command> event_commands() {
  return {{"events",
           "Server",
           "",
           0,
           0,
           "read or follow the audit log",
           "Everything that changed anything: who, what, why. -o jsonl is for programs.",
           "sweepd events --sweep k3f9 --since 1h\nsweepd events -f -o jsonl",
           {{"limit", '\0', "N", "the newest N (100); 0: all"},
            {"follow", 'f', "", "go on with what happens from now"},
            {"sweep", '\0', "SWEEP", "only of this sweep"},
            {"run", '\0', "RUN", "only of this run"},
            {"agent", '\0', "AGENT", "only of this agent"},
            {"type", '\0', "TYPE", "only of this type, e.g. run_moved"},
            {"since", '\0', "WHEN", "a duration back (1h) or a UTC time"},
            {"after", '\0', "SEQ", "only later than this number"}},
           events}};
}

}  // namespace sweepd::cli
