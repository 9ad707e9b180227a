#include "controller/http/respond.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace sweepd::http {
namespace {

constexpr std::string_view always =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";
constexpr std::string_view default_policy =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'\r\n";
constexpr std::string_view default_caching = "Cache-Control: no-store\r\n";
constexpr std::string_view transport_security = "Strict-Transport-Security: max-age=31536000\r\n";

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  });
}

/// Headers that response_head() writes itself.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 11> ours{
      "content-length",  "transfer-encoding",          "connection",   "keep-alive",
      "date",            "x-request-id",               "content-type", "x-content-type-options",
      "referrer-policy", "cross-origin-opener-policy", "cross-origin-resource-policy"};
  return std::any_of(ours.begin(), ours.end(), [&](auto n) { return same_text(n, name); });
}

void add(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

}  // namespace

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

response answer_to(const refusal& why, std::string_view request_id) {
  if (why.status != 421) return refuse(why.status, why.code, why.detail, request_id);
  response bare;  // a foreign name learns nothing, not even how we report errors
  bare.status = why.status;
  bare.content_type.clear();
  return bare;
}

std::string response_head(const response& r, const framing& f) {
  std::string out;
  out.reserve(640);
  out += f.version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  out += std::to_string(r.status);
  out += ' ';
  out += reason_phrase(r.status);
  out += "\r\n";
  if (!f.date.empty()) add(out, "Date", f.date);
  if (!r.content_type.empty() && is_value(r.content_type) && has_body(r.status))
    add(out, "Content-Type", r.content_type);
  if (f.chunked) out += "Transfer-Encoding: chunked\r\n";
  else if (has_body(r.status) && !f.until_close)
    add(out, "Content-Length", std::to_string(r.body.size()));
  if (!f.keep_alive) out += "Connection: close\r\n";
  else if (f.version == 10) out += "Connection: keep-alive\r\n";
  add(out, "X-Request-Id", f.request_id);
  out += always;
  if (f.tls) out += transport_security;
  bool own_policy = false;
  bool own_caching = false;
  for (const auto& [name, value] : r.headers) {
    if (!is_token(name) || !is_value(value) || is_ours(name)) continue;
    own_policy = own_policy || same_text(name, "content-security-policy");
    own_caching = own_caching || same_text(name, "cache-control");
    add(out, name, value);
  }
  if (!own_policy) out += default_policy;
  if (!own_caching) out += default_caching;
  out += "\r\n";
  return out;
}

std::string http_date(instant t) {
  using namespace std::chrono;
  const auto day = floor<days>(t);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(t - day));
  constexpr std::array week{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 40> text{};
  const int n = std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
      week[weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
      months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(std::max(n, 0))};
}

}  // namespace sweepd::http
