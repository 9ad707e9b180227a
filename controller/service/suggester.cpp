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

/// Grid and random ignore the history, which may be a hundred thousand trials long.
bool reads_history(const core::sweep& sw) {
  return sw.spec.method != "grid" && sw.spec.method != "random";
}

/// A sweep that may hand out new trials, now or by a breaker's probe.
bool wants_suggestions(const core::sweep& sw) {
  if (sw.exhausted || sw.stopping || sw.target_reached) return false;
  if (sw.state == core::sweep_state::paused) return sw.paused == core::pause_reason::breaker;
  return sw.state == core::sweep_state::pending || sw.state == core::sweep_state::running;
}

boost::json::object parse_config(const std::string& text) {
  auto v = json::parse(text);
  if (!v || !v->is_object()) return {};
  return std::move(v->get_object());
}

/// How a strategy sees a trial: design.md, section 6, "optimizer sees". Its config is added on the
/// pool.
observation seen_as(const core::state& s, const core::trial& t) {
  observation o;
  if (t.state == core::trial_state::infeasible) {
    o.what = observation::kind::infeasible;
  } else if (t.state == core::trial_state::done) {
    o.what = t.value ? observation::kind::value : observation::kind::no_sample;
    o.value = t.value;
    const auto* by = core::find(s, run_id{t.outcome_run});
    if (t.value && by != nullptr && by->state == core::run_state::killed)
      o.what = observation::kind::partial;
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
  boost::json::object config;
  std::uint64_t seed = 0;
  std::unique_ptr<strategies::strategy> strategy;
  std::vector<observation> history;  // by trial number - 1
};

struct suggester::request {
  struct change {
    std::uint64_t number = 0;
    std::string config;  // as stored; parsed on the pool
    observation seen;    // without its config
  };
  sweep_id sweep;
  std::uint64_t from = 0;
  std::vector<boost::json::object> ready;  // prepared, not yet trials
  std::size_t ready_count = 0;
  std::vector<change> changes;
};

suggester::suggester(unsigned threads, deliver to)
    : deliver_(std::move(to)), pool_(std::max(threads, 1u)) {}

suggester::~suggester() { stop(); }

void suggester::stop() {
  pool_.stop();
  pool_.join();
}

void suggester::trials_changed(const std::set<std::pair<sweep_id, std::uint64_t>>& trials) {
  for (const auto& [sweep, number] : trials)
    if (const auto it = entries_.find(sweep); it != entries_.end() && it->second.told_all)
      it->second.changed.insert(number);
}

void suggester::arrived(const suggested& outcome) {
  const auto it = entries_.find(outcome.sweep);
  if (it == entries_.end()) return;
  it->second.in_flight = false;
  if (outcome.got)
    it->second.lookahead = std::max<std::size_t>(outcome.lookahead, 1);
  else
    entries_.erase(it);  // whoever resumes the sweep begins anew
}

void suggester::consider(const core::state& s, const sweep_id& id) {
  const auto* sw = core::find(s, id);
  const bool over = sw == nullptr || sw->state == core::sweep_state::finished ||
                    sw->state == core::sweep_state::canceled;
  if (over) {
    entries_.erase(id);
    return;
  }
  if (!wants_suggestions(*sw)) return;
  auto& e = entries_[id];
  if (e.in_flight || (!sw->ready.empty() && sw->ready.size() * 2 >= e.lookahead)) return;
  if (!e.worker) {
    e.worker = std::make_shared<searcher>();
    e.worker->config = sw->spec.config;
    e.worker->seed = sw->spec.seed;
  }
  e.in_flight = true;
  boost::asio::post(pool_, [w = e.worker, r = ask_for(s, *sw, e), to = deliver_]() mutable {
    to(work(*w, std::move(r)));
  });
}

suggester::request suggester::ask_for(const core::state& s, const core::sweep& sw, entry& e) {
  request r;
  r.sweep = sw.id;
  r.from = sw.ready.empty() ? sw.next_position : sw.ready.back().position + 1;
  r.ready_count = sw.ready.size();
  if (!reads_history(sw)) return r;
  for (const auto& one : sw.ready) r.ready.push_back(one.config);
  auto numbers = std::exchange(e.changed, {});
  if (!std::exchange(e.told_all, true))
    for (std::uint64_t n = 1; n <= sw.trials; ++n) numbers.insert(numbers.end(), n);
  // What the open batch holds was not announced by trials_changed() yet.
  const auto& open = s.touched.trials;
  for (auto it = open.lower_bound({sw.id, 0}); it != open.end() && it->first == sw.id; ++it)
    numbers.insert(it->second);
  for (const auto n : numbers)
    if (const auto* t = core::find_trial(s, sw.id, n))
      r.changes.push_back(request::change{n, t->config, seen_as(s, *t)});
  return r;
}

suggested suggester::work(searcher& w, request r) {
  suggested out;
  out.sweep = r.sweep;
  try {
    if (!w.strategy) {
      auto made = strategies::make_strategy(w.config);
      if (!made) {
        out.got = tl::unexpected<error>(std::move(made).error());
        return out;
      }
      w.strategy = std::move(*made);
    }
    for (auto& c : r.changes) {
      if (w.history.size() < c.number) w.history.resize(c.number);
      c.seen.config = parse_config(c.config);
      w.history[c.number - 1] = std::move(c.seen);
    }
    out.lookahead = std::max<std::size_t>(w.strategy->lookahead(), 1);
    const auto known = w.history.size();
    for (auto& config : r.ready) {
      observation pending;
      pending.config = std::move(config);
      w.history.push_back(std::move(pending));
    }
    if (!w.history.empty()) w.strategy->observe(w.history);
    w.history.resize(known);
    const auto n = out.lookahead > r.ready_count ? out.lookahead - r.ready_count : 1;
    out.got = w.strategy->suggest({.seed = w.seed, .from = r.from, .n = n});
    out.exhausted = out.got && out.got->size() < n;
    if (out.got && !in_sequence(*out.got, r.from))
      out.got = fail(errc::internal, "its positions are not in sequence");
  } catch (const std::exception& e) {
    out.got = fail(errc::internal, e.what());
  }
  return out;
}

}  // namespace sweepd::service
