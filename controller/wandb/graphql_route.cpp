// POST /graphql, and what the engine is made of.
#include "controller/wandb/environment.hpp"
#include "controller/wandb/wandb.hpp"

#include <sweepd_wandb_schema.hpp>

namespace sweepd::wandb {
namespace {

constexpr std::size_t body_max = 16u << 20;  ///< `wandb verify` tries one of 10 MB

const graphql::schema& the_schema() {
  static const graphql::schema made = [] {
    std::vector<std::string_view> texts;
    for (const auto& f : schema::files()) texts.push_back(f.text);
    return graphql::schema(texts);
  }();
  return made;
}

http::response refused(std::string_view message) {
  bj::object problem{{"message", message}, {"extensions", {{"code", "invalid"}}}};
  return http::json_response(400, bj::object{{"errors", bj::array{std::move(problem)}}});
}

asio::awaitable<http::response> post(http::request_context& ctx, http::services& svc) {
  auto body = json::parse(ctx.req.body);
  if (!body) co_return refused("the body " + body.error().message);
  if (!body->is_object()) co_return refused("the body must be one JSON object; batches are not served");
  const auto& in = body->get_object();
  graphql::engine::request r;
  if (!in.contains("query") || !in.at("query").is_string()) co_return refused("'query' must be a text");
  r.query = text_in(in, "query");
  r.operation_name = text_in(in, "operationName");
  if (given(in, "variables")) {
    if (!in.at("variables").is_object()) co_return refused("'variables' must be an object");
    r.variables = in.at("variables").get_object();
  }
  environment env{ctx, svc};
  auto answer = co_await the_engine().run(env, std::move(r));
  auto out = http::json_response(answer.status, answer.body);
  if (answer.status == 429 || answer.status >= 500) out.headers.emplace_back("Retry-After", "2");
  co_return out;
}

constexpr http::route table[] = {
    {"POST", "/graphql", http::need::viewer, post, body_max, "application/json", true},
};

}  // namespace

const graphql::engine& the_engine() {
  static const graphql::engine made(the_schema(),
                                    {account_resolvers(), project_resolvers(), sweep_resolvers(), agent_resolvers(),
                                     run_resolvers(), run_data_resolvers(), file_resolvers(), artifact_resolvers(),
                                     artifact_file_resolvers(), artifact_mutations(), artifact_links(), artifact_uploads(), outside_resolvers()});
  return made;
}

std::span<const http::route> graphql_routes() { return table; }

std::vector<std::span<const http::route>> tables() {
  return {graphql_routes(), file_stream_routes(), storage_routes(), artifact_storage_routes()};
}

}  // namespace sweepd::wandb
