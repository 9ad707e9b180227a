#include "controller/service/notifier.hpp"

#include <algorithm>

namespace sweepd::service {

void notifier::add(std::uint64_t id, std::uint64_t after, milliseconds due,
                   completion<std::uint64_t> to) {
  if (waiting_.size() >= waiting_max) answer(waiting_.begin()->first);
  waiting_.emplace(id, waiting{after, due, std::move(to)});
  by_after_.emplace(after, id);
  by_due_.emplace(due, id);
}

void notifier::answer(std::uint64_t id) {
  auto node = waiting_.extract(id);
  if (node.empty()) return;
  auto& w = node.mapped();
  by_after_.erase({w.after, id});
  by_due_.erase({w.due, id});
  w.to(durable_);
}

void notifier::durable(std::uint64_t seq) {
  durable_ = std::max(durable_, seq);
  while (!by_after_.empty() && by_after_.begin()->first < durable_)
    answer(by_after_.begin()->second);
}

void notifier::expire(milliseconds now) {
  while (!by_due_.empty() && by_due_.begin()->first <= now) answer(by_due_.begin()->second);
}

void notifier::cancel(std::uint64_t id) { answer(id); }

void notifier::finish() {
  while (!waiting_.empty()) answer(waiting_.begin()->first);
}

void notifier::abandon() {
  by_after_.clear();
  by_due_.clear();
  waiting_.clear();
}

std::optional<milliseconds> notifier::next_due() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

bool claim_lines::full(const sweep_id& sweep) const {
  const auto it = lines_.find(sweep);
  return it != lines_.end() && it->second.size() >= per_sweep_max_;
}

std::optional<waiting_claim> claim_lines::add(waiting_claim c, milliseconds now) {
  std::optional<waiting_claim> earlier;
  if (const auto it = by_agent_.find(c.what.agent); it != by_agent_.end())
    earlier = remove(it->second);
  const auto id = c.id;
  const auto sweep = c.what.sweep;
  by_agent_[c.what.agent] = id;
  by_due_.emplace(c.due, id);
  retry_later(sweep, c.last, now);
  auto& l = lines_[sweep];
  l.push_back(std::move(c));
  places_.emplace(id, place{sweep, std::prev(l.end())});
  return earlier;
}

waiting_claim claim_lines::remove(std::uint64_t id) {
  const auto found = places_.find(id);
  const auto where = found->second;
  places_.erase(found);
  auto out = std::move(*where.at);
  const auto l = lines_.find(where.sweep);
  l->second.erase(where.at);
  if (l->second.empty()) {
    lines_.erase(l);
    retry_.erase(where.sweep);
  }
  by_due_.erase({out.due, id});
  by_agent_.erase(out.what.agent);
  return out;
}

void claim_lines::retry_later(const sweep_id& sweep, const core::answer::wait& w,
                              milliseconds now) {
  if (!w.retry_in) return;
  // Never at once: what is due must first have come true by a tick.
  const auto at = now + std::max(*w.retry_in, milliseconds{10});
  const auto [it, fresh] = retry_.try_emplace(sweep, at);
  if (!fresh) it->second = std::min(it->second, at);
}

void claim_lines::serve(const sweep_id& sweep, milliseconds now, const attempt& one) {
  const auto found = lines_.find(sweep);
  if (found == lines_.end()) return;
  auto& l = found->second;
  int refusals = 0;
  auto next = l.begin();
  for (auto left = l.size(); left > 0; --left) {
    const auto c = next++;
    auto again = one(*c);
    if (!again) {
      remove(c->id);  // the last one takes the line with it
      continue;
    }
    c->last = std::move(*again);
    retry_later(sweep, c->last, now);
    const bool its_own = c->last.code == "quarantined";
    // It cannot be served, so it must not stand in the way of others either.
    if (its_own) l.splice(l.end(), l, c);
    const bool others_may = its_own || c->last.code == "backoff";
    if (!others_may || ++refusals >= refusals_max) return;
  }
}

std::vector<waiting_claim> claim_lines::expired(milliseconds now) {
  std::vector<waiting_claim> out;
  while (!by_due_.empty() && by_due_.begin()->first <= now)
    out.push_back(remove(by_due_.begin()->second));
  return out;
}

std::optional<waiting_claim> claim_lines::cancel(std::uint64_t id) {
  if (!places_.contains(id)) return std::nullopt;
  return remove(id);
}

std::vector<waiting_claim> claim_lines::take_all() {
  std::vector<waiting_claim> out;
  while (!places_.empty()) out.push_back(remove(places_.begin()->first));
  return out;
}

std::vector<sweep_id> claim_lines::to_retry(milliseconds now) {
  std::vector<sweep_id> out;
  for (auto it = retry_.begin(); it != retry_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    out.push_back(it->first);
    it = retry_.erase(it);
  }
  return out;
}

std::vector<sweep_id> claim_lines::sweeps() const {
  std::vector<sweep_id> out;
  for (const auto& [id, l] : lines_) out.push_back(id);
  return out;
}

std::optional<milliseconds> claim_lines::next_due() const {
  std::optional<milliseconds> next;
  if (!by_due_.empty()) next = by_due_.begin()->first;
  for (const auto& [id, at] : retry_) next = next ? std::min(*next, at) : at;
  return next;
}

}  // namespace sweepd::service
