// Counts what happened by reading the event log from where the last scrape left off. The log is the
// one place where every change is written down with who made it, so nothing else has to be hooked.
#pragma once

#include "controller/core/store.hpp"

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <cstdint>

namespace sweepd::metrics {

class event_tail {
 public:
  event_tail(prometheus::Registry& registry, std::uint64_t from);

  /// Reads on, up to `rows_max` events; the rest is for the next time. Blocks on the disk. Errors of
  /// the reader are left for the next scrape: a page with older counts is better than none.
  void advance(core::reader& reader, std::size_t rows_max);

 private:
  void count(const core::stored_event& e);
  void count_run_moved(const core::stored_event& e, std::string_view actor);

  std::uint64_t seq_;
  prometheus::Family<prometheus::Counter>& events_;
  prometheus::Family<prometheus::Counter>& transitions_;
  prometheus::Family<prometheus::Counter>& policy_actions_;
  prometheus::Family<prometheus::Counter>& revivals_;
  prometheus::Counter& false_marks_;
};

}  // namespace sweepd::metrics
