#include "controller/service/engine.hpp"

#include "controller/service/recovery.hpp"

#include <algorithm>
#include <exception>

namespace sweepd::service {
namespace {

using core::answer::agent_told;

/// An agent's beat says something only when it tells to stop or to exit.
bool touches(const core::touched& t, const core::state& s, const core::cmd::beat_agent& c,
             const agent_told& told) {
  if (t.agents.contains(c.agent)) return true;
  for (const auto& run : told.stop)
    if (t.runs.contains(run)) return true;
  const auto* a = core::find(s, c.agent);
  return told.exit && a != nullptr && t.sweeps.contains(a->sweep);
}

error uncertain() {
  return {errc::disk_full, "the disk is full: nothing is certain until there is room", {}};
}

result<core::snapshot> load_from(core::store& store) {
  try {
    return store.load();
  } catch (const std::exception& e) {
    return fail(errc::internal, std::string("load: ") + e.what());
  }
}

}  // namespace

bool is_heartbeat(const core::command& c) {
  if (std::holds_alternative<core::cmd::beat_agent>(c)) return true;
  const auto* r = std::get_if<core::cmd::report_run>(&c);
  return r != nullptr && r->history.empty() && r->log.empty() && r->system.empty() && r->summary.empty();
}

engine::engine(asio::any_io_executor io, core::store& store, const clock& clock, options opts)
    : opts_(std::move(opts)),
      store_(store),
      strand_(std::move(io)),
      time_(clock, opts_.late_tick),
      claims_(opts_.claims_waiting_max),
      gather_(std::chrono::duration<double>(opts_.gather_max).count()),
      gather_timer_(strand_),
      timer_(strand_) {}

result<void> engine::load() {
  auto loaded = load_from(store_);
  if (!loaded) return tl::unexpected<error>(std::move(loaded).error());
  auto& snapshot = *loaded;
  time_.start(snapshot.last ? snapshot.last->at : mono{});
  const auto now = time_.now();
  state_.default_policy = opts_.default_policy;
  if (auto done = recover(snapshot, state_, now); !done) return done;
  batches_.start_after(snapshot.last_seq);
  events_.durable(snapshot.last_seq);  // whoever waits for what came before the start need not wait
  count_.durable_seq = snapshot.last_seq;
  replies_.load(std::move(snapshot.replies), now.wall);
  if (snapshot.last) {
    const auto gap = std::max(now.wall - snapshot.last->wall, milliseconds{0});
    order(core::cmd::note_outage{"start", gap});
  }
  for (const auto& [id, sweep] : state_.sweeps) changed_.insert(id);
  for (const auto& [id, run] : state_.runs)
    if (core::is_live(run.state)) beaten_runs_.insert(id);
  for (const auto& [id, agent] : state_.agents)
    if (agent.state == core::agent_state::live) beaten_agents_.insert(id);
  time_.start(now.at);  // loading may have taken longer than late_tick
  checkpoint_due_ = time_.steady() + opts_.checkpoint_every;

  const std::weak_ptr<engine> weak = weak_from_this();
  suggester_.emplace(opts_.suggest_threads, opts_.make_strategy, [weak](suggested s) {
    if (const auto self = weak.lock())
      self->on_strand(
          [e = self.get(), s = std::move(s)]() mutable { e->on_suggested(std::move(s)); });
  });
  writer_.emplace(store_, told<&engine::on_written>(), told<&engine::on_synced>());
  count_.ready = true;
  on_strand([this] { tick(); });
  return {};
}

std::optional<error> engine::refusal(bool heartbeat) const {
  if (phase_ == phase::failed) return error{errc::unavailable, "the store has failed", {}};
  if (phase_ != phase::serving)
    return error{errc::unavailable, "the controller is shutting down", {}};
  const bool full = batches_.commands() >= opts_.queue_commands_max ||
                    batches_.bytes() >= opts_.queue_bytes_max;
  if (disk_full_ && (!heartbeat || full))
    return error{errc::disk_full, "the disk is full: nothing can change until there is room", {}};
  if (full && !heartbeat)
    return error{errc::busy, "too much waits for the disk; try again in a second", {}};
  return std::nullopt;
}

template <auto Member>
worker::outcome engine::told() {
  return [weak = weak_from_this()](result<void> came_of_it, commit_time took) {
    const auto self = weak.lock();
    if (!self) return;
    if (!came_of_it && came_of_it.error().code != errc::disk_full)
      self->report_fatal(came_of_it.error());  // from here: the strand may be busy
    self->on_strand([e = self.get(), came_of_it = std::move(came_of_it), took] {
      (e->*Member)(came_of_it, took);
    });
  };
}

engine::outcome engine::take(const core::command& c, const caller& who, std::size_t place) {
  const bool heartbeat = is_heartbeat(c);
  ++count_.commands;
  if (heartbeat) ++count_.heartbeats;
  if (auto no = refusal(heartbeat)) return {tl::unexpected<error>(std::move(*no)), true};
  if (who.idempotency_key.empty()) return perform_command(c, who, heartbeat);
  const auto wall = time_.now().wall;
  auto key = scoped_key(who.who, who.idempotency_key, place);
  if (auto kept = replies_.find(key, who.fingerprint, wall)) return {std::move(*kept), false};
  auto out = perform_command(c, who, heartbeat);
  // A `wait` is no outcome: the same key shall get one later.
  if (out.reply && !std::holds_alternative<core::answer::wait>(*out.reply)) {
    batches_.add_reply(replies_.keep(std::move(key), who.fingerprint, *out.reply, wall));
    out.at_once = false;
  }
  return out;
}

engine::outcome engine::perform_command(const core::command& c, const caller& who, bool heartbeat) {
  const auto now = time_.now();
  auto decided = core::decide(state_, c, who.who, now);
  if (!decided) return {tl::unexpected<error>(std::move(decided).error()), false};
  note_beat(c);
  outcome out{std::move(decided->reply), false};
  const bool changes = !decided->events.empty() || !decided->data.empty() || !decided->webhooks.empty();
  if (changes) {
    accept(std::move(*decided), now);
    batches_.count_commands(1);
  }
  out.at_once = heartbeat && !changes && !drawn_from_undurable(c, out.reply);
  return out;
}

bool engine::drawn_from_undurable(const core::command& c, const command_reply& reply) const {
  if (const auto* beat = std::get_if<core::cmd::beat_agent>(&c)) {
    const auto* told = std::get_if<agent_told>(&*reply);
    if (told == nullptr) return true;
    return batches_.any_touched(
        state_, [&](const core::touched& t) { return touches(t, state_, *beat, *told); });
  }
  const auto& run = std::get<core::cmd::report_run>(c).run;
  return batches_.any_touched(state_, [&](const core::touched& t) { return t.runs.contains(run); });
}

void engine::note_beat(const core::command& c) {
  if (const auto* beat = std::get_if<core::cmd::beat_agent>(&c)) {
    beaten_agents_.insert(beat->agent);
    beaten_runs_.insert(beat->alive.begin(), beat->alive.end());
  } else if (const auto* report = std::get_if<core::cmd::report_run>(&c)) {
    beaten_runs_.insert(report->run);
  } else if (const auto* claim = std::get_if<core::cmd::claim>(&c)) {
    beaten_agents_.insert(claim->agent);
    beaten_runs_.insert(claim->knows.begin(), claim->knows.end());
  } else {
    return;
  }
  beats_changed_ = true;
}

void engine::accept(core::decision d, moment now) {
  for (const auto& [who, what] : d.events) {
    const auto about = core::subject_of(state_, what);
    if (about.sweep) changed_.insert(*about.sweep);
    if (std::holds_alternative<core::ev::run_offered>(what)) ++count_.handouts;
  }
  count_.events += d.events.size();
  batches_.add(d, now);
}

void engine::order(const core::command& c) {
  const auto now = time_.now();
  if (auto decided = core::decide(state_, c, core::actor{}, now)) accept(std::move(*decided), now);
}

void engine::answer(completion<command_reply> to, outcome o) {
  if (o.at_once || batches_.all_durable(state_)) {
    to(std::move(o.reply));
  } else if (disk_full_) {
    to(tl::unexpected<error>(uncertain()));
  } else {
    batches_.hold(hold_value(std::move(to), std::move(o.reply)), state_);
  }
}

void engine::start_submit(core::command c, caller who, completion<command_reply> to) {
  on_strand([this, c = std::move(c), who = std::move(who), to = std::move(to)]() mutable {
    auto out = take(c, who, 0);
    answer(std::move(to), std::move(out));
  });
}

void engine::start_submit_all(std::vector<core::command> c, caller who,
                              completion<std::vector<command_reply>> to) {
  on_strand([this, all = std::move(c), who = std::move(who), to = std::move(to)]() mutable {
    std::vector<command_reply> replies;
    replies.reserve(all.size());
    bool at_once = true;
    for (const auto& one : all) {
      auto out = take(one, who, replies.size());
      at_once = at_once && out.at_once;
      replies.push_back(std::move(out.reply));
    }
    auto answers = hold_value(std::move(to), std::move(replies));
    if (at_once || batches_.all_durable(state_))
      answers->release();
    else if (disk_full_)
      answers->refuse(uncertain());
    else
      batches_.hold(std::move(answers), state_);
  });
}

void engine::start_files(std::vector<core::file_part> parts, completion<result<void>> to) {
  on_strand([this, parts = std::move(parts), to = std::move(to)]() mutable {
    ++count_.commands;
    if (auto no = refusal(false)) {
      to(tl::unexpected<error>(std::move(*no)));
      return;
    }
    for (const auto& part : parts)
      if (const auto* r = core::find(state_, part.run); r != nullptr && r->deleted) {
        to(fail(errc::not_found, "run " + part.run.value + " was deleted"));
        return;
      }
    batches_.add_files(std::move(parts));
    batches_.count_commands(1);
    batches_.hold(hold_value(std::move(to), result<void>{}), state_);
  });
}

void engine::start_read(std::function<void(const core::state&, moment)> look, answered when,
                        completion<result<void>> to) {
  on_strand([this, look = std::move(look), when, to = std::move(to)]() mutable {
    if (phase_ == phase::failed || (phase_ == phase::stopped && disk_full_)) {
      to(fail(errc::unavailable, "the store has failed, and memory is ahead of it"));
      return;
    }
    result<void> done;
    if (when == answered::durable_or_refused && disk_full_)
      done = fail(errc::disk_full, "the disk is full, and memory is ahead of it");
    else
      try {
        look(state_, time_.now());
      } catch (const std::exception& e) {
        done = fail(errc::internal, std::string("read: ") + e.what());
      }
    if (done && when != answered::at_once)
      batches_.hold(hold_value(std::move(to), std::move(done), when == answered::durable), state_);
    else
      to(std::move(done));
  });
}

void engine::settle() {
  if (phase_ == phase::serving && !disk_full_) serve_claims();
  feed_sync();
  feed_writer();
  finish_drain();
  count_.queue = batches_.commands();
  count_.claims_waiting = claims_.size();
}

controller_stats engine::stats() const {
  controller_stats out;
  out.commands = count_.commands;
  out.batches = count_.batches;
  out.events = count_.events;
  out.heartbeats = count_.heartbeats;
  out.handouts = count_.handouts;
  out.queue = count_.queue;
  out.claims_waiting = count_.claims_waiting;
  out.last_commit_seconds = count_.last_commit_seconds;
  out.disk_full = count_.disk_full;
  out.ready = count_.ready;
  out.durable_seq = count_.durable_seq;
  return out;
}

}  // namespace sweepd::service
