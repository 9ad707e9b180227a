// A run's stream: history, system metrics, summary, console, and how it ended. Any post is a sign of
// life. The client never gives up on 5xx, and for good on nearly every 4xx: so whatever may heal is 503,
// and a run that is there is never answered 404 or 409.
//
// Offsets are line numbers; a resend overwrites the same lines with the same text, so what lies below
// the stored length is skipped. A gap (an old client drops a chunk that it could not send) is closed
// with empty rows, so that the numbering stays the client's.
#include "controller/wandb/environment.hpp"
#include "controller/wandb/json_lines.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

using http::request_context;
using http::response;
using http::services;

constexpr std::size_t body_max = 32u << 20;
constexpr std::uint64_t gap_max = 10'000;  ///< rows; beyond, the numbering is given up
constexpr std::size_t stamp_size = 26;     ///< "2026-11-22T11:10:31.880754"

/// One file of the message.
struct chunk {
  std::uint64_t offset = 0;
  const bj::array* lines = nullptr;
  [[nodiscard]] bool empty() const { return lines == nullptr || lines->empty(); }
};

chunk chunk_of(const bj::object& files, std::string_view name) {
  chunk out;
  const auto* f = files.if_contains(name);
  if (f == nullptr || !f->is_object()) return out;
  out.offset = static_cast<std::uint64_t>(std::max<std::int64_t>(number_in(f->get_object(), "offset").value_or(0), 0));
  if (const auto* lines = f->get_object().if_contains("content"); lines != nullptr && lines->is_array())
    out.lines = &lines->get_array();
  return out;
}

std::string_view text_of(const bj::value& line) {
  return line.is_string() ? std::string_view(line.get_string()) : std::string_view();
}

/// Rows from `stored` on, as they are to be appended there.
std::vector<std::string> rows_after(const chunk& c, std::uint64_t& offset, std::uint64_t stored) {
  std::vector<std::string> out;
  offset = c.offset;
  if (c.empty()) return out;
  if (c.offset > stored) {
    if (c.offset - stored <= gap_max) out.assign(c.offset - stored, "{}");
    offset = stored;
  }
  for (const auto& line : *c.lines) out.push_back(stored_line(text_of(line)));
  return out;
}

/// A console line without the client's time stamp, in front of which it writes "ERROR " for stderr.
std::string_view plain_line(std::string_view line) {
  constexpr std::string_view error_mark = "ERROR ";
  auto rest = line;
  if (rest.starts_with(error_mark)) rest.remove_prefix(error_mark.size());
  const bool stamped = rest.size() > stamp_size && rest[4] == '-' && rest[7] == '-' && rest[10] == 'T' &&
                       rest[13] == ':' && rest[16] == ':' && rest[19] == '.' && rest[stamp_size] == ' ';
  return stamped ? rest.substr(stamp_size + 1) : line;
}

/// What is to be appended to the console's text. Its last line stays without an end while it is the
/// last: a progress bar draws it again and again, and each time goes behind the one before after a
/// carriage return, as a terminal was told it. Lines above the last are never changed.
std::string console_after(const chunk& c, const console_end& at) {
  std::string out;
  if (c.empty()) return out;
  auto next = at.ended;  // the line that `out` ends in, or is to begin with
  bool open = at.open.has_value();
  auto index = c.offset;
  for (const auto& each : *c.lines) {
    std::string line(plain_line(text_of(each)));
    while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
    std::replace(line.begin(), line.end(), '\n', ' ');  // one line is one line: the offsets count them
    const auto number = index++;
    if (number < next) continue;
    if (number == next && open) {
      if (line != *at.open) out = '\r' + line;
      continue;
    }
    out.append(number - next <= gap_max ? number - next : 1, '\n');
    out += line;
    next = number;
    open = true;
  }
  return out;
}

/// Where the run stands, for the offsets.
struct standing {
  run_id id;
  std::uint32_t epoch = 1;
  std::uint64_t history = 0, system = 0, log_bytes = 0;
  console_end console;
};

std::vector<core::command> commands_for(const bj::object& body, const standing& at) {
  static const bj::object none;
  const auto* given_files = body.if_contains("files");
  const auto& files = given_files != nullptr && given_files->is_object() ? given_files->get_object() : none;
  core::cmd::report_run report;
  report.run = at.id;
  report.epoch = at.epoch;
  report.history = rows_after(chunk_of(files, "wandb-history.jsonl"), report.history_offset, at.history);
  report.system = rows_after(chunk_of(files, "wandb-events.jsonl"), report.system_offset, at.system);
  report.log = console_after(chunk_of(files, "output.log"), at.console);
  const bool complete = flag_in(body, "complete").value_or(false);
  if (complete && (!report.log.empty() || at.console.open)) report.log += '\n';
  report.log_offset = at.log_bytes;
  if (const auto summary = chunk_of(files, "wandb-summary.json"); !summary.empty())
    if (auto whole = object_of(text_of(summary.lines->back()), "summary")) report.summary = std::move(*whole);
  std::vector<core::command> out;
  out.emplace_back(std::move(report));
  if (flag_in(body, "preempting").value_or(false)) {
    core::cmd::mark_preempting mark;
    mark.run = at.id;
    mark.epoch = at.epoch;
    out.emplace_back(std::move(mark));
  }
  if (complete) {
    core::cmd::finish_run finish;
    finish.run = at.id;
    finish.epoch = at.epoch;
    // -9: killed by signal 9. So says the second process that 0.16 keeps, which outlives its program.
    const auto code = static_cast<int>(std::clamp<std::int64_t>(number_in(body, "exitcode").value_or(0), -64, 255));
    if (code < 0)
      finish.signal = -code;
    else
      finish.exit_code = code;
    out.emplace_back(std::move(finish));
  }
  return out;
}

response try_again(const http::request& req, std::string_view why) {
  auto out = http::refuse(503, "unavailable", why, req.request_id);
  out.headers.emplace_back("Retry-After", "2");
  return out;
}

asio::awaitable<response> file_stream(request_context& ctx, services& svc) {
  auto body = json::parse(ctx.req.body);
  if (!body) body = json::parse(repaired(ctx.req.body));
  if (!body || !body->is_object()) {
    const error e{errc::invalid, "the body must be one JSON object", ""};
    co_return http::problem(e, ctx.req);
  }
  const auto project = ctx["entity"] + "/" + ctx["project"];
  auto look = [&](const core::state& s, moment) -> result<standing> {
    const auto* r = find_run(s, ctx.who, project, ctx["run"]);
    if (r == nullptr) return fail(errc::not_found, "there is no run '" + ctx["run"] + "' in " + project);
    return standing{r->id, r->epoch, r->history_lines, r->system_lines, r->log_bytes, end_of_console(*r)};
  };
  auto at = co_await http::view_before(svc, std::move(look));
  if (!at && at.error().code != errc::not_found) co_return try_again(ctx.req, at.error().message);
  if (!at) co_return http::problem(at.error(), ctx.req);
  auto commands = commands_for(body->get_object(), *at);
  auto who = ctx.caller();
  auto told = co_await svc.controller.submit_all(std::move(commands), std::move(who));
  bool stop = false;
  for (const auto& one : told) {
    // The run moved on while this was worked out: the client sends it again, and finds it there.
    if (!one) co_return try_again(ctx.req, one.error().message);
    if (const auto* t = std::get_if<core::answer::run_told>(&*one)) stop = stop || t->stop;
  }
  bj::object out;
  if (stop) out["stopped"] = true;
  co_return http::json_response(200, out);
}

constexpr http::route table[] = {
    {"POST", "/files/{entity}/{project}/{run}/file_stream", http::need::agent, file_stream, body_max,
     "application/json"},
};

}  // namespace

std::span<const http::route> file_stream_routes() { return table; }

}  // namespace sweepd::wandb
