// One action on many runs, in two steps: without `confirm` it says exactly what would happen and gives
// a token; with that token it happens, if the same runs are still in the same states. The token is a
// digest of the action and of that set, so nothing is kept in between and nothing else can be confirmed.
#include "controller/base/digest.hpp"
#include "controller/core/holds.hpp"
#include "controller/rest/handler.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/run_filter.hpp"
#include "controller/rest/wire_types.hpp"

#include <algorithm>

namespace sweepd::rest {
namespace {

inline constexpr std::size_t bulk_runs_max = 10'000;

using core::cmd::run_verb;

struct filter_body {
  std::optional<std::string> sweep, project, agent, state, cause, health, older_than;
  std::optional<std::uint64_t> trial;
};
BOOST_DESCRIBE_STRUCT(filter_body, (),
                      (sweep, project, agent, state, cause, health, older_than, trial))

struct bulk_body {
  run_verb action = run_verb::mark_failed;
  std::optional<std::vector<run_id>> ids;
  std::optional<filter_body> filter;
  std::optional<std::string> reason;
  std::optional<bool> force;
  std::optional<std::string> confirm;
};
BOOST_DESCRIBE_STRUCT(bulk_body, (), (action, ids, filter, reason, force, confirm))

result<run_filter> filter_of(const filter_body& in) {
  run_filter f;
  f.sweep = in.sweep.value_or("");
  f.project = in.project.value_or("");
  f.agent = in.agent.value_or("");
  f.trial = in.trial;
  SWEEPD_TRY(f.states, query::enumerators<core::run_state>(in.state.value_or(""), "/filter/state"));
  SWEEPD_TRY(f.causes, query::enumerators<core::cause>(in.cause.value_or(""), "/filter/cause"));
  SWEEPD_TRY(f.healths,
             query::enumerators<core::run_health>(in.health.value_or(""), "/filter/health"));
  if (in.older_than) {
    auto d = parse_duration(*in.older_than);
    if (!d) return fail(errc::invalid, d.error().message, "/filter/older_than");
    f.older_than = *d;
  }
  return f;
}

/// Why the core would refuse the action on this run, in the words of its own rules; none: it would not.
std::optional<std::string> refusal(const core::state& s, const core::run& r, run_verb verb,
                                   bool force, moment now) {
  const auto is = "it is " + std::string(json::enum_name(r.state));
  const bool live = core::is_live(r.state);
  const bool over = r.state == core::run_state::finished || r.state == core::run_state::killed;
  if (r.deleted && verb != run_verb::undo) return "it is deleted";
  switch (verb) {
    case run_verb::delete_:
      if (live) return is + "; stop it first";
      return std::nullopt;
    case run_verb::mark_failed:
      if (over) return is;
      if (live && !force) return is + " and may be alive; stop it, or use force";
      return std::nullopt;
    case run_verb::stop:
      if (!live && r.state != core::run_state::killed) return is;
      return std::nullopt;
    case run_verb::undo:
      if (!wire::can_undo(s, r, now)) return "there is nothing to undo (any more)";
      return std::nullopt;
    case run_verb::requeue:
    case run_verb::infeasible:
      if (!core::is_current(s, r)) return "its trial was handed out again already";
      if (live && !force) return is + "; stop it first, or use force";
      if (verb == run_verb::requeue && r.state == core::run_state::finished && !force)
        return "it has finished; use force to run its configuration again";
      return std::nullopt;
  }
  return std::nullopt;
}

/// What the action would set free of what the run holds.
std::vector<std::string> releases(const core::state& s, const core::run& r, run_verb verb,
                                  const std::vector<std::string>& holds) {
  if (verb == run_verb::undo) return {};
  auto after = r;
  if (verb == run_verb::stop || core::is_live(r.state))
    after.state = verb == run_verb::mark_failed ? core::run_state::failed : core::run_state::killed;
  else if (!core::is_final(r.state))
    after.state = core::run_state::failed;
  const auto kept = core::held_things(s, after);
  std::vector<std::string> out;
  // Its configuration goes to another run or is closed: in both cases this run holds it no more.
  for (const auto& thing : holds)
    if (thing == "configuration" || std::find(kept.begin(), kept.end(), thing) == kept.end())
      out.push_back(thing);
  return out;
}

/// The set as it stands: what the token covers, and the rows for people.
struct selection {
  std::vector<run_id> runs;
  std::string token;
  bj::array items;
};

bj::object row_of(const core::state& s, const core::run& r, run_verb verb, bool force, moment now) {
  const auto holds = core::held_things(s, r);
  const auto word = [](auto e) {
    const auto text = json::enum_name(e);
    return bj::string(bj::string_view(text.data(), text.size()));
  };
  bj::object item;
  item["run"] = r.id.value;
  item["sweep"] = r.sweep.value;
  item["trial"] = r.trial;
  item["state"] = word(r.state);
  item["cause"] = word(r.cause);
  item["holds"] = json::write(holds);
  if (const auto why = refusal(s, r, verb, force, now)) {
    item["releases"] = bj::array();
    item["refused"] = *why;
  } else {
    item["releases"] = json::write(releases(s, r, verb, holds));
  }
  return item;
}

result<selection> select(const core::state& s, const http::principal& who, const bulk_body& body,
                         const std::optional<run_filter>& filter, moment now) {
  std::vector<const core::run*> runs;
  if (filter) {
    runs = matching(s, who, *filter, now);
  } else {
    for (const auto& id : *body.ids) {
      SWEEPD_TRY(const auto* r, seen(s, who, id));
      runs.push_back(r);
    }
  }
  const auto by_age = [](const core::run* a, const core::run* b) { return key_of(*a) < key_of(*b); };
  std::sort(runs.begin(), runs.end(), by_age);
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  if (runs.size() > bulk_runs_max)
    return fail(errc::too_large, std::to_string(runs.size()) + " runs match, at most 10000 can be "
                                 "changed at once: narrow the filter");
  const bool force = body.force.value_or(false);
  selection out;
  std::string covered(json::enum_name(body.action));
  covered += force ? "\nforce\n" : "\n\n";
  for (const auto* r : runs) {
    covered += r->id.value + ' ' + std::string(json::enum_name(r->state)) + ' ' +
               std::to_string(r->epoch) + '\n';
    out.runs.push_back(r->id);
    out.items.push_back(row_of(s, *r, body.action, force, now));
  }
  out.token = sha256_hex(covered);
  return out;
}

/// Performs it and says for each run what came of it.
asio::awaitable<result<response>> perform(request_context& ctx, services& svc, selection chosen,
                                          bulk_body body) {
  std::vector<core::command> commands;
  for (const auto& id : chosen.runs) {
    core::cmd::act_on_run c;
    c.run = id;
    c.verb = body.action;
    c.reason = body.reason.value_or("");
    c.force = body.force.value_or(false);
    commands.emplace_back(std::move(c));
  }
  auto who = ctx.caller();
  const auto told = co_await svc.controller.submit_all(std::move(commands), std::move(who));
  bj::array items;
  std::size_t done = 0;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto* answer = told[i] ? std::get_if<core::answer::done>(&*told[i]) : nullptr;
    bj::object item;
    item["run"] = chosen.runs[i].value;
    item["ok"] = told[i].has_value();
    item["message"] = !told[i] ? to_string(told[i].error()) : answer != nullptr ? answer->message : "";
    if (told[i]) ++done;
    items.push_back(std::move(item));
  }
  bj::object out;
  out["done"] = done;
  out["failed"] = told.size() - done;
  out["items"] = std::move(items);
  co_return ok(out);
}

asio::awaitable<result<response>> actions(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<bulk_body>(ctx.req));
  if (body.ids.has_value() == body.filter.has_value())
    co_return fail(errc::invalid, "give either ids or filter");
  if (body.ids && body.ids->size() > bulk_runs_max)
    co_return fail(errc::invalid, "lists more than 10000 runs", "/ids");
  if (auto good = check_reason(body.reason.value_or("")); !good) co_return failed(good);
  std::optional<run_filter> filter;
  if (body.filter) {
    SWEEPD_CO_TRY(auto f, filter_of(*body.filter));
    filter = std::move(f);
  }
  auto look = [&](const core::state& s, moment now) -> result<selection> {
    if (filter && !filter->sweep.empty())
      if (auto sw = seen(s, ctx.who, sweep_id{filter->sweep}); !sw) return failed(sw);
    return select(s, ctx.who, body, filter, now);
  };
  SWEEPD_CO_TRY(auto chosen, co_await view(svc, std::move(look)));
  if (!body.confirm) {
    const auto action = json::enum_name(body.action);
    const auto count = [](const bj::value& item) { return !item.get_object().contains("refused"); };
    bj::object out;
    out["would"] = std::count_if(chosen.items.begin(), chosen.items.end(), count);
    out["action"] = bj::string_view(action.data(), action.size());
    out["items"] = std::move(chosen.items);
    out["confirm"] = chosen.token;
    co_return ok(out);
  }
  if (*body.confirm != chosen.token)
    co_return fail(errc::conflict,
                   "the runs or their states are not those of the preview (any more): look again and "
                   "confirm what you see then",
                   "/confirm");
  co_return co_await perform(ctx, svc, std::move(chosen), std::move(body));
}

constexpr http::route table[] = {
    {"POST", "/api/v1/runs/actions", http::need::operator_, answered<actions>},
};

}  // namespace

std::span<const http::route> bulk_routes() { return table; }

}  // namespace sweepd::rest
