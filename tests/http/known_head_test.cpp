// A client that sends the same head again and again, as agents do with their heartbeats.
#include "tests/http/live_server.hpp"

#include <doctest/doctest.h>

#include <set>

namespace sweepd::http::test {

TEST_CASE("session: a head that comes again is served alike, with a body and an id of its own") {
  live_options o;
  o.keyed = true;
  live_server server(o);
  raw_connection c(server.port());
  const auto key = [](const std::string& name) { return "Authorization: Bearer " + name + "-key\r\n"; };
  std::set<std::string> ids;
  for (int round = 0; round < 3; ++round) {
    for (const auto* body : {"\"one\"", "\"two\"", "\"six\""}) {
      REQUIRE(c.send(post(server, "/echo", body, key("agent"))));
      const auto r = c.read();
      REQUIRE(r);
      CHECK(r->status == 200);
      CHECK(r->body.find(body) != std::string::npos);
      ids.insert(r->header("x-request-id"));
    }
    for (int again = 0; again < 2; ++again) {
      REQUIRE(c.send(get(server, "/things/a%2Fb", key("viewer"))));
      CHECK(c.read().value().body == "a/b");
      REQUIRE(c.send(post(server, "/agent", "", key("viewer"))));
      CHECK(c.read().value().status == 403);
    }
  }
  CHECK(ids.size() == 9);
  REQUIRE(c.send(get(server, "/who", key("viewer"))));
  const auto before = c.read().value();
  REQUIRE(c.send(get(server, "/who", key("viewer"))));
  CHECK(c.read().value().body == before.body);
  REQUIRE(c.send(get(server, "/headers", key("viewer"))));
  REQUIRE(c.read());
  REQUIRE(c.send(get(server, "/headers", key("viewer"))));
  CHECK(c.read().value().body.find("viewer-key") == std::string::npos);
}

TEST_CASE("session: a head that comes again is refused once its key is revoked") {
  live_options o;
  o.keyed = true;
  live_server server(o);
  raw_connection c(server.port());
  const auto asking = get(server, "/view", "Authorization: Bearer viewer-key\r\n");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(c.send(asking));
    CHECK(c.read().value().status == 200);
  }
  server.revoke_all();
  REQUIRE(c.send(asking));
  CHECK(c.read().value().status == 401);
}

}  // namespace sweepd::http::test
