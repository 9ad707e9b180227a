// The crash policy as an operator writes it <-> core::crash_policy.
//
// One language for the server's configuration, a sweep file's block and `sweepd policy set`: see
// configs/policies/*.yaml. Durations carry units, unknown keys and words are refused with the
// nearest known one, and the rules must end with one that matches everything, so that nothing
// happens silently. What is not written has its default; with no rules at all, W&B's behaviour is
// written out: preempted runs are requeued, all others fail. Pure.
#pragma once

#include "controller/config/yaml_reader.hpp"
#include "controller/core/crash_policy.hpp"

#include <tl/expected.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sweepd::config {

/// What applies where nobody wrote anything, rules included.
core::crash_policy built_in_policy();

/// Reads a file with a top-level key `crash_policy:` (other keys are not looked at), or the block
/// itself. All problems at once, in the order of the file.
tl::expected<core::crash_policy, std::vector<problem>> parse_policy(std::string_view yaml,
                                                                    std::string_view source);

/// Reads the block `node`, which stands at `path` of some file (its key at `at`). Problems go to
/// `out`; the answer is only good if there are none.
core::crash_policy read_policy(const yaml_node& node, place at, std::string_view path,
                               findings& out);

/// The complete policy, defaults and the closing rule written out. parse_policy() gives it back.
std::string to_yaml(const core::crash_policy& p);

/// The rules of a policy that has none: what core::choose_rule then does.
std::vector<core::crash_rule> built_in_rules();

/// Internal, policy_rules.cpp: the list under `rules:`.
std::vector<core::crash_rule> read_rules(const yaml_node& list, place at, const std::string& path,
                                         findings& out);

}  // namespace sweepd::config
