#include "controller/agent/command_macros.hpp"

#include "controller/agent/config_text.hpp"
#include "controller/base/json_text.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <map>

namespace sweepd::agent {
namespace {

namespace bj = boost::json;

const std::vector<std::string>& default_command() {
  static const std::vector<std::string> words{"${env}", "${interpreter}", "${program}", "${args}"};
  return words;
}

bool is_env_name_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Every ${envvar:NAME} of one word. What a variable holds is not searched again.
result<std::string> fill_environment(const std::string& word, const env_lookup& env) {
  static constexpr std::string_view open = "${envvar:";
  std::string out;
  std::size_t at = 0;
  while (at < word.size()) {
    const auto start = word.find(open, at);
    if (start == std::string::npos) break;
    auto end = start + open.size();
    while (end < word.size() && is_env_name_char(word[end])) ++end;
    if (end == word.size() || word[end] != '}') {
      out += word.substr(at, start + 2 - at);
      at = start + 2;
      continue;
    }
    const auto name = word.substr(start + open.size(), end - start - open.size());
    std::optional<std::string> value;
    if (env) {
      SWEEPD_TRY(value, env(name));
    }
    out += word.substr(at, start - at) + value.value_or(name);
    at = end + 1;
  }
  return out + word.substr(at);
}

/// The list that stands behind each macro about parameters.
result<std::map<std::string, std::vector<std::string>>> parameter_macros(const bj::object& config) {
  std::map<std::string, std::vector<std::string>> out;
  bj::object plain;
  for (const auto& [key, entry] : config) {
    const std::string name(key);
    const auto* value = entry.is_object() ? entry.get_object().if_contains("value") : nullptr;
    if (value == nullptr) return fail(errc::invalid, "parameter '" + name + "' has no value");
    const auto flag = name + "=" + python_str(*value);
    out["args"].push_back("--" + flag);
    out["args_no_hyphens"].push_back(flag);
    out["args_no_equals"].push_back("--" + name);
    out["args_no_equals"].push_back(python_str(*value));
    out["args_append_hydra"].push_back("+" + flag);
    out["args_override_hydra"].push_back("++" + flag);
    out["args_dict"].push_back(name);
    if (!value->is_bool())
      out["args_no_boolean_flags"].push_back("--" + flag);
    else if (value->get_bool())
      out["args_no_boolean_flags"].push_back("--" + name);
    plain[key] = *value;
  }
  out["args_json"] = {python_json(plain)};
  return out;
}

/// A ${args_json} word with the values of secret-looking names hidden; other words unchanged.
std::string mask_json(const std::string& word) {
  if (!word.starts_with("{")) return word;
  auto v = json::parse(word);
  if (!v || !v->is_object()) return word;
  bool hidden = false;
  for (auto& [key, value] : v->get_object()) {
    if (!looks_secret(key)) continue;
    value = "***";
    hidden = true;
  }
  return hidden ? python_json(*v) : word;
}

/// One word for people: `--api_key=...` and the word after a bare `--api_key` lose their value.
std::string mask_word(const std::string& word, const std::string& previous) {
  if (previous.starts_with("--") && previous.find('=') == std::string::npos && looks_secret(previous))
    return "***";
  const auto equals = word.find('=');
  if (equals != std::string::npos && looks_secret(std::string_view(word).substr(0, equals)))
    return word.substr(0, equals + 1) + "***";
  return mask_json(word);
}

/// Narrow enough for a shell to take it as it is.
bool plain_word(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-+=./:,@%^").find(c) != std::string_view::npos;
  });
}

}  // namespace

result<expanded_command> expand_command(const macro_input& in) {
  SWEEPD_TRY(auto macros, parameter_macros(in.config));
  macros["env"] = {"/usr/bin/env"};
  macros["interpreter"] = {in.interpreter};
  macros["args_json_file"] = {in.args_json_file};
  if (!in.program.empty()) macros["program"] = {in.program};

  expanded_command out;
  bool leading = true;
  for (const auto& raw : in.command.empty() ? default_command() : in.command) {
    const auto filled = fill_environment(raw, in.env);
    if (!filled) return tl::unexpected<error>(filled.error());
    const std::string& word = *filled;
    const bool is_macro = word.starts_with("${") && word.ends_with("}");
    if (leading && word != "${env}" && word != "${interpreter}") {
      out.program_at = out.argv.size();
      leading = false;
    }
    if (!is_macro) {
      out.argv.push_back(word);
      continue;
    }
    const auto name = word.substr(2, word.size() - 3);
    if (name == "program" && in.program.empty())
      return fail(errc::invalid, "the command uses ${program}, but the sweep names no program");
    if (name == "args_json_file") out.args_json_file_text = macros["args_json"].front();
    const auto found = macros.find(name);  // an unknown macro becomes nothing, as in W&B's agent
    if (found != macros.end())
      out.argv.insert(out.argv.end(), found->second.begin(), found->second.end());
  }
  if (leading) out.program_at = out.argv.size();
  if (out.argv.empty() || out.argv.front().empty())
    return fail(errc::invalid, "the sweep's command leaves nothing to run");
  for (const auto& word : out.argv)
    if (word.find('\0') != std::string::npos)
      return fail(errc::invalid, "a word of the command contains a NUL byte");
  return out;
}

bool looks_secret(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  static constexpr std::array words{"key", "token", "secret", "password", "passwd", "credential"};
  return std::any_of(words.begin(), words.end(),
                     [&](const char* w) { return lower.find(w) != std::string::npos; });
}

std::string display_command(const std::vector<std::string>& argv) {
  std::string out;
  std::string previous;
  for (const auto& real : argv) {
    const auto word = mask_word(real, previous);
    previous = real;
    if (!out.empty()) out += ' ';
    if (plain_word(word)) {
      out += word;
      continue;
    }
    out += '\'';
    for (const char c : word) {
      if (c == '\'')
        out += "'\\''";
      else
        out += c;
    }
    out += '\'';
  }
  return out;
}

bool program_allowed(const expanded_command& command, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return true;
  if (command.program_at >= command.argv.size()) return false;
  const auto& program = command.argv[command.program_at];
  if (("/" + program + "/").find("/../") != std::string::npos) return false;
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), program.c_str(), FNM_PATHNAME) == 0;
  });
}

}  // namespace sweepd::agent
