// What a command may touch of the process it runs in: three streams and whether they are terminals,
// the environment, the wall clock. main() fills it with the real ones, tests with their own.
#pragma once

#include "controller/base/instant.hpp"

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace sweepd::cli {

struct surroundings {
  std::istream& in;
  std::ostream& out;  ///< data
  std::ostream& err;  ///< messages and progress
  bool in_terminal = false;
  bool out_terminal = false;
  bool err_terminal = false;
  /// An environment variable; none when unset or empty.
  std::function<std::optional<std::string>(const std::string&)> env;
  std::function<instant()> now;
  /// Size of the terminal, asked anew each time since windows are resized.
  std::function<std::size_t()> columns;
  std::function<std::size_t()> rows;
};

/// The real ones of this process.
surroundings process_surroundings();

}  // namespace sweepd::cli
