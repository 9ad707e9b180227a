#include "strategies/early_stop/rung.hpp"

#include <iterator>

namespace sweepd::strategies::early_stop {

void rung::insert(entry e, std::size_t cut) {
  const bool good = !before_.empty() && e < *before_.rbegin();
  (good ? before_ : rest_).insert(e);
  split(cut);
}

void rung::erase(const entry& e, std::size_t cut) {
  if (before_.erase(e) == 0) rest_.erase(e);
  split(cut);
}

void rung::split(std::size_t cut) {
  while (before_.size() < cut && !rest_.empty()) before_.insert(rest_.extract(rest_.begin()));
  while (before_.size() > cut) rest_.insert(before_.extract(std::prev(before_.end())));
}

std::optional<double> rung::threshold() const {
  if (rest_.empty()) return std::nullopt;
  return rest_.begin()->first;
}

}  // namespace sweepd::strategies::early_stop
