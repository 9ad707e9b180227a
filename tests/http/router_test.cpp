#include "controller/http/router.hpp"

#include "controller/base/digest.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

namespace sweepd::http {
namespace {

constexpr route first[] = {
    {"GET", "/", need::open},
    {"GET", "/api/v1/runs", need::viewer},
    {"GET", "/api/v1/runs/{run}", need::viewer},
    {"POST", "/api/v1/runs/actions", need::operator_},
    {"POST", "/api/v1/runs/{run}/{verb}", need::operator_},
    {"POST", "/api/v1/runs/{run}/start", need::agent},
};
constexpr route second[] = {
    {"PUT", "/files/{name...}", need::agent},
    {"GET", "/files/{name...}", need::viewer},
    {"GET", "/files/index", need::viewer},
};

router both() { return router({first, second}); }

}  // namespace

TEST_CASE("router: finds routes and their decoded parameters") {
  const auto r = both();
  CHECK(r.find("GET", "/").found == &first[0]);
  CHECK(r.find("GET", "/api/v1/runs").found == &first[1]);
  auto m = r.find("GET", "/api/v1/runs/a%2Fb%20c");
  CHECK(m.found == &first[2]);
  CHECK(m.path.at("run") == "a/b c");
  m = r.find("POST", "/api/v1/runs/x/stop");
  CHECK(m.found == &first[4]);
  CHECK(m.path.at("verb") == "stop");
  CHECK(r.all().size() == 9);
}

TEST_CASE("router: a literal wins over a parameter, whatever the order in the table") {
  const auto r = both();
  CHECK(r.find("POST", "/api/v1/runs/x/start").found == &first[5]);
  CHECK(r.find("POST", "/api/v1/runs/actions").found == &first[3]);
  CHECK(r.find("GET", "/api/v1/runs/actions").found == &first[2]);
  CHECK(r.find("GET", "/files/index").found == &second[2]);
}

TEST_CASE("router: an open-ended pattern takes the rest, never nothing") {
  const auto r = both();
  auto m = r.find("PUT", "/files/a/b%2Fc/d.txt");
  CHECK(m.found == &second[0]);
  CHECK(m.path.at("name") == "a/b/c/d.txt");
  CHECK(r.find("PUT", "/files").found == nullptr);
  CHECK(r.find("PUT", "/files/").found == nullptr);
  CHECK(r.find("PUT", "/files/index").found == &second[0]);
}

TEST_CASE("router: what is not in the table is not there") {
  const auto r = both();
  for (const auto* path : {"/api", "/api/v1/runs/", "/api/v1//runs", "/API/v1/runs", "/api/v1/runs/..",
                           "/api/v1/runs/%", "", "runs", "*", "/api/v1/runs/x/y/z"}) {
    const auto m = r.find("GET", path);
    CHECK_MESSAGE(m.found == nullptr, path);
    CHECK_MESSAGE(m.allow.empty(), path);
  }
}

TEST_CASE("router: a wrong method names the right ones") {
  const auto r = both();
  CHECK(r.find("DELETE", "/api/v1/runs").allow == "GET, HEAD");
  CHECK(r.find("PATCH", "/api/v1/runs/actions").allow == "GET, HEAD, POST");
  CHECK(r.find("OPTIONS", "/api/v1/runs/x/start").allow == "POST");
  CHECK(r.find("POST", "/files/x").allow == "GET, HEAD, PUT");
  CHECK(r.find("HEAD", "/api/v1/runs").found == &first[1]);
  CHECK(r.find("HEAD", "/api/v1/runs/x/start").found == nullptr);
}

TEST_CASE("router: mistakes in a table are found at start-up") {
  constexpr route twice[] = {{"GET", "/x"}, {"GET", "/x"}};
  CHECK_THROWS_AS(router({twice}), std::logic_error);
  for (const auto* pattern : {"x", "/a//b", "/{", "/{}", "/{...}", "/{a...}/b"}) {
    const route one[] = {{"GET", pattern}};
    CHECK_THROWS_AS_MESSAGE(router({one}), std::logic_error, pattern);
  }
}

TEST_CASE("router: the role table") {
  using core::role;
  struct row {
    need what;
    bool viewer, agent, operator_, admin;
  };
  for (const auto& [what, viewer, agent, operator_, admin] :
       {row{need::open, true, true, true, true}, row{need::viewer, true, true, true, true},
        row{need::agent, false, true, true, true}, row{need::operator_, false, false, true, true},
        row{need::admin, false, false, false, true}}) {
    CHECK(allows(what, role::viewer) == viewer);
    CHECK(allows(what, role::agent) == agent);
    CHECK(allows(what, role::operator_) == operator_);
    CHECK(allows(what, role::admin) == admin);
  }
}

TEST_CASE("router: the caller carries the actor, the key and what was asked") {
  request req;
  req.method = "POST";
  req.path = "/x";
  req.body = "{}";
  principal who;
  who.key_id = "abcdefgh";
  who.role = core::role::agent;
  request_context ctx{req, who, {}};
  CHECK(ctx.caller().who.what == core::actor_kind::agent);
  CHECK(ctx.caller().who.id == "abcdefgh");
  CHECK(ctx.caller().fingerprint.empty());
  req.headers["idempotency-key"] = "k1";
  const auto one = ctx.caller();
  CHECK(one.idempotency_key == "k1");
  CHECK(one.fingerprint.size() == 64);
  req.body = "{ }";
  CHECK(ctx.caller().fingerprint != one.fingerprint);
  CHECK(ctx["none"].empty());
}

TEST_CASE("router: a principal sees its project, or all") {
  principal p;
  CHECK(p.sees("a/b"));
  p.project = "a/b";
  CHECK(p.sees("a/b"));
  CHECK_FALSE(p.sees("a/bc"));
  CHECK_FALSE(p.sees("*"));
}

}  // namespace sweepd::http
