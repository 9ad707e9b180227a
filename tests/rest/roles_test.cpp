#include "tests/rest/openapi_check.hpp"
#include "tests/rest/server_fixture.hpp"

#include <set>

using namespace sweepd::test;
namespace http = sweepd::http;

namespace {

/// The one matrix of who may use what; a route that is missing here fails the test.
const std::map<std::string, http::need> matrix{
    {"GET /healthz", http::need::open},
    {"GET /readyz", http::need::open},
    {"GET /openapi.json", http::need::open},
    {"GET /metrics", http::need::viewer},
    {"GET /api/v1/status", http::need::viewer},
    {"GET /api/v1/whoami", http::need::viewer},
    {"GET /api/v1/backup", http::need::admin},
    {"GET /api/v1/sweeps", http::need::viewer},
    {"POST /api/v1/sweeps", http::need::operator_},
    {"POST /api/v1/validate", http::need::viewer},
    {"GET /api/v1/sweeps/{sweep}", http::need::viewer},
    {"PATCH /api/v1/sweeps/{sweep}", http::need::operator_},
    {"POST /api/v1/sweeps/{sweep}/pause", http::need::operator_},
    {"POST /api/v1/sweeps/{sweep}/resume", http::need::operator_},
    {"POST /api/v1/sweeps/{sweep}/stop", http::need::operator_},
    {"POST /api/v1/sweeps/{sweep}/cancel", http::need::operator_},
    {"GET /api/v1/sweeps/{sweep}/yaml", http::need::viewer},
    {"GET /api/v1/sweeps/{sweep}/explain", http::need::viewer},
    {"GET /api/v1/sweeps/{sweep}/runs", http::need::viewer},
    {"GET /api/v1/sweeps/{sweep}/points", http::need::viewer},
    {"GET /api/v1/sweeps/{sweep}/rungs", http::need::viewer},
    {"GET /api/v1/sweeps/{sweep}/trials", http::need::viewer},
    {"POST /api/v1/sweeps/{sweep}/trials", http::need::operator_},
    {"GET /api/v1/sweeps/{sweep}/policy", http::need::viewer},
    {"PUT /api/v1/sweeps/{sweep}/policy", http::need::operator_},
    {"POST /api/v1/sweeps/{sweep}/policy/preview", http::need::viewer},
    {"POST /api/v1/sweeps/{sweep}/policy/replay", http::need::viewer},
    {"POST /api/v1/sweeps/{sweep}/agents", http::need::agent},
    {"POST /api/v1/sweeps/{sweep}/claims", http::need::agent},
    {"GET /api/v1/agents", http::need::viewer},
    {"POST /api/v1/agents/{agent}/heartbeat", http::need::agent},
    {"POST /api/v1/agents/{agent}/leave", http::need::agent},
    {"POST /api/v1/agents/{agent}/release", http::need::operator_},
    {"GET /api/v1/runs", http::need::viewer},
    {"GET /api/v1/runs/{run}", http::need::viewer},
    {"POST /api/v1/runs/{run}/start", http::need::agent},
    {"POST /api/v1/runs/{run}/report", http::need::agent},
    {"POST /api/v1/runs/{run}/finish", http::need::agent},
    {"POST /api/v1/runs/{run}/preempting", http::need::agent},
    {"POST /api/v1/runs/{run}/mark-failed", http::need::operator_},
    {"POST /api/v1/runs/{run}/stop", http::need::operator_},
    {"POST /api/v1/runs/{run}/requeue", http::need::operator_},
    {"POST /api/v1/runs/{run}/infeasible", http::need::operator_},
    {"POST /api/v1/runs/{run}/delete", http::need::operator_},
    {"POST /api/v1/runs/{run}/undo", http::need::operator_},
    {"POST /api/v1/runs/actions", http::need::operator_},
    {"GET /api/v1/runs/{run}/history", http::need::viewer},
    {"GET /api/v1/runs/{run}/system", http::need::viewer},
    {"GET /api/v1/runs/{run}/log", http::need::viewer},
    {"GET /api/v1/runs/{run}/files", http::need::viewer},
    {"GET /api/v1/runs/{run}/file", http::need::viewer},
    {"PUT /api/v1/runs/{run}/file", http::need::agent},
    {"GET /api/v1/runs/{run}/events", http::need::viewer},
    {"GET /api/v1/events", http::need::viewer},
    {"GET /api/v1/events/verify", http::need::admin},
    {"GET /api/v1/keys", http::need::admin},
    {"POST /api/v1/keys", http::need::admin},
    {"GET /api/v1/keys/{key}", http::need::admin},
    {"DELETE /api/v1/keys/{key}", http::need::admin},
    {"GET /api/v1/webhooks", http::need::admin},
    {"POST /api/v1/webhooks", http::need::admin},
    {"GET /api/v1/webhooks/{webhook}", http::need::admin},
    {"DELETE /api/v1/webhooks/{webhook}", http::need::admin},
    {"POST /api/v1/webhooks/{webhook}/test", http::need::admin},
};

std::string name_of(const http::route& r) { return std::string(r.method) + " " + std::string(r.pattern); }

/// The least rank that may use a route: viewer 0, agent 1, operator 2, admin 3.
int rank_of(http::need n) {
  switch (n) {
    case http::need::open:
    case http::need::viewer: return 0;
    case http::need::agent: return 1;
    case http::need::operator_: return 2;
    case http::need::admin: return 3;
  }
  return 3;
}

/// A pattern with ids filled in.
std::string filled(std::string_view pattern, const std::map<std::string, std::string>& ids) {
  std::string out(pattern);
  for (const auto& [name, id] : ids) {
    const auto at = out.find("{" + name + "}");
    if (at != std::string::npos) out.replace(at, name.size() + 2, id);
  }
  return out;
}

/// A body that is well formed for the route, so that only rights decide; ids inside are the real ones.
bj::object body_for(std::string_view pattern, const std::map<std::string, std::string>& ids) {
  if (pattern.ends_with("/agents")) return {{"name", "x"}};
  if (pattern.ends_with("/claims")) return {{"agent", ids.at("agent")}, {"request_id", "m"}};
  if (pattern.ends_with("/trials")) return {{"configs", bj::array{bj::object{{"lr", 0.1}}}}};
  if (pattern.ends_with("/heartbeat")) return {{"alive", bj::array()}};
  if (pattern.ends_with("/start") || pattern.ends_with("/report") || pattern.ends_with("/finish") ||
      pattern.ends_with("/preempting"))
    return {{"epoch", 99}};  // never the right one: nothing changes
  if (pattern == "/api/v1/sweeps" || pattern == "/api/v1/validate") return {{"yaml", "method: ["}};
  if (pattern.ends_with("/policy")) return {{"yaml", "crash_policy: ["}};
  if (pattern == "/api/v1/runs/actions") return {{"action", "stop"}, {"ids", {ids.at("run")}}};
  if (pattern == "/api/v1/webhooks") return {{"name", ""}, {"url", ""}};
  if (pattern == "/api/v1/keys") return {{"name", ""}, {"role", "viewer"}};
  return {};
}

reply ask(rest_server& server, const http::route& r, const std::map<std::string, std::string>& ids,
          const std::string& key) {
  sent how;
  how.key = key;
  auto target = filled(r.pattern, ids);
  if (r.pattern.ends_with("/file")) target += r.method == "PUT" ? "?name=a&epoch=99" : "?name=a";
  if (r.method == "GET" || r.method == "DELETE") return server.send(std::string(r.method), target, "", how);
  if (r.method == "PUT" && r.pattern.ends_with("/file")) {
    how.content_type = "application/octet-stream";
    return server.send("PUT", target, "x", how);
  }
  return server.send(std::string(r.method), target, bj::serialize(body_for(r.pattern, ids)), how);
}

}  // namespace

TEST_CASE("rest: every route takes exactly the keys that the matrix says") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto agent = server.join(sweep);
  const auto run = server.start_run(sweep, agent);
  const std::map<std::string, std::string> ids{{"sweep", sweep}, {"agent", agent}, {"run", run}, {"key", "none0000"}, {"webhook", "none0000"}};
  const std::map<std::string, std::string> nothing{
      {"sweep", "none0000"}, {"agent", "none0000"}, {"run", "none0000"}, {"key", "none0000"}, {"webhook", "none0000"}};

  const auto admin = server.make_key("admin", "*");
  const std::vector<std::string> keys{server.make_key("viewer", "*", admin), server.make_key("agent", "*", admin),
                                      server.make_key("operator", "*", admin), admin};
  std::set<std::string> covered;
  for (const auto* r : server.routes().all()) {
    const auto name = name_of(*r);
    CAPTURE(name);
    REQUIRE_MESSAGE(matrix.contains(name), "add it to the matrix");
    covered.insert(name);
    const auto need = matrix.at(name);
    CHECK(r->who == need);
    const bool open = need == http::need::open;
    CHECK(ask(server, *r, ids, "").status == (open ? 200 : 401));
    CHECK(ask(server, *r, ids, "local-" + std::string(43, 'x')).status == (open ? 200 : 401));
    for (int rank = 0; rank < 4; ++rank) {
      const bool may = rank >= rank_of(need);
      // Who may change something asks about what is not there, so that the next calls find what is.
      const auto& about = may && r->method != "GET" ? nothing : ids;
      const auto status = ask(server, *r, about, keys[static_cast<std::size_t>(rank)]).status;
      CAPTURE(rank);
      if (may) CHECK((status != 401 && status != 403));
      else CHECK(status == 403);
    }
  }
  for (const auto& [name, need] : matrix) CHECK_MESSAGE(covered.contains(name), name << " is no route");
}

TEST_CASE("rest: for a key of another project nothing of this one exists") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto agent = server.join(sweep);
  const auto run = server.start_run(sweep, agent);
  const std::map<std::string, std::string> ids{{"sweep", sweep}, {"agent", agent}, {"run", run}, {"key", ""}, {"webhook", "none0000"}};
  const auto admin = server.make_key("admin", "*");
  sent whole;
  whole.key = admin;
  const auto key_id = server.get("/api/v1/keys", whole).str("items.0.id");
  auto all_ids = ids;
  all_ids["key"] = key_id;

  for (const char* role : {"viewer", "agent", "operator", "admin"}) {
    const auto key = server.make_key(role, "other/project", admin);
    sent how;
    how.key = key;
    for (const auto* r : server.routes().all()) {
      if (r->pattern.find('{') == std::string_view::npos) continue;
      const auto status = ask(server, *r, all_ids, key).status;
      CAPTURE(name_of(*r));
      // A body that is wrong in itself is refused before anything is looked up.
      const bool bad_body = (r->pattern.ends_with("/policy") && r->method == "PUT") || r->method == "PATCH";
      CHECK((status == 404 || status == 403 || (bad_body && status == 400)));
      if (http::allows(r->who, *sweepd::json::enum_value<sweepd::core::role>(role))) {
        if (!bad_body) CHECK(status == 404);
      }
    }
    for (const char* list : {"sweeps", "runs", "agents"}) {
      CHECK(server.get("/api/v1/" + std::string(list), how).num("total") == 0);
      CHECK(server.get("/api/v1/" + std::string(list) + "?project=local/default", how).num("total") == 0);
    }
    CHECK(server.get("/api/v1/runs?sweep=" + sweep, how).status == 404);
    CHECK(server.get("/api/v1/events?run=" + run, how).status == 404);
    CHECK(server.get("/api/v1/events?limit=1000", how).at("items").get_array().empty());
    CHECK(server.get("/api/v1/status", how).num("sweeps") == 0);
  }
  CHECK(server.get("/api/v1/runs/" + run, whole).str("state") == "running");  // nobody did anything to it
}

TEST_CASE("rest: a project's keys work in their project and cannot reach beyond it") {
  rest_server server;
  const auto admin = server.make_key("admin", "*");
  sent op, owner;
  op.key = server.make_key("operator", "team/a", admin);
  owner.key = server.make_key("admin", "team/a", admin);
  const auto made = server.post("/api/v1/sweeps", {{"yaml", grid_yaml}}, op);
  CHECK(made.str("project") == "team/a");  // the key's own, when nobody names one
  CHECK(server.post("/api/v1/sweeps", {{"yaml", grid_yaml}, {"project", "team/b"}}, op).status == 404);
  sent worker;
  worker.key = server.make_key("agent", "team/a", admin);
  const auto run = server.start_run(made.str("id"), server.join(made.str("id"), worker), worker);
  CHECK(server.get("/api/v1/events?run=" + run, op).at("items").get_array().size() >= 2);
  CHECK(server.post("/api/v1/runs/" + run + "/stop", bj::object(), worker).status == 403);
  CHECK(server.post("/api/v1/runs/" + run + "/stop", bj::object(), op).str("state") == "killed");

  CHECK(server.get("/api/v1/backup", owner).status == 403);
  CHECK(server.get("/api/v1/events/verify", owner).status == 403);
  CHECK(server.get("/api/v1/keys", owner).num("total") == 3);
  CHECK(server.post("/api/v1/keys", {{"name", "x"}, {"role", "admin"}, {"project", "*"}}, owner).status == 403);
  CHECK(server.post("/api/v1/keys", {{"name", "x"}, {"role", "viewer"}}, owner).str("project") == "team/a");
}

TEST_CASE("rest: keys are shown once, end when revoked, and nobody can lock everybody out") {
  rest_server server;
  CHECK(server.get("/api/v1/whoami").str("key") == "local");
  CHECK(server.post("/api/v1/keys", {{"name", "v"}, {"role", "viewer"}}).status == 409);
  CHECK(server.post("/api/v1/keys", {{"name", "v"}, {"role", "admin"}, {"expires_in", "1h"}}).status == 409);
  sent admin;
  const auto first = server.post("/api/v1/keys", {{"name", "root"}, {"role", "admin"}});
  REQUIRE_MESSAGE(first.status == 201, first.text);
  admin.key = first.str("key");
  CHECK(admin.key.size() == 6 + 43);
  CHECK(server.get("/api/v1/whoami", admin).str("role") == "admin");

  const auto viewer = server.post("/api/v1/keys", {{"name", "v"}, {"role", "viewer"}, {"expires_in", "1h"}}, admin);
  CHECK(viewer.at("expires").is_string());
  const auto listed = server.get("/api/v1/keys", admin);
  CHECK(listed.text.find(admin.key) == std::string::npos);
  CHECK(listed.text.find("sha256") == std::string::npos);
  CHECK(server.get("/api/v1/events?type=key_created", admin).text.find("sha256") == std::string::npos);

  const auto at = "/api/v1/keys/";
  CHECK(server.send("DELETE", at + first.str("id"), "", admin).status == 409);  // the last admin
  CHECK(server.send("DELETE", at + viewer.str("id"), "", admin).status == 204);
  sent revoked;
  revoked.key = viewer.str("key");
  int status = 200;
  // Effective within a second: asking is the waiting.
  for (int i = 0; i < 100'000 && status == 200; ++i) status = server.get("/api/v1/whoami", revoked).status;
  CHECK(status == 401);
}
