// Looking at sweeps: sweeps, show, explain, agents.
#include "controller/cli/context.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"
#include "controller/cli/views.hpp"

#include <ostream>

namespace sweepd::cli {
namespace {

/// The --project filter: `all` (or `*`) lifts the one from the settings.
std::string project_filter(const context& c) {
  const auto& p = c.config.project.value;
  return p == "all" || p == "*" ? std::string{} : p;
}

result<int> list_sweeps(context& c) {
  c.doing("list sweeps");
  const auto project = project_filter(c);
  const std::string none = project.empty() ? "no sweeps; 'sweepd launch SWEEP.yaml' makes one"
                                           : "no such sweep in project " + clean(project) +
                                                 " (from " + clean(c.config.project.origin) +
                                                 "); --project all looks in every project";
  SWEEPD_TRY(const auto states, c.words("state"));
  return print_pages(c, "/sweeps", {{"project", project}, {"state", states}}, sweep_columns(),
                     none);
}

result<int> show(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("show " + word);
  SWEEPD_TRY(const auto found, resolve_sweep_or_run(c, word));
  if (print_data(c.io.out, c.how, found.item)) return exit_with::success;
  if (!found.is_run) {
    print_sweep(c.io.out, c.how, found.item);
    if (!field(found.item, "early_terminate").empty()) {
      SWEEPD_TRY(const auto rungs, c.server().get(path_of("sweeps", found.item) + "/rungs"));
      print_rungs(c.io.out, c.how, as_object(rungs));
    }
    return exit_with::success;
  }
  SWEEPD_TRY(const auto events, c.server().get(path_of("runs", found.item) + "/events"));
  print_run(c.io.out, c.how, found.item, list(as_object(events), "items"));
  return exit_with::success;
}

void print_waiting(std::ostream& out, const look& how, const json::array& waiting) {
  constexpr std::size_t shown_max = 10;
  if (waiting.empty()) return;
  out << '\n' << heading(counted(waiting.size(), "trial") + " waiting", how) << '\n';
  std::size_t shown = 0;
  for (const auto& w : waiting) {
    if (shown++ == shown_max) {
      out << "... and " << waiting.size() - shown_max << " more (-o json shows all)\n";
      break;
    }
    const auto when = due(as_object(w), "ready_at", how);
    const auto run = field(as_object(w), "run");
    out << "trial " << field(as_object(w), "trial") << (run.empty() ? "" : " (run " + run + ")") << ": "
        << field(as_object(w), "why") << (when.empty() ? "" : ", ready " + when) << '\n';
  }
}

result<int> explain(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("explain sweep " + word);
  SWEEPD_TRY(const auto sweep, resolve_sweep(c, word));
  SWEEPD_TRY(const auto answer, c.server().get(path_of("sweeps", sweep) + "/explain"));
  const auto& o = as_object(answer);
  if (c.how.as == format::csv || c.how.as == format::name || c.how.quiet)
    return print_list(c.io.out, c.how, hold_columns(), list(o, "holds"), "run").map([] {
      return exit_with::success;
    });
  if (print_data(c.io.out, c.how, o, "sweep")) return exit_with::success;
  const auto state = state_cell(field(o, "state"), c.how);
  c.io.out << heading(field(sweep, "id"), c.how) << "  "
           << painted(state.text, state.colour, c.how.colour) << "  " << field(o, "summary")
           << '\n';
  if (!list(o, "holds").empty()) {
    c.io.out << '\n';
    auto printed = print_list(c.io.out, c.how, hold_columns(), list(o, "holds"), "run");
    if (!printed) return c.usage(printed.error().message);
  }
  print_waiting(c.io.out, c.how, list(o, "waiting"));
  if (!list(o, "notes").empty()) c.io.out << '\n';
  for (const auto& n : list(o, "notes")) c.io.out << "note: " << scalar(n) << '\n';
  return exit_with::success;
}

result<int> list_agents(context& c) {
  c.doing("list agents");
  SWEEPD_TRY(const auto sweep, sweep_option(c));
  return print_pages(c, "/agents", {{"sweep", sweep}}, agent_columns(),
                     "no agents; 'sweepd agent SWEEP' starts one");
}

result<int> release(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("release agent " + word, "'sweepd agents' shows who is quarantined");
  SWEEPD_TRY(const auto agent, resolve_agent(c, word));
  const auto id = field(agent, "id");
  if (c.args.has("dry-run")) {
    c.io.out << "would release agent " << id << '\n';
    return exit_with::success;
  }
  SWEEPD_TRY(const auto answer,
             c.server().change("POST", path_of("agents", agent) + "/release", c.with_reason()));
  if (!print_data(c.io.out, c.how, as_object(answer))) c.io.out << "agent " << id << " released\n";
  return exit_with::success;
}

}  // namespace

std::vector<command> sweep_commands() {
  return {
      {"sweeps", "Sweeps", "", 0, 0, "list sweeps",
       "DONE is trials done of those expected; BEST the best metric value.",
       "sweepd sweeps\nsweepd sweeps --state running,paused -o wide\nsweepd sweeps -q",
       listing_options({{"state", '\0', "STATE", "only these states, comma separated",
                         "pending running paused finished canceled"}}),
       list_sweeps},
      {"show",
       "Sweeps",
       "SWEEP|RUN",
       1,
       1,
       "everything about one sweep or run",
       "For a run: configuration, summary, evidence for its cause, and its whole history. For a sweep with\n"
       "early termination: its rung table.",
       "sweepd show k3f9\nsweepd show ab12cd34 -o json",
       {},
       show},
      {"explain",
       "Sweeps",
       "SWEEP",
       1,
       1,
       "why a sweep moves or does not move",
       "Lists every hold: which run holds what, why, and when it will let go.",
       "sweepd explain k3f9",
       {},
       explain},
      {"agents", "Agents", "", 0, 0, "list agents", "", "sweepd agents --sweep k3f9",
       listing_options({{"sweep", '\0', "SWEEP", "only its agents"}}), list_agents},
      {"release",
       "Agents",
       "AGENT",
       1,
       1,
       "end an agent's quarantine",
       "",
       "sweepd release 7d1x --reason 'new GPU driver'",
       {{"reason", '\0', "TEXT", "why; recorded in the audit log"},
        {"dry-run", '\0', "", "say what would be done, and change nothing"}},
       release},
  };
}

}  // namespace sweepd::cli
