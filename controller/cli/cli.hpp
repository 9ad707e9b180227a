// The client half of the program: every command but `serve` and `agent`. Talks to the server by
// HTTP only. controller/sweepd.cpp calls main(); tests call run() with streams and an environment
// of their own.
#pragma once

#include "controller/cli/surroundings.hpp"

#include <string>
#include <vector>

namespace sweepd::cli {

/// Runs one command line; the exit code (see `sweepd help exit-codes`).
int main(int argc, char** argv);

/// The same without the process: `args` are the words behind the program's name.
int run(const std::vector<std::string>& args, surroundings& around);

}  // namespace sweepd::cli
