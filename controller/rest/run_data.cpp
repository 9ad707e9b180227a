// What a run left: history lines, its log, its files. Read from the store on the blocking pool, never
// from the strand; what the state says of a run is durable before it is looked at.
#include "controller/http/download.hpp"
#include "controller/http/file_name.hpp"
#include "controller/rest/handler.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"
#include "controller/service/file_parts.hpp"

namespace sweepd::rest {
namespace {

using http::check_file_name;

inline constexpr std::size_t file_bytes_max = 64u << 20;
inline constexpr std::size_t log_bytes_default = 1u << 20;
inline constexpr std::size_t log_bytes_max = 8u << 20;

/// The run, copied; not_found for the runs of others.
asio::awaitable<result<core::run>> the_run(request_context& ctx, services& svc) {
  run_id id{ctx["run"]};
  auto look = [&ctx, id](const core::state& s, moment) -> result<core::run> {
    SWEEPD_TRY(const auto* r, seen(s, ctx.who, id));
    return *r;
  };
  co_return co_await view(svc, std::move(look));
}

/// One of a run's two streams of JSON lines, and how many it has.
struct line_stream {
  result<std::vector<std::string>> (core::reader::*read)(const run_id&, std::uint64_t, std::size_t) = nullptr;
  std::uint64_t core::run::*count = nullptr;
};
constexpr line_stream history_lines{&core::reader::history, &core::run::history_lines};
constexpr line_stream system_lines{&core::reader::system_metrics, &core::run::system_lines};

asio::awaitable<result<response>> get_lines(request_context& ctx, services& svc, line_stream which) {
  const query q(ctx.req);
  if (auto known = q.only({"from", "limit"}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto from_given, q.number("from"));
  SWEEPD_CO_TRY(auto limit, q.limit());
  if (q.text("limit").empty()) limit = page_limit_max;
  SWEEPD_CO_TRY(const auto run, co_await the_run(ctx, svc));
  const auto from = from_given.value_or(0);
  auto load = [&svc, id = run.id, from, limit, which] { return (svc.reader.*which.read)(id, from, limit); };
  SWEEPD_CO_TRY(const auto lines, co_await off_strand(svc, std::move(load)));
  // The rows are stored as JSON already: put together as text rather than parsed and printed again.
  response out;
  out.body = "{\"from\":" + std::to_string(from) +
             ",\"total\":" + std::to_string(run.*which.count) + ",\"items\":[";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out.body += ',';
    out.body += lines[i];
  }
  out.body += "]}";
  co_return out;
}

asio::awaitable<result<response>> get_history(request_context& ctx, services& svc) {
  co_return co_await get_lines(ctx, svc, history_lines);
}

asio::awaitable<result<response>> get_system(request_context& ctx, services& svc) {
  co_return co_await get_lines(ctx, svc, system_lines);
}

/// A part of the log; `from` is later than asked for when the beginning was pruned.
struct log_piece {
  std::uint64_t from = 0;
  std::string text;
};

asio::awaitable<result<response>> get_log(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"from", "limit", "tail"}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto from_given, q.number("from"));
  SWEEPD_CO_TRY(const auto limit_given, q.number("limit"));
  SWEEPD_CO_TRY(const auto tail, q.number("tail"));
  if (tail && (from_given || limit_given))
    co_return fail(errc::invalid, "tail excludes from and limit", "?tail");
  const auto wanted = tail ? tail : limit_given;
  if (wanted && *wanted > log_bytes_max)
    co_return fail(errc::invalid, "must not be above 8388608", tail ? "?tail" : "?limit");
  SWEEPD_CO_TRY(const auto run, co_await the_run(ctx, svc));
  const std::uint64_t limit = wanted.value_or(log_bytes_default);
  const std::uint64_t from =
      tail ? run.log_bytes - std::min<std::uint64_t>(*tail, run.log_bytes) : from_given.value_or(0);
  auto load = [&svc, id = run.id, from, limit]() -> result<log_piece> {
    log_piece piece;
    SWEEPD_TRY(const auto kept_from, svc.reader.log_start(id));
    piece.from = std::max(from, kept_from);
    SWEEPD_TRY(piece.text, svc.reader.log(id, piece.from, static_cast<std::size_t>(limit)));
    return piece;
  };
  SWEEPD_CO_TRY(auto piece, co_await off_strand(svc, std::move(load)));
  response out;
  out.content_type = "text/plain; charset=utf-8";
  out.headers.emplace_back("X-Log-From", std::to_string(piece.from));
  out.headers.emplace_back("X-Log-Size", std::to_string(run.log_bytes));
  out.body = std::move(piece.text);
  co_return out;
}

asio::awaitable<result<response>> list_files(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({}); !known) co_return failed(known);
  SWEEPD_CO_TRY(const auto run, co_await the_run(ctx, svc));
  auto load = [&svc, id = run.id] { return svc.reader.files(id); };
  SWEEPD_CO_TRY(const auto files, co_await off_strand(svc, std::move(load)));
  bj::array items;
  for (const auto& f : files)
    items.push_back({{"name", f.name}, {"size", f.size}, {"sha256", f.sha256}, {"at", wire::time(f.at)}});
  const auto total = items.size();
  co_return ok(list_of(std::move(items), std::nullopt, total));
}

asio::awaitable<result<response>> get_file(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"name"}); !known) co_return failed(known);
  auto name = q.text("name");
  if (auto good = check_file_name(name, "?name"); !good) co_return failed(good);
  SWEEPD_CO_TRY(const auto run, co_await the_run(ctx, svc));
  auto list = [&svc, id = run.id] { return svc.reader.files(id); };
  SWEEPD_CO_TRY(const auto files, co_await off_strand(svc, std::move(list)));
  const auto info = std::find_if(files.begin(), files.end(),
                                 [&](const core::file_info& f) { return f.name == name; });
  if (info == files.end())
    co_return fail(errc::not_found, "run '" + run.id.value + "' has no file of that name", "?name");
  auto read = [&svc, id = run.id, name](std::uint64_t at, std::size_t limit) { return svc.reader.file(id, name, at, limit); };
  auto out = http::download(svc, name, info->size, std::move(read));
  out.headers.emplace_back("X-File-Size", std::to_string(info->size));
  out.headers.emplace_back("X-File-Sha256", info->sha256);
  co_return out;
}

asio::awaitable<result<response>> put_file(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"name", "epoch"}); !known) co_return failed(known);
  auto name = q.text("name");
  if (auto good = check_file_name(name, "?name"); !good) co_return failed(good);
  SWEEPD_CO_TRY(const auto epoch, q.number("epoch"));
  if (!epoch) co_return fail(errc::invalid, "is required", "?epoch");
  SWEEPD_CO_TRY(const auto run, co_await the_run(ctx, svc));
  if (*epoch != run.epoch)
    co_return fail(errc::conflict, "the run is at epoch " + std::to_string(run.epoch) + ", not " +
                                       std::to_string(*epoch) +
                                       ": it was handed out again meanwhile");
  const auto now = svc.clock.now();
  auto cut = [&body = ctx.req.body, id = run.id, name, now] { return service::cut_file(id, name, body, now); };
  auto parts = co_await off_strand(svc, std::move(cut));
  const auto size = parts.back().size;
  const auto sha256 = parts.back().sha256;
  if (auto stored = co_await svc.controller.put_files(std::move(parts)); !stored)
    co_return failed(stored);
  co_return created(
      {{"name", name}, {"size", size}, {"sha256", sha256}, {"at", wire::time(now)}});
}

using http::need;

constexpr http::route table[] = {
    {"GET", "/api/v1/runs/{run}/history", need::viewer, answered<get_history>},
    {"GET", "/api/v1/runs/{run}/system", need::viewer, answered<get_system>},
    {"GET", "/api/v1/runs/{run}/log", need::viewer, answered<get_log>},
    {"GET", "/api/v1/runs/{run}/files", need::viewer, answered<list_files>},
    {"GET", "/api/v1/runs/{run}/file", need::viewer, answered<get_file>},
    {"PUT", "/api/v1/runs/{run}/file", need::agent, answered<put_file>, file_bytes_max,
     "application/octet-stream"},
};

}  // namespace

std::span<const http::route> run_data_routes() { return table; }

}  // namespace sweepd::rest
