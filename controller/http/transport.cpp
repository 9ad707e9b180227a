#include "controller/http/transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <type_traits>
#include <vector>

namespace sweepd::http {

struct tls_context {
  asio::ssl::context context;
  explicit tls_context(asio::ssl::context::method m) : context(m) {}
};

namespace {

namespace beast = boost::beast;
using asio::ip::tcp;
using unix_protocol = asio::local::stream_protocol;
using error_code = boost::system::error_code;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;
using unix_stream = beast::basic_stream<unix_protocol>;

constexpr milliseconds linger_deadline{2'000};      ///< for a peer that has not read our answer yet
constexpr std::size_t linger_bytes_max = 1u << 20;  ///< discarded meanwhile
constexpr milliseconds tls_close_deadline{1'000};
constexpr std::size_t at_once_max = 16u << 10;  ///< more than that goes piece by piece, others' requests between

template <class Stream>
class stream_transport final : public transport {
  static constexpr bool is_tls = std::is_same_v<Stream, tls_stream>;

 public:
  stream_transport(Stream stream, std::shared_ptr<tls_context> keep)
      : keep_(std::move(keep)), stream_(std::move(stream)) {}

  asio::awaitable<bool> handshake() override {
    error_code ec;
    if constexpr (is_tls)
      co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                       asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec;
  }

  /// As a client; the name was set before.
  asio::awaitable<error_code> client_handshake() {
    error_code ec;
    if constexpr (is_tls)
      co_await stream_.async_handshake(asio::ssl::stream_base::client,
                                       asio::redirect_error(asio::use_awaitable, ec));
    co_return ec;
  }

  void deadline_in(milliseconds from_now) override { lowest().expires_after(from_now); }

  asio::awaitable<read_result> read_some(char* to, std::size_t size) override {
    error_code ec;
    const auto n = co_await stream_.async_read_some(asio::buffer(to, size),
                                                    asio::redirect_error(asio::use_awaitable, ec));
    read_result out;
    out.bytes = ec ? 0 : n;
    out.timed_out = ec == beast::error::timeout;
    co_return out;
  }

  asio::awaitable<bool> write(std::string_view a, std::string_view b, std::string_view c) override {
    const std::array<asio::const_buffer, 3> all{asio::const_buffer(a.data(), a.size()),
                                                asio::const_buffer(b.data(), b.size()),
                                                asio::const_buffer(c.data(), c.size())};
    const auto size = a.size() + b.size() + c.size();
    const std::size_t taken = size <= at_once_max ? write_now(all) : 0;
    if (taken == size) co_return true;
    beast::buffers_suffix<std::array<asio::const_buffer, 3>> rest(all);
    rest.consume(taken);
    error_code ec;
    co_await asio::async_write(stream_, rest, asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec;
  }

  asio::awaitable<void> finish(bool unread) override {
    error_code ec;
    if (!lowest().socket().is_open()) co_return;
    if constexpr (is_tls) {
      deadline_in(tls_close_deadline);
      co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ec));
    }
    if (lowest().socket().is_open()) lowest().socket().shutdown(tcp::socket::shutdown_send, ec);
    if (unread) {
      deadline_in(linger_deadline);
      std::array<char, 4096> waste;
      for (std::size_t total = 0; !ec && total < linger_bytes_max;)
        total += co_await lowest().async_read_some(
            asio::buffer(waste.data(), waste.size()),
            asio::redirect_error(asio::use_awaitable, ec));
    }
    close();
  }

  bool peer_gone() override {
    auto& socket = lowest().socket();
    if (!socket.is_open()) return true;
    char one = 0;
    const auto n = ::recv(socket.native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  }

  void close() override {
    error_code ignored;
    lowest().socket().close(ignored);
  }

  auto& lowest() { return beast::get_lowest_layer(stream_); }
  Stream& stream() { return stream_; }

 private:
  /// What the socket takes without waiting, in bytes: nearly every answer, and then neither a timer nor a turn of
  /// the loop is needed. Errors are left to the write that follows.
  std::size_t write_now(const std::array<asio::const_buffer, 3>& all) {
    if constexpr (is_tls) return 0;
    auto& socket = lowest().socket();
    error_code ec;
    if (!socket.non_blocking()) socket.non_blocking(true, ec);
    return ec ? 0 : socket.write_some(all, ec);
  }

  std::shared_ptr<tls_context> keep_;  ///< outlives the stream that refers to it
  Stream stream_;
};

/// Asio's resolver has no deadline: cancelling it ends our wait. A literal address is not looked
/// up.
asio::awaitable<result<std::vector<tcp::endpoint>>> resolve(asio::any_io_executor io,
                                                            std::string host, unsigned short port,
                                                            milliseconds deadline) {
  std::vector<tcp::endpoint> out;
  error_code ec;
  const auto literal = asio::ip::make_address(host, ec);
  if (!ec) {
    out.emplace_back(literal, port);
    co_return out;
  }
  ec = {};
  auto resolver = std::make_shared<tcp::resolver>(io);
  asio::steady_timer timer(io, deadline);
  timer.async_wait([resolver](error_code e) {
    if (!e) resolver->cancel();
  });
  const auto service = std::to_string(port);
  const auto found = co_await resolver->async_resolve(
      host, service, asio::redirect_error(asio::use_awaitable, ec));
  timer.cancel();
  if (ec) co_return fail(errc::unavailable, "cannot find " + host + ": " + ec.message());
  for (const auto& entry : found) out.push_back(entry.endpoint());
  co_return out;
}

void settle(asio::ssl::context& context) {
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.native_handle(), "ECDHE+AESGCM:ECDHE+CHACHA20");
}

}  // namespace

result<std::shared_ptr<tls_context>> server_tls(const std::string& certificate_pem_file,
                                                const std::string& key_pem_file) {
  auto out = std::make_shared<tls_context>(asio::ssl::context::tls_server);
  settle(out->context);
  error_code ec;
  out->context.use_certificate_chain_file(certificate_pem_file, ec);
  if (ec)
    return fail(errc::invalid, "TLS certificate " + certificate_pem_file + ": " + ec.message());
  out->context.use_private_key_file(key_pem_file, asio::ssl::context::pem, ec);
  if (ec) return fail(errc::invalid, "TLS key " + key_pem_file + ": " + ec.message());
  if (SSL_CTX_check_private_key(out->context.native_handle()) != 1)
    return fail(errc::invalid, "TLS: the key does not belong to the certificate");
  return out;
}

result<std::shared_ptr<tls_context>> client_tls(const std::string& ca_pem_file) {
  auto out = std::make_shared<tls_context>(asio::ssl::context::tls_client);
  settle(out->context);
  error_code ec;
  if (ca_pem_file.empty()) out->context.set_default_verify_paths(ec);
  else out->context.load_verify_file(ca_pem_file, ec);
  if (ec) return fail(errc::invalid, "trusted certificates: " + ec.message(), ca_pem_file);
  out->context.set_verify_mode(asio::ssl::verify_peer);
  return out;
}

std::unique_ptr<transport> over_tcp(tcp::socket socket, std::shared_ptr<tls_context> tls_or_null) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  beast::tcp_stream stream(std::move(socket));
  if (!tls_or_null)
    return std::make_unique<stream_transport<beast::tcp_stream>>(std::move(stream), nullptr);
  tls_stream secure(std::move(stream), tls_or_null->context);
  return std::make_unique<stream_transport<tls_stream>>(std::move(secure), std::move(tls_or_null));
}

std::unique_ptr<transport> over_unix(unix_protocol::socket socket) {
  return std::make_unique<stream_transport<unix_stream>>(unix_stream(std::move(socket)), nullptr);
}

asio::awaitable<result<std::unique_ptr<transport>>> connect_tcp(asio::any_io_executor io,
                                                                std::string host,
                                                                unsigned short port,
                                                                std::shared_ptr<tls_context> tls,
                                                                milliseconds deadline,
                                                                address_rule may_reach) {
  const std::string place = host + ":" + std::to_string(port);
  SWEEPD_CO_TRY(auto endpoints, co_await resolve(io, host, port, deadline));
  if (may_reach) {
    std::erase_if(endpoints, [&](const tcp::endpoint& e) { return !may_reach(e.address()); });
    if (endpoints.empty()) co_return fail(errc::forbidden, host + " is an address that may not be spoken to");
  }
  error_code ec;
  beast::tcp_stream stream(io);
  stream.expires_after(deadline);
  co_await stream.async_connect(endpoints, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return fail(errc::unavailable, "cannot connect to " + place + ": " + ec.message());
  stream.socket().set_option(tcp::no_delay(true), ec);
  if (!tls) {
    std::unique_ptr<transport> plain =
        std::make_unique<stream_transport<beast::tcp_stream>>(std::move(stream), nullptr);
    co_return plain;
  }
  tls_stream secure(std::move(stream), tls->context);
  SSL_set_tlsext_host_name(secure.native_handle(), host.c_str());
  secure.set_verify_callback(asio::ssl::host_name_verification(host));
  auto out = std::make_unique<stream_transport<tls_stream>>(std::move(secure), std::move(tls));
  ec = co_await out->client_handshake();
  if (ec) co_return fail(errc::unavailable, "TLS with " + place + ": " + ec.message());
  std::unique_ptr<transport> done = std::move(out);
  co_return done;
}

asio::awaitable<result<std::unique_ptr<transport>>> connect_unix(asio::any_io_executor io,
                                                                 std::string path,
                                                                 milliseconds deadline) {
  constexpr std::size_t path_max = 107;  // sockaddr_un
  if (path.size() > path_max) co_return fail(errc::invalid, "the socket's path is too long", path);
  unix_stream stream(io);
  stream.expires_after(deadline);
  error_code ec;
  const unix_protocol::endpoint where(path);
  co_await stream.async_connect(where, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return fail(errc::unavailable, "cannot connect to " + path + ": " + ec.message());
  std::unique_ptr<transport> out =
      std::make_unique<stream_transport<unix_stream>>(std::move(stream), nullptr);
  co_return out;
}

}  // namespace sweepd::http
