// The parameter kinds of W&B's sweep language and the keys each of them takes, as one table.
//
// Read by schema_parameter.cpp (checks), parameter.cpp (defaults) and whoever needs a kind's name.
// Pure data. The table stands in the order in which W&B's library tries its sub-schemas; source:
// wandb/sweeps:src/sweeps/config/schema.json, `definitions.parameter.anyOf`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sweepd::strategies {

enum class kind : std::uint8_t {
  q_beta,
  beta,
  categorical,
  categorical_w_probabilities,
  int_uniform,
  uniform,
  log_normal,
  log_uniform,
  inv_log_uniform,
  normal,
  q_log_normal,
  q_log_uniform,
  q_normal,
  q_uniform,
  constant,
  inv_log_uniform_values,
  log_uniform_values,
  q_log_uniform_values,
  nested,
};

/// What a key of a parameter must hold.
enum class key_type : std::uint8_t {
  anything,
  number,            ///< finite, not a bool
  positive_number,   ///< above 0
  number_from_zero,  ///< 0 or above
  integer,           ///< written as an integer: 1.0 is refused
  list,              ///< an array of at least one element
  probabilities,     ///< a list of numbers from zero
  parameters,        ///< names to parameters, as at the top level
};

/// A number written into a parameter that leaves the key out; `whole` as W&B writes it (1,
/// not 1.0).
struct default_number {
  double value = 0;
  bool whole = false;
};

struct key_rule {
  std::string_view name;
  key_type type = key_type::anything;
  bool required = false;
  std::optional<default_number> fill;
};

struct kind_rules {
  kind what;
  std::string_view schema_name;   ///< W&B's name of the sub-schema: "param_loguniform_v2"
  std::string_view distribution;  ///< "log_uniform_values"; empty for nested, which takes none
  bool inferred = false;          ///< `distribution` may be left out
  std::span<const key_rule> keys;
  std::string_view replacement;  ///< of a deprecated kind: the distribution to use instead
};

/// Every kind, in the library's order.
std::span<const kind_rules> all_kinds();
const kind_rules& rules_of(kind k);
/// The kind that `distribution: text` names; none when there is no such distribution.
std::optional<kind> kind_of_distribution(std::string_view text);

}  // namespace sweepd::strategies
