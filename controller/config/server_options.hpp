// The table behind server_config: every key, its type, its bounds, its words for people.
// Internal to server_config.cpp and server_options.cpp.
#pragma once

#include "controller/config/server_config.hpp"
#include "controller/config/yaml_block.hpp"

#include <span>
#include <variant>

namespace sweepd::config {

/// What kind of value a key has, beside its C++ type.
enum class option_kind { plain, bytes, level };

struct server_option {
  using member = std::variant<std::vector<std::string> server_config::*,
                              std::string server_config::*, bool server_config::*,
                              milliseconds server_config::*, std::int64_t server_config::*>;
  std::string_view key;  ///< "data" or "limits.connections_max"
  member where;
  std::string_view help;
  option_kind kind = option_kind::plain;
  std::int64_t least = 0;
  std::int64_t most = 0;
  bool warn_above_default = false;  ///< a protective limit: it may be raised, but not unnoticed
};

std::span<const server_option> server_options();
std::string flag_of(std::string_view key);      ///< "limits-connections-max"
std::string variable_of(std::string_view key);  ///< "SWEEPD_LIMITS_CONNECTIONS_MAX"

/// Reads one value; complaints go to `out`. True: it was set.
bool read_option(const server_option& o, const yaml_at& v, server_config& c, findings& out);
/// The value as it would be written in a file.
std::string option_text(const server_option& o, const server_config& c);

}  // namespace sweepd::config
