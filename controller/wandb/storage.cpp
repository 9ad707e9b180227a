// Where the links of file_resolvers.cpp lead: PUT stores a file, GET gives it back as a download. The
// link is the permission; names are data, never paths.
#include "controller/base/digest.hpp"
#include "controller/http/file_name.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/run_files.hpp"
#include "controller/wandb/ticket.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>
#include <charconv>

namespace sweepd::wandb {
namespace {

using http::request_context;
using http::response;
using http::services;

constexpr std::size_t file_bytes_max = 64u << 20;
constexpr std::size_t piece = 1u << 20;

/// The ticket in the request, if its link is ours and still good.
asio::awaitable<result<ticket>> admitted(request_context& ctx, services& svc, access what) {
  ticket t;
  t.what = what;
  t.run = run_id{ctx["run"]};
  t.file = ctx["file"];
  t.key_id = ctx.req.param("key").value_or("");
  const auto until = ctx.req.param("until").value_or("");
  std::int64_t ms = 0;
  std::from_chars(until.data(), until.data() + until.size(), ms);
  t.until = instant{milliseconds{ms}};
  const auto mark = ctx.req.param("mark").value_or("");
  const auto now = svc.clock.now();
  if (auto good = http::check_file_name(t.file, "file"); !good) co_return failed(good);
  auto look = [&](const core::state& s, moment) -> result<bool> {
    const auto secret = secret_of(s, t.key_id, now);
    if (!secret || t.until <= now || !genuine(t, *secret, mark))
      return fail(errc::forbidden, "this link is not valid, or no longer");
    if (core::find(s, t.run) == nullptr) return fail(errc::not_found, "there is no such run");
    return true;
  };
  auto good = co_await view(svc, std::move(look));
  if (!good) co_return failed(good);
  co_return t;
}

std::vector<core::file_part> parts_of(const ticket& t, const std::string& body, instant now) {
  const auto transfer = service::fresh_id() + service::fresh_id();
  const auto sha256 = sha256_hex(body);
  std::vector<core::file_part> parts;
  for (std::size_t at = 0; at == 0 || at < body.size(); at += piece) {
    core::file_part p;
    p.run = t.run;
    p.name = t.file;
    p.transfer = transfer;
    p.part = parts.size();
    p.bytes = body.substr(at, piece);
    p.size = body.size();
    p.sha256 = sha256;
    p.at = now;
    parts.push_back(std::move(p));
  }
  parts.back().complete = true;
  return parts;
}

asio::awaitable<response> put(request_context& ctx, services& svc) {
  auto t = co_await admitted(ctx, svc, access::upload);
  if (!t) co_return http::problem(t.error(), ctx.req);
  auto cut = [&body = ctx.req.body, &t = *t, now = svc.clock.now()] { return parts_of(t, body, now); };
  auto parts = co_await off_strand(svc, std::move(cut));
  auto stored = co_await svc.controller.put_files(std::move(parts));
  if (!stored) co_return http::problem(stored.error(), ctx.req);
  response out;
  out.content_type = "text/plain";
  co_return out;
}

asio::awaitable<void> send_file(services& svc, run_id id, run_file f, http::body_writer write) {
  for (std::uint64_t at = 0; at < f.info.size;) {
    const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(piece, f.info.size - at));
    auto load = [&svc, &id, &f, at, limit] { return read_file(svc.reader, id, f, at, limit); };
    auto bytes = co_await off_strand(svc, std::move(load));
    if (!bytes || bytes->empty()) co_return;
    at += bytes->size();
    if (!co_await write(std::move(*bytes))) co_return;
  }
}

asio::awaitable<response> get(request_context& ctx, services& svc) {
  auto t = co_await admitted(ctx, svc, access::download);
  if (!t) co_return http::problem(t.error(), ctx.req);
  auto files = co_await files_of(svc, t->run);
  if (!files) co_return http::problem(files.error(), ctx.req);
  const auto file = std::find_if(files->begin(), files->end(), [&](const auto& f) { return f.info.name == t->file; });
  if (file == files->end()) {
    const error e{errc::not_found, "the run has no file of that name", ""};
    co_return http::problem(e, ctx.req);
  }
  response out;
  out.content_type = "application/octet-stream";
  out.headers.emplace_back("Content-Disposition", http::attachment(t->file));
  out.headers.emplace_back("Content-Security-Policy", "sandbox");
  out.stream = [&svc, id = t->run, f = *file](http::body_writer write) {
    return send_file(svc, id, f, std::move(write));
  };
  co_return out;
}

constexpr http::route table[] = {
    {"PUT", "/storage/runs/{run}/{file...}", http::need::open, put, file_bytes_max, "*/*"},
    {"GET", "/storage/runs/{run}/{file...}", http::need::open, get},
};

}  // namespace

std::span<const http::route> storage_routes() { return table; }

}  // namespace sweepd::wandb
