// Completion scripts for bash, zsh and fish, written from the command table.
#pragma once

#include <string>
#include <string_view>

namespace sweepd::cli {

/// The script for "bash", "zsh" or "fish"; "" for any other shell.
std::string completion_script(std::string_view shell);

}  // namespace sweepd::cli
