// Where the links of file_resolvers.cpp lead: PUT stores a file, GET gives it back as a download. The
// link is the permission; names are data, never paths.
#include "controller/http/download.hpp"
#include "controller/http/file_name.hpp"
#include "controller/service/file_parts.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/run_files.hpp"
#include "controller/wandb/ticket.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

using http::request_context;
using http::response;
using http::services;

constexpr std::size_t file_bytes_max = 64u << 20;

/// The ticket in the request, if its link is ours and still good.
asio::awaitable<result<ticket>> admitted(request_context& ctx, services& svc, access what) {
  auto link = presented_by(ctx.req, what, run_id{ctx["run"]}, ctx["file"]);
  if (auto good = http::check_file_name(link.claims.file, "file"); !good) co_return failed(good);
  const auto now = svc.clock.now();
  auto look = [&](const core::state& s, moment) -> result<void> {
    if (auto good = check(s, link, now); !good) return good;
    const auto* r = core::find(s, link.claims.run);
    if (r == nullptr || r->deleted) return fail(errc::not_found, "there is no such run");
    return {};
  };
  auto good = co_await view(svc, std::move(look));
  if (!good) co_return failed(good);
  co_return std::move(link.claims);
}

asio::awaitable<response> put(request_context& ctx, services& svc) {
  auto t = co_await admitted(ctx, svc, access::upload);
  if (!t) co_return http::problem(t.error(), ctx.req);
  auto cut = [&body = ctx.req.body, &t = *t, now = svc.clock.now()] { return service::cut_file(t.run, t.file, body, now); };
  auto parts = co_await off_strand(svc, std::move(cut));
  auto stored = co_await svc.controller.put_files(std::move(parts));
  if (!stored) co_return http::problem(stored.error(), ctx.req);
  response out;
  out.content_type = "text/plain";
  co_return out;
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
  auto read = [&svc, id = t->run, f = *file](std::uint64_t at, std::size_t limit) {
    return read_file(svc.reader, id, f, at, limit);
  };
  co_return http::download(svc, t->file, file->info.size, std::move(read));
}

constexpr http::route table[] = {
    {"PUT", "/storage/runs/{run}/{file...}", http::need::open, put, file_bytes_max, "*/*"},
    {"GET", "/storage/runs/{run}/{file...}", http::need::open, get},
};

}  // namespace

std::span<const http::route> storage_routes() { return table; }

}  // namespace sweepd::wandb
