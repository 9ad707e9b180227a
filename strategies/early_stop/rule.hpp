// The rule behind `early_terminate`: where its rungs lie, what a run is measured by there, and which
// of the sorted values is the threshold. Data and pure functions; board.hpp holds the runs.
//
// hyperband: W&B's, to the value (wandb/sweeps:src/sweeps/hyperband_stopping.py). asha: asynchronous
// successive halving (Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020,
// arXiv 1810.05934), stopping instead of pausing. median: Golovin et al., "Google Vizier", KDD 2017.
// The last two are ours and may be keyed on a resource that runs log, so that runs which log at unlike
// rates are compared at like points.
#pragma once

#include "controller/base/error.hpp"
#include "strategies/early_stop/record.hpp"

#include <boost/json.hpp>
#include <tl/expected.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::strategies::early_stop {

enum class rule_kind { asha, median, hyperband };
/// Their words in sweep files, in that order.
inline constexpr std::array<std::string_view, 3> rule_types{"asha", "median", "hyperband"};

/// What is wrong with a file that a rule is asked of, in W&B's terms: its library raises a plain value
/// error, a type or key error out of its arithmetic, or what its schema says.
struct rule_fault {
  enum class kind { value, validation, type, key };
  kind what = kind::value;
  std::string text;
  std::string where;  ///< a path such as early_terminate.s
};
error to_error(rule_fault f);

inline constexpr int rungs_max = 100;         ///< hyperband by min_iter has just so many
inline constexpr int checkpoints_max = 128;   ///< of the median rule

struct rule {
  rule_kind kind = rule_kind::hyperband;
  std::string metric;
  bool maximize = false;
  std::string resource;       ///< the key that counts; empty: the number of finite metric values
  std::vector<double> rungs;  ///< ascending
  double eta = 3;
  bool strict = true;         ///< hyperband: judge by the value at the rung, not by the best so far
  bool mean = false;          ///< median: judge by the mean so far, not by the best so far
  std::size_t runs_min = 1;   ///< a rung with fewer values judges nobody
  double grace = 0;           ///< a run that has come less far is not judged
  bool keep_failed = false;   ///< the values of failed runs go on counting, unless infeasible

  /// From a sweep file as JSON. Lets through what W&B's library lets through: unknown goals and keys.
  static tl::expected<rule, rule_fault> make(const boost::json::object& config);

  /// Takes in one finite value of the metric. `at`: what the resource was logged as, if it was.
  void observe(rung_record& r, double value, std::optional<double> at = std::nullopt) const;
  /// The place of the threshold among n >= 1 values, best first, from 0: a run that is worse than the
  /// value there is stopped.
  [[nodiscard]] std::size_t cut(std::size_t n) const;
  /// Best first means ascending: values to be maximised are negated.
  [[nodiscard]] double ranked(double value) const { return maximize ? -value : value; }
  /// What the run is judged by at the highest rung it has reached (there must be one), ranked.
  [[nodiscard]] double judged_by(const rung_record& r) const;
  /// "rung 9", or "rung 9 (epoch)".
  [[nodiscard]] std::string rung_name(std::size_t i) const;
};

inline std::string_view word_of(rule_kind k) { return rule_types[static_cast<std::size_t>(k)]; }

/// A number as short as it can be without losing anything; whole ones without a point.
std::string number_text(double x);

}  // namespace sweepd::strategies::early_stop
