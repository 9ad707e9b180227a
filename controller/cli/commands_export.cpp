// export: every run of a sweep, page by page, for a spreadsheet (CSV) or a program (JSON lines).
#include "controller/cli/context.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"

#include <functional>
#include <ostream>
#include <set>

namespace sweepd::cli {
namespace {

using leaf_visitor = std::function<void(const std::string& name, const json::value& value)>;

/// Visits the leaves of nested objects: {"opt": {"lr": 1}} gives "opt.lr".
void visit_leaves(const json::object& o, const std::string& prefix, const leaf_visitor& visit) {
  for (const auto& [key, value] : o) {
    const std::string name = prefix + std::string(key);
    if (value.is_object() && !value.get_object().empty())
      visit_leaves(value.get_object(), name + ".", visit);
    else
      visit(name, value);
  }
}

/// Parameters without W&B's {"value": …} wrapper.
json::object plain_config(const json::object& run) {
  json::object out;
  for (const auto& [key, value] : object_at(run, "config")) {
    const auto* inner = value.is_object() ? value.get_object().if_contains("value") : nullptr;
    out[key] = inner == nullptr ? value : *inner;
  }
  return out;
}

/// The run with its parameters and summary as members "config.lr", "summary.loss".
json::object flattened(const json::object& run) {
  json::object out = run;
  const leaf_visitor keep = [&](const std::string& name, const json::value& value) {
    out[name] = value;
  };
  visit_leaves(plain_config(run), "config.", keep);
  visit_leaves(object_at(run, "summary"), "summary.", keep);
  return out;
}

bool is_leaf(std::string_view name) {
  return name.starts_with("config.") || name.starts_with("summary.");
}

column data_column(std::string key) {
  return column{key, key,
                [key](const json::object& o, const look&) { return cell{field(o, key)}; }};
}

/// A member whose name has dots in it.
column leaf_column(std::string name) {
  column c = data_column(name);
  c.data = [name](const json::object& run) {
    const auto* v = run.if_contains(name);
    if (v == nullptr || v->is_null()) return std::string{};
    return v->is_string() ? clean_block(std::string_view(v->get_string())) : compact(*v);
  };
  return c;
}

std::vector<column> export_columns(const std::set<std::string>& leaves) {
  std::vector<column> out;
  for (const auto* key :
       {"id", "sweep", "trial", "attempt", "state", "cause", "health", "metric.best", "metric.last",
        "metric.count", "created", "started", "ended", "host", "agent", "exit_code", "signal"})
    out.push_back(data_column(key));
  for (const auto& name : leaves) out.push_back(leaf_column(name));
  return out;
}

result<int> export_runs(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("export sweep " + word);
  if (c.how.as == format::table) c.how.as = format::csv;
  if (c.how.as != format::csv && c.how.as != format::jsonl && c.how.as != format::json)
    return c.usage("export writes csv, jsonl or json", "add -o csv or -o jsonl");
  SWEEPD_TRY(const auto states, c.words("state"));
  SWEEPD_TRY(const auto sweep, resolve_sweep(c, word));
  const std::vector<std::pair<std::string, std::string>> query{{"sweep", field(sweep, "id")},
                                                               {"state", states}};

  // CSV needs its heading first, so the names are collected in a pass of their own; memory stays
  // small however many runs there are.
  std::set<std::string> names;
  const bool csv = c.how.as == format::csv;
  if (csv) {
    SWEEPD_TRY([[maybe_unused]] const auto first,
               c.server().pages("/runs", query, 0, [&](const json::object& run) {
                 for (const auto& [name, value] : flattened(run))
                   if (is_leaf(name)) names.emplace(name);
                 return true;
               }));
  }
  row_printer printer(c.io.out, c.how, export_columns(names));
  std::set<std::string> late;
  SWEEPD_TRY(const auto seen, c.server().pages("/runs", query, 0, [&](const json::object& run) {
    if (!csv) {
      printer.row(run);
      return c.io.out.good();
    }
    const auto row = flattened(run);
    for (const auto& [name, value] : row)
      if (is_leaf(name) && !names.contains(std::string(name))) late.emplace(name);
    printer.row(row);
    return c.io.out.good();
  }));
  printer.end();
  if (!late.empty())
    c.note("columns that appeared meanwhile are missing: " +
           join(std::vector<std::string>(late.begin(), late.end()), ", "));
  c.note(counted(seen.seen, "run") + " exported");
  return exit_with::success;
}

}  // namespace

std::vector<command> export_commands() {
  return {{"export",
           "Sweeps",
           "SWEEP",
           1,
           1,
           "write every run of a sweep as CSV or JSON lines",
           "CSV unless -o says otherwise. Cells that a spreadsheet would take for a formula get a "
           "leading apostrophe.",
           "sweepd export k3f9 -o csv > runs.csv\nsweepd export k3f9 -o jsonl --state finished",
           {{"state", '\0', "STATE", "only these states, comma separated",
             "pending running preempting preempted crashed failed killed finished"}},
           export_runs}};
}

}  // namespace sweepd::cli
