#include "controller/rest/rest.hpp"
#include "tests/rest/openapi_check.hpp"
#include "tests/rest/server_fixture.hpp"

#include <set>

using namespace sweepd::test;
namespace http = sweepd::http;

namespace {

std::set<std::string> parameters_of(const bj::object& op, bj::string_view in) {
  std::set<std::string> out;
  const auto* list = op.if_contains("parameters");
  if (list == nullptr) return out;
  for (const auto& raw : list->get_array()) {
    const auto* p = &raw.get_object();
    if (const auto* reference = p->if_contains("$ref")) {
      const std::string_view name = std::string_view(reference->get_string()).substr(24);
      p = &openapi_document().at("components").at("parameters").at({name.data(), name.size()}).get_object();
    }
    if (p->at("in").get_string() == in) out.emplace(p->at("name").get_string());
  }
  return out;
}

bj::string_view word_of(http::need who) {
  switch (who) {
    case http::need::open: return "open";
    case http::need::viewer: return "viewer";
    case http::need::agent: return "agent";
    case http::need::operator_: return "operator";
    case http::need::admin: return "admin";
  }
  return "?";
}

}  // namespace

TEST_CASE("openapi: the document and the router name the same routes, with the same roles") {
  const http::router routes(sweepd::rest::tables());
  std::size_t documented = 0;
  for (const auto& [path, methods] : openapi_document().at("paths").get_object())
    documented += methods.get_object().size();
  CHECK(documented == routes.all().size());
  for (const auto* r : routes.all()) {
    const auto name = std::string(r->method) + " " + std::string(r->pattern);
    CAPTURE(name);
    const auto* op = operation(r->method, r->pattern);
    REQUIRE(op != nullptr);
    CHECK(op->at("x-role").get_string() == word_of(r->who));
    std::set<std::string> in_path;
    for (auto at = r->pattern.find('{'); at != std::string_view::npos; at = r->pattern.find('{', at + 1))
      in_path.emplace(r->pattern.substr(at + 1, r->pattern.find('}', at) - at - 1));
    CHECK(parameters_of(*op, "path") == in_path);
    const auto* body = op->if_contains("requestBody");
    const bool takes_body = r->method == "POST" || r->method == "PUT" || r->method == "PATCH";
    CHECK((body != nullptr) == takes_body);
    if (body != nullptr)
      CHECK(body->at("content").get_object().contains(bj::string_view(r->takes.data(), r->takes.size())));
  }
}

TEST_CASE("openapi: every documented query parameter is accepted, and no other") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto run = server.start_run(sweep, server.join(sweep));
  for (const auto* r : server.routes().all()) {
    if (r->method != "GET" || !r->pattern.starts_with("/api/")) continue;
    const auto* op = operation("GET", r->pattern);
    REQUIRE(op != nullptr);
    std::string target(r->pattern);
    for (const auto& [name, id] : {std::pair{"{sweep}", sweep}, std::pair{"{run}", run}})
      if (const auto at = target.find(name); at != std::string::npos)
        target.replace(at, std::string_view(name).size(), id);
    CAPTURE(target);
    if (target.find('{') != std::string::npos) continue;
    const bool listed = target.find("/backup") == std::string::npos &&
                        target.find("/status") == std::string::npos &&
                        target.find("/whoami") == std::string::npos &&
                        target.find("/verify") == std::string::npos;
    if (listed) CHECK(server.get(target + "?no_such_parameter=1").status == 400);
    for (const auto& name : parameters_of(*op, "query")) {
      const auto answer = server.get(target + "?" + name + "=").text;
      CHECK_MESSAGE(answer.find("is not a parameter of this call") == std::string::npos, name);
    }
  }
}

TEST_CASE("openapi: the checker finds what it is there to find") {
  const auto schema = bj::parse(R"({"type": "object", "required": ["id"], "additionalProperties": false,
    "properties": {"id": {"type": "string"}, "n": {"type": ["integer", "null"]},
                   "state": {"enum": ["a", "b"]}, "list": {"type": "array", "items": {"type": "boolean"}}}})");
  const auto problems = [&](const char* value) { return schema_problems(schema, bj::parse(value)).size(); };
  CHECK(problems(R"({"id": "x", "n": null, "state": "a", "list": [true]})") == 0);
  CHECK(problems(R"({})") == 1);
  CHECK(problems(R"({"id": 1})") == 1);
  CHECK(problems(R"({"id": "x", "more": 1})") == 1);
  CHECK(problems(R"({"id": "x", "n": 1.5})") == 1);
  CHECK(problems(R"({"id": "x", "state": "c"})") == 1);
  CHECK(problems(R"({"id": "x", "list": [true, 1]})") == 1);
  CHECK(answer_problems("GET", "/api/v1/status", 418, "application/json", "{}").size() == 1);
  CHECK(answer_problems("GET", "/api/v1/status", 200, "text/html", "{}").size() == 1);
  CHECK(answer_problems("GET", "/no/such/route", 200, "application/json", "{}").size() == 1);
}

TEST_CASE("rest: the server says how it is, and serves its document and its metrics") {
  rest_server server;
  CHECK(server.get("/healthz").text == "ok");
  CHECK(server.get("/readyz").at("ready").get_bool());
  CHECK(server.get("/openapi.json").json.get_object() == openapi_document());
  const auto sweep = server.create_sweep(patient_yaml);
  const auto run = server.crash_run(sweep, server.join(sweep));
  const auto status = server.get("/api/v1/status");
  CHECK(status.at("ready").get_bool());
  CHECK(status.num("runs.crashed") == 1);
  CHECK(status.num("agents") == 1);

  server.post("/api/v1/runs/" + run + "/mark-failed");
  const auto page = server.get("/metrics");
  CHECK(page.headers.at("content-type").starts_with("text/plain"));
  const auto has = [&](const std::string& line) {
    CHECK_MESSAGE(page.text.find("\n" + line) != std::string::npos, line << " is not in\n" << page.text);
  };
  has("sweepd_build_info{version=\"test\"} 1");
  has("sweepd_runs{state=\"failed\"} 1");
  has("sweepd_agents{state=\"live\"} 1");
  has("sweepd_handouts_total 1");
  has("sweepd_run_transitions_total{");
  has("sweepd_http_requests_total{code=\"200\",method=\"GET\",route=\"/healthz\"} 1");
  has("sweepd_http_request_duration_seconds_bucket{");
  CHECK(page.text.find(run) == std::string::npos);  // no ids in labels
  CHECK(page.text.find(sweep) == std::string::npos);
  CHECK(page.text.find("cause=\"user\"") != std::string::npos);
}
