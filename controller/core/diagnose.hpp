// From evidence to a cause: exit status, signals, the tail of the output, the scheduler's words.
// The order of the checks is the order of trust. Each cause comes with the words it was drawn from.
#pragma once

#include "controller/core/types.hpp"

#include <string_view>

namespace sweepd::core {

struct diagnosis {
  sweepd::core::cause cause = sweepd::core::cause::none;
  std::vector<evidence> why;
};

/// The source an agent names when it cannot make a command of the run's parameters.
inline constexpr std::string_view configuration_source = "configuration";

/// Of a process that ended. `told`: what its agent saw (scheduler's words, memory counters).
/// exit_code 0 gives cause none.
diagnosis diagnose(std::optional<int> exit_code, std::optional<int> signal,
                   const std::string& log_tail, const std::vector<evidence>& told);

/// "SIGKILL (9)", "signal 77".
std::string signal_text(int signal);

}  // namespace sweepd::core
