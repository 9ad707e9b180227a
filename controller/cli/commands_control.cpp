// Steering sweeps: pause, resume, stop, cancel, tune.
#include "controller/cli/context.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"
#include "controller/cli/views.hpp"

#include <ostream>

namespace sweepd::cli {
namespace {

/// Runs that cancel would kill.
std::int64_t live_runs(const json::object& sweep) {
  return whole(sweep, "runs.pending") + whole(sweep, "runs.running") +
         whole(sweep, "runs.preempting");
}

result<bool> really(context& c, std::string_view verb, const json::object& sweep) {
  const auto live = live_runs(sweep);
  if (verb != "cancel" || live == 0) return true;
  return c.confirmed("cancel sweep " + field(sweep, "id") + " and kill " +
                     counted(static_cast<std::uint64_t>(live), "live run") + "?");
}

result<int> steer_one(context& c, const std::string& verb, const std::string& word) {
  c.doing(verb + " sweep " + word, "look at it with 'sweepd show " + word + "'");
  SWEEPD_TRY(const auto before, resolve_sweep(c, word));
  const auto id = field(before, "id");
  if (c.args.has("dry-run")) {
    c.io.out << "would " << verb << ' ' << id << " (" << state_words(before) << ", "
             << counted(static_cast<std::uint64_t>(live_runs(before)), "live run") << ")\n";
    return exit_with::success;
  }
  SWEEPD_TRY(const bool go, really(c, verb, before));
  if (!go) {
    c.note("nothing done");
    return exit_with::failure;
  }
  SWEEPD_TRY(const auto answer,
             c.server().change("POST", path_of("sweeps", before) + "/" + verb, c.with_reason()));
  const auto& after = as_object(answer);
  if (!print_data(c.io.out, c.how, after))
    c.io.out << id << "  " << state_words(before) << " → " << state_words(after) << '\n';
  return exit_with::success;
}

result<int> steer(context& c) {
  for (const auto& word : c.args.operands) {
    SWEEPD_TRY(const int code, steer_one(c, std::string(c.spec.name), word));
    if (code != exit_with::success) return code;
  }
  return exit_with::success;
}

result<int> tune(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("tune sweep " + word);
  const auto slots = c.args.number("max-concurrent-runs", 1);
  if (!slots) return c.usage(slots.error().message);
  const auto cap = c.args.number("run-cap", 1);
  if (!cap) return c.usage(cap.error().message);
  if (!*slots && !*cap)
    return c.usage("nothing to change", "give --max-concurrent-runs N or --run-cap N");
  SWEEPD_TRY(const auto before, resolve_sweep(c, word));
  json::object body = c.with_reason();
  if (*slots) body["max_concurrent_runs"] = **slots;
  if (*cap) body["run_cap"] = **cap;

  const auto line = [&](const json::object& after) {
    const auto limit = [](const json::object& o, const char* key) {
      const auto text = field(o, key);
      return text.empty() ? std::string("none") : text;
    };
    for (const char* key : {"max_concurrent_runs", "run_cap"})
      if (body.contains(key))
        c.io.out << field(before, "id") << "  " << key << ' ' << limit(before, key) << " → "
                 << limit(after, key) << '\n';
  };
  if (c.args.has("dry-run")) {
    line(body);
    c.note("dry run: nothing changed");
    return exit_with::success;
  }
  SWEEPD_TRY(const auto answer, c.server().change("PATCH", path_of("sweeps", before), body));
  if (!print_data(c.io.out, c.how, as_object(answer))) line(as_object(answer));
  return exit_with::success;
}

}  // namespace

std::vector<command> control_commands() {
  const auto verb = [](std::string_view name, std::string_view summary, std::string_view details,
                       std::string_view example) {
    return command{name,    "Sweeps", "SWEEP...",         1,    -1, summary,
                   details, example,  changing_options(), steer};
  };
  return {
      verb("pause", "hand out no new runs; running ones go on", "",
           "sweepd pause k3f9 --reason 'cluster maintenance'"),
      verb("resume", "go on after a pause", "Also closes an open breaker.", "sweepd resume k3f9"),
      verb("stop", "no new runs; finished when the running ones end", "", "sweepd stop k3f9"),
      verb("cancel", "kill the running runs and end the sweep",
           "Asks first when runs are live; without a terminal it needs --yes.",
           "sweepd cancel k3f9 --yes --reason 'wrong data set'"),
      {"tune",
       "Sweeps",
       "SWEEP",
       1,
       1,
       "change a sweep's limits while it runs",
       "",
       "sweepd tune k3f9 --max-concurrent-runs 8\nsweepd tune k3f9 --run-cap 500",
       {{"max-concurrent-runs", '\0', "N", "runs at the same time"},
        {"run-cap", '\0', "N", "runs in all"},
        {"reason", '\0', "TEXT", "why; recorded in the audit log"},
        {"dry-run", '\0', "", "say what would be done, and change nothing"}},
       tune},
  };
}

}  // namespace sweepd::cli
