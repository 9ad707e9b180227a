#include "controller/http/respond.hpp"

#include "controller/http/log.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace sweepd::http {

TEST_CASE("respond: a handler may set its policy and caching, not break the head or forge framing") {
  response r;
  r.body = "x";
  r.headers = {{"Content-Security-Policy", "sandbox"},
               {"cache-control", "max-age=60"},
               {"Content-Disposition", "attachment; filename=\"a\""},
               {"X-Bad", "a\r\nSet-Cookie: b"},
               {"Bad Name", "x"},
               {"Content-Length", "99"},
               {"Transfer-Encoding", "chunked"},
               {"X-Request-Id", "forged"}};
  framing f;
  f.request_id = "0123456789abcdef";
  const auto head = response_head(r, f);
  CHECK(head.find("Content-Security-Policy: sandbox\r\n") != std::string::npos);
  CHECK(head.find("default-src") == std::string::npos);
  CHECK(head.find("no-store") == std::string::npos);
  CHECK(head.find("Content-Disposition: attachment") != std::string::npos);
  CHECK(head.find("Set-Cookie") == std::string::npos);
  CHECK(head.find("Bad Name") == std::string::npos);
  CHECK(head.find("99") == std::string::npos);
  CHECK(head.find("Transfer-Encoding") == std::string::npos);
  CHECK(head.find("forged") == std::string::npos);
  CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("respond: statuses without a body have no length") {
  const auto head = response_head(no_content(), framing{});
  CHECK(head.starts_with("HTTP/1.1 204 No Content\r\n"));
  CHECK(head.find("Content-Length") == std::string::npos);
  CHECK(head.find("Content-Type:") == std::string::npos);
}

TEST_CASE("respond: dates as HTTP writes them") {
  CHECK(http_date(instant{milliseconds{784'111'777'999}}) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(instant{}) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("message: problems carry code, place and request id; internal ones say nothing") {
  std::vector<std::string> lines;
  log::redirect([&](log::level, std::string_view l) { lines.emplace_back(l); });
  request req;
  req.request_id = "id1";
  const auto r = problem(error{errc::invalid, "min must be below max", "sweep.yaml:7:9"}, req);
  CHECK(r.status == 400);
  CHECK(r.content_type == "application/problem+json");
  const auto v = boost::json::parse(r.body).as_object();
  CHECK(v.at("code") == "invalid");
  CHECK(v.at("title") == "Bad Request");
  CHECK(v.at("status") == 400);
  CHECK(v.at("detail") == "min must be below max");
  CHECK(v.at("where") == "sweep.yaml:7:9");
  CHECK(v.at("request_id") == "id1");
  CHECK(lines.empty());

  const auto hidden = problem(error{errc::internal, "table runs has no column x", "f.cpp"}, req);
  CHECK(hidden.status == 500);
  CHECK(hidden.body.find("column") == std::string::npos);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("no column x") != std::string::npos);
  CHECK(lines[0].find("id1") != std::string::npos);
  log::redirect({});
}

TEST_CASE("log: a line is one JSON object, whatever is put in") {
  std::vector<std::string> lines;
  log::redirect([&](log::level, std::string_view l) { lines.emplace_back(l); });
  log::line(log::level::warn, "a \"quoted\"\nmessage", {{"x", "\x1b[31mred\xff"}});
  log::set_level(log::level::error);
  log::line(log::level::warn, "not this one");
  log::request_record quiet;
  quiet.status = 200;
  log::request(quiet);
  CHECK_FALSE(log::set_level("loud"));
  CHECK(log::set_level("info"));
  log::redirect({});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find('\n') == std::string::npos);
  CHECK(lines[0].find('\x1b') == std::string::npos);
  const auto v = boost::json::parse(lines[0]).as_object();
  CHECK(v.at("msg") == "a \"quoted\"\nmessage");
  CHECK(v.at("level") == "warning");
  CHECK(v.at("ts").as_string().ends_with("Z"));
}

}  // namespace sweepd::http
