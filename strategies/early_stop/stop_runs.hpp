// W&B's question "which of these runs are to be stopped?", asked with every run's whole history each
// time. What is the same as in the last question is not looked at again: a question whose histories
// are the earlier ones grown by a few values costs a comparison of memory and O(log n) a new value.
#pragma once

#include "strategies/early_stop/board.hpp"

#include <span>
#include <string>
#include <vector>

namespace sweepd::strategies::early_stop {

/// One run, reduced to what the rule looks at.
struct asked_run {
  std::string_view name;
  std::string_view state;           ///< W&B's word
  std::span<const double> values;   ///< its finite metric values, in order
  std::span<const double> resource; ///< what the resource was logged as, beside each; NaN: was not.
                                    ///< Empty when the rule counts values.
};

struct stop_answer {
  std::vector<std::size_t> stop;    ///< places in what was asked, ascending
  std::vector<double> bands;
  std::vector<double> thresholds;   ///< ranked (negated when maximising); infinite where nobody is
  std::vector<std::string> lines;   ///< the rung table in words, then one line a running run
};

class stop_question {
 public:
  explicit stop_question(rule r) : board_(std::move(r)) {}
  /// A pure function of the rule and what is asked.
  stop_answer ask(std::span<const asked_run> runs);

 private:
  struct known {
    std::vector<double> values, resource;
    rung_record record;
  };
  /// Every run asked about before is there again, at its place, and has only grown.
  [[nodiscard]] bool continues(std::span<const asked_run> runs) const;
  [[nodiscard]] standing standing_of(std::string_view state) const;
  [[nodiscard]] std::vector<std::string> lines_of(std::span<const asked_run> runs) const;

  board board_;
  std::vector<known> known_;
};

}  // namespace sweepd::strategies::early_stop
