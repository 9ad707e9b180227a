#include "controller/config/server_config.hpp"

#include "controller/config/server_options.hpp"
#include "controller/config/yaml_scalar.hpp"
#include "strategies/nearest.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sweepd::config {
namespace {

namespace fs = std::filesystem;
using kind = yaml_node::kind;
using text_map = std::map<std::string, std::string>;

constexpr std::string_view policy_key = "crash_policy";
constexpr std::array<std::string_view, 2> groups{"limits", "deadlines"};

/// "limits" and "connections_max" of "limits.connections_max"; an empty group for a top-level key.
std::pair<std::string_view, std::string_view> split(std::string_view key) {
  const auto dot = key.find('.');
  if (dot == std::string_view::npos) return {{}, key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

std::vector<std::string_view> keys_of(std::string_view group) {
  std::vector<std::string_view> out;
  for (const auto& o : server_options())
    if (split(o.key).first == group) out.push_back(split(o.key).second);
  if (!group.empty()) return out;
  out.insert(out.end(), groups.begin(), groups.end());
  out.push_back(policy_key);
  return out;
}

class loader {
 public:
  server_config config;
  std::vector<problem> problems;

  /// A later call overrides an earlier one.
  void file(const config_file& f) {
    yaml_limits limits;
    limits.empty_allowed = true;
    const auto doc = read_yaml(f.text, f.source, limits);
    if (!doc) {
      problems.push_back({doc.error().where, doc.error().message});
      return;
    }
    const auto& root = doc->root;
    if (root.what == kind::scalar && root.value.is_null()) return;  // comments only
    findings out{f.source};
    const auto top_keys = keys_of("");
    const yaml_block top(root, root.at, "", top_keys, out);
    for (const auto& o : server_options()) {
      const auto [group, key] = split(o.key);
      const auto* holder = group.empty() ? &root : nullptr;
      if (const auto* e = root.find(group); !group.empty() && e != nullptr) holder = &e->value;
      const auto* e = holder == nullptr ? nullptr : holder->find(key);
      if (e == nullptr) continue;
      const auto at = e->value.what == kind::scalar ? e->value.at : e->at;
      if (read_option(o, {e->value, at, std::string(o.key)}, config, out))
        config.origins[std::string(o.key)] = where(f.source, at);
    }
    for (const auto group : groups)
      if (const auto v = top.get(group)) {
        const auto known = keys_of(group);
        const yaml_block inside(v->node, v->at, v->path, known, out);
      }
    if (const auto v = top.get(policy_key)) {
      config.crash_policy = read_policy(v->node, v->at, policy_key, out);
      config.origins[std::string(policy_key)] = where(f.source, v->at);
    }
    for (auto& p : out.problems()) problems.push_back(std::move(p));
  }

  /// One value from a flag or a variable.
  void given(const server_option& o, const std::string& text, const std::string& origin) {
    yaml_node node;
    const bool list = std::holds_alternative<std::vector<std::string> server_config::*>(o.where);
    if (list) {
      node.what = kind::list;
      for (std::size_t from = 0; from <= text.size();) {
        const auto comma = std::min(text.find(',', from), text.size());
        node.items.push_back(as_text(text.substr(from, comma - from)));
        from = comma + 1;
      }
    } else if (std::holds_alternative<std::string server_config::*>(o.where)) {
      node = as_text(text);
    } else {
      node = as_text(text);
      if (auto meaning = resolve_plain(text)) node.value = std::move(*meaning);
    }
    findings out{origin};
    if (read_option(o, {node, {}, std::string(o.key)}, config, out))
      config.origins[std::string(o.key)] = origin;
    for (auto& p : out.problems()) problems.push_back({origin, std::move(p.message)});
  }

 private:
  static yaml_node as_text(std::string text) {
    yaml_node n;
    n.value = boost::json::value(text);
    n.raw = std::move(text);
    return n;
  }
};

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

void take_environment(const text_map& environment, loader& to) {
  // Names that other parts of the program read, so that they are not taken for mistyped ones.
  static constexpr std::array<std::string_view, 16> others{
      "SWEEPD_CONFIG", "SWEEPD_URL",          "SWEEPD_API_KEY",     "SWEEPD_PROJECT",
      "SWEEPD_RUN_ID", "SWEEPD_SWEEP_ID",     "SWEEPD_TRIAL",       "SWEEPD_ATTEMPT",
      "SWEEPD_EPOCH",  "SWEEPD_METRICS_FILE", "SWEEPD_PARAMS_FILE", "SWEEPD_RUN_DIR",
      "SWEEPD_AGENT",  "SWEEPD_AGENT_ID",     "SWEEPD_OUTPUT",      "SWEEPD_COLOR"};
  constexpr std::string_view prefix = "SWEEPD_";
  std::vector<std::string>
      names;  // without prefix and in lower case, as did_you_mean compares them
  for (const auto& o : server_options()) {
    const auto variable = variable_of(o.key);
    if (const auto v = environment.find(variable); v != environment.end())
      to.given(o, v->second, variable);
    names.push_back(lower(variable.substr(prefix.size())));
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (auto v = environment.lower_bound(std::string(prefix));
       v != environment.end() && v->first.starts_with(prefix); ++v) {
    const auto name = lower(v->first.substr(prefix.size()));
    if (std::ranges::find(known, name) != known.end()) continue;
    if (std::ranges::find(others, v->first) != others.end()) continue;
    if (const auto near = strategies::nearest(name, known); !near.empty())
      to.config.warnings.push_back("the variable " + v->first + " is not known; did you mean '" +
                                   variable_of(near) + "'?");
  }
}

void take_flags(const text_map& flags, loader& to) {
  std::vector<std::string> names{"config"};
  for (const auto& o : server_options()) names.push_back(flag_of(o.key));
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const auto& [flag, text] : flags) {
    const auto found = std::ranges::find(known, std::string_view(flag));
    if (found == known.end()) {
      to.problems.push_back(
          {"flag --" + flag, "unknown flag" + strategies::did_you_mean(flag, known)});
    } else if (found != known.begin()) {
      const auto index = static_cast<std::size_t>(found - known.begin()) - 1;
      to.given(server_options()[index], text, "flag --" + flag);
    }
  }
}

/// What must hold between values, wherever they came from.
void check_together(loader& l) {
  const auto& c = l.config;
  const auto complain = [&](const std::string& key, const std::string& text) {
    const auto origin = c.origins.find(key);
    l.problems.push_back(
        {origin == c.origins.end() ? "default" : origin->second, key + ": " + text});
  };
  if (c.tls_certificate.empty() && !c.tls_key.empty())
    complain("tls_key", "needs tls_certificate as well");
  if (!c.tls_certificate.empty() && c.tls_key.empty())
    complain("tls_certificate", "needs tls_key as well");
  if (!c.public_url.empty() && !c.public_url.starts_with("http://") &&
      !c.public_url.starts_with("https://"))
    complain("public_url", "must begin with http:// or https://, not '" + c.public_url + "'");
  if (c.data.empty()) complain("data", "is empty; name a directory");
}

void warn_of_raised_limits(server_config& c) {
  static const server_config defaults;
  for (const auto& o : server_options()) {
    if (!o.warn_above_default) continue;
    const auto member = std::get<std::int64_t server_config::*>(o.where);
    if (c.*member > defaults.*member)
      c.warnings.push_back(std::string(o.key) + " is raised to " + option_text(o, c) +
                           "; the tested limit is " + option_text(o, defaults));
  }
}

std::string value_in(const text_map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

}  // namespace

tl::expected<server_config, std::vector<problem>> load_server_config(const config_inputs& in) {
  loader l;
  for (auto f = in.files.rbegin(); f != in.files.rend(); ++f) l.file(*f);
  take_environment(in.environment, l);
  take_flags(in.flags, l);
  if (l.problems.empty()) check_together(l);
  if (!l.problems.empty()) return tl::unexpected(std::move(l.problems));
  warn_of_raised_limits(l.config);
  return std::move(l.config);
}

std::vector<setting> settings(const server_config& c) {
  std::vector<setting> out;
  const auto add = [&](std::string_view key, std::string value) {
    const auto origin = value_in(c.origins, std::string(key));
    out.push_back({std::string(key), std::move(value), origin.empty() ? "default" : origin});
  };
  for (const auto& o : server_options()) add(o.key, option_text(o, c));
  const auto& p = c.crash_policy;
  add(policy_key, "mode " + std::string(json::enum_name(p.mode)) + ", crash_after " +
                      to_string(p.crash_after) + ", fail_after " + to_string(p.fail_after) + ", " +
                      std::to_string(p.rules.size()) + " rules");
  return out;
}

std::vector<option_info> option_table() {
  std::vector<option_info> out;
  for (const auto& o : server_options())
    out.push_back(
        {std::string(o.key), "--" + flag_of(o.key), variable_of(o.key), std::string(o.help)});
  return out;
}

std::vector<config_path> config_search_path(const text_map& flags, const text_map& environment) {
  std::vector<config_path> out;
  auto named = value_in(flags, "config");
  if (named.empty()) named = value_in(environment, "SWEEPD_CONFIG");
  if (named.empty())
    out.push_back({"sweepd.yaml", false});
  else
    out.push_back({named, true});
  auto home = value_in(environment, "XDG_CONFIG_HOME");
  if (home.empty())
    if (const auto user = value_in(environment, "HOME"); !user.empty()) home = user + "/.config";
  if (!home.empty()) out.push_back({home + "/sweepd/config.yaml", false});
  out.push_back({"/etc/sweepd/config.yaml", false});
  return out;
}

result<std::vector<config_file>> read_config_files(const std::vector<config_path>& paths) {
  std::vector<config_file> out;
  for (const auto& p : paths) {
    std::error_code ec;
    const auto status = fs::status(p.path, ec);
    if (!fs::exists(status)) {
      if (p.must_exist) return fail(errc::not_found, "there is no such configuration file", p.path);
      continue;
    }
    if (!fs::is_regular_file(status)) return fail(errc::invalid, "is not a regular file", p.path);
    std::ifstream in(p.path, std::ios::binary);
    std::string text(yaml_limits{}.bytes_max + 1,
                     '\0');  // one more than allowed: then it is refused
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in && !in.eof())
      return fail(errc::invalid, std::string("cannot be read: ") + std::strerror(errno), p.path);
    text.resize(static_cast<std::size_t>(in.gcount()));
    out.push_back({p.path, std::move(text)});
  }
  return out;
}

}  // namespace sweepd::config
