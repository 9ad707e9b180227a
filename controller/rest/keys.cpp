// API keys: list, make, revoke. A key's secret is in the answer to its making and nowhere else.
//
// Two mistakes that would lock everybody out are refused: a first key that cannot administer, and
// taking away the last one that can while others remain.
#include "controller/http/auth.hpp"
#include "controller/rest/handler.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"

#include <algorithm>

namespace sweepd::rest {
namespace {

/// An admin of all projects; what it can undo, nobody is locked out of.
bool administers(const core::api_key& k, instant now) {
  return k.role == core::role::admin && k.project == "*" && !k.revoked &&
         (!k.expires || *k.expires > now);
}

bool any_usable(const core::state& s) {
  return std::any_of(s.keys.begin(), s.keys.end(), [](const auto& k) { return !k.second.revoked; });
}

/// A project's admin sees and makes the keys of that project only.
bool may_handle(const http::principal& who, const std::string& project) {
  return who.project == "*" || who.project == project;
}

asio::awaitable<result<response>> list_keys(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"limit", "cursor"}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto page, q.paging());
  auto look = [&](const core::state& s, moment now) {
    std::vector<const core::api_key*> all;
    for (const auto& [id, k] : s.keys)
      if (may_handle(ctx.who, k.project)) all.push_back(&k);
    const auto key = [](const core::api_key& k) { return sort_key{k.created, k.id.value}; };
    const paged rows(std::move(all), page, key);
    bj::array items;
    for (const auto* k : rows.rows) items.push_back(wire::key(*k, now.wall));
    return list_of(std::move(items), rows.next, rows.total);
  };
  SWEEPD_CO_TRY(auto body, co_await view(svc, std::move(look)));
  co_return ok(body);
}

asio::awaitable<result<response>> get_key(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  key_id id{ctx["key"]};
  auto look = [&](const core::state& s, moment now) -> result<bj::object> {
    const auto it = s.keys.find(id);
    if (it == s.keys.end() || !may_handle(ctx.who, it->second.project))
      return fail(errc::not_found, "there is no key '" + id.value + "'");
    return wire::key(it->second, now.wall);
  };
  SWEEPD_CO_TRY(auto body, co_await view(svc, std::move(look)));
  co_return ok(body);
}

struct key_body {
  std::string name;
  core::role role = core::role::viewer;
  std::optional<std::string> project;
  std::optional<std::string> expires_in;
};
BOOST_DESCRIBE_STRUCT(key_body, (), (name, role, project, expires_in))

/// The new key without its secret; what is asked for, checked.
result<core::api_key> wanted_key(const key_body& body, const http::principal& who, instant now) {
  core::api_key k;
  k.name = body.name;
  k.role = body.role;
  k.project = body.project.value_or(who.project);
  k.created = now;
  if (k.name.empty()) return fail(errc::invalid, "must not be empty", "/name");
  if (auto good = check_text(k.name, name_bytes_max, "/name"); !good) return failed(good);
  if (k.project != "*")
    if (auto good = check_project(k.project, "/project"); !good) return failed(good);
  if (!may_handle(who, k.project))
    return fail(errc::forbidden, "this key may make keys of project " + who.project + " only",
                "/project");
  if (body.expires_in) {
    auto d = parse_duration(*body.expires_in);
    if (!d) return fail(errc::invalid, d.error().message, "/expires_in");
    k.expires = now + *d;
  }
  return k;
}

asio::awaitable<result<response>> create_key(request_context& ctx, services& svc) {
  SWEEPD_CO_TRY(auto body, body_of<key_body>(ctx.req));
  const auto now = svc.clock.now();
  SWEEPD_CO_TRY(auto k, wanted_key(body, ctx.who, now));
  auto first = [&](const core::state& s, moment) { return !any_usable(s); };
  SWEEPD_CO_TRY(const bool is_first, co_await view(svc, std::move(first)));
  if (is_first && (!administers(k, now) || k.expires))
    co_return fail(errc::conflict,
                   "the first key must be an admin key of all projects that does not expire: from "
                   "then on nobody gets in without a key",
                   "/role");
  const auto issued = http::make_key();
  k.id = key_id{issued.id};
  k.sha256 = issued.sha256;
  core::cmd::create_key c;
  c.key = k;
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  auto out = wire::key(k, now);
  // A repeated request gets the first reply: that key exists, but its secret was shown once already.
  if (done.id != issued.id)
    co_return fail(errc::conflict,
                   "this request made key '" + done.id + "' before; its secret is not shown again");
  out["key"] = issued.key;
  co_return created(out);
}

asio::awaitable<result<response>> revoke_key(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"reason"}); !known) co_return failed(known);
  core::cmd::revoke_key c;
  c.key = key_id{ctx["key"]};
  c.reason = q.text("reason");
  if (auto good = check_reason(c.reason); !good) co_return failed(good);
  const key_id id = c.key;
  auto check = [&](const core::state& s, moment now) -> result<void> {
    const auto it = s.keys.find(id);
    if (it == s.keys.end() || !may_handle(ctx.who, it->second.project))
      return fail(errc::not_found, "there is no key '" + id.value + "'");
    if (!administers(it->second, now.wall)) return {};
    bool others = false;
    for (const auto& [other, k] : s.keys) {
      if (other == id || k.revoked) continue;
      if (administers(k, now.wall)) return {};
      others = true;
    }
    if (!others) return {};  // the last key of all: loopback becomes open again
    return fail(errc::conflict, "it is the last admin key of all projects; make another one first");
  };
  if (auto allowed = co_await view(svc, std::move(check)); !allowed) co_return failed(allowed);
  core::command command = std::move(c);
  SWEEPD_CO_TRY(auto done, co_await submit<core::answer::done>(ctx, svc, std::move(command)));
  co_return http::no_content();
}

using http::need;

constexpr http::route table[] = {
    {"GET", "/api/v1/keys", need::admin, answered<list_keys>},
    {"POST", "/api/v1/keys", need::admin, answered<create_key>},
    {"GET", "/api/v1/keys/{key}", need::admin, answered<get_key>},
    {"DELETE", "/api/v1/keys/{key}", need::admin, answered<revoke_key>},
};

}  // namespace

std::span<const http::route> key_routes() { return table; }

}  // namespace sweepd::rest
