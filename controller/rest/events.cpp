// The event log: paged, per run, and as a stream of server-sent events that resumes where it broke off.
#include "controller/rest/event_view.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/rest.hpp"
#include "controller/rest/wire_types.hpp"

#include <charconv>
#include <set>

namespace sweepd::rest {

asio::awaitable<result<seen_events>> read_events(services& svc, http::principal who,
                                                 core::event_filter f) {
  auto load = [&svc, &f] { return svc.reader.events(f); };
  SWEEPD_CO_TRY(auto rows, co_await off_strand(svc, std::move(load)));
  seen_events out;
  out.read_to = rows.empty() ? f.after : rows.back().seq;
  out.more = rows.size() >= f.limit;
  if (who.project == "*") {
    out.rows = std::move(rows);
    co_return out;
  }
  auto look = [&](const core::state& s, moment) {
    std::set<std::string> visible;
    for (const auto& e : rows)
      if (!e.sweep.empty() && who.sees(project_of(s, sweep_id{e.sweep}))) visible.insert(e.sweep);
    return visible;
  };
  SWEEPD_CO_TRY(const auto visible, co_await view(svc, std::move(look)));
  for (auto& e : rows)
    if (visible.contains(e.sweep)) out.rows.push_back(std::move(e));
  co_return out;
}

namespace {

inline constexpr milliseconds stream_comment_every{15'000};
inline constexpr std::size_t stream_page = 500;

result<std::uint64_t> sequence(const std::string& text, std::string where) {
  std::uint64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size())
    return fail(errc::invalid, "must be the sequence number of an event", std::move(where));
  return n;
}

std::string frame(const core::stored_event& e) {
  return "id: " + std::to_string(e.seq) + "\nevent: " + e.type +
         "\ndata: " + json::to_text(wire::event(e)) + "\n\n";
}

/// Writes what is new, waits for more, and says every 15 s that it is still there. Ends when the client is
/// gone, its key is let in no longer, or the server drains; the client then comes back with Last-Event-ID.
asio::awaitable<void> follow(services& svc, http::principal who, core::event_filter f,
                             http::body_writer write) {
  std::string hello = "retry: 2000\n\n";
  if (!co_await write(std::move(hello))) co_return;
  for (;;) {
    const auto newest = co_await svc.controller.wait_events(f.after, stream_comment_every);
    auto look = [&who](const core::state& s, moment now) { return http::let_in(s, who.key_id, now.wall); };
    const auto good = co_await view(svc, std::move(look));
    if (!good || !*good) co_return;
    if (newest <= f.after) {
      if (!svc.controller.stats().ready) co_return;
      std::string comment = ": nothing new\n\n";
      if (!co_await write(std::move(comment))) co_return;
    }
    while (f.after < newest) {
      f.limit = stream_page;
      auto page = co_await read_events(svc, who, f);
      if (!page) co_return;
      f.after = page->more ? page->read_to : std::max(newest, page->read_to);
      std::string text;
      for (const auto& e : page->rows) text += frame(e);
      if (!text.empty() && !co_await write(std::move(text))) co_return;
    }
  }
}

/// The filter of both routes, from the query.
result<core::event_filter> filter_of(const query& q, instant now) {
  core::event_filter f;
  SWEEPD_TRY(const auto after, q.number("after"));
  f.after = after.value_or(0);
  if (const auto cursor = q.text("cursor"); !cursor.empty()) {
    SWEEPD_TRY(f.after, sequence(cursor, "?cursor"));
  }
  if (auto id = q.text("sweep"); !id.empty()) f.sweep = sweep_id{std::move(id)};
  if (auto id = q.text("run"); !id.empty()) f.run = run_id{std::move(id)};
  if (auto id = q.text("agent"); !id.empty()) f.agent = agent_id{std::move(id)};
  f.type = q.text("type");
  SWEEPD_TRY(f.since, q.since("since", now));
  const auto order = q.text("order");
  if (!order.empty() && order != "oldest" && order != "newest")
    return fail(errc::invalid, "must be oldest or newest", "?order");
  f.newest_first = order == "newest";
  SWEEPD_TRY(f.limit, q.limit());
  return f;
}

/// Asking for the events of one thing is asking for the thing: unknown ones are 404.
asio::awaitable<result<void>> must_see_subjects(request_context& ctx, services& svc,
                                                core::event_filter f) {
  auto look = [&](const core::state& s, moment) -> result<void> {
    if (f.sweep)
      if (auto found = seen(s, ctx.who, *f.sweep); !found) return failed(found);
    if (f.run)
      if (auto found = seen(s, ctx.who, *f.run); !found) return failed(found);
    if (f.agent)
      if (auto found = seen(s, ctx.who, *f.agent); !found) return failed(found);
    return {};
  };
  co_return co_await view(svc, std::move(look));
}

asio::awaitable<result<response>> page_of_events(request_context& ctx, services& svc,
                                                 core::event_filter f) {
  if (auto visible = co_await must_see_subjects(ctx, svc, f); !visible) co_return failed(visible);
  SWEEPD_CO_TRY(const auto page, co_await read_events(svc, ctx.who, f));
  bj::array items;
  for (const auto& e : page.rows) items.push_back(wire::event(e));
  bj::object out;
  out["items"] = std::move(items);
  // A page of the newest has no next one: older events are reached by paging from the beginning.
  out["next"] = page.more && !f.newest_first ? bj::value(std::to_string(page.read_to)) : bj::value(nullptr);
  // Counting what a filter matches would read the whole log; the log itself counts without gaps.
  out["total"] = svc.controller.stats().durable_seq;
  co_return ok(out);
}

asio::awaitable<result<response>> stream_of_events(request_context& ctx, services& svc,
                                                   core::event_filter f, bool from_start) {
  if (auto visible = co_await must_see_subjects(ctx, svc, f); !visible) co_return failed(visible);
  if (const auto last = ctx.req.header("last-event-id"); !last.empty()) {
    SWEEPD_CO_TRY(f.after, sequence(last, "Last-Event-ID"));
  } else if (!from_start) {
    f.after = svc.controller.stats().durable_seq;
  }
  response out;
  out.content_type = "text/event-stream";
  out.headers.emplace_back("Cache-Control", "no-store");
  out.headers.emplace_back("X-Accel-Buffering", "no");
  out.stream = [&svc, who = ctx.who, f](http::body_writer write) {
    return follow(svc, who, f, std::move(write));
  };
  co_return out;
}

asio::awaitable<result<response>> get_events(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"after", "cursor", "sweep", "run", "agent", "type", "since", "order", "limit"});
      !known)
    co_return failed(known);
  SWEEPD_CO_TRY(auto f, filter_of(q, svc.clock.now()));
  if (ctx.req.header("accept").find("text/event-stream") == std::string::npos)
    co_return co_await page_of_events(ctx, svc, std::move(f));
  f.newest_first = false;
  const bool from_start = ctx.req.param("after").has_value() || f.since.has_value();
  co_return co_await stream_of_events(ctx, svc, std::move(f), from_start);
}

asio::awaitable<result<response>> get_run_events(request_context& ctx, services& svc) {
  const query q(ctx.req);
  if (auto known = q.only({"after", "cursor", "type", "since", "order", "limit"}); !known)
    co_return failed(known);
  SWEEPD_CO_TRY(auto f, filter_of(q, svc.clock.now()));
  f.run = run_id{ctx["run"]};
  co_return co_await page_of_events(ctx, svc, std::move(f));
}

asio::awaitable<result<response>> verify_events(request_context& ctx, services& svc) {
  if (ctx.who.project != "*")
    co_return fail(errc::forbidden, "the log is for keys of all projects to verify");
  const auto last = svc.controller.stats().durable_seq;
  auto check = [&svc] { return svc.reader.verify(); };
  SWEEPD_CO_TRY(const auto broken, co_await off_strand(svc, std::move(check)));
  core::event_filter f;
  f.newest_first = true;
  f.limit = 1;
  auto load = [&svc, f] { return svc.reader.events(f); };
  SWEEPD_CO_TRY(const auto newest, co_await off_strand(svc, std::move(load)));
  bj::object out;
  out["ok"] = !broken.has_value();
  out["broken_at"] = broken ? bj::value(*broken) : bj::value(nullptr);
  out["last_seq"] = newest.empty() ? last : newest.front().seq;
  out["head"] = newest.empty() ? bj::value(nullptr) : bj::value(newest.front().hash);
  co_return ok(out);
}

using http::need;

constexpr http::route table[] = {
    {"GET", "/api/v1/events", need::viewer, answered<get_events>},
    {"GET", "/api/v1/events/verify", need::admin, answered<verify_events>},
    {"GET", "/api/v1/runs/{run}/events", need::viewer, answered<get_run_events>},
};

}  // namespace

std::span<const http::route> event_routes() { return table; }

}  // namespace sweepd::rest
