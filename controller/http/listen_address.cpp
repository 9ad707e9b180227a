#include "controller/http/listen_address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <charconv>

namespace sweepd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::address;

bool is_everywhere(std::string_view host) {
  return host.empty() || host == "*" || host == "0.0.0.0" || host == "::";
}

bool is_loopback(const address& a) {
  if (a.is_v6() && a.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, a.to_v6()).is_loopback();
  return a.is_loopback();
}

tl::unexpected<error> bad(std::string_view text, const std::string& why) {
  return fail(errc::invalid, "listen address '" + std::string(text) + "': " + why);
}

result<std::vector<address>> addresses_of(std::string_view text, const std::string& host) {
  if (host.empty() || host == "*") return std::vector<address>{asio::ip::address_v4::any()};
  boost::system::error_code ec;
  const auto literal = asio::ip::make_address(host, ec);
  if (!ec) return std::vector<address>{literal};
  asio::io_context io;
  asio::ip::tcp::resolver resolver(io);
  std::vector<address> out;
  for (const auto& entry : resolver.resolve(host, "", asio::ip::resolver_base::passive, ec)) {
    const auto a = entry.endpoint().address();
    if (std::find(out.begin(), out.end(), a) == out.end()) out.push_back(a);
  }
  if (out.empty()) return bad(text, "the host cannot be found");
  return out;
}

/// "https://example.org:443" -> "example.org:443"
std::string_view authority_of(std::string_view normal_origin) {
  return normal_origin.substr(std::min(normal_origin.find("://") + 3, normal_origin.size()));
}

}  // namespace

bool listen_address::is_local() const {
  return is_unix() || std::all_of(addresses.begin(), addresses.end(), is_loopback);
}

result<listen_address> parse_listen_address(std::string_view text) {
  listen_address out;
  out.text = text;
  constexpr std::string_view unix_mark = "unix:";
  if (text.starts_with(unix_mark)) {
    out.unix_path = text.substr(unix_mark.size());
    constexpr std::size_t path_max = 107;  // sockaddr_un
    if (out.unix_path.empty() || out.unix_path.size() > path_max)
      return bad(text, "a socket's path has 1 to 107 bytes");
    return out;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad(text, "must be HOST:PORT or unix:PATH");
  auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host.remove_prefix(1);
    host.remove_suffix(1);
  } else if (host.find(':') != std::string_view::npos) {
    return bad(text, "an IPv6 address stands in brackets: [::1]:8088");
  }
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (port.empty() || ec != std::errc{} || end != port.data() + port.size())
    return bad(text, "the port must be a number from 0 to 65535");
  out.host = host;
  SWEEPD_TRY(out.addresses, addresses_of(text, out.host));
  return out;
}

std::vector<std::string> own_hosts(const listen_address& at, unsigned short port,
                                   const std::string& public_origin, bool tls) {
  const unsigned usual = tls ? 443 : 80;
  const std::string suffix = ':' + std::to_string(at.is_unix() ? usual : port);
  std::vector<std::string> out{"127.0.0.1" + suffix, "localhost" + suffix, "[::1]" + suffix};
  if (!at.is_unix() && !is_everywhere(at.host)) {
    const bool v6 = at.host.find(':') != std::string::npos;
    auto own = normal_authority(v6 ? '[' + at.host + ']' + suffix : at.host + suffix, usual);
    if (own) out.push_back(std::move(*own));
  }
  if (public_origin.empty()) return out;
  const std::string authority(authority_of(public_origin));
  out.push_back(authority);
  // Without a port in the public URL, clients send none; here that reads as our own scheme's port.
  const bool usual_there = authority.ends_with(public_origin.starts_with("https") ? ":443" : ":80");
  if (usual_there)
    out.push_back(authority.substr(0, authority.rfind(':') + 1) + std::to_string(usual));
  return out;
}

bool origin_is_local(std::string_view normal_origin) {
  const auto authority = authority_of(normal_origin);
  const auto host = authority.substr(0, authority.rfind(':'));
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace sweepd::http
