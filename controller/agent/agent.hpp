// `sweepd agent SWEEP`: pulls runs of a sweep from the server and executes them on this machine. Speaks to
// the server by HTTP only. Must be called on the process's main thread: the programs it starts are tied
// to that thread's life.
#pragma once

namespace sweepd::agent {

/// argv[0] is "agent". Returns the process's exit code: 0; 2 usage; 4 key refused; 5 no such sweep; 65 the
/// sweep's command cannot be run here; 69 something stayed undelivered; 130 after Ctrl-C.
int main(int argc, char** argv);

}  // namespace sweepd::agent
