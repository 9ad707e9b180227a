#include "controller/base/json_text.hpp"
#include "controller/hooks/message.hpp"
#include "tests/rest/openapi_check.hpp"
#include "tests/rest/receiver.hpp"
#include "tests/rest/server_fixture.hpp"

#include <charconv>
#include <set>

using namespace sweepd::test;
namespace json = sweepd::json;

namespace {

std::string add(rest_server& server, const receiver& to, bj::object more = {}, const sent& how = {}) {
  bj::object body{{"name", "alarm"}, {"url", to.url() + "/in?token=hidden"}};
  for (auto& [key, value] : more) body[key] = value;
  const auto made = server.post("/api/v1/webhooks", body, how);
  REQUIRE_MESSAGE(made.status == 201, made.text);
  return made.str("id");
}

bj::value body_of(const received& r) {
  const auto v = json::parse(r.body);
  REQUIRE_MESSAGE(v.has_value(), r.body);
  return *v;
}

/// The kinds of the events of one delivery.
std::vector<std::string> kinds_of(const received& r) {
  std::vector<std::string> out;
  const auto body = body_of(r);
  for (const auto& e : body.at("events").get_array()) out.emplace_back(e.at("kind").get_string());
  return out;
}

/// The run of a delivery's first event.
std::string run_of(const received& r) {
  return std::string(body_of(r).at("events").at(0).at("event").at("run").as_string());
}

/// Asks until the webhook's own account says so.
void becomes(rest_server& server, const std::string& id, const std::function<bool(const reply&)>& so) {
  for (int i = 0; i < 200'000; ++i)
    if (so(server.get("/api/v1/webhooks/" + id))) return;
  FAIL("it never became so: " << server.get("/api/v1/webhooks/" + id).text);
}

}  // namespace

TEST_CASE("webhooks: what was asked for arrives, signed; neither secret nor address is shown again") {
  rest_server server;
  receiver to;
  const auto made = server.post("/api/v1/webhooks", {{"name", "alarm"},
                                                     {"url", to.url() + "/in?token=hidden"},
                                                     {"kinds", {"run_crashed"}}});
  REQUIRE_MESSAGE(made.status == 201, made.text);
  const auto secret = made.str("secret");
  CHECK(secret.starts_with("whsec_"));
  CHECK(made.str("to") == to.url());
  const auto sweep = server.create_sweep(patient_yaml);
  const auto run = server.crash_run(sweep, server.join(sweep));

  const auto got = to.next();
  CHECK(got.path == "/in?token=hidden");
  CHECK(got.headers.at("content-type") == "application/json");
  CHECK(got.headers.at("sweepd-webhook") == made.str("id"));
  CHECK(kinds_of(got) == std::vector<std::string>{"run_crashed"});
  const auto body = body_of(got);
  const auto& one = body.at("events").at(0);
  CHECK(run_of(got) == run);
  CHECK(one.at("event").at("body").at("to").as_string() == "crashed");
  CHECK(std::string(one.at("sweep").at("id").as_string()) == sweep);
  const auto& signature = got.headers.at("sweepd-signature");
  std::int64_t seconds = 0;
  std::from_chars(signature.data() + 2, signature.data() + signature.find(','), seconds);
  CHECK(signature == sweepd::hooks::signature(secret, got.body, sweepd::instant{std::chrono::seconds{seconds}}));

  for (const auto& where : {"/api/v1/webhooks", "/api/v1/events", "/metrics"}) {
    const auto text = server.get(where).text;
    CHECK_MESSAGE(text.find(secret) == std::string::npos, where);
    CHECK_MESSAGE(text.find("hidden") == std::string::npos, where);
  }
  CHECK(server.get("/api/v1/events?type=webhook_changed").str("items.0.body.to") == to.url());
}

TEST_CASE("webhooks: a delivery that fails comes again under the same number until it is taken, and nothing overtakes it") {
  rest_server server;
  receiver to;
  to.answer({500, 404, 302});
  const auto id = add(server, to, {{"kinds", {"run_crashed"}}});
  const auto sweep = server.create_sweep(patient_yaml);
  const auto agent = server.join(sweep);
  const auto first_run = server.crash_run(sweep, agent);
  const auto first = to.next();
  server.crash_run(sweep, agent);
  for (int i = 0; i < 3; ++i) {
    const auto again = to.next();
    CHECK(again.headers.at("sweepd-delivery") == first.headers.at("sweepd-delivery"));
    CHECK(run_of(again) == first_run);
  }
  const auto second = to.next();
  CHECK(second.headers.at("sweepd-delivery") != first.headers.at("sweepd-delivery"));
  becomes(server, id, [](const reply& w) { return w.num("delivered") == 2 && w.at("last_error").is_null(); });
}

TEST_CASE("webhooks: what is never taken is given up, and said; the next delivery has its own chance") {
  rest_server server;
  receiver to;
  to.always(503);
  const auto id = add(server, to, {{"kinds", {"run_crashed"}}});
  const auto sweep = server.create_sweep(patient_yaml);
  const auto agent = server.join(sweep);
  server.crash_run(sweep, agent);
  becomes(server, id, [](const reply& w) { return w.num("given_up") == 1; });
  CHECK(server.get("/api/v1/webhooks/" + id).str("last_error") == "answered 503");
  CHECK(to.waiting() == 300);
  for (int i = 0; i < 300; ++i) to.next();
  to.always(std::nullopt);
  const auto run = server.crash_run(sweep, agent);
  CHECK(run_of(to.next()) == run);
}

TEST_CASE("webhooks: a restart neither loses what waits nor repeats what was taken") {
  rest_server server;
  receiver to;
  const auto id = add(server, to, {{"kinds", {"run_crashed"}}});
  const auto sweep = server.create_sweep(patient_yaml);
  const auto agent = server.join(sweep);
  const auto first = server.crash_run(sweep, agent);
  CHECK(run_of(to.next()) == first);
  becomes(server, id, [](const reply& w) { return w.num("delivered") == 1; });
  server.restart();
  to.always(500);
  const auto second = server.crash_run(sweep, agent);
  to.next();  // it was tried
  server.restart();
  while (to.waiting() > 0) to.next();
  to.always(std::nullopt);
  std::set<std::string> runs;
  becomes(server, id, [](const reply& w) { return w.num("delivered") == 2; });
  while (to.waiting() > 0) {
    const auto body = body_of(to.next());
    for (const auto& e : body.at("events").get_array()) runs.emplace(e.at("event").at("run").get_string());
  }
  CHECK(runs == std::set<std::string>{second});
}

TEST_CASE("webhooks: one of a sweep or of a project is told of nothing else") {
  rest_server server;
  receiver to_sweep, to_project;
  sent vision;
  const auto mine = server.post("/api/v1/sweeps", {{"yaml", patient_yaml}, {"project", "team/vision"}}).str("id");
  const auto other = server.post("/api/v1/sweeps", {{"yaml", patient_yaml}, {"project", "team/other"}}).str("id");
  add(server, to_sweep, {{"kinds", {"run_crashed"}}, {"sweep", mine}});
  add(server, to_project, {{"project", "team/other"}, {"kinds", {"run_crashed", "sweep_finished", "mass_silence"}}});
  const auto run_of_other = server.crash_run(other, server.join(other));
  const auto run_of_mine = server.crash_run(mine, server.join(mine));
  server.post("/api/v1/sweeps/" + other + "/cancel");
  CHECK(run_of(to_sweep.next()) == run_of_mine);
  std::set<std::string> kinds, sweeps;
  while (!kinds.contains("sweep_finished")) {
    const auto body = body_of(to_project.next());
    for (const auto& e : body.at("events").get_array()) {
      kinds.emplace(e.at("kind").get_string());
      sweeps.emplace(e.at("event").at("sweep").get_string());
    }
  }
  CHECK(kinds == std::set<std::string>{"run_crashed", "sweep_finished"});
  CHECK(sweeps == std::set<std::string>{other});
  CHECK(!run_of_other.empty());
  CHECK(to_sweep.waiting() == 0);
}

TEST_CASE("webhooks: many events while a delivery is on its way go out together, in order, in Slack's shape too") {
  rest_server server;
  receiver to;
  to.always(500);
  const auto id = add(server, to, {{"kinds", {"run_crashed"}}, {"shape", "slack"}});
  const auto sweep = server.create_sweep(patient_yaml);
  const auto agent = server.join(sweep);
  server.crash_run(sweep, agent);
  to.next();
  std::vector<std::string> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(server.crash_run(sweep, agent));
  while (to.waiting() > 0) to.next();
  to.always(std::nullopt);
  std::string texts;
  while (texts.find(runs.back()) == std::string::npos)
    if (auto body = body_of(to.next()); body.as_object().size() == 1) texts += std::string(body.at("text").get_string()) + "\n";
  std::size_t at = 0;
  for (const auto& run : runs) {
    const auto next = texts.find("Run " + run + " of ", at);
    REQUIRE_MESSAGE(next != std::string::npos, texts);
    at = next;
  }
  becomes(server, id, [](const reply& w) { return w.num("delivered") + w.num("given_up") >= 2; });
}

TEST_CASE("webhooks: the test button sends once and says what came of it; removed ones are told nothing") {
  rest_server server;
  receiver to;
  const auto id = add(server, to);
  const auto at = "/api/v1/webhooks/" + id;
  auto told = server.post(at + "/test");
  CHECK(told.at("taken").get_bool());
  CHECK(told.num("status") == 204);
  CHECK(body_of(to.next()).at("test").as_bool());
  to.answer({418});
  told = server.post(at + "/test");
  CHECK_FALSE(told.at("taken").get_bool());
  CHECK(told.num("status") == 418);
  CHECK(told.str("message") == "answered 418");
  to.next();
  CHECK(to.waiting() == 0);
  CHECK(server.send("DELETE", at + "?reason=enough", "").status == 204);
  CHECK(server.get(at).status == 404);
  CHECK(server.post(at + "/test").status == 404);
  CHECK(server.send("DELETE", at, "").status == 404);
  CHECK(server.get("/api/v1/webhooks").num("total") == 0);
  const auto log = server.get("/api/v1/events?type=webhook_changed");
  CHECK(log.str("items.1.body.what") == "removed");
  CHECK(log.str("items.1.body.reason") == "enough");
  server.restart();
  CHECK(server.get("/api/v1/webhooks").num("total") == 0);
  CHECK(to.waiting() == 0);
}

TEST_CASE("webhooks: what cannot be one is refused with its place, and a repeated request makes no second one") {
  rest_server server;
  receiver to;
  const auto refused = [&](bj::object more, const char* where) {
    bj::object body{{"name", "x"}, {"url", "https://example.org/"}};
    for (auto& [key, value] : more) body[key] = value;
    const auto r = server.post("/api/v1/webhooks", body);
    CAPTURE(r.text);
    CHECK(r.status >= 400);
    CHECK(r.str("where") == where);
  };
  refused({{"url", "ftp://example.org/"}}, "/url");
  refused({{"url", "https://user:pw@example.org/"}}, "/url");
  refused({{"kinds", {"run_crashed", "run_sneezed"}}}, "/kinds/1");
  refused({{"sweep", "nosuchid"}}, "/sweep");
  refused({{"shape", "teams"}}, "/shape");
  refused({{"name", ""}}, "/name");
  refused({{"project", "no slash"}}, "/project");
  sent once;
  once.idempotency_key = "same";
  add(server, to, {}, once);
  CHECK(server.post("/api/v1/webhooks", {{"name", "alarm"}, {"url", to.url() + "/in?token=hidden"}}, once).status == 409);
  CHECK(server.get("/api/v1/webhooks").num("total") == 1);
}

TEST_CASE("webhooks: an admin of one project sees and makes those of that project only") {
  rest_server server;
  receiver to;
  const auto id = add(server, to);
  const auto admin = server.make_key("admin", "*");
  sent vision;
  vision.key = server.make_key("admin", "team/vision", admin);
  CHECK(server.get("/api/v1/webhooks", vision).num("total") == 0);
  CHECK(server.get("/api/v1/webhooks/" + id, vision).status == 404);
  CHECK(server.post("/api/v1/webhooks/" + id + "/test", bj::object(), vision).status == 404);
  CHECK(server.send("DELETE", "/api/v1/webhooks/" + id, "", vision).status == 404);
  CHECK(server.post("/api/v1/webhooks", {{"name", "x"}, {"url", to.url()}, {"project", "*"}}, vision).status == 403);
  const auto made = server.post("/api/v1/webhooks", {{"name", "x"}, {"url", to.url()}}, vision);
  CHECK(made.str("project") == "team/vision");
  CHECK(server.get("/api/v1/webhooks", vision).num("total") == 1);
}

TEST_CASE("webhooks: the document names every kind, in the same order") {
  std::vector<std::string> documented;
  for (const auto& kind : openapi_document().at("components").at("schemas").at("webhook_kind").at("enum").as_array())
    documented.emplace_back(kind.get_string());
  const auto ours = sweepd::hooks::kinds();
  CHECK(documented == std::vector<std::string>(ours.begin(), ours.end()));
}
