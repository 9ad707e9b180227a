// main(): one binary. `serve` is the server, `agent` executes runs on this machine, `suggest` answers
// other programs on its standard input, everything else (and help) is the client's.
#include "controller/agent/agent.hpp"
#include "controller/cli/cli.hpp"
#include "controller/serve/serve.hpp"
#include "controller/suggest/suggest.hpp"

#include <cstdio>
#include <exception>
#include <string_view>

int main(int argc, char** argv) {
  constexpr int exit_internal = 70;
  try {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (command == "serve") return sweepd::serve::main(argc - 1, argv + 1);
    if (command == "agent") return sweepd::agent::main(argc - 1, argv + 1);
    if (command == "suggest") return sweepd::suggest::main(argc - 1, argv + 1);
    return sweepd::cli::main(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return exit_internal;
  }
}
