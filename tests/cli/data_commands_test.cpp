// Commands about data and the server: export, logs, keys, backup, doctor, events.
#include "tests/cli/scripted_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace sweepd::cli::test;
namespace json = boost::json;

namespace {

const std::string sweep_k3 = R"({"id":"k3f9ab12","name":"digits","state":"running"})";

std::string list_of(const std::string& items) {
  return R"({"items":[)" + items + R"(],"next":null,"total":1})";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("export: csv has a column for each parameter and metric, and defuses formulas") {
  scripted_server server;
  server.on("GET /api/v1/sweeps", list_of(sweep_k3));
  server.on(
      "GET /api/v1/runs",
      list_of(R"({"id":"ab12cd34","sweep":"k3f9ab12","trial":1,"attempt":1,"state":"finished",)"
              R"("config":{"lr":{"value":0.1},"opt":{"value":{"name":"=A1+1","beta":-0.5}}},)"
              R"("summary":{"loss":1.5,"note":"a,b"}})"));
  session s;
  CHECK(s.run(server, {"export", "k3", "-o", "csv"}) == 0);
  CHECK(
      contains(s.out, ",config.lr,config.opt.beta,config.opt.name,summary.loss,summary.note\r\n"));
  CHECK(contains(s.out, ",0.1,-0.5,\"'=A1+1\",1.5,\"a,b\"\r\n"));
  CHECK(contains(s.err, "1 run exported"));
  CHECK(s.run(server, {"export", "k3", "-o", "jsonl"}) == 0);
  CHECK(json::parse(s.out).at("config").at("lr").at("value") == 0.1);
}

TEST_CASE("logs: the last lines only, escape sequences removed on a terminal") {
  scripted_server server;
  server.on("GET /api/v1/runs/ab12cd34", R"({"id":"ab12cd34","state":"finished"})");
  server.on("GET /api/v1/runs/ab12cd34/log",
            canned{200,
                   "one\ntwo\nthree \x1B[31mred\x1B[0m\n",
                   {"X-Log-From: 0", "X-Log-Size: 27", "Content-Type: text/plain"}});
  session s;
  CHECK(s.run(server, {"logs", "ab12cd34", "--tail", "2"}) == 0);
  CHECK(s.out == "two\nthree \x1B[31mred\x1B[0m\n");  // redirected: byte for byte
  s.terminal = true;
  CHECK(s.run(server, {"logs", "ab12cd34", "--tail", "1"}) == 0);
  CHECK(s.out == "three red\n");
}

TEST_CASE("logs: a long log is read piece by piece") {
  scripted_server server;
  server.on("GET /api/v1/runs/ab12cd34", R"({"id":"ab12cd34","state":"finished"})");
  server.on("GET /api/v1/runs/ab12cd34/log?from=0&limit=1048576",
            canned{200, "first\n", {"X-Log-From: 0", "X-Log-Size: 13"}});
  server.on("GET /api/v1/runs/ab12cd34/log?from=6&limit=1048576",
            canned{200, "second\n", {"X-Log-From: 6", "X-Log-Size: 13"}});
  session s;
  CHECK(s.run(server, {"logs", "ab12cd34"}) == 0);
  CHECK(s.out == "first\nsecond\n");
}

TEST_CASE("keys create: the key alone on stdout, the words about it on stderr") {
  scripted_server server;
  server.on(
      "POST /api/v1/keys",
      canned{201, R"({"id":"3fK9abcd","key":"local-secret43","role":"agent","project":"*"})"});
  session s;
  CHECK(s.run(server, {"keys", "create", "gpu", "--role", "agent", "--expires-in", "90d"}) == 0);
  CHECK(s.out == "local-secret43\n");
  CHECK(contains(s.err, "shown only this once"));
  const auto body = json::parse(server.requests("POST /api/v1/keys").at(0).body);
  CHECK(body == json::parse(R"({"name":"gpu","role":"agent","expires_in":"90d"})"));
}

TEST_CASE("backup: the file appears whole under its name, and an existing one is not replaced") {
  scripted_server server;
  server.on("GET /api/v1/backup", canned{200, std::string("SQLite\0data", 11)});
  const auto path = (std::filesystem::temp_directory_path() / "sweepd-backup-test.db").string();
  std::filesystem::remove(path);
  session s;
  CHECK(s.run(server, {"backup", path}) == 0);
  std::ifstream in(path, std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == std::string("SQLite\0data", 11));
  CHECK(s.run(server, {"backup", path}) == 2);
  CHECK(contains(s.err, "exists already"));
  std::filesystem::remove(path);

  scripted_server refusing;
  refusing.refuse("GET /api/v1/backup", 403, "forbidden", "admin only");
  CHECK(s.run(refusing, {"backup", path}) == 4);
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK_FALSE(std::filesystem::exists(path + ".part"));
}

TEST_CASE("doctor: one line a check, exit 1 when any fails") {
  scripted_server server;
  server.on("GET /healthz", canned{200, "ok", {"Date: Sun, 22 Nov 2026 17:58:00 GMT"}});
  server.on("GET /readyz", R"({"ready":true})");
  server.on("GET /api/v1/whoami", R"({"key":"local","role":"admin","project":"*"})");
  server.on("GET /api/v1/status", R"({"version":")" SWEEPD_VERSION
                                  R"(","disk_full":false,"agents":2,"runs":{"running":3}})");
  server.on("GET /api/v1/events/verify", R"({"ok":true,"last_seq":17})");
  session s;
  CHECK(s.run(server, {"doctor"}) == 0);
  CHECK(contains(s.out, "warn   clocks     this machine is 2m ahead of the server"));
  CHECK(contains(s.out, "unbroken up to event 17"));

  scripted_server broken;
  broken.on("GET /healthz", "ok");
  broken.on("GET /readyz", canned{503, R"({"ready":false})"});
  broken.on("GET /api/v1/whoami", R"({"key":"local","role":"admin","project":"*"})");
  broken.on("GET /api/v1/status", R"({"version":"9.9.9","disk_full":true,"agents":0,"runs":{}})");
  broken.on("GET /api/v1/events/verify", R"({"ok":false,"broken_at":5})");
  CHECK(s.run(broken, {"doctor", "-o", "jsonl"}) == 1);
  CHECK(contains(s.out, R"("level": "fail", "check": "disk")"));
  CHECK(contains(s.out, "broken at event 5"));
  CHECK(contains(s.out, "install the same version"));
}

TEST_CASE("doctor: an unreachable server is a failed check, not an error message") {
  std::string url;
  {
    const scripted_server gone;
    url = gone.url();
  }
  session s;
  CHECK(s.run({"doctor", "--url", url}) == 1);
  CHECK(contains(s.out, "fail"));
  CHECK(contains(s.out, "sweepd serve"));
}

TEST_CASE("events: the newest, as a table or as the server's JSON") {
  scripted_server server;
  server.on("GET /api/v1/status", R"({"durable_seq":300})");
  server.on(
      "GET /api/v1/events",
      list_of(R"({"seq":299,"at":"2026-11-22T17:59:00Z","actor":{"what":"policy","id":"rule 1"},)"
              R"("type":"run_moved","sweep":"k3f9ab12","run":"ab12cd34","agent":null,)"
              R"("body":{"from":"crashed","to":"failed","cause":"silent","reason":"10m"}})"));
  session s;
  CHECK(s.run(server, {"events"}) == 0);
  CHECK(contains(s.out, "policy rule 1"));
  CHECK(contains(s.out, "run ab12cd34"));
  CHECK(contains(s.out, "crashed → failed (silent): 10m"));
  CHECK(server.requests("GET /api/v1/events").at(0).target ==
        "/api/v1/events?after=200&limit=1000");
  CHECK(s.err == "the newest 1; --limit 0 shows all\n");
}
