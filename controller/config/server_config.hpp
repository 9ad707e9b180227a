// The server's configuration: flags override the environment, that overrides the files, those
// override what is built in; each value remembers where it came from.
//
// A key `limits.connections_max` is the flag --limits-connections-max, the variable
// SWEEPD_LIMITS_CONNECTIONS_MAX, and `connections_max` under `limits:` in a file. All keys, with
// their defaults and meanings, are in configs/sweepd.yaml; option_table() lists the same for
// `--help`. Pure, except read_config_files().
#pragma once

#include "controller/config/policy_yaml.hpp"
#include "controller/config/yaml_reader.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::config {

struct server_config {
  std::vector<std::string> listen{"127.0.0.1:8088"};  ///< HOST:PORT or unix:PATH
  std::string data = "sweepd-data";                   ///< the directory of the database
  std::string public_url;
  bool insecure_plaintext = false;
  std::string tls_certificate;
  std::string tls_key;
  bool webhooks_private = false;  ///< webhooks may reach this machine and private networks
  std::string log_level = "info";
  milliseconds drain{10'000};  ///< for requests in flight when the server stops
  milliseconds checkpoint_every{5'000};
  milliseconds late_tick{15'000};
  std::int64_t suggest_threads = 1;
  std::int64_t batch_commands_max = 1'000;
  std::int64_t queue_commands_max = 20'000;
  std::int64_t connections_max = 20'000;
  std::int64_t connections_per_address_max = 1'000;
  std::int64_t header_bytes_max = 16 * 1024;
  std::int64_t header_fields_max = 100;
  std::int64_t target_bytes_max = 8 * 1024;
  std::int64_t inflight_body_bytes_max = 256 * 1024 * 1024;
  std::int64_t failed_auth_per_minute = 10;
  std::int64_t requests_per_second = 200;
  std::int64_t agent_requests_per_second = 5'000;
  milliseconds header_deadline{10'000};
  milliseconds body_deadline{30'000};
  milliseconds idle_deadline{75'000};
  milliseconds write_deadline{30'000};
  core::crash_policy crash_policy = built_in_policy();  ///< for sweeps without a block of their own

  std::map<std::string, std::string> origins;  ///< by key: "flag --data", "SWEEPD_DATA",
                                               ///< "sweepd.yaml:3:7"; not there: the default
  std::vector<std::string> warnings;           ///< limits raised, variables that look mistyped
};

/// A file's name as messages show it, and its text.
struct config_file {
  std::string source;
  std::string text;
};

struct config_inputs {
  std::map<std::string, std::string> flags;  ///< without dashes: "listen", "limits-connections-max"
  std::map<std::string, std::string> environment;  ///< all of it; only SWEEPD_* is looked at
  std::vector<config_file> files;                  ///< highest first
};

/// Everything that is wrong at once; `where` is file:line:column, a flag or a variable.
tl::expected<server_config, std::vector<problem>> load_server_config(const config_inputs& in);

/// A key as `config view --show-origin` prints it.
struct setting {
  std::string key;
  std::string value;
  std::string origin;  ///< "default" when nobody wrote it
};
std::vector<setting> settings(const server_config& c);

/// What --help and the documentation say of a key.
struct option_info {
  std::string key;
  std::string flag;         ///< "--limits-connections-max"
  std::string environment;  ///< "SWEEPD_LIMITS_CONNECTIONS_MAX"
  std::string help;
};
std::vector<option_info> option_table();

/// Where configuration files are looked for, highest first.
struct config_path {
  std::string path;
  bool must_exist = false;  ///< named by --config or SWEEPD_CONFIG
};
std::vector<config_path> config_search_path(const std::map<std::string, std::string>& flags,
                                            const std::map<std::string, std::string>& environment);

/// Reads those that exist. Errors: not_found (a file that was named), invalid (cannot be read).
result<std::vector<config_file>> read_config_files(const std::vector<config_path>& paths);

}  // namespace sweepd::config
