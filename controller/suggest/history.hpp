// The runs of a sweep as one request after the other tells them, kept from one to the next.
//
// Every request carries all runs. A run whose text is the same as before is neither read nor even cut out
// again: the text is compared with the last one's, run by run, and only what differs is parsed. So a
// history that grew by a few costs a comparison of bytes and those few. One thread.
#pragma once

#include "controller/base/result.hpp"
#include "controller/suggest/run_facts.hpp"
#include "strategies/strategy.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::suggest {

/// What an update changed.
struct history_change {
  std::vector<strategies::observation> gone;  ///< runs as they were, which are no more
  std::vector<std::size_t> fresh;             ///< places of runs that are new or have changed
};

class history {
 public:
  explicit history(metric_rule metric) : metric_(std::move(metric)) {}

  /// Reads the array of runs that begins at `at` in `text`; `end` becomes the place behind it. Errors:
  /// invalid, `where` such as runs.3.state; the history is empty then.
  result<history_change> update(std::string_view text, std::size_t at, std::size_t& end);

  [[nodiscard]] const std::vector<run_facts>& facts() const { return facts_; }
  /// In the order of facts().
  [[nodiscard]] const std::vector<strategies::observation>& observations() const { return seen_; }
  [[nodiscard]] std::size_t bytes() const { return text_.size(); }

 private:
  struct piece {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  struct tail {  ///< of the last history: what lies behind the first difference
    std::string_view text;
    std::size_t begin = 0;  ///< where `text` stood in the array
    std::vector<piece> pieces;
    std::vector<run_facts> facts;
    std::vector<strategies::observation> seen;
    std::vector<bool> taken;  ///< moved into the new history
  };

  [[nodiscard]] std::size_t same_before(std::string_view array) const;
  [[nodiscard]] std::size_t matching(const tail& old, std::string_view text, std::size_t at,
                                     std::size_t next, std::size_t missed) const;
  tail cut_tail(std::size_t keep);
  result<void> read_rest(std::string_view text, std::size_t at, std::size_t& end, tail& old,
                         history_change& out);
  result<void> add_read(std::string_view run);
  void clear();

  metric_rule metric_;
  std::string text_;   ///< the array as it came
  std::string spare_;  ///< what an update keeps of the text before; kept for its memory
  std::vector<piece> pieces_;
  std::vector<run_facts> facts_;
  std::vector<strategies::observation> seen_;
};

}  // namespace sweepd::suggest
