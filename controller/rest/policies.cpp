// Crash policies: the one in force with its history, setting another, and two questions that change
// nothing: what would it do now (preview), what would it have done (replay).
#include "controller/core/preview.hpp"
#include "controller/core/replay.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/sweep_file.hpp"
#include "controller/rest/wire_types.hpp"

namespace sweepd::rest {
namespace {

inline constexpr std::size_t log_page = 5'000;
inline constexpr std::size_t replay_events_max = 500'000;
inline constexpr std::size_t versions_max = 1'000;

/// The events of a sweep, oldest first; at most `rows_max` of them. Blocks on the disk.
result<std::vector<core::stored_event>> all_events(core::reader& reader, core::event_filter f,
                                                   std::size_t rows_max) {
  std::vector<core::stored_event> out;
  f.limit = log_page;
  while (out.size() < rows_max) {
    SWEEPD_TRY(auto rows, reader.events(f));
    const bool last = rows.size() < f.limit;
    if (!rows.empty()) f.after = rows.back().seq;
    std::move(rows.begin(), rows.end(), std::back_inserter(out));
    if (last) break;
  }
  return out;
}

bj::object version_of(const core::stored_event& e, int version) {
  const auto body = wire::json_value(e.body);
  const auto actor = wire::json_value(e.actor);
  const auto text = [](const bj::value& from, bj::string_view key) -> bj::value {
    const auto* v = from.is_object() ? from.get_object().if_contains(key) : nullptr;
    return v != nullptr && v->is_string() ? *v : bj::value("");
  };
  bj::object row;
  row["version"] = version;
  row["hash"] = text(body, "policy_hash");
  row["at"] = wire::time(e.wall);
  row["by"] = text(actor, "id");
  row["reason"] = e.type == "sweep_created" ? bj::value("created") : text(body, "reason");
  return row;
}

/// Every version, newest first, from the log: the first came with the sweep itself.
result<bj::array> versions_of(core::reader& reader, const sweep_id& id) {
  core::event_filter f;
  f.sweep = id;
  f.type = "sweep_created";
  SWEEPD_TRY(auto first, all_events(reader, f, 1));
  f.type = "policy_changed";
  SWEEPD_TRY(const auto changes, all_events(reader, f, versions_max));
  bj::array out;
  for (std::size_t i = changes.size(); i > 0; --i)
    out.push_back(version_of(changes[i - 1], static_cast<int>(i) + 1));
  if (!first.empty()) out.push_back(version_of(first.front(), 1));
  return out;
}

struct policy_in_force {
  core::crash_policy policy;
  std::string hash;
  int version = 1;
};

asio::awaitable<result<policy_in_force>> in_force(request_context& ctx, services& svc,
                                                  sweep_id id) {
  auto look = [&](const core::state& s, moment) -> result<policy_in_force> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, id));
    return policy_in_force{sw->policy, sw->policy_hash, sw->policy_version};
  };
  co_return co_await view(svc, std::move(look));
}

asio::awaitable<result<response>> show_policy(request_context& ctx, services& svc, sweep_id id) {
  SWEEPD_CO_TRY(const auto now, co_await in_force(ctx, svc, id));
  auto load = [&svc, id] { return versions_of(svc.reader, id); };
  SWEEPD_CO_TRY(auto versions, co_await off_strand(svc, std::move(load)));
  bj::object out;
  out["hash"] = now.hash;
  out["version"] = now.version;
  out["mode"] = json::write(now.policy.mode);
  out["yaml"] = config::to_yaml(now.policy);
  out["policy"] = wire::policy(now.policy);
  out["versions"] = std::move(versions);
  co_return ok(out);
}

asio::awaitable<result<response>> get_policy(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  sweep_id id{ctx["sweep"]};
  co_return co_await show_policy(ctx, svc, std::move(id));
}

struct policy_body {
  std::string yaml;
  std::optional<std::string> source, reason, if_hash;
};
BOOST_DESCRIBE_STRUCT(policy_body, (), (yaml, source, reason, if_hash))

asio::awaitable<result<response>> put_policy(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<policy_body>(ctx.req));
  SWEEPD_CO_TRY(const auto source, source_name(body.source, "policy.yaml"));
  auto parsed = config::parse_policy(body.yaml, source);
  if (!parsed) co_return refused_file(parsed.error(), ctx.req);
  core::cmd::set_policy c;
  c.sweep = sweep_id{ctx["sweep"]};
  c.policy = std::move(*parsed);
  c.yaml = std::move(body.yaml);
  c.reason = body.reason.value_or("");
  c.if_hash = body.if_hash.value_or("");
  if (auto good = check_reason(c.reason); !good) co_return failed(good);
  sweep_id id = c.sweep;
  if (auto visible = co_await must_see(ctx, svc, id); !visible) co_return failed(visible);
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  co_return co_await show_policy(ctx, svc, std::move(id));
}

struct preview_body {
  std::optional<std::string> yaml, source, at;
};
BOOST_DESCRIBE_STRUCT(preview_body, (), (yaml, source, at))

bj::object action_view(const core::state& s, const core::previewed_action& a, moment now) {
  auto out = json::write(a).get_object();
  const auto* r = core::find(s, a.run);
  // How long it will have been in its present state, when it is that state that runs out.
  const auto so_far = r != nullptr && r->state == a.from ? now.at - r->state_since : milliseconds{0};
  out["after"] = to_string(so_far + a.due_in);
  out["due_in"] = to_string(a.due_in);
  out["due_at"] = wire::time(now.at + a.due_in, now);
  return out;
}

asio::awaitable<result<response>> preview_policy(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<preview_body>(ctx.req));
  SWEEPD_CO_TRY(const auto source, source_name(body.source, "policy.yaml"));
  std::optional<core::crash_policy> other;
  if (body.yaml) {
    auto parsed = config::parse_policy(*body.yaml, source);
    if (!parsed) co_return refused_file(parsed.error(), ctx.req);
    other = std::move(*parsed);
  }
  auto ahead = parse_duration(body.at.value_or("1h"));
  if (!ahead) co_return fail(errc::invalid, ahead.error().message, "/at");
  sweep_id id{ctx["sweep"]};
  auto look = [&](const core::state& s, moment now) -> result<bj::object> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, id));
    const auto found = core::preview(s, id, other ? *other : sw->policy, now, *ahead);
    bj::object out;
    out["policy_hash"] = found.policy_hash;
    out["mode"] = json::write(found.mode);
    out["at"] = wire::time(now.wall + *ahead);
    out["ahead"] = to_string(*ahead);
    bj::array actions;
    for (const auto& a : found.actions) actions.push_back(action_view(s, a, now));
    out["actions"] = std::move(actions);
    return out;
  };
  SWEEPD_CO_TRY(auto answer, co_await view(svc, std::move(look)));
  co_return ok(answer);
}

struct replay_body {
  std::optional<std::string> yaml, source, since;
};
BOOST_DESCRIBE_STRUCT(replay_body, (), (yaml, source, since))

double seconds(milliseconds d) { return static_cast<double>(d.count()) / 1000.0; }

bj::object replay_view(const core::policy_replay& r, const std::optional<instant>& since) {
  bj::object out;
  out["policy_hash"] = r.policy_hash;
  out["since"] = wire::time(since);
  out["runs"] = r.runs;
  out["silences"] = r.silences;
  out["marks_crashed"] = r.marks_crashed;
  out["marks_failed"] = r.marks_failed;
  out["false_crashed"] = r.false_crashed;
  out["false_failed"] = r.false_failed;
  out["slot_seconds_held_recorded"] = seconds(r.held_recorded);
  out["slot_seconds_held_policy"] = seconds(r.held_policy);
  out["slot_seconds_saved"] = seconds(r.held_recorded - r.held_policy);
  out["resolution"] = to_string(r.resolution);
  bj::array rows;
  for (const auto& row : r.rows)
    rows.push_back({{"run", row.run.value},
                    {"silent_from", wire::time(row.silent_from)},
                    {"silent_seconds", seconds(row.silent_for)},
                    {"came_back", row.came_back},
                    {"would", row.would},
                    {"false_mark", row.false_mark}});
  out["rows"] = std::move(rows);
  out["notes"] = json::write(r.notes);
  return out;
}

asio::awaitable<result<response>> replay_policy(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<replay_body>(ctx.req));
  SWEEPD_CO_TRY(const auto source, source_name(body.source, "policy.yaml"));
  sweep_id id{ctx["sweep"]};
  auto look = [&](const core::state& s, moment now) -> result<std::pair<core::crash_policy, moment>> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, id));
    return std::pair(sw->policy, now);
  };
  SWEEPD_CO_TRY(auto known, co_await view(svc, std::move(look)));
  if (body.yaml) {
    auto parsed = config::parse_policy(*body.yaml, source);
    if (!parsed) co_return refused_file(parsed.error(), ctx.req);
    known.first = std::move(*parsed);
  }
  core::event_filter f;
  f.sweep = id;
  if (body.since) {
    SWEEPD_CO_TRY(f.since, past_instant(*body.since, known.second.wall, "/since"));
  }
  auto work = [&]() -> result<core::policy_replay> {
    SWEEPD_TRY(const auto log, all_events(svc.reader, f, replay_events_max));
    auto found = core::replay(log, known.first, known.second);
    if (log.size() >= replay_events_max)
      found.notes.push_back("only the first " + std::to_string(log.size()) + " events were read");
    return found;
  };
  SWEEPD_CO_TRY(const auto found, co_await off_strand(svc, std::move(work)));
  co_return ok(replay_view(found, f.since));
}

using http::need;

constexpr http::route table[] = {
    {"GET", "/api/v1/sweeps/{sweep}/policy", need::viewer, answered<get_policy>},
    {"PUT", "/api/v1/sweeps/{sweep}/policy", need::operator_, answered<put_policy>},
    {"POST", "/api/v1/sweeps/{sweep}/policy/preview", need::viewer, answered<preview_policy>},
    {"POST", "/api/v1/sweeps/{sweep}/policy/replay", need::viewer, answered<replay_policy>},
};

}  // namespace

std::span<const http::route> policy_routes() { return table; }

}  // namespace sweepd::rest
