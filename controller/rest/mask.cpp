#include "controller/rest/mask.hpp"

#include "controller/base/json_text.hpp"

#include <algorithm>

namespace sweepd::rest {
namespace {

namespace bj = boost::json;

enum class secrecy { none, texts, all };

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool has(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

secrecy judge(std::string_view raw) {
  const std::string name = lower(raw);
  if (has(name, "secret") || has(name, "passw") || has(name, "credential")) return secrecy::all;
  std::string rest = name;
  for (auto at = rest.find("tokeniz"); at != std::string::npos; at = rest.find("tokeniz"))
    rest.erase(at, 7);
  return has(rest, "token") || has(rest, "key") ? secrecy::texts : secrecy::none;
}

bj::value hide(const bj::value& in, secrecy how) {
  switch (in.kind()) {
    case bj::kind::string:
      return bj::string(bj::string_view(masked_text.data(), masked_text.size()));
    case bj::kind::array: {
      bj::array out;
      for (const auto& item : in.get_array()) out.push_back(hide(item, how));
      return out;
    }
    case bj::kind::object: {
      bj::object out;
      for (const auto& [key, item] : in.get_object()) out[key] = hide(item, how);
      return out;
    }
    case bj::kind::null: return nullptr;
    default:
      return how == secrecy::all
                 ? bj::value(bj::string_view(masked_text.data(), masked_text.size()))
                 : in;
  }
}

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

/// The end of the first secret "name:" or "--name=" in a line, just behind the sign; npos: none.
std::size_t secret_colon(std::string_view line) {
  for (auto colon = line.find_first_of(":="); colon != std::string_view::npos;
       colon = line.find_first_of(":=", colon + 1)) {
    std::size_t end = colon;
    while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '"' || line[end - 1] == '\'')) --end;
    std::size_t begin = end;
    while (begin > 0 && name_char(line[begin - 1])) --begin;
    if (begin < end && secret_name(line.substr(begin, end - begin))) return colon + 1;
  }
  return std::string_view::npos;
}

std::size_t indent_of(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view::npos : first;
}

/// A line below a secret name: its own key stays, what follows goes.
std::string hide_line(std::string_view line) {
  const auto indent = indent_of(line);
  if (indent == std::string_view::npos) return std::string(line);
  const auto colon = line.find(": ");
  if (colon != std::string_view::npos) return std::string(line.substr(0, colon + 2)) + "***";
  if (line.back() == ':') return std::string(line);
  const bool item = line.substr(indent).starts_with("- ");
  return std::string(indent, ' ') + (item ? "- ***" : "***");
}

}  // namespace

bool secret_name(std::string_view name) { return judge(name) != secrecy::none; }

bj::object masked(const bj::object& in) {
  bj::object out;
  for (const auto& [key, item] : in) {
    const auto how = judge(std::string_view(key.data(), key.size()));
    out[key] = how == secrecy::none ? masked(item) : hide(item, how);
  }
  return out;
}

bj::value masked(const bj::value& in) {
  if (in.is_object()) return masked(in.get_object());
  if (!in.is_array()) return in;
  bj::array out;
  for (const auto& item : in.get_array()) {
    if (const auto* word = item.if_string())  // of a command, perhaps
      out.push_back(bj::value(masked_word(std::string_view(word->data(), word->size()))));
    else
      out.push_back(masked(item));
  }
  return out;
}

bj::value masked_json(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) return bj::value(bj::string_view(text.data(), text.size()));
  return masked(*parsed);
}

std::string masked_word(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || !secret_name(word.substr(0, equals)))
    return std::string(word);
  return std::string(word.substr(0, equals + 1)) + std::string(masked_text);
}

std::string masked_yaml(std::string_view yaml) {
  std::string out;
  std::size_t hidden_below = std::string_view::npos;  // indent of the secret name we are below
  while (!yaml.empty()) {
    const auto end = std::min(yaml.find('\n'), yaml.size());
    const auto line = yaml.substr(0, end);
    const auto indent = indent_of(line);
    if (hidden_below != std::string_view::npos && indent != std::string_view::npos &&
        (indent > hidden_below ||
         (indent == hidden_below && line.substr(indent).starts_with("- ")))) {
      out += hide_line(line);
    } else {
      if (indent != std::string_view::npos) hidden_below = std::string_view::npos;
      const auto colon = secret_colon(line);
      if (colon == std::string_view::npos) {
        out += line;
      } else {
        const bool block = line.find_first_not_of(" \t\r", colon) == std::string_view::npos;
        out += line.substr(0, colon);
        if (!block) out += line[colon - 1] == ':' ? " ***" : "***";
        hidden_below = indent;
      }
    }
    if (end < yaml.size()) out += '\n';
    yaml.remove_prefix(std::min(end + 1, yaml.size()));
  }
  return out;
}

}  // namespace sweepd::rest
