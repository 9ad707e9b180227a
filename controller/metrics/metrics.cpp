#include "controller/metrics/metrics.hpp"

#include "controller/base/json_record.hpp"
#include "controller/metrics/event_tail.hpp"
#include "controller/metrics/process.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

namespace sweepd::metrics {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

/// At most so many events are read for one scrape; a backlog is worked off by the next ones.
inline constexpr std::size_t tail_rows_max = 100'000;

/// Answers come within a fsync or after the wait of a claim: 0.5 ms to 60 s.
const Histogram::BucketBoundaries duration_buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                   0.1,    0.25,  0.5,    1,     2.5,  5,     10,
                                                   30,     60};

/// What one look at the state gives.
struct survey {
  std::map<std::string, double> runs, sweeps, agents;
  double suspects = 0;
  double blocked_sweeps = 0;
  double oldest_crashed_seconds = 0;
  double breakers_open = 0;
  double quarantined = 0;
  double near_misses = 0;
  bool grace = false;
  bool mass_silence = false;
};

template <class E>
void zero(std::map<std::string, double>& by_name) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { by_name[std::string(json::enum_name(d.value))] = 0; });
}

/// A running sweep that crashed runs keep from handing out: only they are left, or they stand in a
/// limit that is reached.
bool blocked(const core::sweep& sw) {
  const auto count = [&](core::run_state state) {
    const auto it = sw.run_counts.find(state);
    return it == sw.run_counts.end() ? std::uint64_t{0} : it->second;
  };
  if (sw.state != core::sweep_state::running || count(core::run_state::crashed) == 0) return false;
  const bool idle = count(core::run_state::pending) + count(core::run_state::running) +
                        count(core::run_state::preempting) == 0;
  const auto reached = [](std::uint64_t used, const std::optional<std::int64_t>& limit) {
    return limit && used >= static_cast<std::uint64_t>(*limit);
  };
  return (idle && sw.waiting.empty()) || reached(sw.slots_used, sw.spec.max_concurrent_runs) ||
         reached(sw.cap_used, sw.spec.run_cap);
}

survey look_at(const core::state& s, moment now) {
  survey out;
  zero<core::run_state>(out.runs);
  zero<core::sweep_state>(out.sweeps);
  zero<core::agent_state>(out.agents);
  for (const auto& [id, sw] : s.sweeps) {
    ++out.sweeps[std::string(json::enum_name(sw.state))];
    for (const auto& [state, n] : sw.run_counts)
      out.runs[std::string(json::enum_name(state))] += static_cast<double>(n);
    if (sw.breaker != core::breaker_state::closed) ++out.breakers_open;
    if (blocked(sw)) ++out.blocked_sweeps;
    for (const auto& run_id : sw.unsettled) {
      const auto* r = core::find(s, run_id);
      if (r == nullptr || r->state != core::run_state::crashed) continue;
      const auto age = static_cast<double>((now.at - r->state_since).count()) / 1000.0;
      out.oldest_crashed_seconds = std::max(out.oldest_crashed_seconds, age);
    }
  }
  for (const auto& [id, a] : s.agents) {
    ++out.agents[std::string(json::enum_name(a.state))];
    if (a.quarantined_until && *a.quarantined_until > now.at) ++out.quarantined;
  }
  out.suspects = static_cast<double>(s.suspects.size());
  out.near_misses = static_cast<double>(s.near_misses);
  out.grace = s.grace_until > now.at;
  out.mass_silence = s.silence.active;
  return out;
}

Gauge& gauge(Registry& r, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(r).Add({});
}
Counter& counter(Registry& r, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(r).Add({});
}
Family<Gauge>& gauges(Registry& r, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(r);
}

/// Moves a counter to a total that somebody else counts.
void follow(Counter& c, std::uint64_t total) {
  const auto ahead = static_cast<double>(total) - c.Value();
  if (ahead > 0) c.Increment(ahead);
}

void set_all(Family<Gauge>& family, const std::map<std::string, double>& by_state) {
  for (const auto& [name, n] : by_state) family.Add({{"state", name}}).Set(n);
}

}  // namespace

struct metrics::impl {
  service::controller& controller;
  core::reader& reader;
  asio::any_io_executor blocking;
  metrics_options opts;

  Registry registry;
  Family<Counter>& http_requests;
  Family<Histogram>& http_seconds;
  Counter &commands, &commits, &heartbeats, &handouts;
  Gauge &queue, &claims_waiting, &last_commit, &durable_seq, &ready, &disk_full;
  Family<Gauge>&runs, &sweeps, &agents;
  Gauge &stale, &blocked_sweeps, &oldest_crashed, &breakers, &quarantined, &near_misses, &grace,
      &mass_silence, &database, &wal;
  process_metrics process;
  event_tail tail;
  std::mutex scrape;  ///< one scrape's reading at a time

  /// Handles by route, method and code, so that a request takes no family's lock twice.
  struct http_handles {
    Counter* requests = nullptr;
    Histogram* seconds = nullptr;
  };
  std::mutex http_mutex;
  std::map<std::tuple<std::string, std::string, int>, http_handles> http;

  impl(service::controller& c, core::reader& rd, asio::any_io_executor pool, metrics_options o);
  void refresh_statistics();
  void refresh_state(const survey& now);
  std::string page(const std::optional<survey>& now);
};

metrics::impl::impl(service::controller& c, core::reader& rd, asio::any_io_executor pool,
                    metrics_options o)
    : controller(c),
      reader(rd),
      blocking(std::move(pool)),
      opts(std::move(o)),
      http_requests(prometheus::BuildCounter()
                        .Name("sweepd_http_requests_total")
                        .Help("Answered requests by route pattern, method and status.")
                        .Register(registry)),
      http_seconds(prometheus::BuildHistogram()
                       .Name("sweepd_http_request_duration_seconds")
                       .Help("Time to answer, by route pattern and method.")
                       .Register(registry)),
      commands(counter(registry, "sweepd_commands_total", "Commands decided.")),
      commits(counter(registry, "sweepd_db_commits_total", "Transactions committed.")),
      heartbeats(counter(registry, "sweepd_heartbeats_total", "Heartbeats of agents and runs.")),
      handouts(counter(registry, "sweepd_handouts_total", "Runs handed out.")),
      queue(gauge(registry, "sweepd_queue_commands", "Commands waiting for a commit.")),
      claims_waiting(gauge(registry, "sweepd_claims_waiting", "Claims that wait for a run.")),
      last_commit(gauge(registry, "sweepd_db_last_commit_duration_seconds",
                        "How long the newest transaction took.")),
      durable_seq(gauge(registry, "sweepd_durable_seq", "The newest event on disk.")),
      ready(gauge(registry, "sweepd_ready", "1 while commands are accepted.")),
      disk_full(gauge(registry, "sweepd_disk_full", "1 while read-only for want of room.")),
      runs(gauges(registry, "sweepd_runs", "Runs by state.")),
      sweeps(gauges(registry, "sweepd_sweeps", "Sweeps by state.")),
      agents(gauges(registry, "sweepd_agents", "Agents by state.")),
      stale(gauge(registry, "sweepd_stale_runs", "Live runs that have been silent too long.")),
      blocked_sweeps(gauge(registry, "sweepd_blocked_sweeps",
                           "Running sweeps that crashed runs keep from handing out.")),
      oldest_crashed(gauge(registry, "sweepd_oldest_crashed_age_seconds",
                           "How long the longest-crashed run has been crashed.")),
      breakers(gauge(registry, "sweepd_breaker_open", "Sweeps whose breaker is not closed.")),
      quarantined(gauge(registry, "sweepd_agents_quarantined", "Agents that get no runs.")),
      near_misses(gauge(registry, "sweepd_near_misses", "Silences that ended before the mark.")),
      grace(gauge(registry, "sweepd_grace", "1 while nothing is marked after an outage of ours.")),
      mass_silence(gauge(registry, "sweepd_mass_silence", "1 while many runs are silent at once.")),
      database(gauge(registry, "sweepd_db_size_bytes", "Size of the database file.")),
      wal(gauge(registry, "sweepd_db_wal_size_bytes", "Size of its write-ahead log.")),
      process(registry),
      tail(registry, controller.stats().durable_seq) {
  gauges(registry, "sweepd_build_info", "What is running.")
      .Add({{"version", opts.version}})
      .Set(1);
}

void metrics::impl::refresh_statistics() {
  const auto stats = controller.stats();
  follow(commands, stats.commands);
  follow(commits, stats.batches);
  follow(heartbeats, stats.heartbeats);
  follow(handouts, stats.handouts);
  queue.Set(static_cast<double>(stats.queue));
  claims_waiting.Set(static_cast<double>(stats.claims_waiting));
  last_commit.Set(stats.last_commit_seconds);
  durable_seq.Set(static_cast<double>(stats.durable_seq));
  ready.Set(stats.ready ? 1 : 0);
  disk_full.Set(stats.disk_full ? 1 : 0);
  if (opts.database.empty()) return;
  std::error_code ec;
  if (const auto n = std::filesystem::file_size(opts.database, ec); !ec)
    database.Set(static_cast<double>(n));
  const auto log = std::filesystem::file_size(opts.database + "-wal", ec);
  wal.Set(ec ? 0 : static_cast<double>(log));
}

void metrics::impl::refresh_state(const survey& now) {
  set_all(runs, now.runs);
  set_all(sweeps, now.sweeps);
  set_all(agents, now.agents);
  stale.Set(now.suspects);
  blocked_sweeps.Set(now.blocked_sweeps);
  oldest_crashed.Set(now.oldest_crashed_seconds);
  breakers.Set(now.breakers_open);
  quarantined.Set(now.quarantined);
  near_misses.Set(now.near_misses);
  grace.Set(now.grace ? 1 : 0);
  mass_silence.Set(now.mass_silence ? 1 : 0);
}

std::string metrics::impl::page(const std::optional<survey>& now) {
  const std::lock_guard lock(scrape);
  tail.advance(reader, tail_rows_max);
  process.refresh();
  refresh_statistics();
  if (now) refresh_state(*now);
  return prometheus::TextSerializer().Serialize(registry.Collect());
}

metrics::metrics(service::controller& controller, core::reader& reader,
                 asio::any_io_executor blocking, metrics_options opts)
    : impl_(std::make_unique<impl>(controller, reader, std::move(blocking), std::move(opts))) {}

metrics::~metrics() = default;

void metrics::observe_http(std::string_view pattern, std::string_view method, int status,
                           double seconds) {
  // Only known methods become labels: a client may send any word as one.
  static constexpr std::string_view known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  const bool usual = std::find(std::begin(known), std::end(known), method) != std::end(known);
  const std::string route(pattern.empty() ? "(none)" : pattern);
  const std::string verb(usual ? method : "other");
  impl::http_handles h;
  {
    const std::lock_guard lock(impl_->http_mutex);
    auto& kept = impl_->http[{route, verb, status}];
    if (kept.requests == nullptr) {
      kept.requests = &impl_->http_requests.Add(
          {{"route", route}, {"method", verb}, {"code", std::to_string(status)}});
      kept.seconds = &impl_->http_seconds.Add({{"route", route}, {"method", verb}}, duration_buckets);
    }
    h = kept;
  }
  h.requests->Increment();
  h.seconds->Observe(seconds);
}

namespace {

asio::awaitable<std::string> on_pool(std::function<std::string()> make) { co_return make(); }

}  // namespace

asio::awaitable<std::string> metrics::text() {
  std::optional<survey> now;
  std::function<void(const core::state&, moment)> look = [&now](const core::state& s, moment at) {
    now = look_at(s, at);
  };
  // Not durable (a full disk): the gauges of the state keep their last values, the rest goes on.
  const auto seen = co_await impl_->controller.try_read(std::move(look));
  if (!seen) now.reset();
  std::function<std::string()> make = [this, &now] { return impl_->page(now); };
  auto task = on_pool(std::move(make));
  co_return co_await asio::co_spawn(impl_->blocking, std::move(task), asio::use_awaitable);
}

}  // namespace sweepd::metrics
