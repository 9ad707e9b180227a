// The wire that W&B's own clients speak: /graphql, the runs' file_stream, and where their files go. One
// more edge beside REST over the same service calls; it only translates.
//
// Facts about the wire are from the client's source, wandb/wandb, versions 0.16.6 to 0.31.0.
#pragma once

#include "controller/http/router.hpp"
#include "controller/wandb/graphql_exec.hpp"

#include <span>
#include <vector>

namespace sweepd::wandb {

/// The schema with all resolvers; built at first use, immutable.
const graphql::engine& the_engine();

std::span<const graphql::resolver_row> account_resolvers();
std::span<const graphql::resolver_row> project_resolvers();
std::span<const graphql::resolver_row> sweep_resolvers();
std::span<const graphql::resolver_row> agent_resolvers();
std::span<const graphql::resolver_row> run_resolvers();
std::span<const graphql::resolver_row> run_data_resolvers();
std::span<const graphql::resolver_row> file_resolvers();
std::span<const graphql::resolver_row> artifact_resolvers();
std::span<const graphql::resolver_row> artifact_file_resolvers();
std::span<const graphql::resolver_row> artifact_mutations();
std::span<const graphql::resolver_row> artifact_links();
std::span<const graphql::resolver_row> artifact_uploads();
std::span<const graphql::resolver_row> outside_resolvers();

std::span<const http::route> graphql_routes();
std::span<const http::route> file_stream_routes();
std::span<const http::route> storage_routes();
std::span<const http::route> artifact_storage_routes();

/// The routes of this edge, in the form that http::router takes.
std::vector<std::span<const http::route>> tables();

}  // namespace sweepd::wandb
