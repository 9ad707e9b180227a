// The server itself: alive, ready, in what condition, who you are to it, its metrics, its own
// description, and a copy of its database.
#include "controller/rest/handler.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"

#include "sweepd_openapi.hpp"

#include <filesystem>
#include <fstream>

namespace sweepd::rest {

std::string_view openapi_text() { return openapi::files().front().text; }

std::vector<std::span<const http::route>> tables() {
  return {status_routes(), sweep_routes(),     trial_routes(),    policy_routes(), agent_routes(), run_routes(),
          run_table_routes(), run_data_routes(), bulk_routes(), event_routes(), key_routes(), webhook_routes()};
}

namespace {

inline constexpr std::size_t backup_piece = 1u << 20;

asio::awaitable<response> healthz(request_context&, services&) {
  response out;
  out.content_type = "text/plain; charset=utf-8";
  out.body = "ok";
  co_return out;
}

asio::awaitable<response> readyz(request_context&, services& svc) {
  const auto stats = svc.controller.stats();
  const bool ready = stats.ready && !stats.disk_full;
  bj::object body;
  body["ready"] = ready;
  body["reason"] = ready ? bj::value(nullptr)
                         : bj::value(stats.disk_full ? "the disk is full: read-only" : "not serving");
  co_return http::json_response(ready ? 200 : 503, body);
}

asio::awaitable<response> get_openapi(request_context&, services&) {
  response out;
  out.body = std::string(openapi_text());
  co_return out;
}

asio::awaitable<result<response>> get_metrics(request_context&, services& svc) {
  if (!svc.metrics_text) co_return fail(errc::not_found, "this server keeps no metrics");
  response out;
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  out.body = co_await svc.metrics_text();
  co_return out;
}

asio::awaitable<result<response>> whoami(request_context& ctx, services& svc) {
  const auto role = json::enum_name(ctx.who.role);
  co_return ok({{"key", ctx.who.key_id},
                {"role", bj::string_view(role.data(), role.size())},
                {"project", ctx.who.project},
                {"durable_seq", svc.controller.stats().durable_seq}});
}

/// What the state says, as far as the caller may see.
bj::object condition(const core::state& s, const http::principal& who, moment now) {
  std::uint64_t sweeps = 0;
  std::map<std::string_view, std::uint64_t> runs;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<core::run_state>>(
      [&](auto d) { runs[d.name] = 0; });
  for (const auto& [id, sw] : s.sweeps) {
    if (!who.sees(sw.project)) continue;
    ++sweeps;
    for (const auto& [state, n] : sw.run_counts) runs[json::enum_name(state)] += n;
  }
  std::uint64_t agents = 0;
  for (const auto& [id, a] : s.agents)
    if (a.state == core::agent_state::live && who.sees(project_of(s, a.sweep))) ++agents;
  bj::object out;
  out["sweeps"] = sweeps;
  bj::object by_state;
  for (const auto& [name, n] : runs) by_state[bj::string_view(name.data(), name.size())] = n;
  out["runs"] = std::move(by_state);
  out["agents"] = agents;
  const bool grace = s.grace_until > now.at;
  out["grace_until"] = grace ? wire::time(s.grace_until, now) : bj::value(nullptr);
  out["grace_why"] = grace ? bj::value(s.grace_why) : bj::value(nullptr);
  out["mass_silence"] = {{"active", s.silence.active},
                         {"until", s.silence.active ? wire::time(s.silence.until, now)
                                                    : bj::value(nullptr)}};
  out["near_misses"] = s.near_misses;
  return out;
}

asio::awaitable<result<response>> get_status(request_context& ctx, services& svc) {
  auto look = [&](const core::state& s, moment now) { return condition(s, ctx.who, now); };
  auto seen_now = co_await view(svc, std::move(look));
  if (!seen_now && seen_now.error().code != errc::disk_full) co_return failed(seen_now);
  const auto stats = svc.controller.stats();
  bj::object out;
  out["version"] = svc.version;
  out["ready"] = stats.ready;
  out["disk_full"] = stats.disk_full;
  out["queue"] = stats.queue;
  out["durable_seq"] = stats.durable_seq;
  // With a full disk the state is ahead of what can be promised: its part of the answer is left out.
  if (seen_now)
    for (auto& [key, item] : *seen_now) out[key] = std::move(item);
  co_return ok(out);
}

/// Makes the copy, opens it, and takes its name away: it is gone when nobody reads it any more,
/// whatever happens in between. Blocks on the disk.
result<std::shared_ptr<std::ifstream>> nameless_copy(core::reader& reader,
                                                     const std::filesystem::path& path) {
  auto made = reader.backup(path.string());
  auto file = std::make_shared<std::ifstream>(path, std::ios::binary);
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  if (!made) return failed(made);
  if (!*file) return fail(errc::internal, "the copy cannot be read", path.string());
  return file;
}

asio::awaitable<void> send_backup(services& svc, std::shared_ptr<std::ifstream> file,
                                  http::body_writer write) {
  for (;;) {
    auto load = [&file] {
      std::string piece(backup_piece, '\0');
      file->read(piece.data(), static_cast<std::streamsize>(piece.size()));
      piece.resize(static_cast<std::size_t>(file->gcount()));
      return piece;
    };
    auto piece = co_await off_strand(svc, std::move(load));
    if (piece.empty()) co_return;
    if (!co_await write(std::move(piece))) co_return;
  }
}

asio::awaitable<result<response>> get_backup(request_context& ctx, services& svc) {
  if (ctx.who.project != "*")
    co_return fail(errc::forbidden, "a backup holds every project: it takes a key of all projects");
  namespace fs = std::filesystem;
  const auto folder =
      svc.scratch_directory.empty() ? fs::temp_directory_path() : fs::path(svc.scratch_directory);
  const auto path = folder / ("backup-" + service::fresh_id() + ".db");
  auto copy = [&svc, path] { return nameless_copy(svc.reader, path); };
  SWEEPD_CO_TRY(auto file, co_await off_strand(svc, std::move(copy)));
  response out;
  out.content_type = "application/octet-stream";
  out.headers.emplace_back("Content-Disposition", "attachment; filename=\"sweepd-backup.db\"");
  out.stream = [&svc, file](http::body_writer write) {
    return send_backup(svc, file, std::move(write));
  };
  co_return out;
}

using http::need;

constexpr http::route table[] = {
    {"GET", "/healthz", need::open, healthz},
    {"GET", "/readyz", need::open, readyz},
    {"GET", "/openapi.json", need::open, get_openapi},
    {"GET", "/metrics", need::viewer, answered<get_metrics>},
    {"GET", "/api/v1/status", need::viewer, answered<get_status>},
    {"GET", "/api/v1/whoami", need::viewer, answered<whoami>},
    {"GET", "/api/v1/backup", need::admin, answered<get_backup>},
};

}  // namespace

std::span<const http::route> status_routes() { return table; }

}  // namespace sweepd::rest
