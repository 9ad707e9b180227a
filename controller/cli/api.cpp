#include "controller/cli/api.hpp"

#include "controller/base/json_text.hpp"
#include "controller/cli/text.hpp"
#include "controller/http/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <optional>
#include <random>

namespace sweepd::cli {
namespace {

namespace asio = boost::asio;

/// The codes by name, as problem+json carries them.
std::optional<errc> code_named(std::string_view text) {
  static constexpr std::array all{
      errc::invalid,   errc::not_found, errc::conflict,    errc::unauthorized, errc::forbidden,
      errc::too_large, errc::busy,      errc::unavailable, errc::disk_full,    errc::internal};
  for (const auto c : all)
    if (name(c) == text) return c;
  return std::nullopt;
}

errc code_of_status(int status) {
  switch (status) {
    case 401:
      return errc::unauthorized;
    case 403:
      return errc::forbidden;
    case 404:
      return errc::not_found;
    case 409:
      return errc::conflict;
    case 413:
      return errc::too_large;
    case 429:
      return errc::busy;
    case 507:
      return errc::disk_full;
    case 502:
    case 503:
    case 504:
      return errc::unavailable;
    default:
      return status >= 400 && status < 500 ? errc::invalid : errc::internal;
  }
}

std::string header(const std::map<std::string, std::string>& headers, const std::string& name) {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string{} : at->second;
}

result<json::value> parse(std::string_view body) {
  if (body.empty()) return json::value(nullptr);
  auto v = sweepd::json::parse(body);
  if (!v)
    return fail(errc::internal, "the answer is not JSON (" + v.error().message +
                                    "): is this address really a sweepd server?");
  return v;
}

}  // namespace

std::string target(std::string_view path,
                   const std::vector<std::pair<std::string, std::string>>& query) {
  std::string out(path);
  char sign = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    out += sign + name + "=" + percent_encode(value);
    sign = '&';
  }
  return out;
}

std::string fresh_idempotency_key() {
  std::random_device random;
  std::string out;
  for (int i = 0; i < 4; ++i) {
    char part[9];
    std::snprintf(part, sizeof part, "%08x", static_cast<unsigned>(random()));
    out += part;
  }
  return out;
}

refusal read_refusal(int status, const std::map<std::string, std::string>& headers,
                     std::string_view body) {
  refusal out;
  out.request_id = clean(header(headers, "x-request-id"));
  out.what.code = code_of_status(status);
  const auto parsed = parse(body);
  if (!parsed || !parsed->is_object()) {
    out.what.message = "the server answered " + std::to_string(status);
    return out;
  }
  const auto& o = parsed->get_object();
  if (const auto c = code_named(field(o, "code"))) out.what.code = *c;
  out.what.message = field(o, "detail");
  if (out.what.message.empty()) out.what.message = field(o, "title");
  if (out.what.message.empty()) out.what.message = "the server answered " + std::to_string(status);
  out.what.where = field(o, "where");
  if (const auto id = field(o, "request_id"); !id.empty()) out.request_id = id;
  for (const auto& p : list(o, "problems"))
    out.problems.push_back({field(as_object(p), "where"), field(as_object(p), "message")});
  return out;
}

struct api::impl {
  asio::io_context io{1};
  http::client client;
  milliseconds timeout;

  explicit impl(const settings& s)
      : client(io.get_executor(), options_of(s)), timeout(s.timeout_ms()) {}

  static http::client_options options_of(const settings& s) {
    http::client_options o;
    o.url = s.url.value;
    o.api_key = s.api_key.value;
    o.timeout = s.timeout_ms();
    return o;
  }

  /// Runs one operation of the client to its end.
  template <class T>
  result<T> run(asio::awaitable<result<T>> operation) {
    std::optional<result<T>> out;
    std::exception_ptr failed;
    io.restart();
    asio::co_spawn(io, std::move(operation), [&](std::exception_ptr e, result<T> r) {
      failed = e;
      out.emplace(std::move(r));
    });
    io.run();
    if (failed) std::rethrow_exception(failed);
    if (!out) return fail(errc::unavailable, "the exchange was cut short");
    return std::move(*out);
  }
};

api::api(const settings& s) : impl_(std::make_unique<impl>(s)) {}
api::~api() = default;

result<raw_answer> api::exchange(std::string method, std::string target, std::string body,
                                 std::map<std::string, std::string> headers) {
  request_id_.clear();
  problems_.clear();
  headers.emplace("accept", "application/json");
  std::string type = body.empty() ? "" : "application/json";
  SWEEPD_TRY(auto r,
             impl_->run(impl_->client.send(std::move(method), std::move(target), std::move(body),
                                           std::move(type), std::move(headers), impl_->timeout)));
  return raw_answer{r.status, std::move(r.headers), std::move(r.body)};
}

error api::refused(int status, const std::map<std::string, std::string>& headers,
                   std::string_view body) {
  auto r = read_refusal(status, headers, body);
  request_id_ = std::move(r.request_id);
  problems_ = std::move(r.problems);
  return std::move(r.what);
}

result<json::value> api::judged(const raw_answer& r) {
  if (r.status >= 300) return tl::unexpected<error>(refused(r.status, r.headers, r.body));
  auto v = parse(r.body);
  if (!v) request_id_ = header(r.headers, "x-request-id");
  return v;
}

result<json::value> api::get(const std::string& target) {
  SWEEPD_TRY(const auto r, exchange("GET", std::string(api_root) + target, {}, {}));
  return judged(r);
}

result<json::value> api::change(std::string method, const std::string& target, json::value body) {
  std::map<std::string, std::string> headers{{"idempotency-key", fresh_idempotency_key()}};
  const std::string text = !body.is_null()      ? sweepd::json::to_text(body)
                           : method == "DELETE" ? std::string{}
                                                : std::string("{}");
  const std::string path = std::string(api_root) + target;
  auto r = exchange(method, path, text, headers);
  if (!r && r.error().code == errc::unavailable) r = exchange(method, path, text, headers);
  if (!r) return tl::unexpected<error>(std::move(r).error());
  return judged(*r);
}

result<api::listed> api::pages(std::string_view path,
                               std::vector<std::pair<std::string, std::string>> query,
                               std::uint64_t limit,
                               const std::function<bool(const json::object&)>& each) {
  listed out;
  std::string cursor;
  while (true) {
    auto here = query;
    const std::uint64_t left = limit == 0 ? page_size : limit - out.seen;
    here.emplace_back("limit", std::to_string(std::min<std::uint64_t>(left, page_size)));
    here.emplace_back("cursor", cursor);
    SWEEPD_TRY(const auto page, get(cli::target(path, here)));
    const auto& o = as_object(page);
    out.total = static_cast<std::uint64_t>(whole(o, "total"));
    for (const auto& item : list(o, "items")) {
      if (limit != 0 && out.seen == limit) {
        out.more = true;
        return out;
      }
      ++out.seen;
      if (!each(as_object(item))) return out;
    }
    const auto next = field(o, "next");
    out.more = !next.empty();
    if (!out.more || (limit != 0 && out.seen >= limit)) return out;
    if (next == cursor || list(o, "items").empty())
      return fail(errc::internal, "the server's list does not advance");
    cursor = next;
  }
}

result<raw_answer> api::raw(const std::string& target) {
  SWEEPD_TRY(auto r, exchange("GET", std::string(api_root) + target, {}, {{"accept", "*/*"}}));
  if (r.status >= 300) return tl::unexpected<error>(refused(r.status, r.headers, r.body));
  return r;
}

result<raw_answer> api::outside(const std::string& target) {
  return exchange("GET", target, {}, {{"accept", "*/*"}});
}

result<void> api::download(const std::string& target,
                           const std::function<bool(std::string_view)>& sink) {
  request_id_.clear();
  problems_.clear();
  SWEEPD_TRY(const auto r,
             impl_->run(impl_->client.stream(std::string(api_root) + target, {}, sink)));
  if (r.status >= 300) return tl::unexpected<error>(refused(r.status, r.headers, r.body));
  return {};
}

}  // namespace sweepd::cli
