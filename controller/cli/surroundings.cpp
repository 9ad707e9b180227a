#include "controller/cli/surroundings.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

namespace sweepd::cli {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

instant wall_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

winsize window() {
  winsize w{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0) w = winsize{};
  if (w.ws_col == 0) w.ws_col = 100;
  if (w.ws_row == 0) w.ws_row = 30;
  return w;
}

}  // namespace

surroundings process_surroundings() {
  return surroundings{std::cin,
                      std::cout,
                      std::cerr,
                      isatty(STDIN_FILENO) == 1,
                      isatty(STDOUT_FILENO) == 1,
                      isatty(STDERR_FILENO) == 1,
                      environment,
                      wall_now,
                      [] { return static_cast<std::size_t>(window().ws_col); },
                      [] { return static_cast<std::size_t>(window().ws_row); }};
}

}  // namespace sweepd::cli
