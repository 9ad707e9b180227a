// Where the client's settings come from, highest first: flags, environment (SWEEPD_URL,
// SWEEPD_API_KEY, SWEEPD_PROJECT; then WANDB_BASE_URL, WANDB_API_KEY), the client's YAML file
// ($XDG_CONFIG_HOME/sweepd/client.yaml, or --config), built in. Each value keeps its origin, so
// that `sweepd config view --show-origin` and error messages can name it.
#pragma once

#include "controller/base/duration.hpp"
#include "controller/base/result.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::cli {

struct setting {
  std::string value;
  std::string
      origin;  ///< "--url", "SWEEPD_URL", "/home/a/.config/sweepd/client.yaml:1:6", "built in"
};

struct settings {
  setting url;
  setting api_key;  ///< empty value: none
  setting project;  ///< empty value: the server's default
  setting output;
  setting color;     ///< auto, always or never
  setting timeout;   ///< of one exchange; by the file only
  std::string file;  ///< the client's YAML file, read or not there
  bool file_found = false;

  /// All of them by name, in the order shown.
  [[nodiscard]] std::vector<std::pair<std::string, const setting*>> all() const;
  [[nodiscard]] milliseconds timeout_ms() const;  ///< checked when loaded
};

using environment = std::function<std::optional<std::string>(const std::string&)>;

/// `flags`: the values of --url, --project, --api-key-file, --config, --output and --color that
/// were given, by name without dashes. Errors: invalid (a file that cannot be read, an unknown key,
/// a bad value), `where` naming file:line:column, variable or flag.
result<settings> load_settings(const std::map<std::string, std::string>& flags,
                               const environment& env);

}  // namespace sweepd::cli
