// A sweep file -> what the core needs to run it, or everything that is wrong with it at once.
//
// The language is W&B's, read unchanged, with our own keys beside it (crash_policy, seed,
// max_concurrent_runs, randomize_order, search). What a sweep may say is judged by
// strategies::violations(); this file adds line and column, the crash policy, and names that can
// stand in a log. Pure.
#pragma once

#include "controller/config/policy_yaml.hpp"
#include "controller/config/yaml_reader.hpp"
#include "controller/core/types.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::config {

/// Names and paths of a sweep are at most so long.
inline constexpr std::size_t name_bytes_max = 128;
inline constexpr std::size_t parameters_max = 1'000;
/// Lower than the reader's own limit: a configuration is stored and sent inside other JSON, whose
/// depth is limited to 32 when it is read back.
inline constexpr std::size_t sweep_depth_max = 24;
/// A grid of more cells is launched only when somebody has said that it is meant.
inline constexpr std::uint64_t cells_unasked_max = 1'000'000;

struct parsed_sweep {
  core::sweep_spec spec;                     ///< config: the file as JSON, without crash_policy
  bool seed_given = false;                   ///< otherwise spec.seed is 0 and is yet to be drawn
  std::optional<core::crash_policy> policy;  ///< none: no block in the file
  std::string policy_yaml;  ///< the complete policy, as to_yaml() writes it; or empty
  std::string project;      ///< empty: not given
  std::string entity;       ///< empty: not given
};

/// `source` names the file in messages. The problems are in the order of the file, each with
/// "source:line:column" and a message that begins with the path.
tl::expected<parsed_sweep, std::vector<problem>> parse_sweep(std::string_view yaml,
                                                             std::string_view source);

/// What to ask before this sweep is launched, as a sentence without a question; none: nothing.
std::optional<std::string> size_warning(const core::sweep_spec& spec);

}  // namespace sweepd::config
