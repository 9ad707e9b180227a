// `sweepd serve`: the server's process. Reads the configuration, opens the store, starts the
// controller, listens, and ends in good order. Everything that the parts are handed is made here.
#pragma once

namespace sweepd::serve {

/// argv[0] is "serve". Exit codes: 0 drained; 2 usage; 69 an address is in use; 74 the store failed;
/// 78 the configuration was refused; 130 or 143 when a second signal cut the draining short.
int main(int argc, char** argv);

inline constexpr int exit_usage = 2;
inline constexpr int exit_address = 69;
inline constexpr int exit_store = 74;
inline constexpr int exit_config = 78;

}  // namespace sweepd::serve
