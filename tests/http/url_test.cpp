// The client's URLs.
#include "controller/http/url.hpp"

#include <doctest/doctest.h>

namespace sweepd::http::test {
TEST_CASE("url: forms") {
  const auto u = parse_server_url("https://Sweeps.Example.org/base/");
  REQUIRE(u);
  CHECK(u->tls);
  CHECK(u->host == "sweeps.example.org");
  CHECK(u->port == 443);
  CHECK(u->host_header == "sweeps.example.org");
  CHECK(u->base == "/base");
  CHECK(parse_server_url("http://[::1]:8088")->host == "::1");
  CHECK(parse_server_url("http://[::1]:8088")->host_header == "[::1]:8088");
  CHECK(parse_server_url("unix:/run/x.sock")->unix_path == "/run/x.sock");
  for (const auto* bad : {"", "localhost:8088", "ftp://x", "http://", "http://a b", "http://u@h",
                          "http://h:0", "http://h:70000", "http://h/?q", "http://h#f", "unix:"})
    CHECK_MESSAGE(!parse_server_url(bad), bad);
}

}  // namespace sweepd::http::test
