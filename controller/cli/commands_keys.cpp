// API keys: create, list, revoke.
#include "controller/cli/context.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"

#include <algorithm>
#include <array>
#include <ostream>

namespace sweepd::cli {
namespace {

constexpr std::array<std::string_view, 4> roles{"viewer", "agent", "operator", "admin"};

result<int> create(context& c) {
  c.doing("create a key");
  const auto role = c.args.value("role");
  if (std::find(roles.begin(), roles.end(), role) == roles.end())
    return c.usage(role.empty() ? "a role is missing" : "there is no role '" + clean(role) + "'",
                   "give --role viewer, agent, operator or admin");
  const auto life = c.args.duration("expires-in");
  if (!life) return c.usage(life.error().message);
  json::object body{{"name", c.args.operands.front()}, {"role", role}};
  if (const auto& p = c.config.project; !p.value.empty() && p.value != "all")
    body["project"] = p.value;
  if (*life) body["expires_in"] = to_string(**life);
  SWEEPD_TRY(const auto answer, c.server().change("POST", "/keys", body));
  const auto& key = as_object(answer);
  if (print_data(c.io.out, c.how, key)) return exit_with::success;
  c.note("key " + field(key, "id") + ", role " + field(key, "role") + ", project " +
         field(key, "project") + "; it is shown only this once:");
  c.io.out << field(key, "key") << '\n';
  return exit_with::success;
}

result<int> list_keys(context& c) {
  c.doing("list keys");
  column state{"STATE", "revoked", [](const json::object& k, const look& how) {
                 if (truth(k, "revoked")) return state_cell("revoked", how);
                 const auto end = time_at(k, "expires");
                 return state_cell(end && *end <= how.now ? "expired" : "valid", how);
               }};
  return print_pages(c, "/keys", {},
                     {text_column("ID", "id"), flexible(text_column("NAME", "name")),
                      text_column("ROLE", "role"), text_column("PROJECT", "project"), state,
                      time_column("CREATED", "created"), time_column("EXPIRES", "expires")},
                     "no keys: the server takes everyone on this machine for its admin");
}

result<int> revoke(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("revoke key " + word, "'sweepd keys list' shows the keys");
  SWEEPD_TRY(const auto key, resolve_key(c, word));
  const auto id = field(key, "id");
  const auto text = "key " + id + " (" + field(key, "name") + ", role " + field(key, "role") + ")";
  if (c.args.has("dry-run")) {
    c.io.out << "would revoke " << text << '\n';
    return exit_with::success;
  }
  SWEEPD_TRY(const bool go, c.confirmed("revoke " + text + "?"));
  if (!go) {
    c.note("nothing done");
    return exit_with::failure;
  }
  SWEEPD_TRY(
      [[maybe_unused]] const auto answer,
      c.server().change(
          "DELETE", target(path_of("keys", key), {{"reason", c.args.value("reason")}}), nullptr));
  if (!print_data(c.io.out, c.how, key)) c.io.out << text << " revoked\n";
  return exit_with::success;
}

}  // namespace

std::vector<command> key_commands() {
  return {
      {"keys create",
       "Server",
       "NAME",
       1,
       1,
       "make an API key",
       "The key is printed on standard output, once. With --project it is good for that project "
       "only.",
       "sweepd keys create laptop --role operator\n"
       "sweepd keys create gpu-nodes --role agent --expires-in 90d --project team/vision",
       {{"role", '\0', "ROLE", "what it may do", "viewer agent operator admin"},
        {"expires-in", '\0', "DURATION", "valid for this long; without it for ever"}},
       create},
      {"keys list", "Server", "", 0, 0, "list API keys", "", "sweepd keys list", listing_options(),
       list_keys},
      {"keys revoke", "Server", "KEY", 1, 1, "make an API key invalid", "",
       "sweepd keys revoke 3fK9 --yes", changing_options(), revoke},
  };
}

}  // namespace sweepd::cli
