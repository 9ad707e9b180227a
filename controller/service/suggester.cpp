#include "controller/service/suggester.hpp"

#include "controller/base/json_text.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace sweepd::service {
namespace {

using strategies::observation;

/// A sweep that may hand out new trials, now or by a breaker's probe.
bool wants_suggestions(const core::sweep& sw) {
  if (core::is_home(sw) || sw.exhausted || sw.stopping || sw.target_reached ||
      core::searched_outside(sw.spec))
    return false;
  if (sw.state == core::sweep_state::paused) return sw.paused == core::pause_reason::breaker;
  return sw.state == core::sweep_state::pending || sw.state == core::sweep_state::running;
}

std::uint64_t live_runs(const core::sweep& sw) {
  std::uint64_t live = 0;
  for (const auto& [state, n] : sw.run_counts)
    if (core::is_live(state)) live += n;
  return live;
}

/// Each suggestion of a model costs, and is thrown away when an outcome arrives: no more than can
/// be asked for at once.
std::size_t wanted_ahead(const core::sweep& sw, std::size_t lookahead) {
  return std::clamp<std::size_t>(sw.agents.size(), 1, lookahead);
}

boost::json::object parse_config(const std::string& text) {
  auto v = json::parse(text);
  if (!v || !v->is_object()) return {};
  return std::move(v->get_object());
}

/// How a strategy sees a trial: design.md, section 6, "optimizer sees". Its config is added on the
/// pool.
observation seen_as(const core::state& s, const core::trial& t) {
  using enum observation::kind;
  observation o;
  const bool over = t.state == core::trial_state::done || t.state == core::trial_state::infeasible;
  const auto* by = over ? core::find(s, run_id{t.outcome_run}) : nullptr;
  if (by == nullptr && !t.runs.empty()) by = core::find(s, t.runs.back());
  if (by != nullptr) {
    o.value = by->metric.best;
    o.last = by->metric.last;
    o.worst = by->metric.worst;
    o.running = !over && core::is_live(by->state) && by->state != core::run_state::pending;
  }
  if (!over) return o;
  if (t.state == core::trial_state::infeasible) {
    o.what = infeasible;
  } else if (t.value) {
    o.what = by != nullptr && by->state == core::run_state::killed ? partial : value;
    o.value = t.value;
  } else {
    o.what = by != nullptr && core::tells_of_the_point(by->cause) ? infeasible : no_sample;
  }
  return o;
}

/// What is not in sequence would be dropped, and asked for again for ever.
bool in_sequence(const std::vector<strategies::suggestion>& got, std::uint64_t from) {
  for (const auto& one : got) {
    if (one.position < from) return false;
    from = one.position + 1;
  }
  return true;
}

}  // namespace

/// The pool's side of a sweep: touched by one task at a time.
struct suggester::searcher {
  std::uint64_t seed = 0;
  result<std::unique_ptr<strategies::strategy>> strategy;
  std::vector<observation> history;  // by trial number - 1
};

struct suggester::request {
  struct change {
    std::uint64_t number = 0;
    std::string config;  // as stored; parsed on the pool
    observation seen;    // without its config
  };
  sweep_id sweep;
  std::uint64_t from = 0;                  // of the sweep's positions
  std::uint64_t first = 0;                 // which of them is the strategy's 0
  std::size_t wanted = 1;                  // at most the strategy's lookahead
  bool replace = false;
  bool tell = false;                       // the strategy must hear of the trials
  std::uint64_t trials = 0;
  int file = 0;                            // how often it was changed
  std::vector<boost::json::object> ready;  // prepared, not yet trials, and kept
  std::vector<change> changes;
};

suggester::suggester(unsigned threads, strategy_maker make, deliver to)
    : make_(std::move(make)), deliver_(std::move(to)), pool_(std::max(threads, 1u)) {}

suggester::~suggester() { stop(); }

void suggester::stop() {
  pool_.stop();
  pool_.join();
}

void suggester::trials_changed(const std::set<std::pair<sweep_id, std::uint64_t>>& trials) {
  for (const auto& [sweep, number] : trials)
    if (const auto it = entries_.find(sweep); it != entries_.end() && it->second.learns)
      it->second.changed.insert(number);
}

void suggester::arrived(const suggested& outcome) {
  const auto it = entries_.find(outcome.sweep);
  if (it == entries_.end() || it->second.changes != outcome.changes) return;
  it->second.in_flight = false;
  it->second.awaited_since.reset();
  if (outcome.got)
    it->second.lookahead = std::max<std::size_t>(outcome.lookahead, 1);
  else
    entries_.erase(it);  // whoever resumes the sweep begins anew
}

suggester::entry& suggester::entry_of(const core::sweep& sw) {
  auto& e = entries_[sw.id];
  if (e.worker && e.changes == sw.changes) return e;
  e = entry{};
  e.changes = sw.changes;
  e.worker = std::make_shared<searcher>();
  e.worker->seed = sw.spec.seed;
  e.worker->strategy = make_(sw.spec.config);
  if (!e.worker->strategy) return e;  // the pool answers with the error
  e.lookahead = std::max<std::size_t>((*e.worker->strategy)->lookahead(), 1);
  // A grid whose file was changed does not know by its position what the file before had covered.
  e.learns = (*e.worker->strategy)->learns() || sw.changes > 0;
  if (e.learns)
    for (std::uint64_t n = 1; n <= sw.trials; ++n) e.changed.insert(e.changed.end(), n);
  return e;
}

/// Gathers what the strategy has not heard of yet; an outcome among it makes what is ready stale.
void suggester::note_news(const core::state& s, const core::sweep& sw, entry& e, milliseconds now) {
  // What the open batch holds was not announced by trials_changed() yet.
  const auto& open = s.touched.trials;
  for (auto it = open.lower_bound({sw.id, 0}); it != open.end() && it->first == sw.id; ++it)
    e.changed.insert(it->second);
  if (sw.ready.empty()) e.stale_since.reset();
  if (sw.ready.empty() || e.stale_since) return;
  const bool news = std::any_of(e.changed.begin(), e.changed.end(), [&](std::uint64_t n) {
    const auto* t = core::find_trial(s, sw.id, n);
    if (t == nullptr) return false;
    const auto seen = seen_as(s, *t);
    const auto before = n <= e.outcomes.size() ? e.outcomes[n - 1] : told{};
    return seen.what != before.what || (seen.what == observation::kind::value && seen.value != before.value);
  });
  if (news) e.stale_since = now;
}

void suggester::consider(const core::state& s, const sweep_id& id, milliseconds now) {
  const auto* sw = core::find(s, id);
  const bool over = sw == nullptr || sw->state == core::sweep_state::finished ||
                    sw->state == core::sweep_state::canceled;
  if (over) {
    entries_.erase(id);
    return;
  }
  if (!wants_suggestions(*sw)) return;
  auto& e = entry_of(*sw);
  if (e.learns) note_news(s, *sw, e, now);
  const auto enough = e.learns ? wanted_ahead(*sw, e.lookahead) : (e.lookahead + 1) / 2;
  if (e.in_flight || (!e.stale_since && sw->ready.size() >= enough)) return;
  e.in_flight = true;
  boost::asio::post(pool_, [w = e.worker, r = ask_for(s, *sw, e), to = deliver_]() mutable {
    to(work(*w, std::move(r)));
  });
}

std::optional<milliseconds> suggester::fresh_due(const core::sweep& sw) const {
  const auto it = entries_.find(sw.id);
  if (it == entries_.end() || live_runs(sw) > 0) return std::nullopt;
  const auto& e = it->second;
  const auto since = e.awaited_since ? e.awaited_since : e.stale_since;
  if (!since) return std::nullopt;
  return *since + fresh_wait_max;
}

suggester::request suggester::ask_for(const core::state& s, const core::sweep& sw, entry& e) {
  request r;
  r.sweep = sw.id;
  r.trials = sw.trials;
  r.file = sw.changes;
  r.first = sw.first_position;
  r.tell = e.learns;
  e.awaited_since = std::exchange(e.stale_since, std::nullopt);
  r.replace = e.awaited_since.has_value();
  const bool keep = !r.replace && !sw.ready.empty();
  r.from = keep ? sw.ready.back().position + 1 : sw.next_position;
  const auto ahead = e.learns ? wanted_ahead(sw, e.lookahead) : e.lookahead;
  const auto kept = keep ? sw.ready.size() : 0;
  r.wanted = ahead > kept ? ahead - kept : 1;
  if (!e.learns) return r;
  if (keep)
    for (const auto& one : sw.ready) r.ready.push_back(one.config);
  auto numbers = std::exchange(e.changed, {});
  for (const auto& id : sw.unsettled)  // how far they are is no event of their trials
    if (const auto* run = core::find(s, id)) numbers.insert(run->trial);
  for (const auto n : numbers) {
    const auto* t = core::find_trial(s, sw.id, n);
    if (t == nullptr) continue;
    auto seen = seen_as(s, *t);
    if (e.outcomes.size() < n) e.outcomes.resize(n);
    e.outcomes[n - 1] = {seen.what, seen.value};
    r.changes.push_back(request::change{n, t->config, std::move(seen)});
  }
  return r;
}

suggested suggester::work(searcher& w, request r) {
  suggested out;
  out.sweep = r.sweep;
  out.replace = r.replace;
  out.trials = r.trials;
  out.changes = r.file;
  try {
    if (!w.strategy) {
      out.got = tl::unexpected<error>(w.strategy.error());
      return out;
    }
    auto& strategy = **w.strategy;
    for (auto& c : r.changes) {
      if (w.history.size() < c.number) w.history.resize(c.number);
      c.seen.config = parse_config(c.config);
      w.history[c.number - 1] = std::move(c.seen);
    }
    out.lookahead = std::max<std::size_t>(strategy.lookahead(), 1);
    const auto known = w.history.size();
    for (auto& config : r.ready) {
      observation pending;
      pending.config = std::move(config);
      w.history.push_back(std::move(pending));
    }
    if (r.tell) strategy.observe(w.history);
    w.history.resize(known);
    out.got = strategy.suggest({.seed = w.seed, .from = r.from - r.first, .n = r.wanted});
    if (out.got)
      for (auto& one : *out.got) {
        one.position += r.first;
        one.hash = strategies::config_hash(one.config);  // here, rather than on the strand
      }
    out.exhausted = out.got && out.got->size() < r.wanted;
    if (out.got && !in_sequence(*out.got, r.from))
      out.got = fail(errc::internal, "its positions are not in sequence");
  } catch (const std::exception& e) {
    out.got = fail(errc::internal, e.what());
  }
  return out;
}

}  // namespace sweepd::service
