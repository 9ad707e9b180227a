// Agents: joining a sweep, claiming runs, heartbeats, leaving; the list, and ending a quarantine.
#include "controller/base/json_document.hpp"
#include "controller/rest/handler.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"

namespace sweepd::rest {
namespace {

inline constexpr milliseconds claim_patience_max{60'000};
inline constexpr std::size_t runs_listed_max = 10'000;

struct join_body {
  std::string name;
  std::optional<std::string> host;
  std::optional<std::int64_t> pid;
};
BOOST_DESCRIBE_STRUCT(join_body, (), (name, host, pid))

/// How often an agent is asked to beat, and to post for each run: often enough that one lost message
/// is not a suspicion, also when an operator has tightened the timers.
struct beat_rhythm {
  milliseconds agent{5'000};
  milliseconds run{15'000};
};

beat_rhythm rhythm_of(const core::crash_policy& p) {
  const auto tightest = std::min(p.suspect_after, p.crash_after);
  constexpr milliseconds least{250};
  beat_rhythm out;
  out.agent = std::clamp(tightest / 6, least, out.agent);
  out.run = std::clamp(tightest / 3, least, out.run);
  return out;
}

asio::awaitable<result<response>> join(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<join_body>(ctx.req));
  core::cmd::join_agent c;
  c.fresh_id = agent_id{service::fresh_id()};
  c.sweep = sweep_id{ctx["sweep"]};
  c.name = std::move(body.name);
  c.host = body.host.value_or("");
  c.pid = body.pid.value_or(0);
  if (c.name.empty()) co_return fail(errc::invalid, "must not be empty", "/name");
  if (auto good = check_text(c.name, name_bytes_max, "/name"); !good) co_return failed(good);
  if (auto good = check_text(c.host, name_bytes_max, "/host"); !good) co_return failed(good);
  const sweep_id id = c.sweep;
  if (auto visible = co_await must_see(ctx, svc, id); !visible) co_return failed(visible);
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  auto look = [&](const core::state& s, moment now) -> result<bj::object> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, id));
    const auto rhythm = rhythm_of(sw->policy);
    bj::object out;
    out["agent"] = done.id;
    out["heartbeat_every"] = to_string(rhythm.agent);
    out["run_heartbeat_every"] = to_string(rhythm.run);
    out["command"] = json::write(sw->spec.command);  // as it is: the agent has to run it
    out["sweep"] = wire::sweep_in_full(s, *sw, now);
    return out;
  };
  SWEEPD_CO_TRY(auto answer, co_await view(svc, std::move(look)));
  co_return created(answer);
}

struct claim_body {
  std::string agent;
  std::string request_id;
  std::optional<std::vector<run_id>> knows;
  std::optional<std::string> wait;
};
BOOST_DESCRIBE_STRUCT(claim_body, (), (agent, request_id, knows, wait))

/// What a hand-out shows beside its configuration, which is JSON already and goes out as it is stored.
struct handed {
  run_id id;
  std::uint64_t trial = 0;
  int attempt = 1;
  std::uint32_t epoch = 1;
  std::string sweep;
};
BOOST_DESCRIBE_STRUCT(handed, (), (id, trial, attempt, epoch, sweep))

response handout_answer(const core::answer::handout& run, const std::string& sweep) {
  auto shown = json::document(handed{run.run, run.trial, run.attempt, run.epoch, sweep});
  shown.pop_back();  // the closing brace
  response out;
  out.body = R"({"status":"run","run":)" + shown + R"(,"config":)" + run.config + "}}";
  return out;
}

bj::object claim_answer(const core::answer_to& told) {
  bj::object out;
  if (const auto* wait = std::get_if<core::answer::wait>(&told)) {
    out["status"] = "wait";
    out["code"] = wait->code;
    out["reason"] = wait->reason;
    out["retry_in"] = wait->retry_in ? bj::value(to_string(*wait->retry_in)) : bj::value(nullptr);
  } else if (const auto* over = std::get_if<core::answer::over>(&told)) {
    out["status"] = "over";
    out["reason"] = over->reason;
  }
  return out;
}

asio::awaitable<result<response>> claim(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<claim_body>(ctx.req));
  core::cmd::claim c;
  c.sweep = sweep_id{ctx["sweep"]};
  c.agent = agent_id{std::move(body.agent)};
  c.request_id = std::move(body.request_id);
  if (body.knows) c.knows = std::move(*body.knows);
  c.fresh_run = run_id{service::fresh_id()};
  if (c.request_id.empty()) co_return fail(errc::invalid, "must not be empty", "/request_id");
  if (auto good = check_text(c.request_id, name_bytes_max, "/request_id"); !good)
    co_return failed(good);
  if (c.knows.size() > runs_listed_max)
    co_return fail(errc::invalid, "lists more than 10000 runs", "/knows");
  milliseconds patience{0};
  if (body.wait) {
    auto given = parse_duration(*body.wait);
    if (!given) co_return fail(errc::invalid, given.error().message, "/wait");
    patience = std::min(*given, claim_patience_max);
  }
  const sweep_id id = c.sweep;
  if (auto visible = co_await must_see(ctx, svc, id); !visible) co_return failed(visible);
  auto who = ctx.caller();
  auto told = co_await svc.controller.claim(std::move(c), std::move(who), patience);
  if (!told) co_return failed(told);
  if (const auto* run = std::get_if<core::answer::handout>(&*told)) co_return handout_answer(*run, id.value);
  auto answer = claim_answer(*told);
  if (answer.empty())
    co_return fail(errc::conflict, "the Idempotency-Key was used for another kind of request");
  co_return ok(answer);
}

asio::awaitable<result<response>> list_agents(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"sweep", "project", "state", "limit", "cursor"}); !known)
    co_return failed(known);
  SWEEPD_CO_TRY(const auto states, q.any_of<core::agent_state>("state"));
  SWEEPD_CO_TRY(const auto page, q.paging());
  const auto sweep = q.text("sweep");
  const auto project = q.text("project");
  auto look = [&](const core::state& s, moment now) -> result<bj::object> {
    if (!sweep.empty())
      if (auto sw = seen(s, ctx.who, sweep_id{sweep}); !sw) return failed(sw);
    std::vector<const core::agent*> all;
    for (const auto& [id, a] : s.agents) {
      const auto in = project_of(s, a.sweep);
      if (ctx.who.sees(in) && (sweep.empty() || a.sweep.value == sweep) &&
          (project.empty() || in == project) &&
          (states.empty() || std::find(states.begin(), states.end(), a.state) != states.end()))
        all.push_back(&a);
    }
    const auto key = [](const core::agent& a) { return sort_key{a.joined, a.id.value}; };
    const paged rows(std::move(all), page, key);
    bj::array items;
    for (const auto* a : rows.rows) items.push_back(wire::agent(s, *a, now));
    return list_of(std::move(items), rows.next, rows.total);
  };
  SWEEPD_CO_TRY(auto body, co_await view(svc, std::move(look)));
  co_return ok(body);
}

struct beat_body {
  std::vector<run_id> alive;
};
BOOST_DESCRIBE_STRUCT(beat_body, (), (alive))

asio::awaitable<result<response>> heartbeat(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<beat_body>(ctx.req));
  core::cmd::beat_agent c;
  c.agent = agent_id{ctx["agent"]};
  c.alive = std::move(body.alive);
  if (c.alive.size() > runs_listed_max)
    co_return fail(errc::invalid, "lists more than 10000 runs", "/alive");
  agent_id id = c.agent;
  if (auto visible = co_await must_see(ctx, svc, id); !visible) co_return failed(visible);
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto told, co_await submit<core::answer::agent_told>(ctx, svc, std::move(command)));
  response out;
  out.body = json::document(told);
  co_return out;
}

struct reason_body {
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(reason_body, (), (reason))

/// leave and release: a command with an agent and a reason, answered with the agent as it is now.
template <class Command>
asio::awaitable<result<response>> change_agent(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<reason_body>(ctx.req));
  Command c;
  c.agent = agent_id{ctx["agent"]};
  c.reason = body.reason.value_or("");
  if (auto good = check_reason(c.reason); !good) co_return failed(good);
  const agent_id id = c.agent;
  if (auto visible = co_await must_see(ctx, svc, id); !visible) co_return failed(visible);
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  auto look = [&](const core::state& s, moment now) -> result<bj::object> {
    SWEEPD_TRY(const auto* a, seen(s, ctx.who, id));
    return wire::agent(s, *a, now);
  };
  SWEEPD_CO_TRY(auto answer, co_await view(svc, std::move(look)));
  co_return ok(answer);
}

using http::need;

constexpr http::route table[] = {
    {"POST", "/api/v1/sweeps/{sweep}/agents", need::agent, answered<join>},
    {"POST", "/api/v1/sweeps/{sweep}/claims", need::agent, answered<claim>},
    {"GET", "/api/v1/agents", need::viewer, answered<list_agents>},
    {"POST", "/api/v1/agents/{agent}/heartbeat", need::agent, answered<heartbeat>},
    {"POST", "/api/v1/agents/{agent}/leave", need::agent,
     answered<change_agent<core::cmd::leave_agent>>},
    {"POST", "/api/v1/agents/{agent}/release", need::operator_,
     answered<change_agent<core::cmd::release_agent>>},
};

}  // namespace

std::span<const http::route> agent_routes() { return table; }

}  // namespace sweepd::rest
