#include "controller/http/url.hpp"

#include "controller/http/gate.hpp"

#include <algorithm>
#include <charconv>

namespace sweepd::http {

result<server_url> parse_server_url(std::string_view text) {
  const auto bad = [text](const char* why) {
    return fail(errc::invalid, "'" + std::string(text) + "' is no server URL: " + why);
  };
  server_url out;
  constexpr std::string_view unix_mark = "unix:";
  if (text.starts_with(unix_mark)) {
    out.unix_path = text.substr(unix_mark.size());
    if (out.unix_path.empty()) return bad("unix: needs a path");
    out.host = out.host_header = "localhost";
    return out;
  }
  const auto mark = text.find("://");
  const auto scheme = text.substr(0, mark);
  out.tls = same_text(scheme, "https");
  if (mark == std::string_view::npos || (!out.tls && !same_text(scheme, "http")))
    return bad("it must begin with http://, https:// or unix:");
  const auto rest = text.substr(mark + 3);
  if (rest.find_first_of("?#@") != std::string_view::npos)
    return bad("user names, queries and fragments have no place here");
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto authority = normal_authority(rest.substr(0, slash), out.tls ? 443 : 80);
  if (!authority) return bad("the host or the port is malformed");
  out.base = rest.substr(slash);
  while (out.base.ends_with('/')) out.base.pop_back();

  const auto colon = authority->rfind(':');
  out.host = authority->substr(0, colon);
  const std::string digits = authority->substr(colon + 1);
  const auto [end, ec] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (ec != std::errc{}) return bad("the port must be at most 65535");
  const bool usual = out.port == (out.tls ? 443 : 80);
  out.host_header = usual ? out.host : *authority;
  if (out.host.starts_with('[')) out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

}  // namespace sweepd::http
