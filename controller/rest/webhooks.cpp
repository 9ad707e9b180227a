// Webhooks: list, add, remove, test. A webhook's secret is in the answer to its adding and nowhere else; its
// address may be a secret too (Slack's are), so only scheme and host are shown.
#include "controller/rest/handler.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"
#include "controller/service/webhooks.hpp"

#include <algorithm>

namespace sweepd::rest {
namespace {

inline constexpr std::size_t error_bytes_max = 500;

/// A project's admin handles the webhooks of that project only.
bool may_handle(const http::principal& who, const core::webhook& w) {
  return who.project == "*" || who.project == w.project;
}

/// "https://hooks.example.org" of "https://hooks.example.org/services/T0/B0".
std::string shown_address(const std::string& url) {
  const auto host = url.find("//");
  return host == std::string::npos ? std::string() : url.substr(0, url.find_first_of("/?", host + 2));
}

bj::object view_of(const core::webhook& w) {
  bj::object out;
  out["id"] = w.id.value;
  out["name"] = w.name;
  out["to"] = shown_address(w.url);
  const auto shape = json::enum_name(w.shape);
  out["shape"] = bj::string_view(shape.data(), shape.size());
  out["kinds"] = json::write(w.kinds);
  out["sweep"] = w.sweep.empty() ? bj::value(nullptr) : bj::value(w.sweep.value);
  out["project"] = w.project;
  out["created"] = wire::time(w.created);
  out["created_by"] = w.by;
  out["delivered"] = w.delivered;
  out["given_up"] = w.given_up;
  out["last_try"] = w.last_try ? wire::time(*w.last_try) : bj::value(nullptr);
  out["last_error"] = w.last_error.empty() ? bj::value(nullptr) : bj::value(w.last_error.substr(0, error_bytes_max));
  return out;
}

result<service::webhooks*> hooks_of(services& svc) {
  if (svc.hooks == nullptr) return fail(errc::unavailable, "this server sends no webhooks");
  return svc.hooks;
}

/// The webhook, if the caller may know of it.
result<core::webhook> found(const service::webhooks& all, const http::principal& who, const std::string& id) {
  for (auto& w : all.list())
    if (w.id.value == id && may_handle(who, w)) return w;
  return fail(errc::not_found, "there is no webhook '" + id + "'");
}

asio::awaitable<result<response>> list_webhooks(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto* all, hooks_of(svc));
  bj::array items;
  for (const auto& w : all->list())
    if (may_handle(ctx.who, w)) items.push_back(view_of(w));
  const auto total = items.size();
  co_return ok(list_of(std::move(items), std::nullopt, total));
}

struct webhook_body {
  std::string name;
  std::string url;
  std::optional<core::webhook_shape> shape;
  std::optional<std::vector<std::string>> kinds;
  std::optional<std::string> sweep;
  std::optional<std::string> project;
};
BOOST_DESCRIBE_STRUCT(webhook_body, (), (name, url, shape, kinds, sweep, project))

result<core::webhook> wanted_webhook(const webhook_body& body, const http::principal& who) {
  core::webhook w;
  w.name = body.name;
  w.url = body.url;
  w.shape = body.shape.value_or(core::webhook_shape::generic);
  w.kinds = body.kinds.value_or(std::vector<std::string>{});
  w.sweep = sweep_id{body.sweep.value_or("")};
  w.project = body.project.value_or(who.project);
  if (w.name.empty()) return fail(errc::invalid, "must not be empty", "/name");
  if (auto good = check_text(w.name, name_bytes_max, "/name"); !good) return failed(good);
  if (w.project != "*")
    if (auto good = check_project(w.project, "/project"); !good) return failed(good);
  if (!may_handle(who, w))
    return fail(errc::forbidden, "this key may add webhooks of project " + who.project + " only", "/project");
  return w;
}

asio::awaitable<result<response>> add_webhook(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<webhook_body>(ctx.req));
  SWEEPD_CO_TRY(auto* all, hooks_of(svc));
  SWEEPD_CO_TRY(auto wanted, wanted_webhook(body, ctx.who));
  if (!wanted.sweep.empty()) {
    auto look = [&](const core::state& s, moment) -> result<void> {
      auto sw = seen(s, ctx.who, wanted.sweep);
      if (!sw) return fail(errc::not_found, sw.error().message, "/sweep");
      return {};
    };
    if (auto there = co_await view(svc, std::move(look)); !there) co_return failed(there);
  }
  auto who = ctx.caller();
  SWEEPD_CO_TRY(const auto made, co_await all->add(std::move(wanted), std::move(who)));
  auto out = view_of(made);
  out["secret"] = made.secret;
  co_return created(out);
}

asio::awaitable<result<response>> get_webhook(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto* all, hooks_of(svc));
  SWEEPD_CO_TRY(const auto w, found(*all, ctx.who, ctx["webhook"]));
  co_return ok(view_of(w));
}

asio::awaitable<result<response>> remove_webhook(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"reason"}); !known) co_return failed(known);
  auto reason = q.text("reason");
  if (auto good = check_reason(reason); !good) co_return failed(good);
  SWEEPD_CO_TRY(auto* all, hooks_of(svc));
  SWEEPD_CO_TRY(const auto w, found(*all, ctx.who, ctx["webhook"]));
  auto who = ctx.caller();
  webhook_id id = w.id;
  if (auto done = co_await all->remove(std::move(id), std::move(who), std::move(reason)); !done) co_return failed(done);
  co_return http::no_content();
}

struct no_body {};
BOOST_DESCRIBE_STRUCT(no_body, (), ())

asio::awaitable<result<response>> test_webhook(request_context& ctx, services& svc) {
  if (auto empty = body_of<no_body>(ctx.req); !empty) co_return failed(empty);
  SWEEPD_CO_TRY(auto* all, hooks_of(svc));
  SWEEPD_CO_TRY(const auto w, found(*all, ctx.who, ctx["webhook"]));
  webhook_id id = w.id;
  SWEEPD_CO_TRY(const auto d, co_await all->test(std::move(id)));
  bj::object out;
  out["taken"] = d.taken;
  out["status"] = d.status == 0 ? bj::value(nullptr) : bj::value(d.status);
  out["message"] = d.message.empty() ? bj::value(nullptr) : bj::value(d.message.substr(0, error_bytes_max));
  out["took_ms"] = d.took.count();
  co_return ok(out);
}

using http::need;

constexpr http::route table[] = {
    {"GET", "/api/v1/webhooks", need::admin, answered<list_webhooks>},
    {"POST", "/api/v1/webhooks", need::admin, answered<add_webhook>},
    {"GET", "/api/v1/webhooks/{webhook}", need::admin, answered<get_webhook>},
    {"DELETE", "/api/v1/webhooks/{webhook}", need::admin, answered<remove_webhook>},
    {"POST", "/api/v1/webhooks/{webhook}/test", need::admin, answered<test_webhook>},
};

}  // namespace

std::span<const http::route> webhook_routes() { return table; }

}  // namespace sweepd::rest
