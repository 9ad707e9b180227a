// A sweep's runs for people who look at them: a table page by any column, and all of them as columns
// for charts. Both copy what they need from the state on its strand, and read configurations, sort
// and print off it, since a sweep may have 100,000 runs and hand-outs must not wait for a click.
#include "controller/base/json_text.hpp"
#include "controller/rest/handler.hpp"
#include "controller/rest/mask.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/run_filter.hpp"
#include "controller/rest/run_ranges.hpp"
#include "controller/rest/wire_types.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace sweepd::rest {
namespace {

inline constexpr std::size_t points_default = 10'000;
inline constexpr std::size_t points_max = 100'000;
inline constexpr std::string_view config_prefix = "config.";
inline constexpr std::string_view summary_prefix = "summary.";

/// What to sort by: a field of the run, or a parameter, or a value of its summary.
struct ordering {
  std::string column = "created";
  bool descending = true;
  [[nodiscard]] bool by_config() const { return column.starts_with(config_prefix); }
  [[nodiscard]] bool by_summary() const { return column.starts_with(summary_prefix); }
  [[nodiscard]] std::string name() const { return column.substr(column.find('.') + 1); }
};

constexpr std::string_view columns[] = {"created", "started", "ended",  "duration", "trial", "attempt",
                                        "state",   "cause",   "metric", "agent",    "host",  "signal"};

result<ordering> ordering_of(const query& q) {
  ordering out;
  auto text = q.text("sort");
  if (text.empty()) return out;
  out.descending = text.front() == '-';
  if (out.descending) text.erase(0, 1);
  out.column = text;
  const bool known = std::find(std::begin(columns), std::end(columns), text) != std::end(columns);
  if (!known && !out.by_config() && !out.by_summary()) {
    std::string all;
    for (const auto c : columns) all += std::string(c) + ", ";
    return fail(errc::invalid, "must be one of " + all + "config.NAME, summary.NAME; '-' before it for descending",
                "?sort");
  }
  if ((out.by_config() || out.by_summary()) && secret_name(out.name()))
    return fail(errc::invalid, "is hidden, and cannot be sorted by", "?sort");
  return out;
}

double as_number(instant t) { return static_cast<double>(t.time_since_epoch().count()); }

sort_value time_key(const std::optional<instant>& t) {
  return t ? sort_value::of(as_number(*t)) : sort_value{};
}

sort_value field_key(const core::run& r, const std::string& column, moment now) {
  const auto words = [](auto e) { return sort_value::of(std::string(json::enum_name(e))); };
  if (column == "created") return sort_value::of(as_number(r.created));
  if (column == "started") return time_key(r.started);
  if (column == "ended") return time_key(r.ended);
  if (column == "duration")
    return r.started ? sort_value::of(as_number(r.ended.value_or(now.wall)) - as_number(*r.started))
                     : sort_value{};
  if (column == "trial") return sort_value::of(static_cast<double>(r.trial));
  if (column == "attempt") return sort_value::of(r.attempt);
  if (column == "state") return words(r.state);
  if (column == "cause") return words(r.cause);
  if (column == "metric") return r.metric.best ? sort_value::of(*r.metric.best) : sort_value{};
  if (column == "agent") return sort_value::of(r.agent.value);
  if (column == "host") return sort_value::of(r.host);
  return sort_value::of(as_number(r.last_signal_wall));
}

/// A run as far as sorting and filtering need it, on its way off the strand.
struct candidate {
  run_id id;
  sort_value key;
  instant created;
  std::optional<double> metric;
  std::string config;  ///< empty when nobody asks for it
};

struct table_page {
  std::vector<run_id> runs;
  std::size_t total = 0;
};

table_page page_of(std::vector<candidate> all, const ordering& by, const ranges& wanted,
                   std::size_t offset, std::size_t limit) {
  if (by.by_config() || !wanted.empty()) {
    std::vector<candidate> kept;
    for (auto& c : all) {
      const auto config = wire::json_value(c.config);
      if (!wanted.match(config, c.metric)) continue;
      if (by.by_config()) c.key = sort_value::of(parameter_of(config, by.name()));
      kept.push_back(std::move(c));
    }
    all = std::move(kept);
  }
  const auto before = [&](const candidate& a, const candidate& b) {
    if (const auto c = compare(a.key, b.key, by.descending); c != 0) return c < 0;
    return std::tie(a.created, a.id.value) > std::tie(b.created, b.id.value);
  };
  table_page out;
  out.total = all.size();
  const auto from = std::min(offset, all.size());
  const auto to = from + std::min(limit, all.size() - from);
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(to), all.end(), before);
  for (std::size_t i = from; i < to; ++i) out.runs.push_back(std::move(all[i].id));
  return out;
}

asio::awaitable<result<response>> table(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"state", "older_than", "agent", "cause", "health", "trial", "sort", "ranges",
                           "offset", "limit"});
      !known)
    co_return failed(known);
  SWEEPD_CO_TRY(auto filter, run_filter_of(q));
  SWEEPD_CO_TRY(const auto by, ordering_of(q));
  SWEEPD_CO_TRY(const auto wanted, ranges::parse(q.text("ranges")));
  SWEEPD_CO_TRY(const auto limit, q.limit());
  SWEEPD_CO_TRY(const auto offset, q.number("offset"));
  filter.sweep = ctx["sweep"];
  const bool read_config = by.by_config() || !wanted.empty();
  std::vector<candidate> all;
  run_walk::visitor take = [&](const core::state& s, const core::run& r, moment now) {
    candidate c{r.id, {}, r.created, r.metric.best, {}};
    if (by.by_summary()) c.key = sort_value::of(r.summary.if_contains(by.name()));
    else if (!by.by_config()) c.key = field_key(r, by.column, now);
    if (read_config)
      if (const auto* t = core::find_trial(s, r.sweep, r.trial)) c.config = t->config;
    all.push_back(std::move(c));
  };
  run_walk walk(std::move(filter), ctx.who);
  if (auto walked = co_await walk_runs(svc, std::move(walk), std::move(take)); !walked) co_return failed(walked);
  auto sort = [&] { return page_of(std::move(all), by, wanted, offset.value_or(0), limit); };
  const auto chosen = co_await off_strand(svc, std::move(sort));
  auto show = [&](const core::state& s, moment now) {
    bj::array items;
    for (const auto& id : chosen.runs)
      if (const auto* r = core::find(s, id)) items.push_back(wire::run(s, *r, now));
    return items;
  };
  SWEEPD_CO_TRY(auto items, co_await view(svc, std::move(show)));
  auto body = list_of(std::move(items), std::nullopt, chosen.total);
  body["offset"] = offset.value_or(0);
  co_return ok(body);
}

/// A run as charts need it.
struct point {
  std::string id, agent, config;
  std::uint64_t trial = 0;
  int attempt = 1;
  core::run_state state = core::run_state::pending;
  sweepd::core::cause cause = sweepd::core::cause::none;
  std::optional<double> value;
  instant created;
  std::optional<instant> started, ended;
  instant signal;
};

struct point_set {
  std::vector<point> rows;
  std::size_t total = 0;
};

/// At most `limit` of them, evenly over the order of creation; the best run is always among them.
void thin_out(point_set& set, std::size_t limit, const std::string& best) {
  auto& rows = set.rows;
  const auto by_age = [](const point& a, const point& b) {
    return std::tie(a.created, a.trial, a.attempt) < std::tie(b.created, b.trial, b.attempt);
  };
  std::sort(rows.begin(), rows.end(), by_age);
  if (rows.size() <= limit) return;
  std::vector<point> kept;
  const double step = static_cast<double>(rows.size()) / static_cast<double>(limit);
  std::size_t next = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool turn = static_cast<double>(i) >= static_cast<double>(next) * step;
    if (turn) ++next;
    if (turn || rows[i].id == best) kept.push_back(std::move(rows[i]));
  }
  rows = std::move(kept);
}

bj::value moment_or_null(const std::optional<instant>& t) {
  return t && *t != instant{} ? bj::value(t->time_since_epoch().count()) : bj::value(nullptr);
}

bj::object columns_of(const point_set& set) {
  std::map<std::string, bj::array> config;
  std::map<std::string, std::size_t> agents;
  bj::array names, id, trial, attempt, state, cause, value, agent, created, started, ended, signal;
  for (std::size_t i = 0; i < set.rows.size(); ++i) {
    const auto& p = set.rows[i];
    id.push_back(bj::value(p.id));
    trial.push_back(p.trial);
    attempt.push_back(p.attempt);
    state.push_back(json::write(p.state));
    cause.push_back(json::write(p.cause));
    value.push_back(p.value && std::isfinite(*p.value) ? bj::value(*p.value) : bj::value(nullptr));
    const auto [at, fresh] = agents.emplace(p.agent, agents.size());
    if (fresh) names.push_back(bj::value(p.agent));
    agent.push_back(at->second);
    created.push_back(moment_or_null(p.created));
    started.push_back(moment_or_null(p.started));
    ended.push_back(moment_or_null(p.ended));
    signal.push_back(moment_or_null(p.signal));
    const auto parsed = masked_json(p.config);
    if (!parsed.is_object()) continue;
    for (const auto& [name, item] : parsed.get_object()) {
      auto& column = config[std::string(name)];
      while (column.size() < i) column.push_back(nullptr);
      column.push_back(parameter_of(parsed, name));
    }
  }
  bj::object parameters;
  for (auto& [name, column] : config) {
    while (column.size() < set.rows.size()) column.push_back(nullptr);
    parameters[name] = std::move(column);
  }
  bj::object out;
  out["total"] = set.total;
  out["shown"] = set.rows.size();
  out["agents"] = std::move(names);
  out["columns"] = {{"id", std::move(id)},           {"trial", std::move(trial)},
                    {"attempt", std::move(attempt)}, {"state", std::move(state)},
                    {"cause", std::move(cause)},     {"value", std::move(value)},
                    {"agent", std::move(agent)},     {"created", std::move(created)},
                    {"started", std::move(started)}, {"ended", std::move(ended)},
                    {"last_signal", std::move(signal)}};
  out["config"] = std::move(parameters);
  return out;
}

asio::awaitable<result<response>> points(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"limit"}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto given, q.number("limit"));
  const std::size_t limit = given.value_or(points_default);
  if (limit == 0 || limit > points_max)
    co_return fail(errc::invalid, "must be from 1 to 100000", "?limit");
  run_filter filter;
  filter.sweep = ctx["sweep"];
  std::string best;
  point_set set;
  run_walk::visitor take = [&](const core::state& s, const core::run& r, moment) {
    best = s.sweeps.at(r.sweep).best_run;
    const auto* t = core::find_trial(s, r.sweep, r.trial);
    set.rows.push_back({r.id.value, r.agent.value, t == nullptr ? "" : t->config, r.trial, r.attempt, r.state, r.cause,
                        r.metric.best, r.created, r.started, r.ended, r.last_signal_wall});
  };
  run_walk walk(std::move(filter), ctx.who);
  if (auto walked = co_await walk_runs(svc, std::move(walk), std::move(take)); !walked) co_return failed(walked);
  set.total = set.rows.size();
  auto print = [&] {
    thin_out(set, limit, best);
    return json::to_text(columns_of(set));
  };
  response out;
  out.body = co_await off_strand(svc, std::move(print));
  co_return out;
}

using http::need;

constexpr http::route routes[] = {
    {"GET", "/api/v1/sweeps/{sweep}/runs", need::viewer, answered<table>},
    {"GET", "/api/v1/sweeps/{sweep}/points", need::viewer, answered<points>},
};

}  // namespace

std::span<const http::route> run_table_routes() { return routes; }

}  // namespace sweepd::rest
