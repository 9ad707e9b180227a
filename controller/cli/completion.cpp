#include "controller/cli/completion.hpp"

#include "controller/cli/command.hpp"
#include "controller/cli/help.hpp"
#include "controller/cli/text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace sweepd::cli {
namespace {

std::string first_word(std::string_view name) {
  return std::string(name.substr(0, name.find(' ')));
}

struct first {
  std::string word;
  std::string summary;
};

/// What may stand first: commands, group words, the server's own commands, help.
std::vector<first> first_words() {
  std::vector<first> out;
  std::set<std::string> seen;
  const auto add = [&](std::string word, std::string_view summary) {
    if (seen.insert(word).second) out.push_back({std::move(word), std::string(summary)});
  };
  for (const auto& c : outside_commands()) add(std::string(c.name), c.summary);
  for (const auto& c : commands()) {
    const auto word = first_word(c.name);
    add(word, word == c.name ? std::string(c.summary) : "commands about " + word);
  }
  add("help", "help on a command");
  return out;
}

/// Second words by group word: {"policy": [show, set, ...]}.
std::map<std::string, std::vector<const command*>> second_words() {
  std::map<std::string, std::vector<const command*>> out;
  for (const auto& c : commands())
    if (const auto word = first_word(c.name); word != c.name) out[word].push_back(&c);
  return out;
}

std::vector<option> options_of(const command& c) {
  auto out = c.options;
  out.insert(out.end(), common_options().begin(), common_options().end());
  return out;
}

std::string flags(const command& c) {
  std::string out;
  for (const auto& o : options_of(c)) {
    if (o.letter != '\0') out += std::string("-") + o.letter + " ";
    out += "--" + std::string(o.name) + " ";
  }
  out.pop_back();
  return out;
}

/// Options with a closed set of values, by flag; the same name has the same set everywhere it has
/// one.
std::map<std::string, std::string> choices() {
  std::map<std::string, std::string> out;
  for (const auto& c : commands())
    for (const auto& o : options_of(c))
      if (!o.choices.empty()) {
        auto& words = out["--" + std::string(o.name)];
        for (const auto& w : split(o.choices, ' '))
          if ((" " + words + " ").find(" " + w + " ") == std::string::npos)
            words += (words.empty() ? "" : " ") + w;
        if (o.letter != '\0') out[std::string("-") + o.letter] = words;
      }
  return out;
}

std::string words_only(const std::vector<first>& all) {
  std::string out;
  for (const auto& f : all) out += (out.empty() ? "" : " ") + f.word;
  return out;
}

std::string second_words_of(const std::vector<const command*>& all) {
  std::string out;
  for (const auto* c : all)
    out += (out.empty() ? "" : " ") + std::string(c->name.substr(c->name.find(' ') + 1));
  return out;
}

std::string bash() {
  std::string out =
      "# bash completion for sweepd; load it with: source <(sweepd completion bash)\n"
      "_sweepd() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=''\n"
      "  case $prev in\n";
  for (const auto& [flag, values] : choices())
    out += "    " + flag + ") COMPREPLY=($(compgen -W '" + values + "' -- \"$cur\")); return;;\n";
  out +=
      "  esac\n"
      "  if [ $COMP_CWORD -eq 1 ]; then words='" +
      words_only(first_words()) +
      "'; fi\n"
      "  if [ $COMP_CWORD -eq 2 ]; then case ${COMP_WORDS[1]} in\n"
      "    help) words='" +
      words_only(first_words()) + " exit-codes settings';;\n";
  for (const auto& [group, all] : second_words())
    out += "    " + group + ") words='" + second_words_of(all) + "';;\n";
  out +=
      "  esac; fi\n"
      "  if [[ $cur == -* ]]; then case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n";
  // Two-word names first: the patterns of one-word names would match them.
  for (const bool two : {true, false})
    for (const auto& c : commands())
      if ((c.name.find(' ') != std::string_view::npos) == two)
        out +=
            "    '" + std::string(c.name) + (two ? "'" : " '*") + ") words='" + flags(c) + "';;\n";
  out +=
      "  esac; fi\n"
      "  if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"));\n"
      "  else COMPREPLY=($(compgen -f -- \"$cur\")); fi\n"
      "}\n"
      "complete -F _sweepd sweepd\n";
  return out;
}

/// For a text inside single quotes of a shell.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

/// For zsh's _arguments: brackets and colons have a meaning there.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : quoted(text)) {
    if (c == '[' || c == ']' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_arguments(const command& c, std::string_view indent) {
  std::string out = std::string(indent) + "_arguments";
  for (const auto& o : options_of(c)) {
    const std::string value =
        o.value.empty() ? ""
                        : ":" + std::string(o.value) + ":" +
                              (o.choices.empty() ? "_files" : "(" + std::string(o.choices) + ")");
    out += " '--" + std::string(o.name) + "[" + zsh_text(o.help) + "]" + value + "'";
    if (o.letter != '\0')
      out += std::string(" '-") + o.letter + "[" + zsh_text(o.help) + "]" + value + "'";
  }
  return out + " '*:file:_files'";
}

std::string zsh() {
  std::string out =
      "#compdef sweepd\n"
      "# zsh completion for sweepd; put it into a directory of $fpath as _sweepd\n"
      "_sweepd() {\n"
      "  local -a words_first\n"
      "  words_first=(";
  for (const auto& f : first_words()) out += " '" + f.word + ":" + zsh_text(f.summary) + "'";
  out +=
      ")\n"
      "  if (( CURRENT == 2 )); then _describe command words_first; return; fi\n"
      "  case $words[2] in\n"
      "    help) _describe command words_first;;\n";
  for (const auto& c : commands())
    if (c.name.find(' ') == std::string_view::npos)
      out += "    " + std::string(c.name) + ")" + zsh_arguments(c, " ") + ";;\n";
  for (const auto& [group, all] : second_words()) {
    out += "    " + group + ") if (( CURRENT == 3 )); then compadd " + second_words_of(all) +
           "; else case $words[3] in\n";
    for (const auto* c : all)
      out += "      " + std::string(c->name.substr(c->name.find(' ') + 1)) + ")" +
             zsh_arguments(*c, " ") + ";;\n";
    out += "    esac; fi;;\n";
  }
  return out + "  esac\n}\ncompdef _sweepd sweepd\n";
}

std::string fish() {
  std::string out =
      "# fish completion for sweepd; save it as ~/.config/fish/completions/sweepd.fish\n";
  for (const auto& f : first_words())
    out += "complete -c sweepd -n __fish_use_subcommand -a " + f.word + " -d '" +
           quoted(f.summary) + "'\n";
  for (const auto& c : commands()) {
    const auto group = first_word(c.name);
    std::string when = "__fish_seen_subcommand_from " + group;
    if (group != c.name) {
      const std::string second(c.name.substr(c.name.find(' ') + 1));
      out +=
          "complete -c sweepd -n '" + when + "' -a " + second + " -d '" + quoted(c.summary) + "'\n";
      when += "; and __fish_seen_subcommand_from " + second;
    }
    for (const auto& o : options_of(c)) {
      out += "complete -c sweepd -n '" + when + "' -l " + std::string(o.name);
      if (o.letter != '\0') out += std::string(" -s ") + o.letter;
      if (!o.value.empty()) out += " -r";
      if (!o.choices.empty()) out += " -f -a '" + std::string(o.choices) + "'";
      out += " -d '" + quoted(o.help) + "'\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return {};
}

}  // namespace sweepd::cli
