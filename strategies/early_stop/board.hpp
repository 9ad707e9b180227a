// The rung table of one sweep: every run's values at the rungs, kept sorted as they come, and the
// question which runs are to be stopped now. Incremental: a new value costs O(log n) at the rungs it
// reaches; asking costs O(rungs reached + runs to stop), however many runs there are.
//
// All runs are judged by the rung they reached last, again whenever its threshold moves, as W&B does.
// Used by the core (one board a sweep, memory only, rebuilt from the stored records) and by
// `sweepd suggest`. Pure: no clock, no thread.
#pragma once

#include "strategies/early_stop/rule.hpp"
#include "strategies/early_stop/rung.hpp"

#include <span>

namespace sweepd::strategies::early_stop {

/// How a run's values count.
enum class standing {
  counted,      ///< they are values like any other
  provisional,  ///< it crashed and may come back: they move no threshold until it does
  removed,      ///< its seats are free for others
};

/// Where one run stands. Values have the metric's own sign.
struct verdict {
  seat run = 0;
  std::size_t rung = 0;             ///< index of the rung it is judged by
  double value = 0;
  std::optional<double> threshold;  ///< none: the rung judges nobody yet
  std::size_t runs = 0;             ///< values at that rung
  bool stop = false;
};

/// One line of the rung table.
struct rung_row {
  double rung = 0;
  std::size_t runs = 0;         ///< values that count
  std::size_t provisional = 0;  ///< values of crashed runs
  std::size_t judged = 0;       ///< running, and this is the highest rung they have reached
  std::optional<double> threshold;
  bool decides = false;         ///< enough runs are there to judge by it
  friend bool operator==(const rung_row&, const rung_row&) = default;
};

class board {
 public:
  explicit board(rule r) : rule_(std::move(r)), rungs_(rule_.rungs.size()) {}

  [[nodiscard]] const rule& terms() const { return rule_; }
  /// A place for a new run.
  seat enter();
  /// How the run is now: its record (which may only have grown), how it counts, and whether it may be
  /// stopped (it is running). Repeating it changes nothing.
  void update(seat run, const rung_record& record, standing how, bool judged);
  /// The runs to stop, by seat.
  [[nodiscard]] std::vector<verdict> to_stop() const;
  /// Where the run stands at the last rung it reached; none before the first.
  [[nodiscard]] std::optional<verdict> look(seat run) const;
  /// The rungs that any run has reached, from the first.
  [[nodiscard]] std::vector<rung_row> table() const;
  /// Something moved since settle(): to_stop() may have an answer.
  [[nodiscard]] bool moved() const { return moved_; }
  void settle() { moved_ = false; }
  /// "rung 9: 0.71 is worse than the threshold 0.52 of 8 runs"
  [[nodiscard]] std::string words(const verdict& v) const;

 private:
  struct place {
    standing how = standing::removed;
    std::vector<double> values;  ///< ranked, as put into the rungs
    std::optional<rung::entry> judged;
    std::size_t judged_at = 0;
    std::optional<double> by;    ///< ranked: what it is judged by
  };
  void put_in(place& p, seat run, std::size_t i);
  void take_out(place& p, seat run, std::size_t i);
  [[nodiscard]] bool decides(const rung& r) const { return r.size() >= rule_.runs_min; }

  rule rule_;
  std::vector<rung> rungs_;
  std::vector<place> places_;
  std::size_t reached_ = 0;  ///< rungs that any run has ever reached
  bool moved_ = true;
};

}  // namespace sweepd::strategies::early_stop
