#include "controller/cli/settings.hpp"

#include "controller/cli/text.hpp"
#include "controller/config/yaml_reader.hpp"
#include "controller/http/url.hpp"
#include "strategies/nearest.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace sweepd::cli {
namespace {

constexpr std::size_t file_bytes_max = 64 * 1024;
constexpr std::array<std::string_view, 7> file_keys{"url",    "api_key", "api_key_file", "project",
                                                    "output", "color",   "timeout"};

struct file_values {
  std::map<std::string, setting, std::less<>> values;
};

result<std::string> read_small_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(errc::invalid, "cannot be read", path);
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return fail(errc::invalid, "cannot be read", path);
  if (text.size() > file_bytes_max) return fail(errc::invalid, "is larger than 64 KB", path);
  return text;
}

/// The first line without its end: keys are stored so by editors and `echo`.
result<std::string> read_key_file(const std::string& path) {
  SWEEPD_TRY(std::string text, read_small_file(path));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  if (text.empty()) return fail(errc::invalid, "holds no API key on its first line", path);
  return text;
}

result<file_values> read_client_file(const std::string& path) {
  SWEEPD_TRY(const std::string text, read_small_file(path));
  file_values out;
  config::yaml_limits limits;
  limits.empty_allowed = true;
  SWEEPD_TRY(const auto document, config::read_yaml(text, path, limits));
  const auto& root = document.root;
  if (root.what == config::yaml_node::kind::scalar && root.value.is_null()) return out;
  if (root.what != config::yaml_node::kind::map)
    return fail(errc::invalid, "must be a map of settings, like `url: http://127.0.0.1:8088`",
                config::where(path, root.at));
  for (const auto& entry : root.entries) {
    const std::string place = config::where(path, entry.at);
    if (std::find(file_keys.begin(), file_keys.end(), entry.key) == file_keys.end()) {
      const auto meant = strategies::did_you_mean(entry.key, file_keys);
      return fail(
          errc::invalid,
          "'" + clean(entry.key) + "' is not a known key" +
              (meant.empty() ? "; there are " + strategies::listed(file_keys, "and") : meant),
          place);
    }
    if (entry.value.what != config::yaml_node::kind::scalar || entry.value.raw.empty())
      return fail(errc::invalid, entry.key + " must be a text", place);
    out.values[entry.key] = {entry.value.raw, config::where(path, entry.value.at)};
  }
  if (out.values.contains("api_key") && out.values.contains("api_key_file"))
    return fail(errc::invalid, "give api_key or api_key_file, not both",
                out.values["api_key_file"].origin);
  if (const auto at = out.values.find("api_key_file"); at != out.values.end()) {
    auto key = read_key_file(at->second.value);
    if (!key)
      return fail(errc::invalid, "api_key_file: " + to_string(key.error()), at->second.origin);
    out.values["api_key"] = {*key, at->second.value + " (named in " + at->second.origin + ")"};
  }
  return out;
}

std::string default_file(const environment& env) {
  if (const auto dir = env("XDG_CONFIG_HOME")) return *dir + "/sweepd/client.yaml";
  if (const auto home = env("HOME")) return *home + "/.config/sweepd/client.yaml";
  return {};
}

result<void> check(const settings& s) {
  const auto bad = [](const setting& at, std::string why) {
    return fail(errc::invalid, std::move(why), at.origin);
  };
  if (const auto url = http::parse_server_url(s.url.value); !url)
    return bad(s.url, clean(to_string(url.error())));
  if (s.api_key.value.find_first_of(" \t\r\n") != std::string::npos)
    return bad(s.api_key, "an API key has no spaces or line breaks");
  const auto& c = s.color.value;
  if (c != "auto" && c != "always" && c != "never")
    return bad(s.color, "'" + clean(c) + "' is not one of auto, always, never");
  const auto d = parse_duration(s.timeout.value);
  if (!d) return bad(s.timeout, clean(d.error().message));
  if (d->count() <= 0) return bad(s.timeout, "a timeout must be longer than nothing");
  return {};
}

}  // namespace

std::vector<std::pair<std::string, const setting*>> settings::all() const {
  return {{"url", &url},       {"api_key", &api_key}, {"project", &project},
          {"output", &output}, {"color", &color},     {"timeout", &timeout}};
}

milliseconds settings::timeout_ms() const {
  return parse_duration(timeout.value).value_or(milliseconds{30'000});
}

result<settings> load_settings(const std::map<std::string, std::string>& flags,
                               const environment& env) {
  const auto flag = [&](const std::string& name) -> std::optional<std::string> {
    const auto at = flags.find(name);
    return at == flags.end() ? std::nullopt : std::optional(at->second);
  };
  settings out;
  const auto named = flag("config");
  out.file = named.value_or(default_file(env));
  file_values from_file;
  out.file_found = !out.file.empty() && std::ifstream(out.file).good();
  if (named && !out.file_found) return fail(errc::invalid, "cannot be read", *named);
  if (out.file_found) {
    SWEEPD_TRY(from_file, read_client_file(out.file));
  }
  const auto pick = [&](const std::string& name, const std::vector<std::string>& variables,
                        std::string built_in) -> setting {
    if (const auto v = flag(name)) return {*v, "--" + name};
    for (const auto& variable : variables)
      if (const auto v = env(variable)) return {*v, variable};
    if (const auto at = from_file.values.find(name); at != from_file.values.end())
      return at->second;
    return {std::move(built_in), "built in"};
  };
  out.url = pick("url", {"SWEEPD_URL", "WANDB_BASE_URL"}, "http://127.0.0.1:8088");
  out.api_key = pick("api_key", {"SWEEPD_API_KEY", "WANDB_API_KEY"}, "");
  out.project = pick("project", {"SWEEPD_PROJECT"}, "");
  out.output = pick("output", {}, "table");
  out.color = pick("color", {}, "auto");
  out.timeout = pick("timeout", {}, "30s");
  if (const auto path = flag("api-key-file")) {
    SWEEPD_TRY(std::string key, read_key_file(*path));
    out.api_key = {std::move(key), *path + " (--api-key-file)"};
  }
  while (out.url.value.ends_with('/')) out.url.value.pop_back();
  if (auto ok = check(out); !ok) return tl::unexpected<error>(ok.error());
  return out;
}

}  // namespace sweepd::cli
