#include "controller/cli/context.hpp"

#include "controller/cli/text.hpp"
#include "strategies/nearest.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

namespace sweepd::cli {

api& context::server() {
  if (!server_) server_ = std::make_unique<api>(config);
  return *server_;
}

connection context::connected() const {
  return {config.url.value, config.url.origin, !config.api_key.value.empty(),
          config.api_key.origin};
}

void context::doing(std::string what, std::string next) {
  at.doing = std::move(what);
  at.next = std::move(next);
}

tl::unexpected<error> context::usage(std::string why, std::string next) {
  at.usage = true;
  if (!next.empty()) at.next = std::move(next);
  return fail(errc::invalid, std::move(why));
}

tl::unexpected<error> context::refuse(errc code, std::string why, std::string next) {
  at.next = std::move(next);
  return fail(code, std::move(why));
}

void context::note(std::string_view text) {
  if (!how.quiet) io.err << text << '\n';
}

result<bool> context::confirmed(std::string_view question) {
  if (args.has("yes")) return true;
  if (!io.in_terminal || !io.err_terminal)
    return usage("nobody can be asked: this is not a terminal", "repeat it with --yes");
  io.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(io.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

json::object context::with_reason() const {
  json::object body;
  if (args.has("reason")) body["reason"] = args.value("reason");
  return body;
}

result<std::string> context::words(std::string_view option_name) {
  std::vector<std::string> choices;
  for (const auto& o : spec.options)
    if (o.name == option_name) choices = split(o.choices, ' ');
  const std::vector<std::string_view> known(choices.begin(), choices.end());
  std::vector<std::string> out;
  for (const auto& word : split(args.value(option_name), ',')) {
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      const auto meant = strategies::did_you_mean(word, known);
      return usage("--" + std::string(option_name) + ": there is no '" + clean(word) + "'" +
                   (meant.empty() ? "; there are " + strategies::listed(known, "and") : meant));
    }
    out.push_back(word);
  }
  return join(out, ",");
}

std::vector<option> changing_options(std::vector<option> more) {
  more.push_back({"reason", '\0', "TEXT", "why; recorded in the audit log"});
  more.push_back({"dry-run", '\0', "", "say what would be done, and change nothing"});
  more.push_back({"yes", 'y', "", "do not ask"});
  return more;
}

std::vector<option> listing_options(std::vector<option> more) {
  more.push_back({"limit", '\0', "N", "at most N rows (1000); 0: all"});
  return more;
}

result<std::uint64_t> wanted_limit(context& c) {
  const auto n = c.args.number("limit", 0);
  if (!n) return c.usage(n.error().message);
  return static_cast<std::uint64_t>(n->value_or(1000));
}

result<int> print_pages(context& c, std::string_view path,
                        std::vector<std::pair<std::string, std::string>> query,
                        const std::vector<column>& columns, std::string_view none) {
  SWEEPD_TRY(const auto limit, wanted_limit(c));
  json::array items;
  SWEEPD_TRY(const auto seen,
             c.server().pages(path, std::move(query), limit, [&](const json::object& item) {
               items.push_back(item);
               return true;
             }));
  if (auto ok = print_list(c.io.out, c.how, columns, items); !ok)
    return c.usage(ok.error().message);
  if (items.empty() && c.how.for_people()) c.note(none);
  if (seen.more)
    c.note("showing " + std::to_string(seen.seen) +
           (seen.total > seen.seen ? " of " + std::to_string(seen.total) : "") +
           "; --limit 0 shows all");
  return exit_with::success;
}

std::string input_name(const std::string& name) { return name == "-" ? "(stdin)" : clean(name); }

result<std::string> read_input(context& c, const std::string& name, std::size_t bytes_max) {
  std::ifstream file;
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file)
      return c.refuse(errc::invalid, "'" + clean(name) + "' cannot be opened",
                      "check the path; '-' reads standard input");
  }
  std::istream& in = name == "-" ? c.io.in : file;
  std::string text(bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad())
    return c.refuse(errc::invalid, "'" + clean(name) + "' cannot be read", "check the file");
  if (text.size() > bytes_max)
    return c.refuse(errc::invalid, input_name(name) + " is larger than " + short_size(bytes_max),
                    "is it the right file?");
  return text;
}

}  // namespace sweepd::cli
