#include "controller/wandb/artifact_storage.hpp"

#include "controller/base/digest.hpp"
#include "controller/http/download.hpp"
#include "controller/service/file_parts.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/ticket.hpp"
#include "controller/wandb/wandb.hpp"

namespace sweepd::wandb {
namespace {

using http::request_context;
using http::response;
using http::services;

constexpr std::size_t file_bytes_max = 64u << 20;
constexpr std::size_t md5_digits = 32;

bool is_md5(std::string_view text) {
  return text.size() == md5_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Is the link of the request ours and still good?
asio::awaitable<result<void>> admit(request_context& ctx, services& svc, access what) {
  const auto link = presented_by(ctx.req, what, core::artifact_files_of(ctx["entity"] + "/" + ctx["project"]), ctx["md5"]);
  const auto now = svc.clock.now();
  auto look = [&](const core::state& s, moment) -> result<void> {
    if (!is_md5(link.claims.file)) return fail(errc::forbidden, "this link is not valid, or no longer");
    return check(s, link, now);
  };
  co_return co_await view(svc, std::move(look));
}

asio::awaitable<response> put(request_context& ctx, services& svc) {
  auto good = co_await admit(ctx, svc, access::upload);
  if (!good) co_return http::problem(good.error(), ctx.req);
  const auto project = ctx["entity"] + "/" + ctx["project"];
  const auto md5 = ctx["md5"];
  auto cut = [&]() -> result<std::vector<core::file_part>> {
    if (md5_hex(ctx.req.body) != md5)
      return fail(errc::invalid, "the content is not what was announced: its MD5 differs");
    return artifact_parts(project, md5, ctx.req.body, svc.clock.now());
  };
  auto parts = co_await off_strand(svc, std::move(cut));
  if (!parts) co_return http::problem(parts.error(), ctx.req);
  auto stored = co_await svc.controller.put_files(std::move(*parts));
  if (!stored) co_return http::problem(stored.error(), ctx.req);
  response out;
  out.content_type = "text/plain";
  co_return out;
}

asio::awaitable<response> give(request_context& ctx, services& svc, std::string project, std::string md5,
                               std::string name) {
  const auto owner = core::artifact_files_of(project);
  auto find = [&] { return svc.reader.find_files(owner, {md5}); };
  auto found = co_await off_strand(svc, std::move(find));
  if (!found) co_return http::problem(found.error(), ctx.req);
  if (!found->front()) {
    const error e{errc::not_found, "no artifact of the project has such a file", ""};
    co_return http::problem(e, ctx.req);
  }
  auto read = [&svc, owner, md5](std::uint64_t at, std::size_t limit) { return svc.reader.file(owner, md5, at, limit); };
  co_return http::download(svc, name, found->front()->size, std::move(read));
}

asio::awaitable<response> get(request_context& ctx, services& svc) {
  auto good = co_await admit(ctx, svc, access::download);
  if (!good) co_return http::problem(good.error(), ctx.req);
  co_return co_await give(ctx, svc, ctx["entity"] + "/" + ctx["project"], ctx["md5"], ctx["md5"]);
}

/// Whose artifacts' file a path means, and under which name it is saved; project "": nobody's.
struct wanted_file {
  std::string project, md5, name;
};

/// Where clients look for a single file: ENTITY/PROJECT/COLLECTION/BIRTH ARTIFACT/MD5/NAME, the birth artifact
/// perhaps empty; and up to 0.16 ENTITY/BIRTH ARTIFACT/MD5 (wandb/wandb: sdk/artifacts/storage_policies/
/// wandb_storage_policy.py, _file_url).
wanted_file file_at(const core::state& s, const request_context& ctx) {
  wanted_file out;
  const std::string_view rest = ctx["rest"];
  const auto slash = rest.rfind('/');
  if (slash == std::string_view::npos) {
    const auto born = name_in("Artifact", ctx["project"]);
    const auto* a = born ? s.artifacts.find(artifact_id{*born}) : nullptr;
    if (a != nullptr) out.project = a->project;
    out.md5 = out.name = rest;
  } else {
    const auto before = rest.substr(0, slash);
    out.project = ctx["entity"] + "/" + ctx["project"];
    out.md5 = before.substr(before.rfind('/') + 1);
    out.name = rest.substr(slash + 1);
  }
  if (!is_md5(out.md5) || !ctx.who.sees(out.project)) out.project.clear();
  return out;
}

asio::awaitable<response> get_by_digest(request_context& ctx, services& svc) {
  auto look = [&](const core::state& s, moment) { return file_at(s, ctx); };
  auto wanted = co_await view(svc, std::move(look));
  if (!wanted) co_return http::problem(wanted.error(), ctx.req);
  if (wanted->project.empty()) {
    const error e{errc::not_found, "no artifact of the project has such a file", ""};
    co_return http::problem(e, ctx.req);
  }
  co_return co_await give(ctx, svc, wanted->project, wanted->md5, wanted->name);
}

constexpr http::route table[] = {
    {"PUT", "/storage/artifacts/{entity}/{project}/{md5}", http::need::open, put, file_bytes_max, "*/*"},
    {"GET", "/storage/artifacts/{entity}/{project}/{md5}", http::need::open, get},
    {"GET", "/artifactsV2/{region}/{entity}/{project}/{rest...}", http::need::viewer, get_by_digest},
};

}  // namespace

std::vector<core::file_part> artifact_parts(const std::string& project, const std::string& md5,
                                            const std::string& bytes, instant now) {
  return service::cut_file(core::artifact_files_of(project), md5, bytes, now);
}

std::span<const http::route> artifact_storage_routes() { return table; }

}  // namespace sweepd::wandb
