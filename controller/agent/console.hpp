// What the agent says on the terminal, one line an event, and whether the server can be reached: said
// once when it goes away and once when it is back. Control characters of others' words are made visible,
// so that no server or program can write escape sequences to the operator's terminal.
#pragma once

#include "controller/base/error.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sweepd::agent {

class console {
 public:
  /// `write` gets whole lines without the newline; empty: stderr.
  explicit console(std::function<void(std::string_view)> write = {});
  void line(std::string_view text);

 private:
  std::function<void(std::string_view)> write_;
};

/// Notes failures and answers of all connections to the one server.
class link_watch {
 public:
  explicit link_watch(console& out) : out_(out) {}
  void failed(const error& e);
  void answered();

 private:
  console& out_;
  std::optional<std::chrono::steady_clock::time_point> away_since_;
};

/// Escapes control bytes as \xNN; keeps UTF-8.
std::string visible(std::string_view text);
/// "1h02m", "12s", "0.4s": for people, rounded.
std::string spell(std::chrono::milliseconds d);

}  // namespace sweepd::agent
