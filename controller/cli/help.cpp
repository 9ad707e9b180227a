#include "controller/cli/help.hpp"

#include "controller/cli/errors.hpp"
#include "controller/cli/text.hpp"

#include <algorithm>
#include <array>

namespace sweepd::cli {
namespace {

constexpr std::array<std::string_view, 7> groups{"Sweeps", "Runs",   "Agents", "Policies",
                                                 "Files",  "Server", "Other"};
constexpr std::size_t text_width = 92;

std::string row(std::string_view left, std::string_view right, std::size_t width) {
  return "  " + pad(left, width, false) + "  " + std::string(right) + "\n";
}

/// Breaks a paragraph at spaces.
std::string wrapped(std::string_view text) {
  std::string out, line;
  for (const auto& word : split(text, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() > text_width) {
      out += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? out : out + line + "\n";
}

std::string usage_of(const command& c) {
  return std::string(c.name) + (c.operands.empty() ? "" : " " + std::string(c.operands));
}

std::string option_text(const option& o) {
  return (o.letter == '\0' ? std::string("    ") : std::string("-") + o.letter + ", ") + "--" +
         std::string(o.name) + (o.value.empty() ? "" : " " + std::string(o.value));
}

std::string option_rows(const std::vector<option>& options) {
  std::size_t width = 0;
  for (const auto& o : options) width = std::max(width, option_text(o).size());
  std::string out;
  for (const auto& o : options) out += row(option_text(o), o.help, width);
  return out;
}

std::string exit_code_page() {
  std::string out = "Exit codes of sweepd's client commands\n\n";
  for (const auto& r : exit_codes()) out += row(pad(std::to_string(r.code), 3, true), r.meaning, 3);
  out +=
      "\nWith -o json an error is one JSON object on standard error: its error.code and\n"
      "error.request_id are finer than the exit code.\n";
  return out;
}

std::string config_page() {
  return "Where the client's settings come from, highest first:\n\n"
         "  1. flags         --url --api-key-file --project -o --color\n"
         "  2. environment   SWEEPD_URL SWEEPD_API_KEY SWEEPD_PROJECT,\n"
         "                   then WANDB_BASE_URL WANDB_API_KEY; NO_COLOR\n"
         "  3. file          --config FILE, or $XDG_CONFIG_HOME/sweepd/client.yaml\n"
         "                   (~/.config/sweepd/client.yaml)\n"
         "  4. built in      url: http://127.0.0.1:8088\n\n"
         "The file is YAML; unknown keys are refused:\n\n"
         "  url: http://sweeps.example.org:8088\n"
         "  api_key_file: /home/me/.sweepd-key     # or api_key: ...\n"
         "  project: team/vision\n"
         "  output: table                          # table wide json jsonl csv name\n"
         "  color: auto                            # auto always never\n"
         "  timeout: 30s                           # of one exchange with the server\n\n"
         "'sweepd config view --show-origin' shows what is in force and where it came from.\n";
}

}  // namespace

const std::vector<outside_command>& outside_commands() {
  static const std::vector<outside_command> all{
      {"serve", "", "run the server"},
      {"agent", "SWEEP", "pull runs of a sweep and execute them here"},
      {"suggest", "", "the search strategies alone: JSON lines in, JSON lines out"},
  };
  return all;
}

const std::vector<std::string_view>& topics() {
  static const std::vector<std::string_view> all{"exit-codes", "settings"};
  return all;
}

std::string topic_page(std::string_view topic) {
  if (topic == "exit-codes") return exit_code_page();
  if (topic == "settings") return config_page();
  for (const auto& c : outside_commands())
    if (c.name == topic)
      return "usage: sweepd " + std::string(c.name) +
             (c.operands.empty() ? "" : " " + std::string(c.operands)) + " [OPTION...]\n\n" +
             std::string(c.summary) + "; its options: sweepd " + std::string(c.name) + " --help\n";
  return {};
}

std::string overview() {
  std::size_t width = 0;
  for (const auto& c : commands()) width = std::max(width, usage_of(c).size());
  std::string out = "sweepd " SWEEPD_VERSION
                    " - a sweep controller\n\n"
                    "usage: sweepd COMMAND [OPTION...]\n\nRunning\n";
  for (const auto& c : outside_commands())
    out += row(std::string(c.name) + (c.operands.empty() ? "" : " " + std::string(c.operands)),
               c.summary, width);
  for (const auto group : groups) {
    out += "\n" + std::string(group) + "\n";
    for (const auto& c : commands())
      if (c.group == group) out += row(usage_of(c), c.summary, width);
  }
  out +=
      "\nIds may be shortened as long as they are unique. 'sweepd help COMMAND' says more;\n"
      "'sweepd help exit-codes' and 'sweepd help settings' likewise.\n";
  return out;
}

std::string help_page(const command& c) {
  std::string out = "usage: sweepd " + usage_of(c) + " [OPTION...]\n\n";
  std::string summary(c.summary);
  summary.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(summary.front())));
  out += wrapped(summary + "." + (c.details.empty() ? "" : " " + std::string(c.details)));
  if (!c.options.empty()) out += "\nOptions\n" + option_rows(c.options);
  out += "\nCommon options\n" + option_rows(common_options());
  if (!c.examples.empty()) {
    out += "\nExamples\n";
    for (const auto& line : split(c.examples, '\n')) out += "  " + line + "\n";
  }
  return out;
}

}  // namespace sweepd::cli
