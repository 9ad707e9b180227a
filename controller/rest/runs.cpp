// Runs: the list, one run, the writes of its agent (start, report, finish, preempting) and an
// operator's actions on one run.
#include "controller/rest/handler.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/run_filter.hpp"
#include "controller/rest/wire_types.hpp"

#include <cmath>

namespace sweepd::rest {
namespace {

inline constexpr std::size_t report_body_max = 32u << 20;
inline constexpr std::size_t history_line_max = 1u << 20;
inline constexpr std::size_t evidence_rows_max = 20;
inline constexpr std::size_t evidence_text_max = 4'000;
/// A run's own data lies deeper than its message, and may repeat a key.
inline constexpr json::text_limits report_limits{
    .depth_max = 32, .values_max = 2'000'000, .unique_keys_to_depth = 1};

asio::awaitable<result<response>> list_runs(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"sweep", "project", "state", "older_than", "agent", "cause", "health",
                           "trial", "limit", "cursor"});
      !known)
    co_return failed(known);
  SWEEPD_CO_TRY(auto filter, run_filter_of(q));
  SWEEPD_CO_TRY(auto page, q.paging());
  key_page rows(std::move(page));
  run_walk::visitor show = [&rows](const core::state&, const core::run& r, moment) { rows.show(key_of(r)); };
  run_walk walk(std::move(filter), ctx.who);
  if (auto walked = co_await walk_runs(svc, std::move(walk), std::move(show)); !walked) co_return failed(walked);
  auto look = [&rows](const core::state& s, moment now) {
    bj::array items;
    for (const auto& key : rows.rows())
      if (const auto* r = core::find(s, run_id{key.id}); r != nullptr && !r->deleted)
        items.push_back(wire::run(s, *r, now));
    return list_of(std::move(items), rows.next(), rows.total());
  };
  SWEEPD_CO_TRY(auto body, co_await view(svc, std::move(look)));
  co_return ok(body);
}

/// The answer after an action: the run as it is now.
asio::awaitable<result<response>> show_run(request_context& ctx, services& svc, run_id id) {
  auto look = [&ctx, id](const core::state& s, moment now) -> result<bj::object> {
    SWEEPD_TRY(const auto* r, seen(s, ctx.who, id));
    return wire::run(s, *r, now);
  };
  SWEEPD_CO_TRY(auto body, co_await view(svc, std::move(look)));
  co_return ok(body);
}

asio::awaitable<result<response>> get_run(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  run_id id{ctx["run"]};
  co_return co_await show_run(ctx, svc, std::move(id));
}

/// Submits a write by a run's agent and renders what it is told.
asio::awaitable<result<response>> tell(request_context& ctx, services& svc, run_id id,
                                       core::command command) {
  if (auto visible = co_await must_see(ctx, svc, id); !visible) co_return failed(visible);
  SWEEPD_CO_TRY(auto told, co_await submit<core::answer::run_told>(ctx, svc, std::move(command)));
  co_return ok(json::write(told));
}

struct start_body {
  std::uint32_t epoch = 0;
  std::optional<std::string> host;
  std::optional<std::int64_t> pid;
};
BOOST_DESCRIBE_STRUCT(start_body, (), (epoch, host, pid))

asio::awaitable<result<response>> start_run(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<start_body>(ctx.req));
  core::cmd::start_run c;
  c.run = run_id{ctx["run"]};
  c.epoch = body.epoch;
  c.host = body.host.value_or("");
  c.pid = body.pid.value_or(0);
  if (auto good = check_text(c.host, name_bytes_max, "/host"); !good) co_return failed(good);
  run_id id = c.run;
  core::command command = std::move(c);
  co_return co_await tell(ctx, svc, std::move(id), std::move(command));
}

struct report_body {
  std::uint32_t epoch = 0;
  std::optional<std::uint64_t> history_offset;
  std::optional<std::vector<bj::value>> history;
  std::optional<std::uint64_t> log_offset;
  std::optional<std::string> log;
  std::optional<bj::object> summary;
};
BOOST_DESCRIBE_STRUCT(report_body, (),
                      (epoch, history_offset, history, log_offset, log, summary))

/// A history row as it is stored: one compact line.
result<std::string> history_line(const bj::value& row, std::size_t i) {
  const auto where = "/history/" + std::to_string(i);
  if (!row.is_object()) return fail(errc::invalid, "must be an object", where);
  auto line = json::to_text(row);
  if (line.size() > history_line_max)
    return fail(errc::too_large, "is longer than 1 MB as one line", where);
  return line;
}

asio::awaitable<result<response>> report_run(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<report_body>(ctx.req, report_limits));
  if (body.history && !body.history->empty() && !body.history_offset)
    co_return fail(errc::invalid, "is required with history", "/history_offset");
  if (body.log && !body.log->empty() && !body.log_offset)
    co_return fail(errc::invalid, "is required with log", "/log_offset");
  core::cmd::report_run c;
  c.run = run_id{ctx["run"]};
  c.epoch = body.epoch;
  c.history_offset = body.history_offset.value_or(0);
  if (body.history)
    for (std::size_t i = 0; i < body.history->size(); ++i) {
      SWEEPD_CO_TRY(auto line, history_line((*body.history)[i], i));
      c.history.push_back(std::move(line));
    }
  c.log_offset = body.log_offset.value_or(0);
  if (body.log) c.log = std::move(*body.log);
  if (body.summary) c.summary = std::move(*body.summary);
  run_id id = c.run;
  core::command command = std::move(c);
  co_return co_await tell(ctx, svc, std::move(id), std::move(command));
}

struct finish_body {
  std::uint32_t epoch = 0;
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::optional<std::vector<core::evidence>> evidence;
};
BOOST_DESCRIBE_STRUCT(finish_body, (), (epoch, exit_code, signal, evidence))

asio::awaitable<result<response>> finish_run(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<finish_body>(ctx.req));
  if (body.exit_code && body.signal)
    co_return fail(errc::invalid, "exit_code and signal exclude each other", "/signal");
  if (body.exit_code && (*body.exit_code < 0 || *body.exit_code > 255))
    co_return fail(errc::invalid, "must be from 0 to 255", "/exit_code");
  if (body.signal && (*body.signal < 1 || *body.signal > 64))
    co_return fail(errc::invalid, "must be from 1 to 64", "/signal");
  core::cmd::finish_run c;
  c.run = run_id{ctx["run"]};
  c.epoch = body.epoch;
  c.exit_code = body.exit_code;
  c.signal = body.signal;
  if (body.evidence) c.why = std::move(*body.evidence);
  if (c.why.size() > evidence_rows_max)
    co_return fail(errc::invalid, "holds more than 20 rows", "/evidence");
  for (std::size_t i = 0; i < c.why.size(); ++i) {
    const auto where = "/evidence/" + std::to_string(i);
    if (auto good = check_text(c.why[i].source, name_bytes_max, where + "/source"); !good)
      co_return failed(good);
    if (c.why[i].text.size() > evidence_text_max)
      co_return fail(errc::invalid, "is longer than 4000 bytes", where + "/text");
  }
  run_id id = c.run;
  core::command command = std::move(c);
  co_return co_await tell(ctx, svc, std::move(id), std::move(command));
}

struct epoch_body {
  std::uint32_t epoch = 0;
};
BOOST_DESCRIBE_STRUCT(epoch_body, (), (epoch))

asio::awaitable<result<response>> mark_preempting(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<epoch_body>(ctx.req));
  core::cmd::mark_preempting c;
  c.run = run_id{ctx["run"]};
  c.epoch = body.epoch;
  run_id id = c.run;
  core::command command = std::move(c);
  co_return co_await tell(ctx, svc, std::move(id), std::move(command));
}

struct act_body {
  std::optional<std::string> reason;
  std::optional<bool> force;
};
BOOST_DESCRIBE_STRUCT(act_body, (), (reason, force))

template <core::cmd::run_verb Verb>
asio::awaitable<result<response>> act(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<act_body>(ctx.req));
  core::cmd::act_on_run c;
  c.run = run_id{ctx["run"]};
  c.verb = Verb;
  c.reason = body.reason.value_or("");
  c.force = body.force.value_or(false);
  if (auto good = check_reason(c.reason); !good) co_return failed(good);
  run_id id = c.run;
  if (auto visible = co_await must_see(ctx, svc, id); !visible) co_return failed(visible);
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  co_return co_await show_run(ctx, svc, std::move(id));
}

using core::cmd::run_verb;
using http::need;

constexpr http::route table[] = {
    {"GET", "/api/v1/runs", need::viewer, answered<list_runs>},
    {"GET", "/api/v1/runs/{run}", need::viewer, answered<get_run>},
    {"POST", "/api/v1/runs/{run}/start", need::agent, answered<start_run>},
    {"POST", "/api/v1/runs/{run}/report", need::agent, answered<report_run>, report_body_max},
    {"POST", "/api/v1/runs/{run}/finish", need::agent, answered<finish_run>},
    {"POST", "/api/v1/runs/{run}/preempting", need::agent, answered<mark_preempting>},
    {"POST", "/api/v1/runs/{run}/mark-failed", need::operator_, answered<act<run_verb::mark_failed>>},
    {"POST", "/api/v1/runs/{run}/stop", need::operator_, answered<act<run_verb::stop>>},
    {"POST", "/api/v1/runs/{run}/requeue", need::operator_, answered<act<run_verb::requeue>>},
    {"POST", "/api/v1/runs/{run}/infeasible", need::operator_, answered<act<run_verb::infeasible>>},
    {"POST", "/api/v1/runs/{run}/delete", need::operator_, answered<act<run_verb::delete_>>},
    {"POST", "/api/v1/runs/{run}/undo", need::operator_, answered<act<run_verb::undo>>},
};

}  // namespace

std::span<const http::route> run_routes() { return table; }

}  // namespace sweepd::rest
