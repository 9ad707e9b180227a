#include "controller/cli/views.hpp"

#include "controller/cli/columns.hpp"
#include "controller/cli/event_text.hpp"
#include "controller/cli/text.hpp"

#include <array>
#include <ostream>

namespace sweepd::cli {
namespace {

constexpr std::array run_states{"finished", "running",   "pending", "preempting",
                                "crashed",  "preempted", "failed",  "killed"};

using fields = std::vector<std::pair<std::string, cell>>;

cell plain(std::string text) { return {std::move(text), tone::plain}; }

column shown(std::string title, std::string key,
             std::function<std::string(const json::object&)> text) {
  return column{std::move(title), std::move(key),
                [text](const json::object& o, const look&) { return cell{text(o)}; }, text};
}

/// Leaves the cell empty where the value is the usual one, so that the unusual ones stand out.
column unless(column c, std::string usual) {
  c.show = [show = c.show, key = c.key, usual](const json::object& o, const look& how) {
    return field(o, key) == usual ? cell{} : show(o, how);
  };
  return c;
}

std::string words(const json::array& items, std::string_view between) {
  std::vector<std::string> out;
  for (const auto& item : items) out.push_back(scalar(item));
  return join(out, between);
}

/// {"lr": {"value": 0.1}} as "lr=0.1 …".
std::string config_text(const json::object& run) {
  std::vector<std::string> out;
  for (const auto& [key, value] : object_at(run, "config")) {
    const auto* inner = find(as_object(value), "value");
    out.push_back(clean(key) + "=" + scalar(inner == nullptr ? value : *inner));
  }
  return join(out, " ");
}

std::string ended_how(const json::object& run) {
  std::string out = field(run, "cause");
  if (out == "none") out.clear();
  if (const auto code = field(run, "exit_code"); !code.empty())
    out += (out.empty() ? "" : ", ") + ("exit code " + code);
  if (const auto signal = field(run, "signal"); !signal.empty())
    out += (out.empty() ? "" : ", ") + ("signal " + signal);
  return out;
}

std::string breaker_text(const json::object& sweep, const look& how) {
  const auto state = field(sweep, "breaker.state");
  if (state.empty() || state == "closed") return {};
  const auto until = due(sweep, "breaker.until", how);
  return state + (until.empty() ? "" : ", a probe run " + until);
}

void print_block(std::ostream& out, const look& how, std::string_view title,
                 const std::vector<std::pair<std::string, cell>>& rows) {
  if (rows.empty()) return;
  out << '\n' << heading(title, how) << '\n';
  print_fields(out, how, rows);
}

}  // namespace

std::string progress(const json::object& sweep) {
  const auto done = whole(sweep, "trials.done");
  const auto size = whole(sweep, "size", -1);
  const auto cap = whole(sweep, "run_cap", -1);
  const auto expected = size < 0 ? cap : cap < 0 ? size : std::min(size, cap);
  return std::to_string(done) + (expected < 0 ? "" : "/" + std::to_string(expected));
}

std::string run_counts(const json::object& sweep) {
  std::vector<std::string> parts;
  for (const auto* state : run_states)
    if (const auto n = whole(sweep, std::string("runs.") + state); n > 0)
      parts.push_back(std::string(state) + " " + std::to_string(n));
  return join(parts, ", ");
}

std::string best_so_far(const json::object& sweep) {
  const auto value = field(sweep, "best.value");
  if (value.empty()) return {};
  const auto run = field(sweep, "best.run");
  return field(sweep, "metric.name") + " " + value + (run.empty() ? "" : " (run " + run + ")");
}

std::string state_words(const json::object& sweep) {
  std::string out = field(sweep, "state");
  const auto reason = field(sweep, "paused_reason");
  const auto text = field(sweep, "paused_text");
  if (out == "paused" && (!text.empty() || (!reason.empty() && reason != "none")))
    out += " (" + (reason == "none" ? "" : reason) +
           (text.empty() ? "" : (reason.empty() || reason == "none" ? "" : ": ") + text) + ")";
  if (truth(sweep, "stopping") && out == "running") out += " (stopping)";
  return out;
}

std::string due(const json::object& o, std::string_view path, const look& how) {
  const auto t = time_at(o, path);
  if (!t) return {};
  return *t <= how.now ? "now" : "in " + short_age(*t - how.now);
}

std::vector<column> sweep_columns() {
  auto done = shown("DONE", "trials.done", progress);
  done.right = true;
  done.data = {};
  return {text_column("ID", "id"),
          flexible(text_column("NAME", "name")),
          text_column("METHOD", "method"),
          state_column("STATE", "state"),
          done,
          count_column("RUNNING", "runs.running"),
          count_column("CRASHED", "runs.crashed"),
          count_column("FAILED", "runs.failed"),
          number_column("BEST", "best.value"),
          age_column("AGE", "created"),
          wide(text_column("PROJECT", "project")),
          wide(count_column("FINISHED", "runs.finished")),
          wide(count_column("PENDING", "runs.pending")),
          wide(number_column("SLOTS", "slots_used")),
          wide(number_column("MAX", "max_concurrent_runs")),
          wide(number_column("RUN_CAP", "run_cap")),
          wide(text_column("METRIC", "metric.name")),
          wide(text_column("POLICY", "policy.hash")),
          wide(text_column("BY", "created_by")),
          wide(time_column("CREATED", "created")),
          wide(text_column("PAUSED", "paused_text"))};
}

std::vector<column> run_columns() {
  auto since = seconds_column("SINCE", "state_since_seconds");
  return {text_column("ID", "id"),
          text_column("SWEEP", "sweep"),
          number_column("TRIAL", "trial"),
          number_column("TRY", "attempt"),
          state_column("STATE", "state"),
          since,
          unless(state_column("HEALTH", "health"), "ok"),
          unless(text_column("CAUSE", "cause"), "none"),
          number_column("BEST", "metric.best"),
          text_column("AGENT", "agent"),
          flexible(shown("CONFIG", "config", config_text)),
          wide(number_column("LAST", "metric.last")),
          wide(text_column("HOST", "host")),
          wide(number_column("PID", "pid")),
          wide(number_column("EXIT", "exit_code")),
          wide(number_column("SIGNAL", "signal")),
          wide(text_column("SLOT_HELD", "slot_held")),
          wide(time_column("CREATED", "created")),
          wide(time_column("ENDED", "ended")),
          wide(time_column("LAST_SIGNAL", "last_signal")),
          wide(text_column("RULE", "rule")),
          wide(text_column("REASON", "reason"))};
}

std::vector<column> agent_columns() {
  column runs =
      shown("RUNS", "runs", [](const json::object& a) { return words(list(a, "runs"), " "); });
  column quarantine{"QUARANTINE",
                    "quarantined",
                    [](const json::object& a, const look& how) {
                      const auto until = due(a, "quarantined.until", how);
                      if (until.empty()) return cell{};
                      return cell{"ends " + until + ": " + field(a, "quarantined.why"), tone::bad};
                    },
                    {}};
  return {text_column("ID", "id"),
          text_column("SWEEP", "sweep"),
          flexible(text_column("NAME", "name")),
          text_column("HOST", "host"),
          number_column("PID", "pid"),
          state_column("STATE", "state"),
          age_column("BEAT", "last_beat"),
          runs,
          count_column("OK", "successes"),
          count_column("DEATHS", "deaths"),
          flexible(quarantine),
          wide(count_column("IN_A_ROW", "deaths_in_a_row")),
          wide(time_column("JOINED", "joined"))};
}

std::vector<column> hold_columns() {
  column release{"RELEASED",
                 "release_at",
                 [](const json::object& h, const look& how) {
                   const auto until = due(h, "release_at", how);
                   if (!until.empty()) return cell{until};
                   const auto in = field(h, "release_in");
                   return cell{in.empty() ? "when it ends" : "in " + in};
                 },
                 {}};
  return {
      text_column("RUN", "run"),
      number_column("TRIAL", "trial"),
      text_column("AGENT", "agent"),
      state_column("STATE", "state"),
      unless(state_column("HEALTH", "health"), "ok"),
      shown("HOLDS", "what", [](const json::object& h) { return words(list(h, "what"), ", "); }),
      release,
      flexible(text_column("WHY", "why"))};
}

void print_sweep(std::ostream& out, const look& how, const json::object& s) {
  const auto limit = [&](const char* key) {
    const auto text = field(s, key);
    return text.empty() ? std::string("no limit") : text;
  };
  auto state = state_cell(field(s, "state"), how);
  if (const auto words_of = state_words(s); words_of.size() > field(s, "state").size())
    state.text += words_of.substr(field(s, "state").size());
  const auto goal = field(s, "metric.goal");
  const auto created_by = field(s, "created_by");
  const auto target_value = field(s, "metric.target");
  const fields rows{
      {"Sweep", {field(s, "id"), tone::strong}},
      {"Name", plain(field(s, "name"))},
      {"Description", plain(field(s, "description"))},
      {"Project", plain(field(s, "project"))},
      {"State", state},
      {"Method", plain(field(s, "method") + (truth(s, "exhausted") ? ", all drawn" : ""))},
      {"Metric", plain(field(s, "metric.name").empty()
                           ? std::string{}
                           : goal + " " + field(s, "metric.name") +
                                 (target_value.empty() ? "" : ", target " + target_value))},
      {"Best", plain(best_so_far(s))},
      {"Trials", plain(progress(s) + " done, " + field(s, "trials.waiting") + " waiting, " +
                       field(s, "trials.drawn") + " drawn")},
      {"Runs", plain(run_counts(s))},
      {"Slots", plain(field(s, "slots_used") + " used, " + limit("max_concurrent_runs"))},
      {"Run cap", plain(field(s, "cap_used") + " used, " + limit("run_cap"))},
      {"Breaker", {breaker_text(s, how), tone::bad}},
      {"Policy", plain(field(s, "policy.hash") + ", version " + field(s, "policy.version") +
                       ", mode " + field(s, "policy.mode"))},
      {"Program", plain(field(s, "program"))},
      {"Command", plain(words(list(s, "command"), " "))},
      {"Seed", plain(field(s, "seed"))},
      {"Created", plain(time_text(time_at(s, "created"), how) +
                        (created_by.empty() ? "" : " by " + created_by))},
      {"Finished", plain(time_text(time_at(s, "finished"), how))},
  };
  print_fields(out, how, rows);
}

void print_rungs(std::ostream& out, const look& how, const json::object& table) {
  const auto resource = field(table, "resource");
  fields rows;
  for (const auto& row : list(table, "rungs")) {
    const auto& o = as_object(row);
    const auto threshold = field(o, "threshold");
    std::string text = counted(static_cast<std::uint64_t>(whole(o, "runs")), "run");
    if (whole(o, "provisional") > 0) text += " and " + field(o, "provisional") + " crashed";
    if (!threshold.empty()) text += ", threshold " + threshold;
    if (!truth(o, "decides")) text += " (too few runs to judge by)";
    if (whole(o, "judged") > 0) text += ", judges " + field(o, "judged") + " running";
    rows.push_back({(resource.empty() ? "rung" : resource) + " " + field(o, "rung"), plain(text)});
  }
  print_block(out, how,
              "Early termination: " + field(table, "rule") + ", " + field(table, "stopped") + " stopped",
              rows);
}

void print_run(std::ostream& out, const look& how, const json::object& r,
               const json::array& events) {
  const auto health = field(r, "health");
  const auto next = field(r, "next.what");
  const fields rows{
      {"Run", {field(r, "id"), tone::strong}},
      {"Sweep", plain(field(r, "sweep"))},
      {"Trial", plain(field(r, "trial") + ", attempt " + field(r, "attempt"))},
      {"State", state_cell(field(r, "state"), how)},
      {"For", plain(short_age(milliseconds{whole(r, "state_since_seconds") * 1000}))},
      {"Health", health == "ok" ? cell{} : state_cell(health, how)},
      {"Ended", plain(ended_how(r))},
      {"Rule", plain(field(r, "rule"))},
      {"Reason", plain(field(r, "reason"))},
      {"Next", plain(next.empty() ? std::string{} : next + " " + due(r, "next.at", how))},
      {"Metric",
       plain(field(r, "metric.best").empty()
                 ? std::string{}
                 : "best " + field(r, "metric.best") + ", last " + field(r, "metric.last") + ", " +
                       field(r, "metric.count") + " values")},
      {"Early stop", plain(field(r, "early_stop.text") +
                           (field(r, "early_stop.seat") == "counted" || field(r, "early_stop.seat").empty()
                                ? ""
                                : " (" + field(r, "early_stop.seat") + ")"))},
      {"Agent", plain(field(r, "agent"))},
      {"Host",
       plain(field(r, "host") + (field(r, "pid").empty() ? "" : ", process " + field(r, "pid")))},
      {"Slot", plain(truth(r, "slot_held") ? "held" : "free")},
      {"Stop", plain(truth(r, "stop_wanted") ? "told to stop" : "")},
      {"Near misses", plain(whole(r, "near_misses") > 0 ? field(r, "near_misses") : "")},
      {"History", plain(field(r, "history_lines") + " lines")},
      {"Log", plain(short_size(static_cast<std::uint64_t>(whole(r, "log_bytes"))))},
      {"Created", plain(time_text(time_at(r, "created"), how))},
      {"Started", plain(time_text(time_at(r, "started"), how))},
      {"Finished", plain(time_text(time_at(r, "ended"), how))},
      {"Last signal", plain(time_text(time_at(r, "last_signal"), how))},
      {"Undo", plain(truth(r, "can_undo") ? "possible: sweepd undo " + field(r, "id") : "")},
  };
  print_fields(out, how, rows);

  fields evidence, config, search, summary, history;
  for (const auto& e : list(r, "evidence"))
    evidence.push_back({field(as_object(e), "source"), plain(field(as_object(e), "text"))});
  for (const auto& [key, value] : object_at(r, "config")) {
    const auto* inner = find(as_object(value), "value");
    config.push_back({clean(key), plain(scalar(inner == nullptr ? value : *inner))});
  }
  for (const auto& [key, value] : object_at(r, "search_info"))
    search.push_back({clean(key), plain(scalar(value))});
  for (const auto& [key, value] : object_at(r, "summary"))
    summary.push_back({clean(key), plain(scalar(value))});
  for (const auto& e : events)
    history.push_back(
        {time_text(time_at(as_object(e), "at"), how),
         plain(describe_event(as_object(e)) + "  [" + event_actor(as_object(e)) + "]")});
  print_block(out, how, "Evidence", evidence);
  print_block(out, how, "Configuration", config);
  print_block(out, how, "Why this configuration", search);
  print_block(out, how, "Summary", summary);
  print_block(out, how, "History", history);
}

}  // namespace sweepd::cli
