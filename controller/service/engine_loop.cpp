// The internal tick: serving time, what is due in the core, checkpoints, patience that is over.
#include "controller/service/engine.hpp"

#include <boost/asio/bind_executor.hpp>

#include <algorithm>
#include <utility>

namespace sweepd::service {
namespace {

/// The tick runs at least so often: serving time, the disk-full probe and the checkpoint hang on
/// it.
constexpr milliseconds tick_every{1'000};
/// At most so many timers in one turn; the rest follows a millisecond later, after whoever waits.
constexpr std::size_t timers_per_turn = 2'000;

}  // namespace

void engine::notice_outage() {
  const auto gap = time_.missed();
  // While the disk is full time stands still, and its end is an outage noted anyway.
  if (!gap || disk_full_ || phase_ != phase::serving) return;
  order(core::cmd::note_outage{gap->what, gap->gap});
}

void engine::start_poke(completion<bool> to) {
  on_strand([this, to = std::move(to)]() mutable {
    tick();
    to(true);
  });
}

void engine::tick() {
  timer_at_ = milliseconds::max();
  if (phase_ != phase::serving) return;
  time_.tick();
  if (disk_full_) {
    if (!writing_) write_next();  // is there room again?
  } else {
    tick_core(time_.now());
    checkpoint(false);
  }
  expire();
  arm_timer();
}

void engine::tick_core(moment now) {
  auto ticked = core::tick(state_, now, timers_per_turn);
  core_next_ = ticked.next;
  accept(std::move(ticked.what), now);
}

void engine::checkpoint(bool even_if_early) {
  const auto now = time_.steady();
  // A slow disk: what beat meanwhile goes with the next one.
  if (!even_if_early && (now < checkpoint_due_ || batches_.has_beats())) return;
  checkpoint_due_ = now + opts_.checkpoint_every;
  if (!std::exchange(beats_changed_, false)) {
    batches_.want_time_stored();
    return;
  }
  // The store keeps one block, so each names all who live. Who ended has his last signal in his
  // row.
  core::heartbeat_block beats;
  std::erase_if(beaten_runs_, [&](const run_id& id) {
    const auto* r = core::find(state_, id);
    if (r == nullptr || !core::is_live(r->state)) return true;
    beats.runs.emplace_back(id, r->last_signal_wall);
    return false;
  });
  std::erase_if(beaten_agents_, [&](const agent_id& id) {
    const auto* a = core::find(state_, id);
    if (a == nullptr || a->state != core::agent_state::live) return true;
    beats.agents.emplace_back(id, a->last_beat_wall);
    return false;
  });
  batches_.add_beats(std::move(beats));
}

void engine::expire() {
  const auto now = time_.steady();
  for (auto& c : claims_.expired(now)) give_up(std::move(c));
  for (const auto& sweep : claims_.to_retry(now)) changed_.insert(sweep);
  events_.expire(now);
}

void engine::arm_timer() {
  if (!opts_.internal_timer || phase_ != phase::serving) return;
  const auto now = time_.steady();
  auto due = now + tick_every;
  if (core_next_ && !disk_full_) due = std::min(due, now + (*core_next_ - time_.now().at));
  if (const auto next = claims_.next_due()) due = std::min(due, *next);
  if (const auto next = events_.next_due()) due = std::min(due, *next);
  if (timer_at_ <= due) return;
  timer_at_ = due;
  timer_.expires_after(std::max(due - now, milliseconds{1}));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
    if (ec) return;
    if (const auto self = weak.lock()) self->on_strand([e = self.get()] { e->tick(); });
  });
}

}  // namespace sweepd::service
