// What needs no server: validate, preview, config view, completion.
#include "controller/cli/columns.hpp"
#include "controller/cli/completion.hpp"
#include "controller/cli/context.hpp"
#include "controller/cli/text.hpp"
#include "controller/config/sweep_yaml.hpp"
#include "strategies/strategy.hpp"

#include <algorithm>
#include <ostream>
#include <set>

namespace sweepd::cli {
namespace {

/// Over the reader's own limit, so that it is the reader who says "too large", with its reason.
constexpr std::size_t file_bytes_max = 1024 * 1024;

json::array to_array(const std::vector<config::problem>& problems) {
  json::array out;
  for (const auto& p : problems)
    out.push_back(json::object{{"where", p.where}, {"message", p.message}});
  return out;
}

/// "grid, 240 configurations"
std::string summary_of(const core::sweep_spec& spec) {
  return clean(spec.method) + (spec.size ? ", " + counted(*spec.size, "configuration") : "") +
         (spec.run_cap ? ", run_cap " + std::to_string(*spec.run_cap) : "");
}

/// Checks one file; its problems, and in `fine` what to say when there are none.
result<std::vector<config::problem>> problems_of(context& c, const std::string& name,
                                                 std::string& fine) {
  SWEEPD_TRY(const auto text, read_input(c, name, file_bytes_max));
  if (c.args.has("policy")) {
    const auto policy = config::parse_policy(text, input_name(name));
    if (!policy) return policy.error();
    fine = "ok (crash policy " + core::policy_hash(*policy) + ", " +
           counted(policy->rules.size(), "rule") + ")";
  } else {
    const auto sweep = config::parse_sweep(text, input_name(name));
    if (!sweep) return sweep.error();
    fine = "ok (" + summary_of(sweep->spec) + ")";
    if (const auto warning = config::size_warning(sweep->spec)) fine += "; launching it needs --yes: " + *warning;
  }
  return std::vector<config::problem>{};
}

result<int> validate(context& c) {
  int code = exit_with::success;
  for (const auto& name : c.args.operands) {
    c.doing("validate " + name);
    std::string fine;
    SWEEPD_TRY(const auto problems, problems_of(c, name, fine));
    if (!problems.empty()) code = exit_with::bad_input;
    const json::object answer{
        {"file", input_name(name)}, {"ok", problems.empty()}, {"problems", to_array(problems)}};
    if (print_data(c.io.out, c.how, answer, "file")) continue;
    for (const auto& p : problems) c.io.out << clean(p.where) << ": " << clean(p.message) << '\n';
    if (problems.empty()) c.io.out << input_name(name) << ": " << fine << '\n';
  }
  return code;
}

/// {"position": 3, "lr": 0.1, …} rows with one column a parameter.
std::vector<column> preview_columns(const json::array& rows) {
  std::vector<column> out{number_column("#", "position")};
  std::set<std::string> seen;
  for (const auto& row : rows)
    for (const auto& [key, value] : object_at(as_object(row), "config")) {
      const std::string name(key);
      if (!seen.insert(name).second) continue;
      const auto value_in = [name](const json::object& o) -> const json::value* {
        const auto* entry = object_at(o, "config").if_contains(name);
        if (entry == nullptr || !entry->is_object()) return entry;
        const auto* inner = entry->get_object().if_contains("value");
        return inner == nullptr ? entry : inner;
      };
      column c{clean(name), name,
               [value_in](const json::object& o, const look&) {
                 const auto* v = value_in(o);
                 return cell{v == nullptr ? std::string{} : scalar(*v)};
               },
               [value_in](const json::object& o) {
                 const auto* v = value_in(o);
                 if (v == nullptr || v->is_null()) return std::string{};
                 return v->is_string() ? clean_block(std::string_view(v->get_string()))
                                       : compact(*v);
               }};
      out.push_back(flexible(std::move(c)));
    }
  return out;
}

result<int> preview(context& c) {
  const auto& name = c.args.operands.front();
  c.doing("preview " + name);
  const auto count = c.args.number("count", 1);
  if (!count) return c.usage(count.error().message);
  const auto seed = c.args.number("seed", 0);
  if (!seed) return c.usage(seed.error().message);
  SWEEPD_TRY(const auto text, read_input(c, name, file_bytes_max));
  const auto sweep = config::parse_sweep(text, input_name(name));
  if (!sweep) {
    c.at.problems = sweep.error();
    return c.refuse(errc::invalid, "the file is not valid", "mend it and repeat");
  }
  const auto chosen = *seed ? static_cast<std::uint64_t>(**seed) : sweep->spec.seed;
  SWEEPD_TRY(const auto strategy, strategies::make_strategy(sweep->spec.config));
  strategy->observe({});
  const auto wanted = static_cast<std::size_t>(count->value_or(10));
  SWEEPD_TRY(const auto suggestions, strategy->suggest({.seed = chosen, .from = 0, .n = wanted}));
  json::array rows;
  for (const auto& s : suggestions)
    rows.push_back(json::object{{"position", s.position}, {"config", s.config}});
  auto printed = print_list(c.io.out, c.how, preview_columns(rows), rows, "position");
  if (!printed) return c.usage(printed.error().message);
  if (suggestions.size() < wanted) c.note("these are all: " + summary_of(sweep->spec));
  if (!*seed && !sweep->seed_given && sweep->spec.method != "grid")
    c.note("the file sets no seed: shown for seed 0, while a launched sweep draws its own");
  return exit_with::success;
}

/// Enough to recognise a key, too little to use it.
std::string masked(const std::string& key) {
  if (key.empty()) return {};
  constexpr std::size_t shown = 10;
  return key.size() < 3 * shown ? "(set)" : clean(key.substr(0, shown)) + "...";
}

result<int> config_view(context& c) {
  c.doing("show the settings");
  json::array rows;
  for (const auto& [name, value] : c.config.all())
    rows.push_back(json::object{{"setting", name},
                                {"value", name == "api_key" ? masked(value->value) : value->value},
                                {"origin", value->origin}});
  std::vector<column> columns{text_column("SETTING", "setting"), text_column("VALUE", "value")};
  if (c.args.has("show-origin")) columns.push_back(text_column("ORIGIN", "origin"));
  auto printed = print_list(c.io.out, c.how, columns, rows, "setting");
  if (!printed) return c.usage(printed.error().message);
  if (c.how.for_people())
    c.note(
        "settings file: " + (c.config.file.empty() ? std::string("none") : clean(c.config.file)) +
        (c.config.file_found ? "" : " (not there)"));
  return exit_with::success;
}

result<int> completion(context& c) {
  const auto& shell = c.args.operands.front();
  const auto script = completion_script(shell);
  c.doing("write a completion script");
  if (script.empty())
    return c.usage("there is none for '" + clean(shell) + "'", "choose bash, zsh or fish");
  c.io.out << script;
  return exit_with::success;
}

}  // namespace

std::vector<command> local_commands() {
  return {
      {"validate",
       "Files",
       "FILE...",
       1,
       -1,
       "check sweep files, without a server",
       "Prints every problem as file:line:column. Exit 65 when there are any. '-' reads standard "
       "input.",
       "sweepd validate sweep.yaml\nsweepd validate --policy policy.yaml",
       {{"policy", '\0', "", "the files are crash policies"}},
       validate},
      {"preview",
       "Files",
       "FILE",
       1,
       1,
       "the first configurations of a sweep, without a server",
       "",
       "sweepd preview sweep.yaml -n 5\nsweepd preview sweep.yaml -n 100 -o jsonl --seed 7",
       {{"count", 'n', "N", "how many (10)"}, {"seed", '\0', "N", "instead of the file's seed"}},
       preview},
      {"config view",
       "Other",
       "",
       0,
       0,
       "show the client's settings",
       "",
       "sweepd config view --show-origin",
       {{"show-origin", '\0', "", "say where each value comes from"}},
       config_view},
      {"completion",
       "Other",
       "SHELL",
       1,
       1,
       "print a completion script for bash, zsh or fish",
       "",
       "source <(sweepd completion bash)\nsweepd completion fish > "
       "~/.config/fish/completions/sweepd.fish",
       {},
       completion},
  };
}

}  // namespace sweepd::cli
