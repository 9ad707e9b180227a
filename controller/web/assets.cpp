#include "controller/web/assets.hpp"

#include "controller/base/digest.hpp"

#include "sweepd_web_files.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace sweepd::web {
namespace {

/// Nothing runs and nothing is loaded but what is embedded here; no frame, no form, no other site.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

constexpr std::string_view packed_ending = ".gz";
constexpr std::size_t tag_digits = 32;

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

std::vector<asset> load() {
  std::vector<asset> out;
  for (const auto& file : files::files()) {
    asset a;
    a.compressed = file.name.ends_with(packed_ending);
    a.name = file.name;
    if (a.compressed) a.name.remove_suffix(packed_ending.size());
    a.content_type = type_of(a.name);
    a.bytes = file.text;
    a.etag = '"' + sha256_hex(std::string(file.text)).substr(0, tag_digits) + '"';
    out.push_back(std::move(a));
  }
  return out;
}

/// For the rare client that takes no gzip. The input is our own; not being gzip is a broken build.
std::string unpacked(std::string_view packed) {
  z_stream z{};
  constexpr int gzip_only = 16 + MAX_WBITS;
  if (inflateInit2(&z, gzip_only) != Z_OK) throw std::runtime_error("zlib does not start");
  // zlib's input pointer is not const for historical reasons; it does not write there.
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  std::string piece(64u << 10, '\0');
  int told = Z_OK;
  while (told == Z_OK) {
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = static_cast<uInt>(piece.size());
    told = inflate(&z, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - z.avail_out);
  }
  inflateEnd(&z);
  if (told != Z_STREAM_END) throw std::runtime_error("an embedded file is not gzip");
  return out;
}

bool takes_gzip(std::string_view accept) {
  const auto at = accept.find("gzip");
  if (at == std::string_view::npos) return false;
  const auto rest = accept.substr(at + 4, 4);
  return rest != ";q=0" || accept.substr(at + 8, 1) == ".";
}

http::response nothing(const http::request& req) {
  return http::refuse(404, "not_found", "there is nothing at this path", req.request_id);
}

http::response served(const http::request& req, std::string_view name) {
  const auto* file = find_asset(name);
  if (file == nullptr) return nothing(req);
  return answer_with(*file, req.header("accept-encoding"), req.header("if-none-match"));
}

http::asio::awaitable<http::response> page(http::request_context& ctx, http::services&) {
  co_return served(ctx.req, "index.html");
}

/// ENTITY/PROJECT: a project's sweeps. The API's own names are no entity.
http::asio::awaitable<http::response> project_page(http::request_context& ctx, http::services&) {
  const auto& entity = ctx["entity"];
  if (entity == "api" || entity == "assets") co_return nothing(ctx.req);
  co_return served(ctx.req, "index.html");
}

http::asio::awaitable<http::response> script(http::request_context& ctx, http::services&) {
  co_return served(ctx.req, ctx["name"]);
}

using http::need;

constexpr http::route table[] = {
    {"GET", "/", need::open, page},
    {"GET", "/new", need::open, page},
    {"GET", "/policies", need::open, page},
    {"GET", "/agents", need::open, page},
    {"GET", "/events", need::open, page},
    {"GET", "/settings", need::open, page},
    {"GET", "/{entity}/{project}", need::open, project_page},
    {"GET", "/{entity}/{project}/sweeps/{sweep}", need::open, project_page},
    {"GET", "/{entity}/{project}/runs/{run}", need::open, project_page},
    {"GET", "/assets/{name}", need::open, script},
};

}  // namespace

std::span<const asset> assets() {
  static const std::vector<asset> all = load();
  return all;
}

const asset* find_asset(std::string_view name) {
  const auto all = assets();
  const auto it = std::find_if(all.begin(), all.end(), [&](const asset& a) { return a.name == name; });
  return it == all.end() ? nullptr : &*it;
}

http::response answer_with(const asset& file, std::string_view accept_encoding,
                           std::string_view if_none_match) {
  http::response out;
  out.content_type = file.content_type;
  out.headers.emplace_back("ETag", file.etag);
  out.headers.emplace_back("Cache-Control", "no-cache");
  out.headers.emplace_back("Content-Security-Policy", content_policy);
  if (file.compressed) out.headers.emplace_back("Vary", "Accept-Encoding");
  if (if_none_match.find(file.etag) != std::string_view::npos) {
    out.status = 304;
    return out;
  }
  if (!file.compressed) {
    out.body = file.bytes;
  } else if (takes_gzip(accept_encoding)) {
    out.headers.emplace_back("Content-Encoding", "gzip");
    out.body = file.bytes;
  } else {
    out.body = unpacked(file.bytes);
  }
  return out;
}

std::span<const http::route> routes() { return table; }

}  // namespace sweepd::web
