#include "controller/http/server.hpp"

#include "controller/http/listen_address.hpp"
#include "controller/http/log.hpp"
#include "controller/http/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <variant>

namespace sweepd::http {
namespace {

using asio::ip::tcp;
using unix_protocol = asio::local::stream_protocol;
using error_code = boost::system::error_code;

constexpr int backlog = 4096;
constexpr milliseconds accept_retry{100};  ///< after an accept failed, e.g. for want of descriptors

tl::unexpected<error> cannot(const std::string& where, const error_code& ec) {
  return fail(errc::unavailable, "cannot listen on " + where + ": " + ec.message());
}

/// The address as shown and counted: an IPv4 client of an IPv6 socket is an IPv4 client.
std::string shown(const asio::ip::address& a) {
  if (a.is_v6() && a.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, a.to_v6()).to_string();
  return a.to_string();
}

/// One bound socket. An entry of server_options::listen has several when its host has.
struct listener {
  std::variant<tcp::acceptor, unix_protocol::acceptor> socket;
  std::shared_ptr<const listener_rules> rules;
};

/// Does somebody answer on that socket? If not, a file left by a dead server may be replaced.
bool is_served(asio::any_io_executor io, const std::string& path) {
  error_code ec;
  unix_protocol::socket probe(io);
  probe.connect(unix_protocol::endpoint(path), ec);
  return !ec;
}

result<unix_protocol::acceptor> bind_unix(asio::any_io_executor io, const std::string& path) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) return fail(errc::invalid, path + " exists and is no socket");
    if (is_served(io, path)) return fail(errc::unavailable, "another server listens on " + path);
    ::unlink(path.c_str());
  }
  error_code ec;
  unix_protocol::acceptor a(io);
  a.open(unix_protocol(), ec);
  // The mode must be right from the first moment, so it is set by the mask, not afterwards.
  const auto mask = ::umask(0177);
  if (!ec) a.bind(unix_protocol::endpoint(path), ec);
  ::umask(mask);
  if (!ec) a.listen(backlog, ec);
  if (ec) return cannot(path, ec);
  return a;
}

result<tcp::acceptor> bind_tcp(asio::any_io_executor io, const tcp::endpoint& at) {
  error_code ec;
  tcp::acceptor a(io);
  a.open(at.protocol(), ec);
  if (!ec) a.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && at.address().is_v6()) a.set_option(asio::ip::v6_only(true), ec);
  if (!ec) a.bind(at, ec);
  if (!ec) a.listen(backlog, ec);
  if (ec) return cannot(at.address().to_string() + ":" + std::to_string(at.port()), ec);
  return a;
}

}  // namespace

struct server::impl : std::enable_shared_from_this<impl> {
  impl(asio::any_io_executor ex, const router& routes, backend back, server_options opts)
      : io(ex), hub(std::make_shared<session_hub>(routes, std::move(back), std::move(opts))) {}

  asio::any_io_executor io;
  std::shared_ptr<session_hub> hub;
  std::shared_ptr<tls_context> tls;
  std::string public_origin;
  std::vector<listener> listeners;
  std::vector<unsigned short> ports;
  std::vector<std::string> unix_paths;

  result<void> check(const std::vector<listen_address>& all, bool any_key_exists);
  result<void> bind(const listen_address& at);
  std::shared_ptr<const listener_rules> rules_for(const listen_address& at,
                                                  unsigned short port) const;
  asio::awaitable<void> accept_tcp(std::shared_ptr<impl> self, std::size_t index);
  asio::awaitable<void> accept_unix(std::shared_ptr<impl> self, std::size_t index);
  asio::awaitable<bool> accept_failed(error_code ec);
  void serve(std::unique_ptr<transport> t, std::shared_ptr<const listener_rules> rules,
             std::unique_ptr<connection_slot> slot);
  void stop_accepting();
  void close_connections(bool idle_only);
};

/// The rules of security.md's defaults, before anything is bound.
result<void> server::impl::check(const std::vector<listen_address>& all, bool any_key_exists) {
  const auto& o = hub->opts;
  if (o.tls_certificate.empty() != o.tls_key.empty())
    return fail(errc::invalid, "TLS needs both a certificate and a key");
  if (!o.public_url.empty()) {
    const auto origin = normal_origin(o.public_url);
    if (!origin)
      return fail(errc::invalid, "the public URL must be http(s)://HOST[:PORT]", "public_url");
    public_origin = *origin;
    if (!any_key_exists && !origin_is_local(public_origin))
      return fail(errc::invalid,
                  "a public URL without any key would let everyone in: make a key first, with the "
                  "server on a loopback address");
  }
  for (const auto& at : all) {
    if (at.is_local()) continue;
    if (!any_key_exists)
      return fail(errc::invalid, "listening on " + at.text +
                                     " without any key would let everyone in: make a key first, "
                                     "with the server on a loopback address");
    if (o.tls_certificate.empty() && !o.insecure_plaintext)
      return fail(errc::invalid, "listening on " + at.text +
                                     " without TLS would show keys to the network: give a "
                                     "certificate, or --insecure-plaintext behind a proxy");
  }
  return {};
}

std::shared_ptr<const listener_rules> server::impl::rules_for(const listen_address& at,
                                                              unsigned short port) const {
  const auto& o = hub->opts;
  auto out = std::make_shared<listener_rules>();
  out->gate.tls = tls != nullptr && !at.is_unix();
  out->gate.hosts = own_hosts(at, port, public_origin, out->gate.tls);
  out->gate.public_origin = public_origin;
  out->gate.target_bytes_max = o.target_bytes_max;
  out->gate.header_bytes_max = o.header_bytes_max;
  out->gate.header_fields_max = o.header_fields_max;
  out->keyless = at.is_local() && (public_origin.empty() || origin_is_local(public_origin));
  return out;
}

result<void> server::impl::bind(const listen_address& at) {
  if (at.is_unix()) {
    SWEEPD_TRY(auto acceptor, bind_unix(io, at.unix_path));
    unix_paths.push_back(at.unix_path);
    ports.push_back(0);
    listeners.push_back({std::move(acceptor), rules_for(at, 0)});
    return {};
  }
  unsigned short port = at.port;
  for (const auto& address : at.addresses) {
    SWEEPD_TRY(auto acceptor, bind_tcp(io, tcp::endpoint(address, port)));
    port = acceptor.local_endpoint().port();  // of port 0: the same for all addresses of a host
    listeners.push_back({std::move(acceptor), rules_for(at, port)});
  }
  ports.push_back(port);
  return {};
}

/// Notes a failed accept and waits a moment; false: the listener was closed.
asio::awaitable<bool> server::impl::accept_failed(error_code ec) {
  if (ec == asio::error::operation_aborted || hub->draining) co_return false;
  if (ec == asio::error::connection_aborted) co_return true;
  log::line(log::level::error, "accept failed", {{"error", ec.message()}});
  asio::steady_timer timer(io, accept_retry);
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  co_return !hub->draining;
}

asio::awaitable<void> server::impl::accept_tcp(std::shared_ptr<impl> self, std::size_t index) {
  auto& acceptor = std::get<tcp::acceptor>(self->listeners[index].socket);
  const auto rules = self->listeners[index].rules;
  for (;;) {
    error_code ec;
    tcp::socket socket(io);
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) {
      if (!co_await accept_failed(ec)) co_return;
      continue;
    }
    const auto peer = socket.remote_endpoint(ec);
    if (ec) continue;  // gone already
    auto slot = hub->admit(shown(peer.address()));
    if (!slot) continue;  // the socket closes here: refused at accept
    serve(over_tcp(std::move(socket), tls), rules, std::move(slot));
  }
}

asio::awaitable<void> server::impl::accept_unix(std::shared_ptr<impl> self, std::size_t index) {
  auto& acceptor = std::get<unix_protocol::acceptor>(self->listeners[index].socket);
  const auto rules = self->listeners[index].rules;
  for (;;) {
    error_code ec;
    unix_protocol::socket socket(io);
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) {
      if (!co_await accept_failed(ec)) co_return;
      continue;
    }
    auto slot = hub->admit({});
    if (slot) serve(over_unix(std::move(socket)), rules, std::move(slot));
  }
}

void server::impl::serve(std::unique_ptr<transport> t, std::shared_ptr<const listener_rules> rules,
                         std::unique_ptr<connection_slot> slot) {
  auto session = serve_connection(hub, std::move(rules), std::move(t), std::move(slot));
  asio::co_spawn(io, std::move(session), asio::detached);
}

void server::impl::stop_accepting() {
  hub->draining = true;
  error_code ignored;
  for (auto& l : listeners) std::visit([&](auto& socket) { socket.close(ignored); }, l.socket);
  for (const auto& path : unix_paths) ::unlink(path.c_str());
  unix_paths.clear();
}

void server::impl::close_connections(bool idle_only) {
  for (auto& c : hub->open)
    if (c.io != nullptr && (c.idle || !idle_only)) c.io->close();
}

server::server(asio::any_io_executor io, const router& routes, backend back, server_options opts)
    : impl_(std::make_shared<impl>(io, routes, std::move(back), std::move(opts))) {}

server::~server() {
  impl_->stop_accepting();
  impl_->close_connections(false);
  if (impl_->hub->back.stop) impl_->hub->back.stop();
}

result<void> server::listen(bool any_key_exists) {
  std::vector<listen_address> all;
  for (const auto& text : impl_->hub->opts.listen) {
    SWEEPD_TRY(auto at, parse_listen_address(text));
    all.push_back(std::move(at));
  }
  if (all.empty()) return fail(errc::invalid, "there is no address to listen on");
  if (auto allowed = impl_->check(all, any_key_exists); !allowed) return allowed;
  if (!impl_->hub->opts.tls_certificate.empty())
    if (auto loaded = reload_tls(); !loaded) return loaded;
  for (const auto& at : all)
    if (auto bound = impl_->bind(at); !bound) return bound;
  return {};
}

std::vector<unsigned short> server::ports() const { return impl_->ports; }
std::size_t server::connections() const { return impl_->hub->connections; }

void server::run() {
  if (impl_->hub->back.start) impl_->hub->back.start();
  for (std::size_t i = 0; i < impl_->listeners.size(); ++i) {
    const bool tcp_socket = std::holds_alternative<tcp::acceptor>(impl_->listeners[i].socket);
    auto loop = tcp_socket ? impl_->accept_tcp(impl_, i) : impl_->accept_unix(impl_, i);
    asio::co_spawn(impl_->io, std::move(loop), asio::detached);
  }
}

asio::awaitable<void> server::stop(milliseconds drain) {
  const auto self = impl_;  // the server may be destroyed as soon as the last connection is
  self->stop_accepting();
  self->close_connections(true);
  auto timer = std::make_shared<asio::steady_timer>(self->io, drain);
  self->hub->on_last_closed = [timer] { timer->cancel(); };
  error_code ignored;
  if (self->hub->connections > 0)
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  self->hub->on_last_closed = nullptr;
  self->close_connections(false);
  if (self->hub->back.stop) self->hub->back.stop();
}

result<void> server::reload_tls() {
  const auto& o = impl_->hub->opts;
  SWEEPD_TRY(impl_->tls, server_tls(o.tls_certificate, o.tls_key));
  return {};
}

}  // namespace sweepd::http
