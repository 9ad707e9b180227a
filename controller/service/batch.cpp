#include "controller/service/batch.hpp"

#include <algorithm>
#include <iterator>

namespace sweepd::service {
namespace {

template <class Ids, class Entities, class Rows>
void copy_rows(const Ids& ids, const Entities& from, Rows& to) {
  to.reserve(ids.size());
  for (const auto& id : ids)
    if (const auto it = from.find(id); it != from.end())
      to.push_back(core::stored_part(it->second));
}

/// A sweep carries all its trials and its file in memory: row_of() leaves them behind, or a hand-out
/// would cost what the whole sweep weighs.
void build_rows(const core::state& s, core::batch& rows) {
  const auto& t = s.touched;
  rows.sweeps.reserve(t.sweeps.size());
  for (const auto& id : t.sweeps)
    if (const auto* sweep = core::find(s, id)) rows.sweeps.push_back(core::row_of(*sweep));
  for (const auto& id : t.specs)
    if (const auto* sweep = core::find(s, id)) rows.specs.emplace_back(id, sweep->spec);
  copy_rows(t.runs, s.runs, rows.runs);
  copy_rows(t.agents, s.agents, rows.agents);
  copy_rows(t.keys, s.keys, rows.keys);
  copy_rows(t.artifacts, s.artifacts.by_id, rows.artifacts);
  rows.trials.reserve(t.trials.size());
  for (const auto& [sweep, number] : t.trials)
    if (const auto* trial = core::find_trial(s, sweep, number)) rows.trials.push_back(*trial);
}

std::size_t bytes_of(const core::run_data& d) {
  std::size_t n = d.log.size();
  for (const auto& line : d.history) n += line.size();
  for (const auto& line : d.system) n += line.size();
  return n;
}

}  // namespace

bool pending_batch::empty() const {
  return rows.events.empty() && rows.data.empty() && rows.files.empty() && rows.replies.empty() &&
         rows.webhooks.empty() && !rows.beats;
}

void batch_queue::add(core::decision& d, moment now) {
  auto& rows = open_->rows;
  for (auto& [who, what] : d.events)
    rows.events.push_back(core::event_record{++seq_, now, who, std::move(what)});
  for (auto& data : d.data) {
    const auto n = bytes_of(data);
    open_->bytes += n;
    bytes_ += n;
    rows.data.push_back(std::move(data));
  }
  for (auto& hook : d.webhooks) rows.webhooks.push_back(std::move(hook));
  d.events.clear();
  d.data.clear();
  d.webhooks.clear();
}

void batch_queue::add_files(std::vector<core::file_part> parts) {
  for (auto& part : parts) {
    open_->bytes += part.bytes.size();
    bytes_ += part.bytes.size();
    open_->rows.files.push_back(std::move(part));
  }
}

void batch_queue::add_reply(core::idempotency_row row) {
  open_->rows.replies.push_back(std::move(row));
}

void batch_queue::add_beats(core::heartbeat_block beats) { open_->rows.beats = std::move(beats); }

void batch_queue::count_commands(std::size_t n) {
  open_->commands += n;
  commands_ += n;
}

bool batch_queue::open_is_empty(const core::state& s) const {
  return open_->empty() && s.touched.empty() && !store_time_;
}

bool batch_queue::all_durable(const core::state& s) const {
  return closed_.empty() && open_is_empty(s);
}

void batch_queue::hold(std::unique_ptr<held> answer, const core::state& s) {
  if (!open_is_empty(s))
    open_->waiting.push_back(std::move(answer));
  else if (!closed_.empty())
    closed_.back()->waiting.push_back(std::move(answer));
  else
    answer->release();
}

const core::touched& batch_queue::close(core::state& s, moment now) {
  build_rows(s, open_->rows);
  open_->rows.at = now;
  open_->touched = std::exchange(s.touched, {});
  store_time_ = false;
  closed_.push_back(std::exchange(open_, std::make_unique<pending_batch>()));
  return closed_.back()->touched;
}

pending_batch* batch_queue::to_write() {
  return written_ < closed_.size() ? closed_[written_].get() : nullptr;
}

void batch_queue::note_written() { written_commands_ += closed_[written_++]->commands; }

std::unique_ptr<pending_batch> batch_queue::pop() {
  auto done = std::move(closed_.front());
  closed_.pop_front();
  --written_;
  written_commands_ -= done->commands;
  commands_ -= done->commands;
  bytes_ -= done->bytes;
  return done;
}

std::vector<std::unique_ptr<held>> batch_queue::take_waiting(bool all) {
  std::vector<std::unique_ptr<held>> out;
  const auto from = [&](pending_batch& b) {
    const auto stay = std::stable_partition(b.waiting.begin(), b.waiting.end(), [&](const auto& h) {
      return !all && h->needs_disk();
    });
    std::move(stay, b.waiting.end(), std::back_inserter(out));
    b.waiting.erase(stay, b.waiting.end());
  };
  for (auto& b : closed_) from(*b);
  from(*open_);
  return out;
}

}  // namespace sweepd::service
