#include "strategies/kind.hpp"

#include <array>
#include <cstddef>

namespace sweepd::strategies {
namespace {

using enum key_type;

constexpr default_number zero{0, false};
constexpr default_number one{1, false};
constexpr default_number whole_zero{0, true};
constexpr default_number whole_one{1, true};

// The q_ kinds of the normal family fill mu and sigma with integers, the plain ones with floats.
constexpr std::array beta_keys{key_rule{"a", number_from_zero, false, whole_one},
                               key_rule{"b", number_from_zero, false, whole_one}};
constexpr std::array q_beta_keys{key_rule{"a", number_from_zero, false, whole_one},
                                 key_rule{"b", number_from_zero, false, whole_one},
                                 key_rule{"q", positive_number, false, one}};
constexpr std::array categorical_keys{key_rule{"values", list, true, {}}};
constexpr std::array probability_keys{key_rule{"values", list, true, {}},
                                      key_rule{"probabilities", probabilities, true, {}}};
constexpr std::array int_keys{key_rule{"min", integer, true, {}},
                              key_rule{"max", integer, true, {}}};
constexpr std::array range_keys{key_rule{"min", number, true, {}},
                                key_rule{"max", number, true, {}}};
constexpr std::array q_range_keys{key_rule{"min", number, true, {}},
                                  key_rule{"max", number, true, {}},
                                  key_rule{"q", positive_number, false, one}};
constexpr std::array positive_range_keys{key_rule{"min", positive_number, true, {}},
                                         key_rule{"max", number, true, {}}};
constexpr std::array q_positive_range_keys{key_rule{"min", positive_number, true, {}},
                                           key_rule{"max", number, true, {}},
                                           key_rule{"q", positive_number, false, one}};
constexpr std::array normal_keys{key_rule{"mu", number, false, zero},
                                 key_rule{"sigma", number_from_zero, false, one}};
constexpr std::array q_normal_keys{key_rule{"mu", number, false, whole_zero},
                                   key_rule{"sigma", number_from_zero, false, whole_one},
                                   key_rule{"q", positive_number, false, one}};
constexpr std::array constant_keys{key_rule{"value", anything, true, {}}};
constexpr std::array nested_keys{key_rule{"parameters", parameters, true, {}}};

constexpr std::array table{
    kind_rules{kind::q_beta, "param_qbeta", "q_beta", false, q_beta_keys, {}},
    kind_rules{kind::beta, "param_beta", "beta", false, beta_keys, {}},
    kind_rules{kind::categorical, "param_categorical", "categorical", true, categorical_keys, {}},
    kind_rules{kind::categorical_w_probabilities,
               "param_categorical_w_probabilities",
               "categorical_w_probabilities",
               true,
               probability_keys,
               {}},
    kind_rules{kind::int_uniform, "param_int_uniform", "int_uniform", true, int_keys, {}},
    kind_rules{kind::uniform, "param_uniform", "uniform", true, range_keys, {}},
    kind_rules{kind::log_normal, "param_lognormal", "log_normal", false, normal_keys, {}},
    kind_rules{kind::log_uniform, "param_loguniform", "log_uniform", false, range_keys,
               "log_uniform_values"},
    kind_rules{kind::inv_log_uniform, "param_inv_loguniform", "inv_log_uniform", false, range_keys,
               "inv_log_uniform_values"},
    kind_rules{kind::normal, "param_normal", "normal", false, normal_keys, {}},
    kind_rules{kind::q_log_normal, "param_qlognormal", "q_log_normal", false, q_normal_keys, {}},
    kind_rules{kind::q_log_uniform, "param_qloguniform", "q_log_uniform", false, q_range_keys,
               "q_log_uniform_values"},
    kind_rules{kind::q_normal, "param_qnormal", "q_normal", false, q_normal_keys, {}},
    kind_rules{kind::q_uniform, "param_quniform", "q_uniform", false, q_range_keys, {}},
    kind_rules{kind::constant, "param_single_value", "constant", true, constant_keys, {}},
    kind_rules{kind::inv_log_uniform_values,
               "param_inv_loguniform_v2",
               "inv_log_uniform_values",
               false,
               positive_range_keys,
               {}},
    kind_rules{kind::log_uniform_values,
               "param_loguniform_v2",
               "log_uniform_values",
               false,
               positive_range_keys,
               {}},
    kind_rules{kind::q_log_uniform_values,
               "param_qloguniform_v2",
               "q_log_uniform_values",
               false,
               q_positive_range_keys,
               {}},
    kind_rules{kind::nested, "param_dict", "", true, nested_keys, {}},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].what) != i) return false;
  return true;
}
static_assert(in_order(), "rules_of() indexes the table by the enumerator");

}  // namespace

std::span<const kind_rules> all_kinds() { return table; }

const kind_rules& rules_of(kind k) { return table[static_cast<std::size_t>(k)]; }

std::optional<kind> kind_of_distribution(std::string_view text) {
  if (text.empty()) return std::nullopt;
  for (const auto& row : table)
    if (row.distribution == text) return row.what;
  return std::nullopt;
}

}  // namespace sweepd::strategies
