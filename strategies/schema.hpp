// The checks behind violations(): what one parameter, and a sweep file as a whole, must look like.
//
// Internal to the strategies: callers use violations() in space.hpp. Source of the rules:
// wandb/sweeps:src/sweeps/config/{schema.json,cfg.py}; what we check beyond them is marked
// `stricter`. Every problem is added once, at the place where it can be mended. Pure.
#pragma once

#include "strategies/kind.hpp"
#include "strategies/space.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::strategies {

/// Groups of parameters may stand in each other this deep; a deeper file is a mistake or an attack.
inline constexpr int nesting_depth_max = 16;

/// Problems, in the order in which they are found.
class problem_list {
 public:
  void add(std::string path, std::string text) {
    items_.push_back({std::move(path), std::move(text), false});
  }
  /// For what W&B's own check lets pass.
  void add_stricter(std::string path, std::string text) {
    items_.push_back({std::move(path), std::move(text), true});
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] const std::vector<violation>& items() const { return items_; }
  std::vector<violation> take() { return std::move(items_); }

 private:
  std::vector<violation> items_;
};

std::string join_path(std::string_view parent, std::string_view key);

/// A value as it may stand in a message: JSON, shortened.
std::string shown(const boost::json::value& v);

/// A finite JSON number (bools and texts are none).
std::optional<double> number_in(const boost::json::value& v);

/// The kind a parameter means to be: its distribution's, or else by the keys it has. None when
/// neither tells. For a parameter without problems this is W&B's first matching sub-schema.
std::optional<kind> intended_kind(const boost::json::object& parameter);

/// Adds what keeps `parameter` from being of kind k: keys, types, requirements. Does not look into
/// nested parameters.
void check_as(kind k, const boost::json::object& parameter, std::string_view path,
              problem_list& out);

/// True when a parameter has the keys and types of a kind, nested ones included (`depth`: how deep
/// it stands). Says nothing of min < max: W&B's library tells the two apart.
bool matches_a_kind(const boost::json::object& parameter, int depth);

/// Adds when min is not below max.
void check_bounds(const boost::json::object& parameter, std::string_view path, problem_list& out);

/// check_bounds, and probabilities that do not match the values: what makes sampling impossible
/// although each key is right.
void check_consistency(const boost::json::object& parameter, std::string_view path,
                       problem_list& out);

/// Everything about one entry of `parameters`, nested ones included.
void check_parameter(const boost::json::value& parameter, std::string_view path, int depth,
                     problem_list& out);

/// Everything about a `parameters` block.
void check_parameters(const boost::json::value& parameters, std::string_view path, int depth,
                      problem_list& out);

/// Every top-level key but `parameters`, and what holds between keys (schema_sweep.cpp).
void check_sweep_keys(const boost::json::object& config, problem_list& out);

}  // namespace sweepd::strategies
