#include "controller/http/target.hpp"

#include <doctest/doctest.h>

namespace sweepd::http {

using segments = std::vector<std::string>;
using pairs = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("target: a path is split first and decoded then") {
  CHECK(split_path("/") == segments{});
  CHECK(split_path("/a/b") == segments{"a", "b"});
  CHECK(split_path("/a/") == segments{"a", ""});
  CHECK(split_path("/a//b") == segments{"a", "", "b"});
  CHECK(split_path("/a%2Fb/c%20d") == segments{"a/b", "c d"});
  CHECK(split_path("/%252e%252e/x") == segments{"%2e%2e", "x"});  // once, never twice
  CHECK(split_path("/a+b") == segments{"a+b"});
  CHECK(split_path("/caf%C3%A9") == segments{"caf\xC3\xA9"});
}

TEST_CASE("target: what cannot be decoded, or would climb, is no path") {
  for (const auto* raw :
       {"", "a/b", "/..", "/.", "/a/../b", "/a/%2e%2e/b", "/a/.%2E", "/%", "/%4", "/%zz", "/%00",
        "/%0a", "/a%7f", "/%ff", "/%c0%af", "/%ed%a0%80", "/%f5%80%80%80", "/%e2%82"})
    CHECK_MESSAGE(!split_path(raw), raw);
}

TEST_CASE("target: a query keeps order, repeats and empty values") {
  CHECK(parse_query("") == pairs{});
  CHECK(parse_query("a=1&b=x+y&a=%262&c&d=") ==
        pairs{{"a", "1"}, {"b", "x y"}, {"a", "&2"}, {"c", ""}, {"d", ""}});
  CHECK(parse_query("&&a=b=c&") == pairs{{"a", "b=c"}});
  CHECK(parse_query("why=two%0Alines") == pairs{{"why", "two\nlines"}});
  CHECK_FALSE(parse_query("a=%"));
  CHECK_FALSE(parse_query("a=%00"));
  CHECK_FALSE(parse_query("%ff=1"));
}

TEST_CASE("target: UTF-8 is judged to the letter") {
  CHECK(is_utf8("plain"));
  CHECK(is_utf8("\xF0\x9F\x98\x80"));
  CHECK_FALSE(is_utf8("\xF0\x80\x80\x80"));
  CHECK_FALSE(is_utf8("\xE0\x80\xAF"));
  CHECK_FALSE(is_utf8("\xF4\x90\x80\x80"));
  CHECK_FALSE(is_utf8("\x80"));
  CHECK_FALSE(is_utf8("\xC3"));
}

}  // namespace sweepd::http
