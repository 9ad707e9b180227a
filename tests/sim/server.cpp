#include "tests/sim/server.hpp"

#include "controller/core/apply.hpp"
#include "controller/core/check.hpp"
#include "controller/core/run_state.hpp"

namespace sweepd::sim {
namespace {

constexpr std::size_t trace_max = 30;

std::string line_of(const core::actor& who, const core::event& e) {
  return std::string(json::enum_name(who.what)) + "  " + json::to_text(e).substr(0, 240);
}

/// The stored part of a row: what a restart would see.
template <class Row>
std::string stored(const Row& row) {
  return json::to_text(row);
}

}  // namespace

moment server::now() const {
  const auto served = served_ + (up() ? t_ - up_since_ : 0);
  return {instant{milliseconds{wall_ + t_}}, mono{milliseconds{served}}};
}

void server::at(std::int64_t t) { t_ = t; }

void server::tell(const core::command& c, const core::actor& who, reply_to reply) {
  ++steps;
  auto d = core::decide(s, c, who, now());
  if (d) take(*d);
  replies_.emplace_back(std::move(reply), d ? result<answer_to>(d->reply)
                                            : result<answer_to>(tl::unexpected<error>(d.error())));
}

void server::tick() {
  if (!up()) return;
  ++steps;
  take(core::tick(s, now()).what);
}

std::optional<std::int64_t> server::next_tick() const {
  if (!up()) return std::nullopt;
  const auto next = s.timers.next();
  if (!next) return std::nullopt;
  return t_ + std::max<std::int64_t>(0, (*next - now().at).count());
}

void server::remember(core::actor who, std::variant<core::event, std::string> what) {
  if (trace_.size() >= trace_max) trace_.pop_front();
  trace_.push_back({t_, std::move(who), std::move(what)});
}

std::vector<std::string> server::trace() const {
  std::vector<std::string> out;
  for (const auto& [t, who, what] : trace_) {
    const auto* e = std::get_if<core::event>(&what);
    out.push_back(std::to_string(t / 1000) + "." + std::to_string(t % 1000) + " s  " +
                  (e != nullptr ? line_of(who, *e) : std::get<std::string>(what)));
  }
  return out;
}

void server::take(const core::decision& d) {
  for (const auto& [who, e] : d.events) {
    ++events;
    watch(who, e);
    pending_.push_back({now(), who, e});
    remember(who, e);
  }
}

void server::commit() {
  for (const auto& id : s.touched.sweeps) {
    auto row = core::row_of(s.sweeps.at(id));
    auto& stored = durable_.sweeps[id];
    row.spec = std::move(stored.spec);  // stored apart
    stored = std::move(row);
  }
  for (const auto& id : s.touched.specs) durable_.sweeps.at(id).spec = s.sweeps.at(id).spec;
  for (const auto& key : s.touched.trials)
    durable_.trials[key] = s.sweeps.at(key.first).by_number.at(key.second);
  for (const auto& id : s.touched.runs) durable_.runs[id] = s.runs.at(id);
  for (const auto& id : s.touched.agents) durable_.agents[id] = s.agents.at(id);
  s.touched.clear();
  if (keep_log)
    for (auto& e : pending_) log_.push_back(std::move(e));
  pending_.clear();
  stopped_early_pending_.clear();
  const auto out = std::move(replies_);
  replies_.clear();
  for (const auto& [reply, answer] : out)
    if (reply) reply(answer);
}

void server::die() {
  if (up()) served_ += t_ - up_since_;
  up_ = false;
  suspended_ = false;
  replies_.clear();
  pending_.clear();
  for (const auto& id : stopped_early_pending_) stopped_early_.erase(id);  // it never happened
  stopped_early_pending_.clear();
  remember({}, "-- the controller dies --");
}

void server::restart() {
  const auto policy = s.default_policy;
  s = core::state{};
  s.default_policy = policy;
  for (const auto& [id, row] : durable_.sweeps) s.sweeps[id] = row;
  for (const auto& [key, row] : durable_.trials) s.sweeps.at(key.first).by_number[key.second] = row;
  s.runs = durable_.runs;
  s.agents = durable_.agents;
  up_ = true;
  up_since_ = t_;
  handed_out_.clear();
  for (const auto& [key, row] : durable_.trials)
    for (const auto& id : row.runs)
      handed_out_[{key.first.value, key.second}][s.runs.at(id).attempt] = id;
  core::rebuild(s, now());
  outage_at_ = now().at.time_since_epoch().count();
  remember({}, "-- the controller is back --");
  tell(core::cmd::note_outage{"start", milliseconds{0}}, {}, {});
}

void server::suspend() {
  served_ += t_ - up_since_;
  suspended_ = true;
}

void server::resume() {
  suspended_ = false;
  up_since_ = t_;
  outage_at_ = now().at.time_since_epoch().count();
  tell(core::cmd::note_outage{"suspend", milliseconds{0}}, {}, {});
}

void server::heard(const run_id& run) { last_heard_[run] = now().at.time_since_epoch().count(); }

void server::watch(const core::actor& who, const core::event& e) {
  if (std::holds_alternative<core::ev::target_reached>(e)) ++targets;
  if (const auto* moved = std::get_if<core::ev::run_moved>(&e)) watch_move(who, *moved);
  if (const auto* offered = std::get_if<core::ev::run_offered>(&e)) {
    auto& attempts = handed_out_[{offered->sweep.value, offered->trial}];
    const bool fresh = attempts.emplace(offered->attempt, offered->run).second;
    if (!fresh) throw violation{"attempt " + std::to_string(offered->attempt) + " of trial " +
                                std::to_string(offered->trial) + " was handed out twice"};
  }
}

void server::watch_move(const core::actor& who, const core::ev::run_moved& e) {
  using core::run_state;
  const auto& id = e.run.value;
  if (!core::allowed(e.from, e.to)) throw violation{"run " + id + " made a move that is not in the table"};
  if (e.from == run_state::finished || e.from == run_state::killed)
    throw violation{"run " + id + " left a final state"};
  if (e.from == run_state::failed && who.what == core::actor_kind::policy)
    throw violation{"the policy took run " + id + " out of Failed"};
  if (e.to == run_state::crashed || e.to == run_state::failed) ++deaths_[s.runs.at(e.run).agent];
  if (e.cause == core::cause::early_stop) {
    if (e.to != run_state::killed || e.from != run_state::running)
      throw violation{"early termination moved run " + id + " otherwise than from running to killed"};
    if (!stopped_early_.insert(e.run).second) throw violation{"run " + id + " was stopped early twice"};
    stopped_early_pending_.push_back(e.run);
  }
  const bool by_silence =
      who.what == core::actor_kind::system && e.to == run_state::crashed && (e.cause == core::cause::silent || e.cause == core::cause::agent_lost);
  if (!by_silence) return;
  const auto& run = s.runs.at(e.run);
  const auto& policy = s.sweeps.at(run.sweep).policy;
  const auto served = now().at.time_since_epoch().count();
  const auto it = last_heard_.find(e.run);
  if (it != last_heard_.end() && served - it->second < policy.crash_after.count())
    throw violation{"run " + id + " was crashed " + std::to_string(served - it->second) +
                    " ms after we heard of it, crash_after is " + std::to_string(policy.crash_after.count())};
  if (outage_at_ >= 0 && served - outage_at_ < policy.grace().count())
    throw violation{"run " + id + " was crashed in our grace after an outage"};
}

void server::check(bool fold) const {
  const auto wrong = core::broken_invariants(s);
  if (!wrong.empty()) throw violation{wrong.front()};
  for (const auto& id : stopped_early_) {
    const auto& r = s.runs.at(id);
    if (r.state != core::run_state::killed || r.cause != core::cause::early_stop)
      throw violation{"run " + id.value + " was stopped early and is no longer so"};
  }
  for (const auto& [id, a] : s.agents) {
    const auto it = deaths_.find(id);
    if (a.deaths > (it == deaths_.end() ? 0 : it->second))
      throw violation{"agent " + id.value + " has more deaths than runs of its died"};
  }
  if (!fold || !keep_log) return;
  core::state folded;
  folded.default_policy = s.default_policy;
  for (const auto& e : log_) core::apply(folded, e.what, e.who, e.at);
  for (const auto& [id, r] : s.runs) {
    const auto it = folded.runs.find(id);
    if (it == folded.runs.end()) throw violation{"the log does not know run " + id.value};
    // What comes as data, or with heartbeats, is not in the log.
    auto a = r, b = it->second;
    for (auto* x : {&a, &b}) {
      x->metric = {};
      x->rungs.reset();
      x->history_lines = x->log_bytes = 0;
      x->summary.clear();
      x->log_tail.clear();
      x->last_signal_wall = {};
      x->health = x->health == core::run_health::superseded ? x->health : core::run_health::ok;
      x->near_misses = 0;
    }
    if (stored(a) != stored(b))
      throw violation{"run " + id.value + " differs from the fold of its events:\n  state " + stored(a) +
                      "\n  fold  " + stored(b)};
  }
  for (const auto& [id, sw] : s.sweeps) {
    const auto& again = folded.sweeps.at(id);
    auto a = core::stored_part(sw), b = core::stored_part(again);
    a.exhausted = b.exhausted = false;  // forgotten at a restart on purpose
    if (stored(a) != stored(b)) throw violation{"sweep " + id.value + " differs from the fold of its events"};
    for (const auto& [number, t] : sw.by_number)
      if (stored(t) != stored(again.by_number.at(number)))
        throw violation{"trial " + std::to_string(number) + " of " + id.value + " differs from the fold"};
  }
}

}  // namespace sweepd::sim
