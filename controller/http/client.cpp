#include "controller/http/client.hpp"

#include "controller/base/json_text.hpp"
#include "controller/http/gate.hpp"
#include "controller/http/parser.hpp"
#include "controller/http/read_buffer.hpp"
#include "controller/http/transport.hpp"
#include "controller/http/url.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <optional>

namespace sweepd::http {
namespace {

namespace bj = boost::json;

constexpr std::size_t idle_kept_max = 4;
constexpr std::size_t read_size = 16 * 1024;

/// One request as it goes out, and how its answer is taken.
struct exchange {
  std::string head;
  std::string body;
  bool head_only = false;
  bool repeatable = false;  ///< sending it twice does no harm
  milliseconds timeout{0};
  bool timeout_per_piece = false;
  std::function<bool(std::string_view)> sink;  ///< of a 2xx body; empty: kept in the response
  exchange() = default;
};

/// How an attempt on one connection ended.
struct attempt {
  result<client_response> answer = client_response{};
  bool stale = false;  ///< the connection was dead before anything was answered
  bool keep = false;   ///< the connection can serve another exchange
  attempt() = default;
};

using steady = asio::steady_timer::clock_type;

/// What is left of an exchange's time; never zero, since that would mean no deadline was set in
/// time.
milliseconds left_until(steady::time_point end) {
  const auto left = std::chrono::duration_cast<milliseconds>(end - steady::now());
  return std::max(left, milliseconds{1});
}

/// Takes a response's body: to the exchange's sink if it is a success, else into the response.
struct body_taker {
  const exchange& ex;
  std::size_t bytes_max;
  client_response out;
  const response_parser* parser = nullptr;
  bool too_large = false;
  bool sink_done = false;

  bool operator()(std::string_view piece) {
    if (ex.sink && parser->status() / 100 == 2) {
      sink_done = !ex.sink(piece);
      return !sink_done;
    }
    too_large = piece.size() > bytes_max - out.body.size();
    if (!too_large) out.body.append(piece);
    return !too_large;
  }
};

bool has_line_break(std::string_view s) {
  return s.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD"; }

/// Errors: invalid. Spaces and line breaks in what the caller gives would make another request of
/// it.
result<std::string> request_head(const server_url& to, const client_options& opts,
                                 const std::string& method, const std::string& target,
                                 const std::string& content_type, std::size_t body_bytes,
                                 const std::map<std::string, std::string>& headers) {
  if (method.empty() || has_line_break(method) || target.empty() || target[0] != '/' ||
      target.find_first_of(" \r\n") != std::string::npos || has_line_break(content_type) ||
      has_line_break(opts.api_key))
    return fail(errc::invalid, "the request's method, target, type or key is malformed");
  std::string out = method + ' ' + to.base + target + " HTTP/1.1\r\n";
  out += "Host: " + to.host_header + "\r\n";
  out += "User-Agent: sweepd/" SWEEPD_VERSION "\r\nAccept: */*\r\n";
  if (!opts.api_key.empty()) out += "Authorization: Bearer " + opts.api_key + "\r\n";
  if (!content_type.empty()) out += "Content-Type: " + content_type + "\r\n";
  if (body_bytes > 0 || !is_safe(method))
    out += "Content-Length: " + std::to_string(body_bytes) + "\r\n";
  for (const auto& [name, value] : headers) {
    if (name.empty() || name.find_first_of(" :\r\n") != std::string::npos || has_line_break(value))
      return fail(errc::invalid, "a header is malformed", name);
    out += name + ": " + value + "\r\n";
  }
  return out + "\r\n";
}

/// A problem+json answer as an error; other bodies by their status alone.
error error_of(const client_response& r) {
  error out;
  constexpr std::array codes{errc::invalid,      errc::not_found,   errc::conflict,
                             errc::unauthorized, errc::forbidden,   errc::too_large,
                             errc::busy,         errc::unavailable, errc::disk_full,
                             errc::internal};
  out.code = r.status >= 500 ? errc::internal : errc::invalid;
  for (const auto c : codes)
    if (http_status(c) == r.status) out.code = c;
  out.message = "the server answered " + std::to_string(r.status);
  const auto body = json::parse(r.body);
  const auto* object = body ? body->if_object() : nullptr;
  if (object == nullptr) return out;
  const auto text = [object](const char* name) {
    const auto* v = object->if_contains(name);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string{};
  };
  for (const auto c : codes)
    if (name(c) == text("code")) out.code = c;
  if (auto detail = text("detail"); !detail.empty()) out.message = std::move(detail);
  if (out.code == errc::internal) out.message += " (request " + text("request_id") + ")";
  out.where = text("where");
  return out;
}

}  // namespace

struct client::impl {
  asio::any_io_executor io;
  client_options opts;
  result<server_url> url;
  std::shared_ptr<tls_context> tls;
  std::deque<std::unique_ptr<transport>> idle;  ///< the newest last

  impl(asio::any_io_executor ex, client_options o)
      : io(std::move(ex)), opts(std::move(o)), url(parse_server_url(opts.url)) {}

  asio::awaitable<result<client_response>> perform(exchange ex);
  asio::awaitable<attempt> try_once(transport* t, const exchange* ex, steady::time_point end);
  asio::awaitable<result<std::unique_ptr<transport>>> connect(milliseconds deadline);
  std::unique_ptr<transport> take_idle();
  result<exchange> make(const std::string& method, const std::string& target, std::string body,
                        const std::string& content_type,
                        const std::map<std::string, std::string>& headers) const;
};

result<exchange> client::impl::make(const std::string& method, const std::string& target,
                                    std::string body, const std::string& content_type,
                                    const std::map<std::string, std::string>& headers) const {
  if (!url) return tl::unexpected<error>(url.error());
  exchange out;
  SWEEPD_TRY(out.head,
             request_head(*url, opts, method, target, content_type, body.size(), headers));
  out.body = std::move(body);
  out.head_only = method == "HEAD";
  out.repeatable = is_safe(method);
  for (const auto& [name, value] : headers)
    out.repeatable = out.repeatable || same_text(name, "idempotency-key");
  out.timeout = opts.timeout;
  return out;
}

/// A kept connection that is still open, as far as one can see.
std::unique_ptr<transport> client::impl::take_idle() {
  while (!idle.empty()) {
    auto t = std::move(idle.back());
    idle.pop_back();
    if (!t->peer_gone()) return t;
  }
  return nullptr;
}

asio::awaitable<result<std::unique_ptr<transport>>> client::impl::connect(milliseconds deadline) {
  if (!url->unix_path.empty()) co_return co_await connect_unix(io, url->unix_path, deadline);
  if (url->tls && !tls) {
    SWEEPD_CO_TRY(tls, client_tls(opts.ca_file));
  }
  // Named: GCC 12 destroys twice what `?:` makes within a co_await expression.
  auto secure = url->tls ? tls : nullptr;
  co_return co_await connect_tcp(io, url->host, url->port, std::move(secure), deadline, opts.may_reach);
}

/// Sends and reads one response. A failed write is no end: the server may have answered early.
asio::awaitable<attempt> client::impl::try_once(transport* t, const exchange* ex,
                                                steady::time_point end) {
  attempt out;
  body_taker taker{*ex, opts.body_bytes_max, {}, nullptr, false, false};
  std::optional<response_parser> parser;
  parser.emplace(ex->head_only, std::ref(taker));
  taker.parser = &*parser;
  t->deadline_in(left_until(end));
  const bool sent = co_await t->write(ex->head, ex->body);
  read_buffer in;
  fed f;
  for (;;) {
    char* const to = in.room(read_size);
    if (ex->timeout_per_piece) t->deadline_in(ex->timeout);
    const auto got = co_await t->read_some(to, read_size);
    if (got.bytes == 0) {
      if (parser->end_of_stream()) break;
      out.stale = !parser->got_some() && !got.timed_out;
      const char* why = got.timed_out ? "the server did not answer in time"
                        : sent        ? "the connection was cut before the answer was whole"
                                      : "the connection was cut while sending";
      out.answer = fail(errc::unavailable, why);
      co_return out;
    }
    in.commit(got.bytes);
    f = parser->feed(in.view());
    in.consume(f.used);
    if (f.state == fed_state::done && parser->status() / 100 == 1) {  // an interim answer
      parser.emplace(ex->head_only, std::ref(taker));
      f = parser->feed(in.view());
      in.consume(f.used);
    }
    if (f.state != fed_state::more) break;
  }
  if (taker.too_large) {
    out.answer = fail(errc::too_large, "the answer is larger than this client takes");
  } else if (f.state == fed_state::refused) {
    out.answer = fail(errc::unavailable, "the server's answer is not HTTP/1.1");
  } else {
    taker.out.status = parser->status();
    taker.out.headers = parser->headers();
    out.answer = std::move(taker.out);
    out.keep = f.state == fed_state::done && sent && parser->keep_alive() && in.size() == 0;
  }
  co_return out;
}

asio::awaitable<result<client_response>> client::impl::perform(exchange ex) {
  const auto end = steady::now() + ex.timeout;
  auto t = take_idle();
  bool may_reopen = t != nullptr && ex.repeatable;
  for (;;) {
    if (!t) {
      SWEEPD_CO_TRY(t, co_await connect(left_until(end)));
    }
    auto done = co_await try_once(t.get(), &ex, end);
    if (done.stale && may_reopen) {
      may_reopen = false;
      t.reset();
      idle.clear();  // the server went away: the others are as dead
      continue;
    }
    if (done.keep && idle.size() < idle_kept_max) idle.push_back(std::move(t));
    co_return std::move(done.answer);
  }
}

client::client(asio::any_io_executor io, client_options opts)
    : impl_(std::make_unique<impl>(std::move(io), std::move(opts))) {}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

asio::awaitable<result<client_response>> client::send(std::string method, std::string target,
                                                      std::string body, std::string content_type,
                                                      std::map<std::string, std::string> headers,
                                                      milliseconds timeout) {
  SWEEPD_CO_TRY(auto ex, impl_->make(method, target, std::move(body), content_type, headers));
  ex.timeout = timeout;
  co_return co_await impl_->perform(std::move(ex));
}

asio::awaitable<result<boost::json::value>> client::call(std::string method, std::string target,
                                                         boost::json::value body,
                                                         std::string idempotency_key,
                                                         milliseconds timeout) {
  const bool sends = method == "POST" || method == "PUT" || method == "PATCH";
  std::string text;
  if (!body.is_null()) text = json::to_text(body);
  else if (sends) text = "{}";
  std::string type = text.empty() ? "" : "application/json";
  std::map<std::string, std::string> headers;
  if (!idempotency_key.empty()) headers.emplace("Idempotency-Key", std::move(idempotency_key));
  SWEEPD_CO_TRY(auto ex, impl_->make(method, target, std::move(text), type, headers));
  ex.timeout = timeout;
  SWEEPD_CO_TRY(auto got, co_await impl_->perform(std::move(ex)));
  if (got.status / 100 != 2) co_return tl::unexpected<error>(error_of(got));
  if (got.body.empty()) co_return bj::value(nullptr);
  auto value = json::parse(got.body);
  if (!value) co_return fail(errc::unavailable, "the server's answer is " + value.error().message);
  co_return value;
}

asio::awaitable<result<client_response>> client::stream(
    std::string target, std::map<std::string, std::string> headers,
    std::function<bool(std::string_view)> sink) {
  SWEEPD_CO_TRY(auto ex, impl_->make("GET", target, {}, {}, headers));
  ex.sink = std::move(sink);
  ex.timeout_per_piece = true;
  co_return co_await impl_->perform(std::move(ex));
}

}  // namespace sweepd::http
