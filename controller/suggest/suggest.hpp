// `sweepd suggest`: the search strategies alone. One JSON object a line on standard input, one a line on
// standard output, until the input ends. No server, no file, no thread.
#pragma once

#include <string_view>

namespace sweepd::suggest {

/// argv[0] is "suggest". Exit codes: 0 the input ended (or --help); 2 usage; 74 input or output failed.
int main(int argc, char** argv);

/// What `--help` prints.
std::string_view help_text();

}  // namespace sweepd::suggest
