#include "strategies/early_stop/board.hpp"

#include <algorithm>

namespace sweepd::strategies::early_stop {

seat board::enter() {
  places_.emplace_back();
  return static_cast<seat>(places_.size() - 1);
}

void board::put_in(place& p, seat run, std::size_t i) {
  if (p.how == standing::counted)
    rungs_[i].insert({p.values[i], run}, rule_.cut(rungs_[i].size() + 1));
  else if (p.how == standing::provisional)
    ++rungs_[i].provisional;
}

void board::take_out(place& p, seat run, std::size_t i) {
  if (p.how == standing::counted) {
    const auto left = rungs_[i].size() - 1;
    rungs_[i].erase({p.values[i], run}, left == 0 ? 0 : rule_.cut(left));
  } else if (p.how == standing::provisional) {
    --rungs_[i].provisional;
  }
}

void board::update(seat run, const rung_record& record, standing how, bool judged) {
  auto& p = places_[run];
  if (how != p.how) {
    for (std::size_t i = 0; i < p.values.size(); ++i) take_out(p, run, i);
    p.how = how;
    for (std::size_t i = 0; i < p.values.size(); ++i) put_in(p, run, i);
    moved_ = moved_ || !p.values.empty();
  }
  while (p.values.size() < record.values.size()) {
    p.values.push_back(rule_.ranked(record.values[p.values.size()]));
    put_in(p, run, p.values.size() - 1);
    moved_ = true;
  }
  reached_ = std::max(reached_, p.values.size());
  if (p.values.empty()) return;
  const auto top = p.values.size() - 1;
  p.by = rule_.judged_by(record);
  std::optional<rung::entry> now;
  if (judged && how == standing::counted && record.resource >= rule_.grace) now = {*p.by, run};
  if (now == p.judged && (!now || p.judged_at == top)) return;
  if (p.judged) rungs_[p.judged_at].judged.erase(*p.judged);
  if (now) rungs_[top].judged.insert(*now);
  p.judged = now;
  p.judged_at = top;
  moved_ = true;
}

std::vector<verdict> board::to_stop() const {
  std::vector<verdict> out;
  for (std::size_t i = 0; i < reached_; ++i) {
    const auto& r = rungs_[i];
    const auto threshold = r.threshold();
    if (r.judged.empty() || !threshold || !decides(r)) continue;
    for (auto it = r.judged.rbegin(); it != r.judged.rend() && it->first > *threshold; ++it)
      out.push_back(*look(it->second));
  }
  std::ranges::sort(out, {}, &verdict::run);
  return out;
}

std::optional<verdict> board::look(seat run) const {
  const auto& p = places_[run];
  if (p.values.empty()) return std::nullopt;
  verdict v;
  v.run = run;
  v.rung = p.values.size() - 1;
  const auto& r = rungs_[v.rung];
  v.value = rule_.ranked(*p.by);
  v.runs = r.size();
  if (const auto threshold = r.threshold(); threshold && decides(r)) {
    v.threshold = rule_.ranked(*threshold);
    v.stop = p.judged && p.judged->first > *threshold;
  }
  return v;
}

std::vector<rung_row> board::table() const {
  std::vector<rung_row> out;
  for (std::size_t i = 0; i < reached_; ++i) {
    const auto& r = rungs_[i];
    rung_row row{rule_.rungs[i], r.size(), r.provisional, r.judged.size(), {}, decides(r)};
    if (const auto threshold = r.threshold()) row.threshold = rule_.ranked(*threshold);
    out.push_back(row);
  }
  return out;
}

std::string board::words(const verdict& v) const {
  const auto at = rule_.rung_name(v.rung) + ": " + number_text(v.value);
  if (!v.threshold)
    return at + "; " + std::to_string(v.runs) + " of " + std::to_string(rule_.runs_min) +
           " runs that it takes to judge are there";
  const double value = rule_.ranked(v.value), limit = rule_.ranked(*v.threshold);
  const std::string how = value > limit ? " is worse than" : value < limit ? " is better than" : " equals";
  return at + how + " the threshold " + number_text(*v.threshold) + " of " + std::to_string(v.runs) +
         (v.runs == 1 ? " run" : " runs");
}

}  // namespace sweepd::strategies::early_stop
