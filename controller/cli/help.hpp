// Help pages, made from the command table.
#pragma once

#include "controller/cli/command.hpp"

#include <string>

namespace sweepd::cli {

/// `sweepd help`: every command by group, one line each.
std::string overview();
/// `sweepd help COMMAND`.
std::string help_page(const command& c);
/// `sweepd help serve` and the like: pages that belong to no command of ours; "" when there is
/// none.
std::string topic_page(std::string_view topic);
/// Names of those pages.
const std::vector<std::string_view>& topics();

/// The commands that main() runs itself, with their one line.
struct outside_command {
  std::string_view name, operands, summary;
};
const std::vector<outside_command>& outside_commands();

}  // namespace sweepd::cli
