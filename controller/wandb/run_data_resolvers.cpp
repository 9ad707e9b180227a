// What a run logged: history, system metrics, their last lines, its console.
#include "controller/wandb/environment.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/run_rows.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

std::uint64_t count_in(const call& c, stream which) {
  const auto n = number_in(c.parent, which == stream::history ? "historyLineCount" : "eventsLineCount");
  if (n) return static_cast<std::uint64_t>(*n);
  const auto* v = c.parent.if_contains(which == stream::history ? "historyLineCount" : "eventsLineCount");
  return v != nullptr && v->is_uint64() ? v->get_uint64() : 0;
}

asio::awaitable<result<std::vector<std::string>>> lines_of(call& c, stream which) {
  auto load = [&reader = c.env.svc.reader, id = run_of(c), which, n = count_in(c, which)] {
    return read_lines(reader, id, which, n);
  };
  co_return co_await off_strand(c.env.svc, std::move(load));
}

/// A list of JSON texts, one a row.
resolved rows_as_texts(call& c, stream which) {
  SWEEPD_CO_TRY(const auto lines, co_await lines_of(c, which));
  row_query q;
  q.min_step = number_in(c.arguments, "minStep");
  q.max_step = number_in(c.arguments, "maxStep");
  q.steps = which == stream::history;
  q.max_inclusive = false;  // of history(); the specs of sampledHistory() include it
  q.samples = static_cast<std::size_t>(std::max<std::int64_t>(number_in(c.arguments, "samples").value_or(500), 1));
  bj::array out;
  for (const auto& row : choose_rows(lines, q)) out.push_back(bj::value(json::to_text(row)));
  co_return bj::value(std::move(out));
}

resolved history(call& c) { co_return co_await rows_as_texts(c, stream::history); }
resolved events(call& c) { co_return co_await rows_as_texts(c, stream::system); }

resolved sampled_history(call& c) {
  SWEEPD_CO_TRY(const auto lines, co_await lines_of(c, stream::history));
  bj::array out;
  for (const auto& spec : c.arguments.at("specs").as_array()) {
    SWEEPD_CO_TRY(const auto q, read_spec(std::string(spec.as_string())));
    bj::array rows;
    for (auto& row : choose_rows(lines, q)) rows.push_back(std::move(row));
    out.push_back(std::move(rows));
  }
  co_return bj::value(std::move(out));
}

resolved history_keys(call& c) {
  SWEEPD_CO_TRY(const auto lines, co_await lines_of(c, stream::history));
  co_return bj::value(key_summary(lines));
}

/// Nothing is exported to Parquet: every row is live.
resolved parquet_history(call& c) {
  SWEEPD_CO_TRY(const auto lines, co_await lines_of(c, stream::history));
  row_query q;
  for (const auto& k : c.arguments.at("liveKeys").as_array()) q.keys.emplace_back(k.as_string());
  bj::array live;
  for (auto& row : choose_rows(lines, q)) live.push_back(std::move(row));
  co_return bj::value(bj::object{{"parquetUrls", bj::array()}, {"liveData", std::move(live)}});
}

/// The last line, as a JSON text in a list in a JSON text.
resolved tail(call& c, stream which) {
  const auto n = count_in(c, which);
  bj::array out;
  if (n > 0) {
    auto load = [&reader = c.env.svc.reader, id = run_of(c), which, n] {
      return which == stream::history ? reader.history(id, n - 1, 1) : reader.system_metrics(id, n - 1, 1);
    };
    SWEEPD_CO_TRY(const auto last, co_await off_strand(c.env.svc, std::move(load)));
    for (const auto& line : last) out.push_back(bj::value(line));
  }
  co_return bj::value(json::to_text(bj::value(std::move(out))));
}

resolved history_tail(call& c) { co_return co_await tail(c, stream::history); }
resolved events_tail(call& c) { co_return co_await tail(c, stream::system); }

resolved system_metrics(call& c) {
  const auto n = count_in(c, stream::system);
  if (n == 0) co_return bj::value("{}");
  auto load = [&reader = c.env.svc.reader, id = run_of(c), n] { return reader.system_metrics(id, n - 1, 1); };
  SWEEPD_CO_TRY(const auto last, co_await off_strand(c.env.svc, std::move(load)));
  co_return bj::value(last.empty() ? "{}" : last.front());
}

resolved log_lines(call& c) {
  constexpr std::size_t bytes_max = 1u << 20;
  auto look = [id = run_of(c)](const core::state& s, moment) {
    const auto* r = core::find(s, id);  // null: nobody has it yet
    return r == nullptr ? std::uint64_t{0} : r->log_bytes;
  };
  SWEEPD_CO_TRY(const auto size, co_await view(c.env.svc, std::move(look)));
  auto load = [&reader = c.env.svc.reader, id = run_of(c), from = size - std::min<std::uint64_t>(size, bytes_max)] {
    return reader.log(id, from, bytes_max);
  };
  SWEEPD_CO_TRY(const auto text, co_await off_strand(c.env.svc, std::move(load)));
  std::vector<std::string> lines, ids;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    ids.push_back(std::to_string(lines.size()));
    auto line = text.substr(at, end - at);
    while (line.ends_with('\r')) line.pop_back();
    lines.push_back(line.substr(line.rfind('\r') + 1));  // what a terminal shows of it in the end
    at = end + 1;
  }
  auto arguments = c.arguments;
  if (!arguments.contains("first")) arguments["first"] = 1'000;
  co_return bj::value(connection(ids, arguments, [&](std::size_t i) {
    return bj::object{{"id", ids[i]}, {"number", i}, {"line", lines[i]}, {"level", "info"}};
  }));
}

constexpr graphql::resolver_row table[] = {
    {"Run.history", history},
    {"Run.events", events},
    {"Run.sampledHistory", sampled_history},
    {"Run.historyKeys", history_keys},
    {"Run.parquetHistory", parquet_history},
    {"Run.historyTail", history_tail},
    {"Run.eventsTail", events_tail},
    {"Run.systemMetrics", system_metrics},
    {"Run.logLines", log_lines},
};

}  // namespace

std::span<const graphql::resolver_row> run_data_resolvers() { return table; }

}  // namespace sweepd::wandb
