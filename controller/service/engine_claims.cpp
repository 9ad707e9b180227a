// Claims that wait, and the suggestions they wait for.
#include "controller/service/engine.hpp"

#include <utility>

namespace sweepd::service {

void engine::start_claim(core::cmd::claim c, caller who, milliseconds patience,
                         completion<command_reply> to, asio::cancellation_slot slot) {
  const auto id = next_waiter_++;
  if (slot.is_connected())
    slot.assign([weak = weak_from_this(), id](asio::cancellation_type) {
      if (const auto self = weak.lock())
        self->on_strand([e = self.get(), id] {
          if (auto gone = e->claims_.cancel(id)) e->give_up(std::move(*gone));
        });
    });
  waiting_claim waiting;
  waiting.id = id;
  waiting.what = std::move(c);
  waiting.who = std::move(who);
  waiting.who.idempotency_key.clear();
  waiting.to = std::move(to);
  on_strand([this, waiting = std::move(waiting), patience]() mutable {
    waiting.due = time_.steady() + patience;
    on_claim(std::move(waiting));
  });
}

/// Ids are made outside; one in many is taken, by a client that chose its own.
void engine::freshen(core::cmd::claim& c) const {
  while (state_.runs.contains(c.fresh_run)) c.fresh_run = run_id{fresh_id()};
}

void engine::on_claim(waiting_claim c) {
  freshen(c.what);
  const auto now = time_.steady();
  auto patient = c.due > now ? await_fresh(c.what) : std::nullopt;
  auto out = patient ? outcome{core::answer_to(std::move(*patient)), false} : take(c.what, c.who, 0);
  const auto* wait = out.reply ? std::get_if<core::answer::wait>(&*out.reply) : nullptr;
  if (wait == nullptr || c.due <= now) {
    answer(std::move(c.to), std::move(out));
    return;
  }
  if (claims_.full(c.what.sweep)) {
    c.to(fail(errc::busy, "too many agents wait for a run of this sweep; ask again later"));
    return;
  }
  c.last = *wait;
  // Said once: a run that was known now may be dead when the claim's turn comes, and must not be
  // taken for alive then.
  c.what.knows.clear();
  if (auto earlier = claims_.add(std::move(c), now)) give_up(std::move(*earlier));
  arm_timer();
}

void engine::give_up(waiting_claim c) {
  answer(std::move(c.to), outcome{core::answer_to(std::move(c.last)), false});
}

std::optional<core::answer::wait> engine::try_claim(waiting_claim& c) {
  if (refusal(false)) {
    changed_.insert(c.what.sweep);  // looked at again when the queue is shorter
    return c.last;
  }
  // A run is handed only to an agent that was heard lately; asking core would count as hearing it.
  const auto* agent = core::find(state_, c.what.agent);
  if (agent != nullptr && agent->state != core::agent_state::live) {
    answer(std::move(c.to), outcome{core::answer_to(c.last), false});
    return std::nullopt;
  }
  if (auto patient = await_fresh(c.what)) return patient;
  freshen(c.what);
  auto out = perform_command(c.what, c.who, false);
  if (out.reply)
    if (auto* wait = std::get_if<core::answer::wait>(&*out.reply)) return std::move(*wait);
  answer(std::move(c.to), std::move(out));
  return std::nullopt;
}

std::optional<core::answer::wait> engine::await_fresh(const core::cmd::claim& c) const {
  const auto* sw = core::find(state_, c.sweep);
  if (sw == nullptr) return std::nullopt;
  const auto due = suggester_->fresh_due(*sw);
  const auto now = time_.steady();
  if (!due || *due <= now) return std::nullopt;
  return core::answer::wait{"preparing", "the search takes the last result into account", *due - now};
}

void engine::serve_claims() {
  if (changed_.empty() || refusal(false)) return;
  const auto now = time_.steady();
  for (const auto& id : std::exchange(changed_, {})) {
    suggester_->consider(state_, id, now);
    claims_.serve(id, now, [this](waiting_claim& c) { return try_claim(c); });
  }
  // Hand-outs are changes too. The next turn looks at them, after whoever waits for the strand.
  if (!changed_.empty()) {
    auto again = [self = shared_from_this()] { self->settle(); };
    asio::post(strand_, std::move(again));
  }
}

void engine::on_suggested(suggested got) {
  suggester_->arrived(got);
  // While the disk is full nothing is decided; leave_disk_full() asks anew and gets the same again.
  if (phase_ != phase::serving || disk_full_) return;
  changed_.insert(got.sweep);
  if (const auto* sw = core::find(state_, got.sweep); sw == nullptr || sw->changes != got.changes) return;
  if (!got.got) {
    order(core::cmd::move_sweep{got.sweep, core::cmd::sweep_verb::pause,
                                "the search strategy failed: " + to_string(got.got.error())});
    return;
  }
  drop_known(got);
  order(core::cmd::add_suggestions{got.sweep, std::move(*got.got), got.exhausted, got.replace});
}

/// What was drawn while the strategy was at work is not its to propose again.
void engine::drop_known(suggested& got) const {
  const auto* sw = core::find(state_, got.sweep);
  if (sw == nullptr || sw->trials <= got.trials) return;
  std::set<std::string> drawn;
  for (auto n = got.trials + 1; n <= sw->trials; ++n)
    if (const auto* t = core::find_trial(state_, got.sweep, n)) drawn.insert(t->hash);
  std::erase_if(*got.got, [&](const strategies::suggestion& one) {
    return drawn.contains(strategies::config_hash(one));
  });
}

void engine::start_wait_events(std::uint64_t after, milliseconds patience,
                               completion<std::uint64_t> to, asio::cancellation_slot slot) {
  const auto id = next_waiter_++;
  if (slot.is_connected())
    slot.assign([weak = weak_from_this(), id](asio::cancellation_type) {
      if (const auto self = weak.lock())
        self->on_strand([e = self.get(), id] { e->events_.cancel(id); });
    });
  on_strand([this, id, after, patience, to = std::move(to)]() mutable {
    if (phase_ != phase::serving || events_.newest() > after || patience <= milliseconds{0}) {
      to(events_.newest());
      return;
    }
    events_.add(id, after, time_.steady() + patience, std::move(to));
    arm_timer();
  });
}

}  // namespace sweepd::service
