// When to sync what is written: the other half of group commit.
//
// Clients that were answered together ask again together, a round trip later. A batch that is closed the moment
// the disk is free takes the first of them alone, and the others wait for the sync after it: groups that take
// turns, each hand-out at the price of two or three syncs. So the sync after a commit waits until as many
// commands are written as clients are about, yet not longer than half the time the disk took (what PostgreSQL's
// manual advises for commit_delay). Where that did not bring in half of those who were answered, it is not tried again
// for 2, 4 ... 64 commits: with so many clients two groups that take turns keep the processor and the disk busy at once.
#pragma once

#include <cstddef>

namespace sweepd::service {

/// What a commit took, in seconds.
struct commit_time {
  double whole = 0;
  double idle = 0;  ///< of it, without the processor: the disk's part
};

/// Pure; `now` is in seconds, of any clock that does not go back.
class gather {
 public:
  /// `seconds_max`: no batch waits longer; 0: none waits.
  explicit gather(double seconds_max) : seconds_max_(seconds_max) {}

  /// A commit has ended: `answered` commands were in it, and `arrived` others came meanwhile.
  void committed(std::size_t answered, std::size_t arrived, commit_time took, double now);
  /// How long the sync of that many commands is put off yet; 0: it is time.
  [[nodiscard]] double left(std::size_t commands, double now);
  /// How many it waits for in all; 0: for none.
  [[nodiscard]] std::size_t wanted(double now) const { return open_ && now < until_ ? answered_ + arrived_ : 0; }

 private:
  double seconds_max_;
  bool open_ = false;
  std::size_t answered_ = 0, arrived_ = 0;  ///< of the commit that has ended
  double until_ = 0;
  unsigned misses_ = 0;  ///< in a row
  unsigned pass_ = 0;    ///< commits after which nothing is waited for
};

}  // namespace sweepd::service
