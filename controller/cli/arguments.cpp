#include "controller/cli/arguments.hpp"

#include "controller/cli/text.hpp"
#include "strategies/nearest.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <charconv>

namespace sweepd::cli {
namespace {

std::vector<option> all_options(const command& c) {
  std::vector<option> out = c.options;
  const auto& common = common_options();
  out.insert(out.end(), common.begin(), common.end());
  return out;
}

/// A sentence about an option that does not exist; none when all exist. CLI11 would only say that
/// something "was not expected".
std::optional<std::string> unknown_option(const std::vector<option>& known,
                                          const std::vector<std::string>& words) {
  std::vector<std::string_view> names;
  for (const auto& o : known) names.push_back(o.name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") return std::nullopt;
    if (!word.starts_with("--")) continue;
    const std::string name = word.substr(2, word.find('=') - 2);
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const option& o) { return o.name == name; });
    if (found == known.end()) {
      const std::string meant(strategies::nearest(name, names));
      return "there is no option '--" + clean(name) + "'" +
             (meant.empty() ? "" : "; did you mean '--" + meant + "'?");
    }
    if (!found->value.empty() && word.find('=') == std::string::npos) ++i;
  }
  return std::nullopt;
}

result<void> check_operands(const command& c, std::size_t given) {
  const std::string usage = "usage: sweepd " + std::string(c.name) +
                            (c.operands.empty() ? "" : " " + std::string(c.operands));
  if (given < static_cast<std::size_t>(c.operands_min))
    return fail(errc::invalid, "something is missing; " + usage);
  if (c.operands_max >= 0 && given > static_cast<std::size_t>(c.operands_max))
    return fail(errc::invalid, "there are too many words; " + usage);
  return {};
}

}  // namespace

bool arguments::has(std::string_view option) const { return options.contains(option); }

std::string arguments::value(std::string_view option) const {
  const auto at = options.find(option);
  return at == options.end() || at->second.empty() ? std::string{} : at->second.back();
}

result<std::optional<std::int64_t>> arguments::number(std::string_view option,
                                                      std::int64_t least) const {
  if (!has(option)) return std::nullopt;
  const std::string text = value(option);
  std::int64_t n = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), n);
  if (r.ec != std::errc{} || r.ptr != text.data() + text.size() || n < least)
    return fail(errc::invalid, "--" + std::string(option) + ": '" + clean(text) +
                                   "' is not a whole number of at least " + std::to_string(least));
  return n;
}

result<std::optional<milliseconds>> arguments::duration(std::string_view option) const {
  if (!has(option)) return std::nullopt;
  auto d = parse_duration(value(option));
  if (!d) return fail(errc::invalid, "--" + std::string(option) + ": " + clean(d.error().message));
  return *d;
}

result<arguments> parse_arguments(const command& c, const std::vector<std::string>& words) {
  const auto known = all_options(c);
  if (auto problem = unknown_option(known, words)) return fail(errc::invalid, *problem);

  CLI::App app;
  app.set_help_flag();
  arguments out;
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, bool> switches;
  for (const auto& o : known) {
    const std::string name(o.name);
    const std::string flags =
        "--" + name + (o.letter == '\0' ? std::string{} : std::string(",-") + o.letter);
    if (o.value.empty())
      app.add_flag(flags, switches[name]);
    else
      app.add_option(flags, values[name])->allow_extra_args(false);
  }
  app.add_option("operands", out.operands);
  try {
    // CLI11 takes the words in reverse.
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& e) {
    return fail(errc::invalid, clean(e.what()));
  }
  for (auto& [name, v] : values)
    if (!v.empty()) out.options[name] = std::move(v);
  for (const auto& [name, on] : switches)
    if (on) out.options[name] = {};
  if (!out.has("help")) {
    if (auto ok = check_operands(c, out.operands.size()); !ok)
      return tl::unexpected<error>(ok.error());
  }
  return out;
}

command_line split_command_line(const std::vector<std::string>& args) {
  command_line out;
  std::size_t at = 0;
  for (; at < args.size() && args[at].starts_with('-') && args[at] != "-"; ++at) {
    out.words.push_back(args[at]);
    for (const auto& o : common_options()) {
      const bool is_it = args[at] == "--" + std::string(o.name) ||
                         (o.letter != '\0' && args[at] == std::string("-") + o.letter);
      if (is_it && !o.value.empty() && at + 1 < args.size()) out.words.push_back(args[++at]);
    }
  }
  if (at < args.size()) {
    out.name = args[at++];
    if (is_group_word(out.name) && at < args.size() &&
        find_command(out.name + " " + args[at]) != nullptr)
      out.name += " " + args[at++];
  }
  out.words.insert(out.words.end(), args.begin() + static_cast<std::ptrdiff_t>(at), args.end());
  return out;
}

}  // namespace sweepd::cli
