#include "controller/cli/resolve.hpp"

#include "controller/cli/text.hpp"

#include <algorithm>

namespace sweepd::cli {
namespace {

/// How one kind of thing is looked up and shown.
struct kind {
  std::string_view noun;
  std::string_view path;       ///< of its list
  std::string_view list_by;    ///< the command that lists them
  bool by_id = true;           ///< the server answers GET path/ID
  std::string_view beside[2];  ///< fields that help to tell candidates apart
};

constexpr kind sweeps{"sweep", "/sweeps", "sweepd sweeps", true, {"name", "state"}};
constexpr kind runs{"run", "/runs", "sweepd runs", true, {"sweep", "state"}};
constexpr kind agents{"agent", "/agents", "sweepd agents", false, {"name", "state"}};
constexpr kind keys{"key", "/keys", "sweepd keys list", false, {"name", "role"}};
constexpr kind webhooks{"webhook", "/webhooks", "sweepd webhooks list", false, {"name", "to"}};

constexpr std::size_t candidates_shown = 10;

std::string last_part(const std::string& word) {
  auto text = word;
  while (text.ends_with('/')) text.pop_back();
  const auto slash = text.rfind('/');
  return slash == std::string::npos ? text : text.substr(slash + 1);
}

/// The item of that whole id; none when the server knows none.
result<std::optional<json::object>> whole_id(context& c, const kind& k, const std::string& id) {
  if (!k.by_id) return std::nullopt;
  auto v = c.server().get(std::string(k.path) + "/" + percent_encode(id));
  if (v) return as_object(*v);
  if (v.error().code != errc::not_found) return tl::unexpected<error>(std::move(v).error());
  return std::nullopt;
}

result<std::vector<json::object>> beginning_with(context& c, const kind& k, const std::string& id) {
  std::vector<json::object> found;
  SWEEPD_TRY([[maybe_unused]] const auto seen,
             c.server().pages(k.path, {}, 0, [&](const json::object& item) {
               const auto whole = field(item, "id");
               if (whole == id) found = {item};
               if (whole.starts_with(id) && whole != id) found.push_back(item);
               return whole != id && found.size() <= candidates_shown;
             }));
  if (found.size() > 1 && field(found.front(), "id") == id) found.resize(1);
  return found;
}

tl::unexpected<error> ambiguous(context& c, const kind& k, const std::string& id,
                                const std::vector<json::object>& found) {
  std::vector<std::string> names;
  for (const auto& item : found) {
    if (names.size() == candidates_shown) break;
    std::string beside;
    for (const auto f : k.beside)
      if (const auto text = field(item, f); !text.empty())
        beside += (beside.empty() ? "" : ", ") + text;
    names.push_back(field(item, "id") + (beside.empty() ? "" : " (" + beside + ")"));
  }
  return c.usage("'" + clean(id) + "' is the beginning of several " + std::string(k.noun) +
                     "s: " + join(names, ", ") + (found.size() > names.size() ? ", ..." : ""),
                 "write more of the id");
}

tl::unexpected<error> none(context& c, const kind& k, const std::string& id) {
  return c.refuse(errc::not_found,
                  "no " + std::string(k.noun) + " has an id that begins with '" + clean(id) + "'",
                  "'" + std::string(k.list_by) + "' lists them");
}

result<std::vector<json::object>> lookup(context& c, const kind& k, const std::string& id) {
  SWEEPD_TRY(auto exact, whole_id(c, k, id));
  if (exact) return std::vector<json::object>{std::move(*exact)};
  return beginning_with(c, k, id);
}

result<json::object> resolve(context& c, const kind& k, const std::string& word) {
  const auto id = last_part(word);
  if (id.empty()) return c.usage("an empty word names no " + std::string(k.noun));
  SWEEPD_TRY(auto found, lookup(c, k, id));
  if (found.empty()) return none(c, k, id);
  if (found.size() > 1) return ambiguous(c, k, id, found);
  return std::move(found.front());
}

}  // namespace

result<json::object> resolve_sweep(context& c, const std::string& word) {
  return resolve(c, sweeps, word);
}
result<json::object> resolve_run(context& c, const std::string& word) {
  return resolve(c, runs, word);
}
result<json::object> resolve_agent(context& c, const std::string& word) {
  return resolve(c, agents, word);
}
result<json::object> resolve_key(context& c, const std::string& word) {
  return resolve(c, keys, word);
}
result<json::object> resolve_webhook(context& c, const std::string& word) {
  return resolve(c, webhooks, word);
}

result<sweep_or_run> resolve_sweep_or_run(context& c, const std::string& word) {
  const auto id = last_part(word);
  if (id.empty()) return c.usage("an empty word names nothing");
  SWEEPD_TRY(auto sweep, whole_id(c, sweeps, id));
  if (sweep) return sweep_or_run{false, std::move(*sweep)};
  SWEEPD_TRY(auto run, whole_id(c, runs, id));
  if (run) return sweep_or_run{true, std::move(*run)};
  SWEEPD_TRY(auto some_sweeps, beginning_with(c, sweeps, id));
  SWEEPD_TRY(auto some_runs, beginning_with(c, runs, id));
  if (some_sweeps.size() + some_runs.size() == 1) {
    if (some_runs.empty()) return sweep_or_run{false, std::move(some_sweeps.front())};
    return sweep_or_run{true, std::move(some_runs.front())};
  }
  if (some_sweeps.empty() && some_runs.empty())
    return c.refuse(errc::not_found,
                    "no sweep or run has an id that begins with '" + clean(id) + "'",
                    "'sweepd sweeps' and 'sweepd runs' list them");
  if (some_runs.empty()) return ambiguous(c, sweeps, id, some_sweeps);
  if (some_sweeps.empty()) return ambiguous(c, runs, id, some_runs);
  some_sweeps.insert(some_sweeps.end(), some_runs.begin(), some_runs.end());
  constexpr kind both{"sweep and run", "", "", false, {"name", "state"}};
  return ambiguous(c, both, id, some_sweeps);
}

result<std::string> sweep_option(context& c) {
  if (!c.args.has("sweep")) return std::string{};
  SWEEPD_TRY(const auto sweep, resolve_sweep(c, c.args.value("sweep")));
  return field(sweep, "id");
}

result<std::string> agent_option(context& c) {
  if (!c.args.has("agent")) return std::string{};
  SWEEPD_TRY(const auto agent, resolve_agent(c, c.args.value("agent")));
  return field(agent, "id");
}

std::string path_of(std::string_view collection, const json::object& item) {
  return "/" + std::string(collection) + "/" + percent_encode(field(item, "id"));
}

}  // namespace sweepd::cli
