#include "controller/http/auth.hpp"

#include "controller/base/digest.hpp"

#include <doctest/doctest.h>

#include <set>

namespace sweepd::http {
namespace {

const instant now{milliseconds{1'000'000}};

core::api_key stored(const issued_key& k, core::role role = core::role::operator_) {
  core::api_key out;
  out.id.value = k.id;
  out.sha256 = k.sha256;
  out.role = role;
  out.project = "team/vision";
  return out;
}

errc code_of(const result<principal>& r) { return r ? errc::internal : r.error().code; }

}  // namespace

TEST_CASE("auth: made keys have our form and do not repeat") {
  std::set<std::string> seen;
  std::set<char> characters;
  for (int i = 0; i < 200; ++i) {
    const auto k = make_key();
    CHECK(k.key.size() == 6 + 43);
    CHECK(k.key.starts_with("local-"));
    CHECK(k.id == k.key.substr(6, 8));
    CHECK(k.sha256 == sha256_hex(k.key));
    CHECK(key_id_of(k.key) == k.id);
    CHECK(seen.insert(k.key).second);
    characters.insert(k.key.begin() + 6, k.key.end());
  }
  CHECK(characters.size() == 62);
}

TEST_CASE("auth: how a key is presented") {
  CHECK(presented_key(std::nullopt) == "");
  CHECK(presented_key("Bearer abc") == "abc");
  CHECK(presented_key("bearer   abc") == "abc");
  CHECK(presented_key("Basic YXBpOnNlY3JldA==") == "secret");  // api:secret
  CHECK(presented_key("basic YXBpOnNlY3JldA") == "secret");
  for (const auto* bad : {"", "abc", "Digest abc", "Basic", "Basic !!!", "Basic YWRtaW46eA=="})
    CHECK_MESSAGE(!presented_key(bad), bad);
}

TEST_CASE("auth: a key stands for its role and project until it expires or is revoked") {
  const auto k = make_key();
  auto row = stored(k);
  const auto who = key_table({row}).check(k.key, now);
  REQUIRE(who);
  CHECK(who->key_id == k.id);
  CHECK(who->role == core::role::operator_);
  CHECK(who->project == "team/vision");

  row.expires = now + milliseconds{1};
  CHECK(key_table({row}).check(k.key, now));
  row.expires = now;
  CHECK(code_of(key_table({row}).check(k.key, now)) == errc::unauthorized);
  row.expires.reset();
  row.revoked = true;
  CHECK(code_of(key_table({row}).check(k.key, now)) == errc::unauthorized);
}

TEST_CASE("auth: a wrong secret under a known id is as unknown as any") {
  const auto k = make_key();
  const key_table table({stored(k)});
  auto other = k.key;
  other.back() = other.back() == 'a' ? 'b' : 'a';
  const auto near = table.check(other, now);
  const auto far = table.check(make_key().key, now);
  const auto shapeless = table.check("x", now);
  for (const auto* r : {&near, &far, &shapeless}) {
    REQUIRE_FALSE(*r);
    CHECK(r->error().message == near.error().message);
  }
  CHECK(code_of(table.check("", now)) == errc::unauthorized);
  auto broken = stored(k);
  broken.sha256.clear();
  CHECK_FALSE(key_table({broken}).check(k.key, now));
}

TEST_CASE("auth: only revoked keys count as no key; an expired one keeps the door shut") {
  auto row = stored(make_key());
  CHECK_FALSE(key_table().any());
  CHECK(key_table({row}).any());
  row.expires = now - milliseconds{1};
  CHECK(key_table({row}).any());
  row.revoked = true;
  CHECK_FALSE(key_table({row}).any());
}

TEST_CASE("auth: the eleventh failure within a minute is over the limit, by address") {
  failed_attempts f(10);
  const milliseconds t{5'000};
  for (int i = 0; i < 10; ++i) CHECK_FALSE(f.note("10.0.0.1", t));
  CHECK(f.over("10.0.0.1", t));
  CHECK(f.note("10.0.0.1", t));
  CHECK_FALSE(f.note("10.0.0.2", t));
  CHECK(f.note("10.0.0.1", t + milliseconds{59'999}));
  CHECK_FALSE(f.over("10.0.0.1", t + milliseconds{60'000}));
  CHECK_FALSE(f.note("10.0.0.1", t + milliseconds{60'000}));
}

}  // namespace sweepd::http
