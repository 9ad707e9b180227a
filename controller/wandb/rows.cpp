#include "controller/wandb/rows.hpp"

#include "controller/base/base64.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/json_lines.hpp"

#include <algorithm>
#include <cctype>

namespace sweepd::wandb {
namespace {

constexpr std::int64_t page_max = 1'000;
constexpr std::int64_t page_default = 50;

bj::value text_or_null(std::string text) { return text.empty() ? bj::value(nullptr) : bj::value(std::move(text)); }

std::string upper(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

/// A number that stays the same for a name: clients want projects numbered.
std::string number_of(std::string_view name) {
  std::uint32_t h = 2166136261u;  // FNV-1a
  for (const unsigned char c : name) h = (h ^ c) * 16777619u;
  return std::to_string(h & 0x7FFFFFFFu);
}

}  // namespace

bj::object entity_row(std::string_view name) {
  bj::object out;
  out["id"] = global_id("Entity", name);
  out["name"] = name;
  out["isTeam"] = false;
  out["available"] = false;
  out["readOnly"] = false;
  out["codeSavingEnabled"] = true;
  out["readOnlyAdmin"] = false;
  out["privateOnly"] = false;
  out["storageBytes"] = 0;
  out["defaultAccess"] = "";
  out["organization"] = nullptr;
  return out;
}

bj::object user_row(const http::principal& who, std::string_view entity) {
  bj::object out;
  out["id"] = global_id("User", who.key_id);
  out["name"] = who.key_id;
  out["username"] = entity;
  out["email"] = "";
  out["entity"] = entity;
  out["flags"] = "{\"code_saving_enabled\":true}";
  out["admin"] = who.role == core::role::admin;
  out["teams"] = empty_connection();
  out["apiKeys"] = empty_connection();
  return out;
}

bj::object project_row(std::string_view path) {
  const auto [entity, project] = split_project(path);
  bj::object out;
  out["id"] = global_id("Project", project, path);
  out["internalId"] = number_of(path);
  out["name"] = project;
  out["entityName"] = entity;
  out["entity"] = entity_row(entity);
  out["isBenchmark"] = false;
  out["readOnly"] = false;
  out["tags"] = bj::array();
  out["_project"] = path;
  return out;
}

std::string about(const core::run& r, std::string_view key) { return text_in(r.about, key); }

std::string config_text(const core::state& s, const core::run& r) {
  if (auto own = about(r, "config"); !own.empty()) return own;
  const auto* t = core::find_trial(s, r.sweep, r.trial);
  return t == nullptr ? "{}" : t->config;
}

/// The name that a scheduler gave to a run which has not named itself.
std::string enqueued_name(const core::state& s, const core::run& r) {
  const auto* t = core::find_trial(s, r.sweep, r.trial);
  if (t == nullptr || t->first_run != r.id.value) return {};
  const auto note = object_of(t->search_info, "search_info");
  return note ? text_in(*note, "display_name") : std::string();
}

console_end end_of_console(const core::run& r) {
  console_end out{r.log_lines, {}};
  const std::string_view tail = r.log_tail;
  if (!tail.empty() && !tail.ends_with('\n')) out.open = tail.substr(tail.find_last_of("\n\r") + 1);
  return out;
}

bj::object run_row(const core::state& s, const core::run& r) {
  const auto& sw = *core::find(s, r.sweep);
  const auto name = name_of_run(r.id);
  bj::object out;
  out["_run"] = r.id.value;
  out["_sweep"] = core::is_home(sw) ? "" : sw.id.value;
  out["_project"] = sw.project;
  out["__typename"] = "Run";
  out["id"] = global_id("Run", r.id.value, sw.project);
  out["name"] = name;
  auto shown = about(r, "display_name");
  if (shown.empty()) shown = enqueued_name(s, r);
  out["displayName"] = shown.empty() ? name : shown;
  out["description"] = text_or_null(about(r, "description"));
  out["notes"] = text_or_null(about(r, "notes"));
  out["group"] = text_or_null(about(r, "group"));
  out["groupName"] = text_or_null(about(r, "group"));
  out["jobType"] = text_or_null(about(r, "job_type"));
  out["commit"] = text_or_null(about(r, "commit"));
  out["repo"] = text_or_null(about(r, "repo"));
  const auto* tags = r.about.if_contains("tags");
  out["tags"] = tags == nullptr ? bj::value(bj::array()) : *tags;
  out["sweepName"] = core::is_home(sw) ? bj::value(nullptr) : bj::value(sw.id.value);
  out["projectId"] = number_of(sw.project);
  out["state"] = json::enum_name(r.state);
  out["config"] = config_text(s, r);
  out["summaryMetrics"] = json::to_text(r.summary);
  out["host"] = text_or_null(r.host);
  out["readOnly"] = false;
  out["createdAt"] = time_value(r.created);
  const auto heard = std::max(r.last_signal_wall, r.created);
  out["heartbeatAt"] = time_value(heard);
  out["updatedAt"] = time_value(r.ended ? std::max(*r.ended, heard) : heard);
  const auto until = r.ended.value_or(heard);
  out["computeSeconds"] = r.started && until > *r.started ? (until - *r.started).count() / 1000 : 0;
  out["exitcode"] = r.exit_code ? bj::value(*r.exit_code) : bj::value(nullptr);
  const bool stop = r.stop_wanted || r.state == core::run_state::killed;
  out["stopped"] = stop;
  out["shouldStop"] = stop;
  out["failed"] = r.state == core::run_state::failed || r.state == core::run_state::crashed;
  out["running"] = r.state == core::run_state::running || r.state == core::run_state::preempting;
  out["defaultColorIndex"] = r.trial % 64;
  out["historyLineCount"] = r.history_lines;
  out["eventsLineCount"] = r.system_lines;
  out["logLineCount"] = end_of_console(r).lines();
  out["user"] = bj::object{{"id", global_id("User", split_project(sw.project).first)},
                           {"name", split_project(sw.project).first},
                           {"username", split_project(sw.project).first}};
  return out;
}

bj::object sweep_row(const core::state&, const core::sweep& sw) {
  bj::object out;
  out["_sweep"] = sw.id.value;
  out["_project"] = sw.project;
  out["__typename"] = "Sweep";
  out["id"] = global_id("Sweep", sw.id.value, sw.project);
  out["name"] = sw.id.value;
  out["displayName"] = text_or_null(sw.spec.name);
  out["description"] = text_or_null(sw.spec.description);
  out["method"] = sw.spec.method;
  // A sweep that was stopped takes no new runs: to W&B's clients it is FINISHED from then on.
  out["state"] = sw.stopping ? "FINISHED" : upper(json::enum_name(sw.state));
  out["config"] = sw.spec.yaml;
  out["createdAt"] = time_value(sw.created);
  out["updatedAt"] = time_value(sw.created);
  out["heartbeatAt"] = time_value(sw.created);
  out["earlyStopJobRunning"] = false;
  out["bestLoss"] = sw.best ? bj::value(*sw.best) : bj::value(nullptr);
  std::uint64_t runs = 0;
  for (const auto& [state, n] : sw.run_counts) runs += n;
  out["runCount"] = runs;
  out["runCountExpected"] = sw.spec.method == "grid" && sw.spec.size ? bj::value(*sw.spec.size) : bj::value(nullptr);
  out["user"] = bj::object{{"id", global_id("User", split_project(sw.project).first)},
                           {"name", split_project(sw.project).first},
                           {"username", split_project(sw.project).first}};
  return out;
}

bj::object agent_row(const core::state& s, const core::agent& a) {
  bj::object out;
  const auto& sw = *core::find(s, a.sweep);
  out["_agent"] = a.id.value;
  out["_sweep"] = a.sweep.value;
  out["_project"] = sw.project;
  out["__typename"] = "Agent";
  out["id"] = global_id("Agent", a.id.value, sw.project);
  out["name"] = a.id.value;
  out["host"] = a.host;
  out["state"] = a.state == core::agent_state::live ? "RUNNING" : a.state == core::agent_state::left ? "FINISHED" : "CRASHED";
  out["totalRuns"] = a.successes + a.deaths + a.runs.size();
  out["createdAt"] = time_value(a.joined);
  out["heartbeatAt"] = time_value(a.last_beat_wall);
  out["metrics"] = "{}";
  return out;
}

bj::object connection(const std::vector<std::string>& ids, const bj::object& arguments,
                      const std::function<bj::object(std::size_t)>& row) {
  std::size_t from = 0;
  if (const auto after = text_in(arguments, "after"); !after.empty()) {
    const auto it = std::find(ids.begin(), ids.end(), unbase64(after).value_or(""));
    if (it != ids.end()) from = static_cast<std::size_t>(it - ids.begin()) + 1;
  }
  const auto wanted = std::clamp<std::int64_t>(number_in(arguments, "first").value_or(page_default), 0, page_max);
  const auto to = std::min(ids.size(), from + static_cast<std::size_t>(wanted));
  bj::array edges;
  for (auto i = from; i < to; ++i) edges.push_back({{"node", row(i)}, {"cursor", base64(ids[i])}});
  bj::object out;
  const auto cursor = [&](std::size_t i) { return edges.empty() ? bj::value(nullptr) : edges.at(i).at("cursor"); };
  out["pageInfo"] = {{"hasNextPage", to < ids.size()},
                     {"hasPreviousPage", from > 0},
                     {"startCursor", cursor(0)},
                     {"endCursor", cursor(edges.size() - 1)}};
  out["totalCount"] = ids.size();
  out["edges"] = std::move(edges);
  return out;
}

bj::object empty_connection() {
  bj::object out;
  out["edges"] = bj::array();
  out["pageInfo"] = {{"hasNextPage", false}, {"hasPreviousPage", false}, {"startCursor", nullptr}, {"endCursor", nullptr}};
  out["totalCount"] = 0;
  return out;
}

}  // namespace sweepd::wandb
