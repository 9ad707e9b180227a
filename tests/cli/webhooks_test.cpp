// Commands about webhooks.
#include "controller/cli/command.hpp"
#include "tests/cli/scripted_server.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

using namespace sweepd::cli::test;
namespace json = boost::json;

namespace {

const std::string alarm_view =
    R"({"id":"3fk9ab12","name":"alarm","to":"https://hooks.example.org","shape":"slack","kinds":["run_crashed"],)"
    R"("sweep":null,"project":"*","delivered":7,"given_up":1,"last_try":"2026-11-22T17:59:00Z","last_error":"answered 500"})";

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

scripted_server& with_alarm(scripted_server& server) {
  server.on("GET /api/v1/webhooks", R"({"items":[)" + alarm_view + R"(],"next":null,"total":1})");
  return server;
}

}  // namespace

TEST_CASE("webhooks add: the secret alone on stdout; the address may come from standard input") {
  scripted_server server;
  server.on("POST /api/v1/webhooks",
            canned{201, R"({"id":"3fk9ab12","to":"https://hooks.example.org","secret":"whsec_1"})"});
  session s;
  s.input = "https://hooks.example.org/services/T0/B0\nmore\n";
  CHECK(s.run(server, {"webhooks", "add", "team", "-", "--shape", "slack", "--kinds", "run_crashed,sweep_finished"}) == 0);
  CHECK(s.out == "whsec_1\n");
  CHECK(contains(s.err, "shown only this once"));
  const auto body = json::parse(server.requests("POST /api/v1/webhooks").at(0).body);
  CHECK(body == json::parse(R"({"name":"team","url":"https://hooks.example.org/services/T0/B0","shape":"slack",)"
                            R"("kinds":["run_crashed","sweep_finished"]})"));
  CHECK(s.run(server, {"webhooks", "add", "x", "https://example.org", "--kinds", "run_sneezed"}) == 2);
  CHECK(contains(s.err, "run_sneezed"));
}

TEST_CASE("webhooks list and remove: what each is told and how it fares; a dry run changes nothing") {
  scripted_server server;
  with_alarm(server).on("DELETE /api/v1/webhooks/3fk9ab12", canned{204, ""});
  session s;
  CHECK(s.run(server, {"webhooks", "list", "-o", "csv"}) == 0);
  CHECK(contains(s.out, "3fk9ab12,alarm,https://hooks.example.org,slack"));
  CHECK(contains(s.out, "answered 500"));
  CHECK(s.run(server, {"webhooks", "remove", "3f", "--dry-run"}) == 0);
  CHECK(contains(s.out, "would remove webhook 3fk9ab12"));
  CHECK(server.requests("DELETE /api/v1/webhooks/3fk9ab12").empty());
  CHECK(s.run(server, {"webhooks", "remove", "3f", "--yes", "--reason", "moved"}) == 0);
  CHECK(contains(server.requests("DELETE /api/v1/webhooks/3fk9ab12").at(0).target, "reason=moved"));
}

TEST_CASE("webhooks test: 0 when it was taken, 1 and the reason when not") {
  scripted_server server;
  with_alarm(server).on("POST /api/v1/webhooks/3fk9ab12/test",
                        R"({"taken":true,"status":204,"message":null,"took_ms":12})");
  session s;
  CHECK(s.run(server, {"webhooks", "test", "3f"}) == 0);
  CHECK(contains(s.out, "took it in 12 ms"));
  scripted_server deaf;
  with_alarm(deaf).on("POST /api/v1/webhooks/3fk9ab12/test",
                      R"({"taken":false,"status":500,"message":"answered 500","took_ms":12})");
  CHECK(s.run(deaf, {"webhooks", "test", "3f"}) != 0);
  CHECK(contains(s.err, "answered 500"));
}

TEST_CASE("webhooks add: the kinds on offer are those of the REST document") {
  std::ifstream in(SWEEPD_SOURCE_DIR "/controller/rest/openapi.json");
  const auto document = json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
  std::string documented;
  for (const auto& kind : document.at("components").at("schemas").at("webhook_kind").at("enum").as_array())
    documented += (documented.empty() ? "" : " ") + std::string(kind.get_string());
  for (const auto& o : sweepd::cli::find_command("webhooks add")->options)
    if (o.name == "kinds") CHECK(o.choices == documented);
}
