// What every handler of this folder is made of: read the body or the query strictly, look at the
// state, submit one command, answer. Handlers return result<response>; answered<> makes them routes.
//
// Authorisation by role is the router's; by object it is here: a thing of another project does not
// exist for the caller (404). Nothing here decides anything about sweeps or runs.
#pragma once

#include "controller/base/json_record.hpp"
#include "controller/http/handling.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace sweepd::rest {

namespace asio = boost::asio;
namespace bj = boost::json;
using http::request_context;
using http::response;
using http::services;
using http::check_text;
using http::failed;
using http::must_see;
using http::name_bytes_max;
using http::off_strand;
using http::project_of;
using http::seen;
using http::submit;
using http::view;
using http::viewed;

using fallible_handler = asio::awaitable<result<response>> (*)(request_context&, services&);

/// Turns a handler that may fail into one for the route table: errors become problem details.
template <fallible_handler F>
asio::awaitable<response> answered(request_context& ctx, services& svc) {
  auto r = co_await F(ctx, svc);
  if (!r) co_return http::problem(r.error(), ctx.req);
  co_return std::move(*r);
}

inline constexpr json::text_limits body_limits{
    .depth_max = 32, .values_max = 200'000, .unique_keys_to_depth = 32};

/// The JSON body as a T: no unknown key, no key twice. An empty body counts as {}.
template <class T>
result<T> body_of(const http::request& req, const json::text_limits& limits = body_limits) {
  if (req.body.empty()) return json::read<T>(bj::object{}, json::unknown_keys::refuse);
  auto value = json::parse(req.body, limits);
  if (!value) return failed(value);
  return json::read<T>(*value, json::unknown_keys::refuse);
}

inline result<response> ok(const bj::value& body) { return http::json_response(200, body); }
inline result<response> created(const bj::value& body) { return http::json_response(201, body); }

inline constexpr std::size_t reason_bytes_max = 2'000;

/// A reason given by an operator.
result<void> check_reason(const std::string& reason);
/// "entity/project": two segments of [A-Za-z0-9_.-], 1 to 128 bytes each.
result<void> check_project(std::string_view project, std::string where);

}  // namespace sweepd::rest
