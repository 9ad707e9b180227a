// The process itself, by the names Prometheus' own clients use: CPU, memory, open files.
#pragma once

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace sweepd::metrics {

class process_metrics {
 public:
  explicit process_metrics(prometheus::Registry& registry);
  void refresh();  ///< reads /proc and getrusage; what cannot be read keeps its value

 private:
  prometheus::Gauge& cpu_;
  prometheus::Gauge& memory_;
  prometheus::Gauge& open_files_;
  prometheus::Gauge& open_files_max_;
};

}  // namespace sweepd::metrics
