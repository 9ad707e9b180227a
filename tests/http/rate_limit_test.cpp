#include "controller/http/rate_limit.hpp"

#include "tests/http/live_server.hpp"

#include <doctest/doctest.h>

using namespace sweepd;
using namespace sweepd::http;
using namespace sweepd::http::test;
using namespace std::chrono_literals;

namespace {

int granted(rate_limit& limit, const std::string& key, milliseconds now, int asked) {
  int out = 0;
  for (int i = 0; i < asked; ++i) out += limit.take(key, now) ? 1 : 0;
  return out;
}

reply ask(const live_server& s, const std::string& request) {
  raw_connection c(s.port());
  c.send(request);
  return c.read().value_or(reply{});
}

}  // namespace

TEST_CASE("rate_limit: five seconds' worth at once, then as many a second as allowed") {
  rate_limit limit(200);
  CHECK(granted(limit, "a", 1h, 2'000) == 1'000);
  CHECK(granted(limit, "a", 1h + 4ms, 10) == 0);
  CHECK(granted(limit, "a", 1h + 5ms, 10) == 1);
  CHECK(granted(limit, "a", 1h + 1'005ms, 1'000) == 200);
  CHECK(granted(limit, "a", 2h, 2'000) == 1'000);
}

TEST_CASE("rate_limit: keys do not spend each other's, and 0 is no limit") {
  rate_limit limit(1);
  CHECK(granted(limit, "a", 1s, 10) == 5);
  CHECK(granted(limit, "b", 1s, 10) == 5);
  rate_limit none(0);
  CHECK(granted(none, "a", 1s, 100'000) == 100'000);
}

TEST_CASE("rate_limit: a steady caller at the allowed rate is never refused") {
  rate_limit limit(3);
  CHECK(granted(limit, "a", 0ms, 15) == 15);  // nothing saved
  int refused = 0;
  for (int i = 1; i <= 3'000; ++i) refused += limit.take("a", milliseconds{(i * 1'000 + 2) / 3}) ? 0 : 1;
  CHECK(refused == 0);
}

TEST_CASE("rate_limit: a key that is in use is not forgotten among many") {
  rate_limit limit(1);
  CHECK(granted(limit, "busy", 9s, 5) == 5);
  for (int i = 0; i < 10'000; ++i) limit.take("k" + std::to_string(i), 1s);
  CHECK(granted(limit, "busy", 9s, 5) == 0);
}

TEST_CASE("session: a key that asks too often gets 429 with Retry-After, what agents write does not") {
  live_options o;
  o.keyed = true;
  o.server.requests_per_second = 1;
  live_server s(o);
  const std::string operator_key = "Authorization: Bearer operator-key\r\n";
  reply refused;
  for (int i = 0; i < 200 && refused.status != 429; ++i) refused = ask(s, get(s, "/view", operator_key));
  REQUIRE(refused.status == 429);
  CHECK(refused.header("retry-after") == "1");
  CHECK(refused.header("content-type") == "application/problem+json");
  CHECK(refused.body.find("limits.requests_per_second") != std::string::npos);

  // The same key writes as an agent, and other keys ask, while it is refused.
  for (int i = 0; i < 100; ++i) CHECK(ask(s, post(s, "/agent", "{}", operator_key)).status == 200);
  CHECK(ask(s, get(s, "/view", "Authorization: Bearer viewer-key\r\n")).status == 200);
  for (int i = 0; i < 100; ++i) CHECK(ask(s, get(s, "/view", "Authorization: Bearer agent-key\r\n")).status == 200);
}

TEST_CASE("session: an agent's key has a limit too, and without keys there is none") {
  live_options o;
  o.keyed = true;
  o.server.agent_requests_per_second = 1;
  live_server s(o);
  int status = 200;
  for (int i = 0; i < 200 && status == 200; ++i)
    status = ask(s, post(s, "/agent", "{}", "Authorization: Bearer agent-key\r\n")).status;
  CHECK(status == 429);

  live_options open;
  open.server.requests_per_second = open.server.agent_requests_per_second = 1;
  live_server local(open);
  for (int i = 0; i < 30; ++i) CHECK(ask(local, get(local, "/view")).status == 200);
}
