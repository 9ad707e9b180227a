// What an agent is given is what the sweep file says: numbers to the bit, the command unmasked.
#include "tests/rest/server_fixture.hpp"

#include "controller/base/json_text.hpp"

#include <bit>
#include <cmath>
#include <random>

using namespace sweepd;
using namespace sweepd::test;

namespace {

std::uint64_t bits(double d) { return std::bit_cast<std::uint64_t>(d); }

}  // namespace

TEST_CASE("rest: a configuration reaches the agent with the bits that the file has, a restart between or not") {
  std::mt19937_64 random(11);
  std::vector<double> drawn{2.0, 1e5, 1e22, 5e-324, 0.1};
  while (drawn.size() < 60) {
    const double d = drawn.size() % 2 ? std::uniform_real_distribution<double>(0, 1)(random)
                                      : std::bit_cast<double>(random());
    if (std::isfinite(d)) drawn.push_back(d);
  }
  std::string values;
  for (const double d : drawn) {
    auto text = json::number_text(d);
    if (const auto e = text.find('e'); e != std::string::npos && text.find('.') == std::string::npos)
      text.insert(e, ".0");  // YAML 1.1 takes 1e-05 for a text
    values += (values.empty() ? "" : ", ") + text;
  }
  rest_server server;
  const auto sweep = server.create_sweep("method: grid\nprogram: t.py\nparameters:\n  x: {values: [" + values +
                                         "]}\n  n: {value: 2}\n  whole: {value: 2.0}\n");
  const auto agent = server.join(sweep);
  std::vector<std::string> runs;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    if (i == drawn.size() / 2) server.restart();
    const auto run = server.claim(sweep, agent);
    const auto& config = run.at("config");
    const auto& x = config.at("x").at("value");
    REQUIRE(x.is_double());
    CHECK(bits(x.get_double()) == bits(drawn[i]));
    CHECK(config.at("n").at("value").is_int64());
    CHECK(config.at("whole").at("value").is_double());
    runs.emplace_back(run.at("id").get_string());
    server.post("/api/v1/runs/" + runs.back() + "/start", {{"epoch", 1}});
    server.post("/api/v1/runs/" + runs.back() + "/report",
                {{"epoch", 1}, {"history_offset", 0}, {"history", {{{"loss", drawn[i]}}}}, {"summary", {{"y", drawn[i]}}}});
    server.post("/api/v1/runs/" + runs.back() + "/finish", {{"epoch", 1}, {"exit_code", 0}});
  }
  server.restart();
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto shown = server.get("/api/v1/runs/" + runs[i]);
    CHECK(bits(shown.at("config.x.value").get_double()) == bits(drawn[i]));
    CHECK(bits(shown.at("summary.y").get_double()) == bits(drawn[i]));
    const auto rows = server.get("/api/v1/runs/" + runs[i] + "/history");
    CHECK(bits(rows.at("items.0.loss").get_double()) == bits(drawn[i]));
  }
}

TEST_CASE("rest: a joining agent gets the command as it is, viewers see its secrets masked") {
  rest_server server;
  const auto admin = server.make_key("admin", "*");
  sent as_admin;
  as_admin.key = admin;
  const auto sweep = server.create_sweep(
      "method: grid\nprogram: t.py\ncommand: [python, '${program}', --api-key=canary, '${args}']\n"
      "parameters: {x: {values: [1]}}\n",
      as_admin);
  sent as_agent;
  as_agent.key = server.make_key("agent", "*", admin);
  const auto joined = server.post("/api/v1/sweeps/" + sweep + "/agents", {{"name", "gpu"}}, as_agent);
  REQUIRE_MESSAGE(joined.status == 201, joined.text);
  CHECK(joined.at("command") == bj::array{"python", "${program}", "--api-key=canary", "${args}"});
  CHECK(joined.str("sweep.command.2") == "--api-key=***");

  sent as_viewer;
  as_viewer.key = server.make_key("viewer", "*", admin);
  for (const auto& at : {"/api/v1/sweeps/" + sweep, "/api/v1/sweeps/" + sweep + "/yaml",
                         std::string("/api/v1/sweeps"), std::string("/api/v1/events")}) {
    const auto shown = server.get(at, as_viewer);
    REQUIRE_MESSAGE(shown.status == 200, shown.text);
    CHECK_MESSAGE(shown.text.find("canary") == std::string::npos, at);
    CHECK(shown.text.find("***") != std::string::npos);
  }
  CHECK(server.post("/api/v1/sweeps/" + sweep + "/agents", {{"name", "gpu"}}, as_viewer).status == 403);
}

TEST_CASE("rest: a grid of more than a million cells is made only when somebody says that it is meant") {
  const std::string large =
      "method: grid\nprogram: t.py\nparameters:\n  a: {min: 1, max: 1001}\n  b: {min: 1, max: 1000}\n";
  rest_server server;
  const auto checked = server.post("/api/v1/validate", {{"yaml", large}});
  CHECK(checked.at("ok").get_bool());
  CHECK(checked.str("warnings.0").find("1001000 configurations") != std::string::npos);
  CHECK(!server.post("/api/v1/sweeps", {{"yaml", large}, {"dry_run", true}}).str("warnings.0").empty());

  const auto refused = server.post("/api/v1/sweeps", {{"yaml", large}});
  CHECK(refused.status == 400);
  CHECK(refused.str("where") == "/confirm");
  CHECK(server.get("/api/v1/sweeps").at("items").get_array().empty());
  CHECK(server.post("/api/v1/sweeps", {{"yaml", large}, {"confirm", true}}).status == 201);
  CHECK(server.post("/api/v1/sweeps", {{"yaml", large + "run_cap: 500\n"}}).status == 201);

  const std::string edge =
      "method: grid\nprogram: t.py\nparameters:\n  a: {min: 1, max: 1000}\n  b: {min: 1, max: 1000}\n";
  CHECK(server.post("/api/v1/validate", {{"yaml", edge}}).at("warnings").get_array().empty());
  CHECK(server.post("/api/v1/sweeps", {{"yaml", edge}}).status == 201);
}
