// Crash policies: show, set, preview (what would it do now?), replay (what would it have done?).
#include "controller/cli/columns.hpp"
#include "controller/cli/context.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"
#include "controller/cli/views.hpp"

#include <ostream>

namespace sweepd::cli {
namespace {

constexpr std::size_t policy_bytes_max = 1024 * 1024;
constexpr milliseconds preview_ahead = std::chrono::hours{1};

/// "3f9a0c1d2e4b, version 2, mode enforce"
std::string policy_words(const json::object& p) {
  return field(p, "hash") + ", version " + field(p, "version") + ", mode " + field(p, "mode");
}

/// {yaml, source} of the FILE operand when it is given.
result<json::object> policy_body(context& c) {
  json::object body;
  if (c.args.operands.size() < 2) return body;
  const auto& name = c.args.operands[1];
  SWEEPD_TRY(const auto text, read_input(c, name, policy_bytes_max));
  body["yaml"] = text;
  body["source"] = input_name(name);
  return body;
}

/// POSTs or PUTs, and keeps the problems of a refused file for the error message.
result<json::value> send(context& c, std::string method, const std::string& where,
                         json::object body) {
  auto answer = c.server().change(std::move(method), where, std::move(body));
  if (!answer && !c.server().problems().empty()) c.at.next = "mend the file and repeat";
  return answer;
}

result<int> show(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("show the policy of sweep " + word);
  SWEEPD_TRY(const auto sweep, resolve_sweep(c, word));
  SWEEPD_TRY(const auto answer, c.server().get(path_of("sweeps", sweep) + "/policy"));
  const auto& policy = as_object(answer);
  if (c.args.has("versions")) {
    auto printed = print_list(c.io.out, c.how,
                              {number_column("VERSION", "version"), text_column("HASH", "hash"),
                               time_column("SINCE", "at"), text_column("BY", "by"),
                               flexible(text_column("REASON", "reason"))},
                              list(policy, "versions"), "version");
    if (!printed) return c.usage(printed.error().message);
    return exit_with::success;
  }
  if (print_data(c.io.out, c.how, policy, "hash")) return exit_with::success;
  c.note("# policy " + policy_words(policy));
  const auto* yaml = find(policy, "yaml");
  std::string text = yaml != nullptr && yaml->is_string()
                         ? clean_block(std::string_view(yaml->get_string()))
                         : std::string{};
  if (!text.ends_with('\n')) text += '\n';
  c.io.out << text;
  return exit_with::success;
}

result<int> set(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("set the policy of sweep " + word);
  SWEEPD_TRY(const auto sweep, resolve_sweep(c, word));
  SWEEPD_TRY(auto body, policy_body(c));
  const auto where = path_of("sweeps", sweep) + "/policy";
  if (c.args.has("dry-run")) {
    SWEEPD_TRY(const auto preview, send(c, "POST", where + "/preview", body));
    const auto& actions = list(as_object(preview), "actions");
    c.io.out << "would set policy " << field(as_object(preview), "policy_hash")
             << "; it would act on " << counted(actions.size(), "run")
             << " ('sweepd policy preview' lists them)\n";
    return exit_with::success;
  }
  if (c.args.has("if-hash")) {
    body["if_hash"] = c.args.value("if-hash");
    c.at.next = "someone changed it meanwhile: 'sweepd policy show " + word + " --versions'";
  }
  for (auto& [key, value] : c.with_reason()) body[key] = value;
  SWEEPD_TRY(const auto answer, send(c, "PUT", where, body));
  const auto& after = as_object(answer);
  if (!print_data(c.io.out, c.how, after, "hash"))
    c.io.out << field(sweep, "id") << "  policy " << field(sweep, "policy.hash") << " → "
             << policy_words(after) << '\n';
  return exit_with::success;
}

column change_column() {
  return column{"WOULD", "to", [](const json::object& a, const look& how) {
                  return cell{field(a, "from") + " → " + field(a, "to"),
                              state_cell(field(a, "to"), how).colour};
                }};
}

std::vector<column> preview_columns() {
  column releases{"RELEASES", "releases", [](const json::object& a, const look&) {
                    std::vector<std::string> out;
                    for (const auto& r : list(a, "releases")) out.push_back(scalar(r));
                    return cell{join(out, ", ")};
                  }};
  return {text_column("RUN", "run"),           number_column("TRIAL", "trial"),
          text_column("CAUSE", "cause"),       change_column(),
          text_column("DUE_IN", "due_in"),     releases,
          text_column("THEN", "then"),         flexible(text_column("RULE", "rule")),
          wide(text_column("AGENT", "agent")), wide(state_column("STATE", "state")),
          wide(text_column("AFTER", "after"))};
}

result<int> preview(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("preview a policy on sweep " + word);
  const auto at = c.args.duration("at");
  if (!at) return c.usage(at.error().message);
  SWEEPD_TRY(const auto sweep, resolve_sweep(c, word));
  SWEEPD_TRY(auto body, policy_body(c));
  body["at"] = to_string(at->value_or(preview_ahead));
  SWEEPD_TRY(const auto answer,
             send(c, "POST", path_of("sweeps", sweep) + "/policy/preview", body));
  const auto& o = as_object(answer);
  const auto& actions = list(o, "actions");
  auto printed = print_list(c.io.out, c.how, preview_columns(), actions, "run");
  if (!printed) return c.usage(printed.error().message);
  const auto ahead = field(o, "ahead");
  c.note("policy " + field(o, "policy_hash") + " would act on " + counted(actions.size(), "run") +
         " within " + (ahead.empty() ? to_string(at->value_or(preview_ahead)) : ahead) +
         ", if nothing is heard until then; nothing has changed");
  return exit_with::success;
}

std::vector<column> replay_columns() {
  column came_back{"CAME_BACK", "came_back", [](const json::object& r, const look&) {
                     return cell{truth(r, "came_back") ? "yes" : "no"};
                   }};
  column false_mark{"FALSE", "false_mark", [](const json::object& r, const look&) {
                      return truth(r, "false_mark") ? cell{"false mark", tone::bad} : cell{};
                    }};
  return {text_column("RUN", "run"),
          time_column("SILENT_FROM", "silent_from"),
          seconds_column("SILENT", "silent_seconds"),
          came_back,
          text_column("WOULD_BE", "would"),
          false_mark};
}

void print_replay(context& c, const json::object& o) {
  const auto& how = c.how;
  const auto age = [&](const char* key) {
    return cell{short_age(milliseconds{whole(o, key) * 1000})};
  };
  const auto marks = [&](const char* all, const char* wrong) {
    const auto n = whole(o, wrong);
    return cell{field(o, all) + ", of which false " + field(o, wrong),
                n > 0 ? tone::warn : tone::plain};
  };
  print_fields(c.io.out, how,
               {{"Policy", {field(o, "policy_hash"), tone::strong}},
                {"Since", {time_text(time_at(o, "since"), how)}},
                {"Runs", {field(o, "runs") + ", silences " + field(o, "silences")}},
                {"Would have marked crashed", marks("marks_crashed", "false_crashed")},
                {"Would have marked failed", marks("marks_failed", "false_failed")},
                {"Slots held by the dead", age("slot_seconds_held_recorded")},
                {"With this policy", age("slot_seconds_held_policy")},
                {"Saved", age("slot_seconds_saved")},
                {"Resolution", {field(o, "resolution")}}});
}

result<int> replay(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("replay a policy on sweep " + word);
  const auto since = c.args.duration("since");
  if (!since) return c.usage(since.error().message);
  SWEEPD_TRY(const auto sweep, resolve_sweep(c, word));
  SWEEPD_TRY(auto body, policy_body(c));
  if (*since) body["since"] = to_string(**since);
  SWEEPD_TRY(const auto answer, send(c, "POST", path_of("sweeps", sweep) + "/policy/replay", body));
  const auto& o = as_object(answer);
  if (c.how.as == format::json || c.how.as == format::jsonl) {
    print_data(c.io.out, c.how, o);
    return exit_with::success;
  }
  if (c.how.for_people()) {
    print_replay(c, o);
    if (!list(o, "rows").empty()) c.io.out << '\n';
  }
  auto printed = print_list(c.io.out, c.how, replay_columns(), list(o, "rows"), "run");
  if (!printed) return c.usage(printed.error().message);
  if (c.how.for_people())
    for (const auto& n : list(o, "notes")) c.note("note: " + scalar(n));
  return exit_with::success;
}

}  // namespace

std::vector<command> policy_commands() {
  return {
      {"policy show",
       "Policies",
       "SWEEP",
       1,
       1,
       "print a sweep's crash policy, defaults filled in",
       "The YAML can be edited and given back to 'policy set'.",
       "sweepd policy show k3f9 > policy.yaml\nsweepd policy show k3f9 --versions",
       {{"versions", '\0', "", "list every version there was"}},
       show},
      {"policy set",
       "Policies",
       "SWEEP FILE",
       2,
       2,
       "put a crash policy on a running sweep",
       "Every version is kept. A tightened timer starts now, not in the past.",
       "sweepd policy set k3f9 policy.yaml --reason 'preemptible nodes'",
       {{"if-hash", '\0', "HASH", "only if the policy is still this one"},
        {"reason", '\0', "TEXT", "why; recorded in the audit log"},
        {"dry-run", '\0', "", "check the file and say what it would do now"}},
       set},
      {"policy preview",
       "Policies",
       "SWEEP [FILE]",
       1,
       2,
       "what a policy would do, changing nothing",
       "Without FILE: the policy in force.",
       "sweepd policy preview k3f9\nsweepd policy preview k3f9 policy.yaml --at 1h",
       {{"at", '\0', "DURATION", "what is due within this time (1h)"}},
       preview},
      {"policy replay",
       "Policies",
       "SWEEP [FILE]",
       1,
       2,
       "what a policy would have done so far",
       "Runs the policy over the recorded silences: marks, marks that would have been false, and "
       "slot time saved.",
       "sweepd policy replay k3f9 policy.yaml --since 7d",
       {{"since", '\0', "DURATION", "only this far back"}},
       replay},
  };
}

}  // namespace sweepd::cli
