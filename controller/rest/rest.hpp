// The REST API under /api/v1 and its neighbours (/healthz, /readyz, /metrics, /openapi.json): one route
// table a topic, put together by whoever builds the router. openapi.json in this folder describes every
// route; the tests compare the two in both directions.
//
// Handlers only translate: parse, call one service method, render. They hold no state of their own.
#pragma once

#include "controller/http/router.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace sweepd::rest {

std::span<const http::route> sweep_routes();
std::span<const http::route> trial_routes();
std::span<const http::route> policy_routes();
std::span<const http::route> agent_routes();
std::span<const http::route> run_routes();
std::span<const http::route> run_table_routes();
std::span<const http::route> run_data_routes();
std::span<const http::route> bulk_routes();
std::span<const http::route> event_routes();
std::span<const http::route> key_routes();
std::span<const http::route> webhook_routes();
std::span<const http::route> status_routes();

/// All of the above, in the form that http::router takes.
std::vector<std::span<const http::route>> tables();

/// The OpenAPI document, as text.
std::string_view openapi_text();

/// The project of whoever names none.
inline constexpr std::string_view default_project = "local/default";

}  // namespace sweepd::rest
