// The words behind `sweepd serve`, the environment and the files -> one server_config.
#pragma once

#include "controller/config/server_config.hpp"

#include <variant>

namespace sweepd::serve {

/// The configuration, or the exit code of a program that has already said what it had to say (--help,
/// a wrong flag, a file with problems: all of them printed, each with its place).
std::variant<config::server_config, int> read_command_line(int argc, char** argv);

}  // namespace sweepd::serve
