// Acting on runs, one or many, named or by filter: mark-failed, requeue, stop-run, infeasible,
// delete-run, undo. Always in two steps: the server says what it would do and gives a token for exactly that
// set of runs and states; only with the token does it act, so nothing happens to a run that nobody
// saw.
#include "controller/cli/columns.hpp"
#include "controller/cli/context.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/run_filter.hpp"
#include "controller/cli/text.hpp"

#include <algorithm>
#include <array>
#include <istream>
#include <ostream>
#include <set>

namespace sweepd::cli {
namespace {

/// One action in the words of its sentences: "would" + before + "3 runs" + after.
struct action {
  std::string_view command;
  std::string_view verb;  ///< for the server
  std::string_view before, after;
  std::string_view done;   ///< "3 runs" + done
  std::string_view state;  ///< filter's state when none is given
};

constexpr std::array actions{
    action{"mark-failed", "mark_failed", "mark ", " as failed", " marked as failed", "crashed"},
    action{"requeue", "requeue", "requeue ", "", " requeued", "failed"},
    action{"stop-run", "stop", "stop ", "", " told to stop", "running"},
    action{"infeasible", "infeasible", "mark the trials of ", " as infeasible",
           " closed as infeasible", "failed"},
    action{"delete-run", "delete", "delete ", "", " deleted", ""},
    action{"undo", "undo", "undo the last action on ", "", " restored", ""},
};

const action& action_of(const context& c) {
  return *std::find_if(actions.begin(), actions.end(),
                       [&](const action& a) { return a.command == c.spec.name; });
}

/// "37 runs in 2 sweeps"
std::string how_many(const json::array& items, bool refused) {
  std::set<std::string> sweeps;
  std::uint64_t n = 0;
  for (const auto& item : items) {
    if (field(as_object(item), "refused").empty() == refused) continue;
    ++n;
    sweeps.insert(field(as_object(item), "sweep"));
  }
  return counted(n, "run") +
         (sweeps.size() > 1 ? " in " + std::to_string(sweeps.size()) + " sweeps" : "");
}

column words_column(std::string title, std::string key) {
  return column{title, key, [key](const json::object& o, const look&) {
                  std::vector<std::string> out;
                  for (const auto& item : list(o, key)) out.push_back(scalar(item));
                  return cell{join(out, ", ")};
                }};
}

bool may_force(const context& c) {
  return std::any_of(c.spec.options.begin(), c.spec.options.end(),
                     [](const option& o) { return o.name == "force"; });
}

std::vector<column> plan_columns() {
  column refused = text_column("REFUSED", "refused");
  refused.show = [](const json::object& o, const look&) {
    return cell{field(o, "refused"), tone::warn};
  };
  column cause = text_column("CAUSE", "cause");
  cause.show = [](const json::object& o, const look&) {
    const auto text = field(o, "cause");
    return cell{text == "none" ? std::string{} : text};
  };
  return {text_column("RUN", "run"),
          text_column("SWEEP", "sweep"),
          state_column("STATE", "state"),
          cause,
          words_column("HOLDS", "holds"),
          words_column("RELEASES", "releases"),
          flexible(refused)};
}

/// The runs named on the command line, `-` meaning ids on standard input.
result<json::array> named_runs(context& c) {
  std::vector<std::string> words;
  for (const auto& word : c.args.operands) {
    if (word != "-") {
      words.push_back(word);
      continue;
    }
    for (std::string line; std::getline(c.io.in, line);)
      for (auto& id : split(line, ' ')) words.push_back(std::move(id));
  }
  json::array ids;
  for (const auto& word : words) {
    SWEEPD_TRY(const auto run, resolve_run(c, word));
    ids.emplace_back(field(run, "id"));
  }
  return ids;
}

/// What is asked of the server, without `confirm`.
result<json::object> request(context& c, const action& a) {
  json::object body = c.with_reason();
  body["action"] = a.verb;
  if (c.args.has("force")) body["force"] = true;
  SWEEPD_TRY(auto filter, run_filter(c));
  if (!c.args.operands.empty() && !filter.empty())
    return c.usage("runs are named and filtered at the same time", "give ids or filters, not both");
  if (c.args.operands.empty() && filter.empty())
    return c.usage("no runs are named",
                   "give run ids, or filters such as --sweep and --older-than");
  if (!filter.empty()) {
    json::object by;
    for (auto& [name, value] : filter) by[name] = std::move(value);
    if (!by.contains("state") && !a.state.empty()) by["state"] = a.state;
    body["filter"] = std::move(by);
  } else {
    SWEEPD_TRY(auto ids, named_runs(c));
    body["ids"] = std::move(ids);
  }
  return body;
}

/// Shows the plan; the answer to "shall I?".
result<bool> agreed(context& c, const action& a, const json::object& plan) {
  const auto& items = list(plan, "items");
  const std::string what = std::string(a.before) + how_many(items, false) + std::string(a.after);
  if (c.args.has("dry-run")) {
    if (print_data(c.io.out, c.how, plan)) return false;
    if (auto ok = print_list(c.io.out, c.how, plan_columns(), items, "run"); !ok)
      return c.usage(ok.error().message);
    c.note("would " + what + "; nothing has changed");
    return false;
  }
  if (c.args.has("yes")) return true;
  auto shown = c.how;
  if (!shown.for_people()) shown.as = format::table, shown.quiet = false;
  // What is asked about is a message, not data, when the data are for a program.
  auto& where = c.how.for_people() ? c.io.out : c.io.err;
  if (auto ok = print_list(where, shown, plan_columns(), items, "run"); !ok)
    return c.usage(ok.error().message);
  where.flush();
  c.note("would " + what);
  return c.confirmed("go on?");
}

result<int> print_outcome(context& c, const action& a, const json::object& outcome) {
  const auto done = whole(outcome, "done");
  const auto failed = whole(outcome, "failed");
  const int code = failed > 0 ? exit_with::conflict : exit_with::success;
  const auto& items = list(outcome, "items");
  if (c.how.quiet || c.how.as == format::name) {
    for (const auto& item : items)
      if (truth(as_object(item), "ok")) c.io.out << field(as_object(item), "run") << '\n';
    return code;
  }
  if (print_data(c.io.out, c.how, outcome)) return code;
  c.io.out << counted(static_cast<std::uint64_t>(done), "run") << a.done << '\n';
  for (const auto& item : items)
    if (!truth(as_object(item), "ok"))
      c.io.err << "run " << field(as_object(item), "run")
               << " not changed: " << field(as_object(item), "message") << '\n';
  return code;
}

result<int> act(context& c) {
  const auto& a = action_of(c);
  c.doing(std::string(a.before) + "runs" + std::string(a.after));
  SWEEPD_TRY(auto body, request(c, a));
  SWEEPD_TRY(const auto answer, c.server().change("POST", "/runs/actions", body));
  const auto& plan = as_object(answer);
  const auto& items = list(plan, "items");
  if (items.empty()) {
    if (!print_data(c.io.out, c.how, plan)) c.note("no run matches; nothing to do");
    return exit_with::success;
  }
  if (whole(plan, "would") == 0) {
    if (!print_data(c.io.out, c.how, plan)) {
      auto ok = print_list(c.io.out, c.how, plan_columns(), items, "run");
      if (!ok) return c.usage(ok.error().message);
    }
    const auto& first = as_object(items.front());
    return c.refuse(
        errc::conflict,
        how_many(items, true) + " refused; run " + field(first, "run") + ": " +
            field(first, "refused"),
        "look at it with 'sweepd show'" +
            std::string(may_force(c) && !c.args.has("force") ? ", or add --force" : ""));
  }
  SWEEPD_TRY(const bool go, agreed(c, a, plan));
  if (!go) {
    if (c.args.has("dry-run")) return exit_with::success;
    c.note("nothing done");
    return exit_with::failure;
  }
  c.at.next = "the runs may have changed meanwhile: repeat the command to see them as they are";
  body["confirm"] = field(plan, "confirm");
  SWEEPD_TRY(const auto outcome, c.server().change("POST", "/runs/actions", body));
  return print_outcome(c, a, as_object(outcome));
}

}  // namespace

std::vector<command> action_commands() {
  const auto with_filters = [](std::vector<option> more) {
    auto out = run_filter_options();
    out.insert(out.end(), more.begin(), more.end());
    return changing_options(std::move(out));
  };
  const option force_live{"force", '\0', "", "also runs that are still alive"};
  const option force_over{"force", '\0', "", "also runs that are still alive, or have finished"};
  const auto make = [](std::string_view name, std::string_view summary, std::string_view details,
                       std::string_view examples, std::vector<option> options) {
    return command{name,    "Runs",   "[RUN...|-]",       0,  -1, summary,
                   details, examples, std::move(options), act};
  };
  return {
      make("mark-failed", "mark crashed runs as failed, which frees what they hold",
           "Shows what it would do and asks; --yes answers, --dry-run only shows. Filters without "
           "--state mean crashed runs.",
           "sweepd mark-failed ab12 cd34 --reason 'host is gone'\n"
           "sweepd mark-failed --sweep k3f9 --older-than 30m --yes",
           with_filters({force_live})),
      make("requeue", "hand out the trials of failed runs again",
           "Filters without --state mean failed runs. History is kept; nothing is deleted.",
           "sweepd requeue --sweep k3f9 --cause oom", with_filters({force_over})),
      make("stop-run", "stop runs; they end as killed",
           "Filters without --state mean running runs.", "sweepd stop-run ab12", with_filters({})),
      make("infeasible", "never try these configurations again",
           "Filters without --state mean failed runs.", "sweepd infeasible ab12",
           with_filters({force_live})),
      make("delete-run", "remove ended runs from every list",
           "`sweepd undo` restores them within undo_window (1h by default); then their history, output and "
           "files are removed. Their trials are not run again: requeue those first.",
           "sweepd delete-run ab12", with_filters({})),
      make("undo", "take back the last mark on runs, or their deletion, while that is possible", "",
           "sweepd undo ab12", with_filters({})),
  };
}

}  // namespace sweepd::cli
