#include "controller/http/router.hpp"
#include "controller/web/assets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace sweepd;

namespace {

std::string header(const http::response& r, std::string_view name) {
  for (const auto& [key, text] : r.headers)
    if (key == name) return text;
  return "";
}

}  // namespace

TEST_CASE("assets: the page is there, and every file of it may be served by itself") {
  const auto* page = web::find_asset("index.html");
  REQUIRE(page != nullptr);
  CHECK(page->content_type == "text/html; charset=utf-8");
  CHECK(!page->compressed);
  CHECK(web::find_asset("../sweepd.db") == nullptr);
  CHECK(web::find_asset("") == nullptr);
  std::set<std::string> tags;
  for (const auto& a : web::assets()) {
    CAPTURE(a.name);
    CHECK(!a.bytes.empty());
    CHECK(a.content_type != "application/octet-stream");
    CHECK(tags.insert(a.etag).second);
  }
}

TEST_CASE("assets: an answer lets nothing run but the page's own files, and is revalidated") {
  const auto* page = web::find_asset("index.html");
  REQUIRE(page != nullptr);
  const auto r = web::answer_with(*page, "gzip", "");
  CHECK(r.status == 200);
  CHECK(r.body == page->bytes);
  const auto policy = header(r, "Content-Security-Policy");
  CHECK(policy.find("default-src 'none'") != std::string::npos);
  CHECK(policy.find("script-src 'self'") != std::string::npos);
  CHECK(policy.find("unsafe") == std::string::npos);
  CHECK(policy.find("frame-ancestors 'none'") != std::string::npos);
  CHECK(header(r, "Cache-Control") == "no-cache");
  const auto again = web::answer_with(*page, "gzip", "\"other\", " + page->etag);
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(header(again, "ETag") == page->etag);
  CHECK(web::answer_with(*page, "gzip", "\"other\"").status == 200);
}

TEST_CASE("assets: compressed files go as they are, or unpacked to who takes no gzip") {
  for (const auto& a : web::assets()) {
    if (!a.compressed) continue;
    CAPTURE(a.name);
    const auto packed = web::answer_with(a, "br, gzip;q=0.8", "");
    CHECK(header(packed, "Content-Encoding") == "gzip");
    CHECK(packed.body == a.bytes);
    CHECK(header(packed, "Vary") == "Accept-Encoding");
    for (const auto* accept : {"", "identity", "gzip;q=0"}) {
      const auto plain = web::answer_with(a, accept, "");
      CHECK(header(plain, "Content-Encoding").empty());
      CHECK(plain.body.size() > a.bytes.size());
      CHECK(plain.body.find('\0') == std::string::npos);
    }
  }
}

TEST_CASE("assets: every address that the page and the W&B client know leads to the page, no other does") {
  const http::router routes({web::routes()});
  for (const auto* path : {"/", "/new", "/policies", "/agents", "/events", "/settings", "/team/mnist",
                           "/team/mnist/sweeps/abc123", "/team/mnist/runs/abc123", "/assets/app.js"}) {
    CAPTURE(path);
    const auto* found = routes.find("GET", path).found;
    REQUIRE(found != nullptr);
    CHECK(found->who == http::need::open);
    CHECK(routes.find("POST", path).found == nullptr);
  }
  for (const auto* path : {"/team", "/a/b/c", "/a/b/c/d", "/a/b/sweeps", "/assets", "/assets/x/y"})
    CHECK_MESSAGE(routes.find("GET", path).found == nullptr, path);
}
