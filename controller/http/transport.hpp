// One connection's bytes, whatever carries them: TCP, TLS over TCP, a Unix socket. A port, so that
// the session and the client are written and compiled once; Beast's streams stay in transport.cpp.
//
// A deadline is absolute and covers all that follows until the next one is set, so a peer that
// drips bytes gains nothing. When it passes, the connection is closed. Thread rule: one operation
// at a time, on the connection's executor; close() from there too.
#pragma once

#include "controller/base/instant.hpp"
#include "controller/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sweepd::http {

namespace asio = boost::asio;

/// What a read gave. No bytes: the other side has closed, the deadline passed, or the connection
/// broke.
struct read_result {
  std::size_t bytes = 0;
  bool timed_out = false;
};

class transport {
 public:
  virtual ~transport() = default;
  /// TLS handshake; nothing to do otherwise.
  virtual asio::awaitable<bool> handshake() = 0;
  virtual void deadline_in(milliseconds from_now) = 0;
  virtual asio::awaitable<read_result> read_some(char* to, std::size_t size) = 0;
  /// All of them, in order, in as few packets as can be; false: the connection is gone.
  virtual asio::awaitable<bool> write(std::string_view a, std::string_view b = {},
                                      std::string_view c = {}) = 0;
  /// Ends in good order. `unread`: the peer may still be sending what nobody will read; it gets a
  /// moment to take the answer before the connection is reset.
  virtual asio::awaitable<void> finish(bool unread) = 0;
  /// The other side has closed (or reset) its end. Looks, does not wait.
  [[nodiscard]] virtual bool peer_gone() = 0;
  /// At once; whoever waits in read_some() or write() is woken.
  virtual void close() = 0;
};

/// Certificates and settings of one side. TLS 1.2 and up, forward-secret ciphers with AEAD.
struct tls_context;
result<std::shared_ptr<tls_context>> server_tls(const std::string& certificate_pem_file,
                                                const std::string& key_pem_file);
/// Trusts `ca_pem_file`, or what the system trusts when it is empty.
result<std::shared_ptr<tls_context>> client_tls(const std::string& ca_pem_file);

std::unique_ptr<transport> over_tcp(asio::ip::tcp::socket socket,
                                    std::shared_ptr<tls_context> tls_or_null);
std::unique_ptr<transport> over_unix(asio::local::stream_protocol::socket socket);

/// May we speak to this address?
using address_rule = std::function<bool(const asio::ip::address&)>;

/// Connects and, with `tls`, shakes hands and checks that the certificate is for `host`. With a rule, only to
/// addresses that it allows. Errors: unavailable, forbidden (no address is allowed). The deadline stays set on
/// the connection.
asio::awaitable<result<std::unique_ptr<transport>>> connect_tcp(asio::any_io_executor io,
                                                                std::string host,
                                                                unsigned short port,
                                                                std::shared_ptr<tls_context> tls,
                                                                milliseconds deadline,
                                                                address_rule may_reach = {});
asio::awaitable<result<std::unique_ptr<transport>>> connect_unix(asio::any_io_executor io,
                                                                 std::string path,
                                                                 milliseconds deadline);

}  // namespace sweepd::http
