// Sweeps: create and check them, list and show them, W&B's four verbs, limits, and why one does
// not move.
#include "controller/core/holds.hpp"
#include "controller/rest/mask.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/sweep_file.hpp"
#include "controller/rest/wire_types.hpp"

#include <algorithm>
#include <random>

namespace sweepd::rest {
namespace {

asio::awaitable<result<response>> list_sweeps(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"project", "state", "limit", "cursor"}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto states, q.any_of<core::sweep_state>("state"));
  SWEEPD_CO_TRY(const auto page, q.paging());
  const auto project = q.text("project");
  auto look = [&](const core::state& s, moment now) {
    std::vector<const core::sweep*> all;
    for (const auto& [id, sw] : s.sweeps)
      if (ctx.who.sees(sw.project) && (project.empty() || sw.project == project) &&
          (states.empty() || std::find(states.begin(), states.end(), sw.state) != states.end()))
        all.push_back(&sw);
    const auto key = [](const core::sweep& sw) { return sort_key{sw.created, sw.id.value}; };
    const paged rows(std::move(all), page, key);
    bj::array items;
    for (const auto* sw : rows.rows) items.push_back(wire::sweep(s, *sw, now));
    return list_of(std::move(items), rows.next, rows.total);
  };
  SWEEPD_CO_TRY(auto body, co_await view(svc, std::move(look)));
  co_return ok(body);
}

asio::awaitable<result<bj::object>> sweep_now(request_context& ctx, services& svc, sweep_id id) {
  auto look = [&ctx, id](const core::state& s, moment now) -> result<bj::object> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, id));
    return wire::sweep_in_full(s, *sw, now);
  };
  co_return co_await view(svc, std::move(look));
}

asio::awaitable<result<response>> get_sweep(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  sweep_id id{ctx["sweep"]};
  SWEEPD_CO_TRY(auto body, co_await sweep_now(ctx, svc, std::move(id)));
  co_return ok(body);
}

struct create_body {
  std::string yaml;
  std::optional<std::string> source, project, name;
  std::optional<bool> dry_run, confirm;
};
BOOST_DESCRIBE_STRUCT(create_body, (), (yaml, source, project, name, dry_run, confirm))

/// The body's project, else the file's, else the key's own, else the default.
result<std::string> project_for(const create_body& body, const config::parsed_sweep& parsed,
                                const http::principal& who) {
  std::string project;
  if (body.project) {
    project = *body.project;
  } else if (!parsed.project.empty() || !parsed.entity.empty()) {
    project = (parsed.entity.empty() ? "local" : parsed.entity) + "/" +
              (parsed.project.empty() ? "default" : parsed.project);
  } else {
    project = who.project == "*" ? std::string(default_project) : who.project;
  }
  if (auto good = check_project(project, "/project"); !good) return failed(good);
  if (!who.sees(project))
    return fail(errc::not_found, "there is no project '" + project + "'", "/project");
  return project;
}

/// 53 bits, so that every JSON reader shows the seed that was used.
std::uint64_t drawn_seed() {
  std::random_device device;
  return ((std::uint64_t{device()} << 32) | device()) >> 11;
}

bj::object file_view(const config::parsed_sweep& parsed) {
  auto out = wire::sweep_file(parsed.spec);
  out["config"] = masked(parsed.spec.config);
  return out;
}

/// What a person should be asked before the launch.
bj::array warnings_of(const config::parsed_sweep& parsed) {
  bj::array out;
  if (const auto text = config::size_warning(parsed.spec)) out.push_back(bj::value(*text));
  return out;
}

/// What a dry run says of a file that would make a sweep.
response expanded(const config::parsed_sweep& parsed, const std::string& project,
                  const core::crash_policy& fallback) {
  auto sweep = file_view(parsed);
  bj::object out;
  out["ok"] = true;
  out["project"] = project;
  out["size"] = sweep.at("size");
  out["sweep"] = std::move(sweep);
  out["warnings"] = warnings_of(parsed);
  out["policy"] = wire::policy(parsed.policy ? *parsed.policy : fallback);
  return http::json_response(200, out);
}

asio::awaitable<result<core::crash_policy>> server_policy(services& svc) {
  auto look = [](const core::state& s, moment) { return s.default_policy; };
  co_return co_await view(svc, std::move(look));
}

asio::awaitable<result<response>> create_sweep(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<create_body>(ctx.req));
  SWEEPD_CO_TRY(const auto source, source_name(body.source, "sweep.yaml"));
  auto parsed = config::parse_sweep(body.yaml, source);
  if (!parsed) co_return refused_file(parsed.error(), ctx.req);
  SWEEPD_CO_TRY(auto project, project_for(body, *parsed, ctx.who));
  if (body.name) {
    if (auto good = check_text(*body.name, name_bytes_max, "/name"); !good) co_return failed(good);
    parsed->spec.name = *body.name;
  }
  if (!parsed->seed_given) parsed->spec.seed = drawn_seed();
  if (body.dry_run.value_or(false)) {
    SWEEPD_CO_TRY(const auto fallback, co_await server_policy(svc));
    co_return expanded(*parsed, project, fallback);
  }
  if (const auto warning = config::size_warning(parsed->spec); warning && !body.confirm.value_or(false))
    co_return fail(errc::invalid, *warning + ": set run_cap in the file, or say that it is meant with "
                                             "\"confirm\": true",
                   "/confirm");
  core::cmd::create_sweep c;
  c.fresh_id = sweep_id{service::fresh_id()};
  c.project = std::move(project);
  c.spec = std::move(parsed->spec);
  c.policy = std::move(parsed->policy);
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  sweep_id id{done.id};  // of the first request, if this one repeats it
  SWEEPD_CO_TRY(auto answer, co_await sweep_now(ctx, svc, std::move(id)));
  co_return created(answer);
}

struct validate_body {
  std::string yaml;
  std::optional<std::string> source;
};
BOOST_DESCRIBE_STRUCT(validate_body, (), (yaml, source))

asio::awaitable<result<response>> validate(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<validate_body>(ctx.req));
  SWEEPD_CO_TRY(const auto source, source_name(body.source, "sweep.yaml"));
  const auto parsed = config::parse_sweep(body.yaml, source);
  bj::object out;
  out["ok"] = parsed.has_value();
  out["problems"] = parsed ? bj::value(bj::array()) : json::write(parsed.error());
  out["warnings"] = parsed ? warnings_of(*parsed) : bj::array();
  if (parsed) {
    SWEEPD_CO_TRY(const auto fallback, co_await server_policy(svc));
    out["sweep"] = file_view(*parsed);
    out["policy"] = wire::policy(parsed->policy ? *parsed->policy : fallback);
  }
  co_return ok(out);
}

/// Submits a command about a sweep and answers with the sweep as it is then.
asio::awaitable<result<response>> change_sweep(request_context& ctx, services& svc, sweep_id id,
                                               core::command command) {
  if (auto visible = co_await must_see(ctx, svc, id); !visible) co_return failed(visible);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  SWEEPD_CO_TRY(auto body, co_await sweep_now(ctx, svc, std::move(id)));
  co_return ok(body);
}

struct tune_body {
  std::optional<std::int64_t> max_concurrent_runs, run_cap;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(tune_body, (), (max_concurrent_runs, run_cap, reason))

asio::awaitable<result<response>> tune_sweep(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<tune_body>(ctx.req));
  if (!body.max_concurrent_runs && !body.run_cap)
    co_return fail(errc::invalid, "give max_concurrent_runs, run_cap, or both");
  core::cmd::tune_sweep c;
  c.sweep = sweep_id{ctx["sweep"]};
  c.max_concurrent_runs = body.max_concurrent_runs;
  c.run_cap = body.run_cap;
  c.reason = body.reason.value_or("");
  if (auto good = check_reason(c.reason); !good) co_return failed(good);
  sweep_id id = c.sweep;
  core::command command = std::move(c);
  co_return co_await change_sweep(ctx, svc, std::move(id), std::move(command));
}

struct reason_body {
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(reason_body, (), (reason))

template <core::cmd::sweep_verb Verb>
asio::awaitable<result<response>> move_sweep(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<reason_body>(ctx.req));
  core::cmd::move_sweep c;
  c.sweep = sweep_id{ctx["sweep"]};
  c.verb = Verb;
  c.reason = body.reason.value_or("");
  if (auto good = check_reason(c.reason); !good) co_return failed(good);
  sweep_id id = c.sweep;
  core::command command = std::move(c);
  co_return co_await change_sweep(ctx, svc, std::move(id), std::move(command));
}

/// Operators get the file byte for byte, since they may want to launch it again; others masked.
asio::awaitable<result<response>> get_yaml(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  sweep_id id{ctx["sweep"]};
  auto look = [&](const core::state& s, moment) -> result<std::string> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, id));
    return sw->spec.yaml;
  };
  SWEEPD_CO_TRY(auto yaml, co_await view(svc, std::move(look)));
  const bool whole = http::allows(http::need::operator_, ctx.who.role);
  co_return ok({{"yaml", whole ? std::move(yaml) : masked_yaml(yaml)}});
}

bj::object explanation_view(const core::explanation& e) {
  auto out = json::write(e).get_object();
  const auto in_words = [](const std::optional<milliseconds>& d) {
    return d ? bj::value(to_string(*d)) : bj::value(nullptr);
  };
  for (std::size_t i = 0; i < e.holds.size(); ++i) {
    auto& hold = out["holds"].get_array()[i].get_object();
    hold["release_at"] = wire::time(e.holds[i].release_at);
    hold["release_in"] = in_words(e.holds[i].release_in);
  }
  for (std::size_t i = 0; i < e.waiting.size(); ++i)
    out["waiting"].get_array()[i].get_object()["ready_at"] = wire::time(e.waiting[i].ready_at);
  return out;
}

asio::awaitable<result<response>> explain_sweep(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  sweep_id id{ctx["sweep"]};
  auto look = [&](const core::state& s, moment now) -> result<core::explanation> {
    if (auto sw = seen(s, ctx.who, id); !sw) return failed(sw);
    return core::explain(s, id, now);
  };
  SWEEPD_CO_TRY(const auto found, co_await view(svc, std::move(look)));
  co_return ok(explanation_view(found));
}

asio::awaitable<result<response>> get_rungs(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  sweep_id id{ctx["sweep"]};
  auto look = [&](const core::state& s, moment) -> result<bj::object> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, id));
    return wire::rungs(s, *sw);
  };
  SWEEPD_CO_TRY(auto body, co_await view(svc, std::move(look)));
  co_return ok(body);
}

using core::cmd::sweep_verb;
using http::need;

constexpr http::route table[] = {
    {"GET", "/api/v1/sweeps", need::viewer, answered<list_sweeps>},
    {"POST", "/api/v1/sweeps", need::operator_, answered<create_sweep>},
    {"POST", "/api/v1/validate", need::viewer, answered<validate>},
    {"GET", "/api/v1/sweeps/{sweep}", need::viewer, answered<get_sweep>},
    {"PATCH", "/api/v1/sweeps/{sweep}", need::operator_, answered<tune_sweep>},
    {"POST", "/api/v1/sweeps/{sweep}/pause", need::operator_, answered<move_sweep<sweep_verb::pause>>},
    {"POST", "/api/v1/sweeps/{sweep}/resume", need::operator_,
     answered<move_sweep<sweep_verb::resume>>},
    {"POST", "/api/v1/sweeps/{sweep}/stop", need::operator_, answered<move_sweep<sweep_verb::stop>>},
    {"POST", "/api/v1/sweeps/{sweep}/cancel", need::operator_,
     answered<move_sweep<sweep_verb::cancel>>},
    {"GET", "/api/v1/sweeps/{sweep}/yaml", need::viewer, answered<get_yaml>},
    {"GET", "/api/v1/sweeps/{sweep}/explain", need::viewer, answered<explain_sweep>},
    {"GET", "/api/v1/sweeps/{sweep}/rungs", need::viewer, answered<get_rungs>},
};

}  // namespace

std::span<const http::route> sweep_routes() { return table; }

}  // namespace sweepd::rest
