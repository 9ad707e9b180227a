// The search space of a sweep: what W&B's sweep language says in `parameters`, checked and sampled.
//
// violations() judges a whole file; `space` is the flattened list of parameters that strategies
// draw from, and the way back to the shape in which a run gets its configuration. Pure, immutable,
// safe to read from any thread. Other parts of the language (method, metric, ...) are only checked
// here.
#pragma once

#include "controller/base/result.hpp"
#include "strategies/parameter.hpp"

#include <boost/json.hpp>

#include <span>
#include <string>
#include <vector>

namespace sweepd::strategies {

/// One thing that is wrong with a sweep configuration.
struct violation {
  /// "parameters.lr.min", "metrics.1.goal"; a missing key's own path; "" for the whole
  std::string path;
  std::string text;  ///< what is wrong and what to do, without the path
  /// We refuse it, W&B's own check lets it pass.
  bool stricter = false;
};

/// Everything wrong with a sweep file (as JSON): W&B's schema, our additional keys, and the checks
/// it cannot express (min < max at every level, probabilities, grid-able kinds). Empty: fine.
std::vector<violation> violations(const boost::json::object& config);

/// A parameter and its place: {"opt", "lr"} for `lr` inside the group `opt`.
struct leaf {
  std::vector<std::string> path;
  parameter what;
};

/// "opt.lr"
std::string name_of(const leaf& l);
/// Where it stands in the file: "parameters.opt.parameters.lr"
std::string place_of(const leaf& l);

/// The leaf's value in a run's configuration, {"opt": {"value": {"lr": 0.1}}}; null when it is absent.
const boost::json::value* value_in(const boost::json::object& config, const leaf& l);

/// The parameters of a sweep, groups flattened, sorted by name at every level: W&B's order.
class space {
 public:
  /// Reads a `parameters` block. Errors: invalid, `where` such as
  /// `parameters.opt.parameters.lr.min`.
  static result<space> make(const boost::json::object& parameters);

  [[nodiscard]] const std::vector<leaf>& leaves() const { return leaves_; }
  /// One value a leaf, in the order of leaves() -> {"opt": {"value": {"lr": 0.1}}}.
  [[nodiscard]] boost::json::object assemble(std::span<const boost::json::value> values) const;

 private:
  std::vector<leaf> leaves_;
};

}  // namespace sweepd::strategies
