#include "controller/hooks/message.hpp"

#include "controller/base/json_text.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace sweepd;
using namespace sweepd::hooks;

namespace {

bj::object object(const char* text) { return json::parse(text)->get_object(); }

item crashed_run() {
  item out;
  out.event.seq = 7;
  out.event.type = "run_moved";
  out.event.sweep = "swp00001";
  out.event.run = "run00001";
  out.body = object(R"({"run": "run00001", "from": "running", "to": "crashed", "cause": "oom", "reason": "<killed> & gone"})");
  out.kind = kind_of(out.event.type, out.body);
  return out;
}

bj::object seen_by_rest(const core::stored_event& e) { return {{"seq", e.seq}}; }

}  // namespace

TEST_CASE("message: kinds follow from what an event says, and hand-outs are none") {
  CHECK(kind_of("run_moved", object(R"({"to": "crashed"})")) == "run_crashed");
  CHECK(kind_of("run_moved", object(R"({"to": "failed"})")) == "run_failed");
  CHECK(kind_of("run_moved", object(R"({"to": "running", "revived": true})")) == "run_revived");
  CHECK(kind_of("run_moved", object(R"({"to": "running"})")).empty());
  CHECK(kind_of("run_offered", object(R"({})")).empty());
  CHECK(kind_of("key_created", object(R"({})")).empty());
  CHECK(kind_of("sweep_moved", object(R"({"from": "running", "to": "paused"})")) == "sweep_paused");
  CHECK(kind_of("sweep_moved", object(R"({"from": "paused", "to": "running"})")) == "sweep_resumed");
  CHECK(kind_of("sweep_moved", object(R"({"from": "pending", "to": "running"})")).empty());
  CHECK(kind_of("sweep_moved", object(R"({"from": "running", "to": "canceled"})")) == "sweep_finished");
  CHECK(kind_of("breaker_moved", object(R"({"to": "open"})")) == "breaker_opened");
  CHECK(kind_of("breaker_moved", object(R"({"to": "closed"})")).empty());
  CHECK(kind_of("agent_moved", object(R"({"to": "lost"})")) == "agent_lost");
  CHECK(kind_of("agent_quarantined", object(R"({"until": 5})")) == "agent_quarantined");
  CHECK(kind_of("agent_quarantined", object(R"({"until": null})")).empty());
  CHECK(kind_of("mass_silence_changed", object(R"({"active": true})")) == "mass_silence");
  CHECK(kind_of("target_reached", object(R"({})")) == "target_reached");
  CHECK(kind_of("policy_changed", object(R"({})")) == "policy_changed");
  CHECK(std::set<std::string_view>(kinds().begin(), kinds().end()).size() == kinds().size());
}

TEST_CASE("message: a sentence says what happened to what, and why") {
  const sweep_names names{{"swp00001", {"digits", "team/vision"}}};
  CHECK(sentence(crashed_run(), names) == "Run run00001 of digits crashed (oom): <killed> & gone");
  CHECK(sentence(crashed_run(), {}) == "Run run00001 of swp00001 crashed (oom): <killed> & gone");
  item held;
  held.event.type = "breaker_moved";
  held.event.sweep = "swp00001";
  held.body = object(R"({"to": "open", "reason": "5 runs died in a row"})");
  held.kind = "breaker_opened";
  CHECK(sentence(held, names) == "Sweep digits is held by its breaker: 5 runs died in a row");
  item silent;
  silent.event.type = "mass_silence_changed";
  silent.body = object(R"({"active": true, "silent": 8, "live": 9})");
  silent.kind = "mass_silence";
  CHECK(sentence(silent, names) == "8 of 9 runs fell silent together; marking is held");
  auto wordy = crashed_run();
  wordy.body["reason"] = std::string(299, 'x') + "ü" + std::string(500, 'y');
  const auto cut = sentence(wordy, names);
  CHECK(cut.ends_with("x…"));
  CHECK(cut.size() < 400);
}

TEST_CASE("message: the generic body holds every event as REST shows it, and no secret") {
  core::webhook to;
  to.id = webhook_id{"hook0001"};
  to.secret = "whsec_1";
  message m;
  m.delivery = "hook0001-7";
  m.items = {crashed_run()};
  m.sweeps = {{"swp00001", {"digits", "team/vision"}}};
  m.base_url = "https://sweeps.example.org";
  const auto body = json::parse(body_of(to, m, seen_by_rest))->get_object();
  CHECK(body.at("version") == 1);
  CHECK(body.at("webhook") == "hook0001");
  CHECK(body.at("delivery") == "hook0001-7");
  CHECK(body.at("test") == false);
  const auto& one = body.at("events").at(0).get_object();
  CHECK(one.at("kind") == "run_crashed");
  CHECK(one.at("url") == "https://sweeps.example.org/team/vision/runs/run00001");
  CHECK(one.at("sweep") == bj::value{{"id", "swp00001"}, {"name", "digits"}, {"project", "team/vision"}});
  CHECK(one.at("event") == bj::value{{"seq", 7}});
  CHECK(json::to_text(body).find("whsec") == std::string::npos);
  m.items.clear();
  CHECK(json::parse(body_of(to, m, seen_by_rest))->at("test") == true);
}

TEST_CASE("message: Slack's body is a text in which nothing of ours is markup, and long lists are cut") {
  core::webhook to;
  to.shape = core::webhook_shape::slack;
  message m;
  m.items.assign(23, crashed_run());
  m.sweeps = {{"swp00001", {"<!channel> & more", "team/vision"}}};
  const auto body = json::parse(body_of(to, m, seen_by_rest))->get_object();
  CHECK(body.size() == 1);
  const std::string text(body.at("text").get_string());
  CHECK(text.starts_with("Run run00001 of &lt;!channel&gt; &amp; more crashed (oom): &lt;killed&gt; &amp; gone\n"));
  CHECK(text.ends_with("\nand 3 more"));
  CHECK(text.find('<') == std::string::npos);
  m.items.clear();
  CHECK(json::parse(body_of(to, m, seen_by_rest))->at("text") == "sweepd: this webhook works.");
}

TEST_CASE("message: the signature is HMAC-SHA256 of the time, a dot and the body") {
  // printf '1764345600.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
  const instant now{std::chrono::seconds{1764345600}};
  CHECK(signature("whsec_test", R"({"a":1})", now) ==
        "t=1764345600,v1=d86954ec206d849618060cc11ebb24b3405e7b5a311837f2c0369579837d058f");
}

TEST_CASE("message: addresses are http or https, and hold no user name, fragment or space") {
  const auto whole = target_of("https://hooks.example.org:8443/services/T0/B0?x=1");
  REQUIRE(whole.has_value());
  CHECK(whole->origin == "https://hooks.example.org:8443");
  CHECK(whole->path == "/services/T0/B0?x=1");
  CHECK(target_of("http://example.org")->path == "/");
  CHECK(target_of("http://example.org?x=1")->path == "/?x=1");
  for (const char* bad : {"", "example.org", "ftp://example.org", "unix:/tmp/x", "file:///etc/passwd", "https://",
                          "https:///x", "https://user:pw@example.org/", "https://example.org/#x", "https://example.org/a b",
                          "https://example.org/\r\nX: y", "https://exämple.org/"}) {
    CAPTURE(bad);
    CHECK_FALSE(target_of(bad).has_value());
  }
  CHECK_FALSE(target_of("https://example.org/" + std::string(2'000, 'x')).has_value());
}
