// Trials of a sweep: list them, and push configurations from outside (ask and tell: whoever searches
// reads the outcomes from the list).
#include "controller/rest/handler.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"
#include "strategies/custom.hpp"

#include <algorithm>

namespace sweepd::rest {
namespace {

inline constexpr std::size_t pushed_max = 1'000;

asio::awaitable<result<response>> list_trials(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"state", "limit", "cursor"}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto states, q.any_of<core::trial_state>("state"));
  SWEEPD_CO_TRY(const auto limit, q.limit());
  SWEEPD_CO_TRY(const auto cursor, q.number("cursor"));
  sweep_id id{ctx["sweep"]};
  auto look = [&](const core::state& s, moment now) -> result<bj::object> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, id));
    bj::array items;
    std::optional<std::string> next;
    std::uint64_t last = 0;
    std::size_t total = 0;
    for (std::uint64_t n = 1; n <= sw->trials; ++n) {
      const auto it = sw->by_number.find(n);
      if (it == sw->by_number.end()) continue;
      const auto& t = it->second;
      if (!states.empty() && std::find(states.begin(), states.end(), t.state) == states.end())
        continue;
      ++total;
      if (n <= cursor.value_or(0) || next) continue;
      if (items.size() == limit) {
        next = std::to_string(last);
        continue;
      }
      items.push_back(wire::trial(s, t, now));
      last = n;
    }
    return list_of(std::move(items), next, total);
  };
  SWEEPD_CO_TRY(auto body, co_await view(svc, std::move(look)));
  co_return ok(body);
}

struct push_body {
  std::vector<bj::object> configs;
  std::optional<bool> end;
};
BOOST_DESCRIBE_STRUCT(push_body, (), (configs, end))

/// The pushed configurations as the sweep's space has them.
result<std::vector<bj::object>> checked(const bj::object& sweep, const std::vector<bj::object>& given) {
  const auto* parameters = sweep.if_contains("parameters");
  if (parameters == nullptr || !parameters->is_object())
    return fail(errc::conflict, "the sweep has no parameters");
  SWEEPD_TRY(const auto space, strategies::space::make(parameters->get_object()));
  std::vector<bj::object> out;
  for (std::size_t i = 0; i < given.size(); ++i) {
    SWEEPD_TRY(auto one, strategies::pushed_config(space, given[i], "/configs/" + std::to_string(i)));
    out.push_back(std::move(one));
  }
  return out;
}

asio::awaitable<result<response>> push_trials(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<push_body>(ctx.req));
  if (body.configs.size() > pushed_max)
    co_return fail(errc::invalid, "at most " + std::to_string(pushed_max) + " at once", "/configs");
  core::cmd::push_trials c;
  c.sweep = sweep_id{ctx["sweep"]};
  c.end = body.end.value_or(false);
  if (body.configs.empty() && !c.end)
    co_return fail(errc::invalid, "give configs, or end: true when the search is over", "/configs");
  auto look = [&](const core::state& s, moment) -> result<bj::object> {
    SWEEPD_TRY(const auto* sw, seen(s, ctx.who, c.sweep));
    return sw->spec.config;
  };
  SWEEPD_CO_TRY(const auto sweep, co_await view(svc, std::move(look)));
  SWEEPD_CO_TRY(c.configs, checked(sweep, body.configs));
  const auto pushed = c.configs.size();
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  bj::array numbers;
  const auto first = std::stoull(done.id);
  for (std::uint64_t n = 0; n < pushed; ++n) numbers.push_back(first + n);
  co_return created({{"trials", std::move(numbers)}, {"message", done.message}});
}

using http::need;

constexpr http::route table[] = {
    {"GET", "/api/v1/sweeps/{sweep}/trials", need::viewer, answered<list_trials>},
    {"POST", "/api/v1/sweeps/{sweep}/trials", need::operator_, answered<push_trials>},
};

}  // namespace

std::span<const http::route> trial_routes() { return table; }

}  // namespace sweepd::rest
