// Webhooks: where the server tells what happens.
#include "controller/cli/context.hpp"
#include "controller/cli/resolve.hpp"
#include "controller/cli/text.hpp"

#include <ostream>

namespace sweepd::cli {
namespace {

constexpr std::size_t url_bytes_max = 4'096;

/// The address as it was given, or the first line of standard input for "-": an address may be a secret, and
/// command lines are seen by everybody on the machine.
result<std::string> given_url(context& c) {
  const auto& word = c.args.operands[1];
  if (word != "-") return word;
  SWEEPD_TRY(const auto text, read_input(c, word, url_bytes_max));
  return text.substr(0, text.find_first_of("\r\n"));
}

result<int> add(context& c) {
  c.doing("add a webhook");
  json::object body{{"name", c.args.operands.front()}};
  SWEEPD_TRY(const auto url, given_url(c));
  body["url"] = url;
  SWEEPD_TRY(const auto shape, c.words("shape"));
  if (!shape.empty()) body["shape"] = shape;
  SWEEPD_TRY(const auto kinds, c.words("kinds"));
  if (!kinds.empty()) {
    json::array list;
    for (const auto& kind : split(kinds, ',')) list.emplace_back(kind);
    body["kinds"] = std::move(list);
  }
  SWEEPD_TRY(const auto sweep, sweep_option(c));
  if (!sweep.empty()) body["sweep"] = sweep;
  if (const auto& p = c.config.project; !p.value.empty() && p.value != "all") body["project"] = p.value;
  SWEEPD_TRY(const auto answer, c.server().change("POST", "/webhooks", body));
  const auto& hook = as_object(answer);
  if (print_data(c.io.out, c.how, hook)) return exit_with::success;
  c.note("webhook " + field(hook, "id") + " to " + field(hook, "to") +
         "; its secret signs what is sent, and is shown only this once:");
  c.io.out << field(hook, "secret") << '\n';
  return exit_with::success;
}

result<int> list_webhooks(context& c) {
  c.doing("list webhooks");
  column kinds{"TOLD", "kinds", [](const json::object& w, const look&) {
                 std::vector<std::string> names;
                 if (const auto* list = find(w, "kinds"); list != nullptr && list->is_array())
                   for (const auto& kind : list->get_array()) names.push_back(scalar(kind));
                 return cell{names.empty() ? "everything" : clean(join(names, ","))};
               }};
  return print_pages(c, "/webhooks", {},
                     {text_column("ID", "id"), flexible(text_column("NAME", "name")), text_column("TO", "to"),
                      text_column("SHAPE", "shape"), wide(text_column("SWEEP", "sweep")),
                      wide(text_column("PROJECT", "project")), flexible(kinds), count_column("DELIVERED", "delivered"),
                      count_column("GIVEN UP", "given_up"), age_column("LAST TRY", "last_try"),
                      flexible(text_column("LAST ERROR", "last_error"))},
                     "no webhooks; 'sweepd webhooks add' adds one");
}

result<int> test(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("test webhook " + word, "'sweepd webhooks list' shows the webhooks");
  SWEEPD_TRY(const auto hook, resolve_webhook(c, word));
  SWEEPD_TRY(const auto answer, c.server().change("POST", path_of("webhooks", hook) + "/test", json::object{}));
  const auto& told = as_object(answer);
  const bool taken = truth(told, "taken");
  if (print_data(c.io.out, c.how, told)) return taken ? exit_with::success : exit_with::failure;
  if (!taken)
    return c.refuse(errc::unavailable, field(hook, "to") + ": " + field(told, "message"),
                    "look there; real messages are tried again for a day");
  c.io.out << field(hook, "to") << " took it in " << field(told, "took_ms") << " ms\n";
  return exit_with::success;
}

result<int> remove(context& c) {
  const auto& word = c.args.operands.front();
  c.doing("remove webhook " + word, "'sweepd webhooks list' shows the webhooks");
  SWEEPD_TRY(const auto hook, resolve_webhook(c, word));
  const auto text = "webhook " + field(hook, "id") + " (" + field(hook, "name") + ", to " + field(hook, "to") + ")";
  if (c.args.has("dry-run")) {
    c.io.out << "would remove " << text << '\n';
    return exit_with::success;
  }
  SWEEPD_TRY(const bool go, c.confirmed("remove " + text + "?"));
  if (!go) {
    c.note("nothing done");
    return exit_with::failure;
  }
  SWEEPD_TRY([[maybe_unused]] const auto answer,
             c.server().change("DELETE", target(path_of("webhooks", hook), {{"reason", c.args.value("reason")}}),
                               nullptr));
  if (!print_data(c.io.out, c.how, hook)) c.io.out << text << " removed\n";
  return exit_with::success;
}

constexpr std::string_view kind_choices =
    "sweep_created sweep_paused sweep_resumed sweep_finished breaker_opened target_reached run_crashed run_failed "
    "run_revived run_preempted run_finished trial_requeued agent_lost agent_quarantined mass_silence "
    "policy_changed";

}  // namespace

std::vector<command> webhook_commands() {
  return {
      {"webhooks add",
       "Server",
       "NAME URL",
       2,
       2,
       "tell an address what happens",
       "URL - reads the address from standard input: Slack's are secrets. What is sent is signed with the secret "
       "that is printed, once. With --project only that project's events are told.",
       "sweepd webhooks add team - --shape slack --kinds run_crashed,sweep_finished < address\n"
       "sweepd webhooks add pager https://alerts.example.org/sweepd --kinds breaker_opened,mass_silence",
       {{"shape", '\0', "SHAPE", "body to send: generic (the default) or slack", "generic slack"},
        {"kinds", '\0', "KIND,...", "what it is told; without it everything", kind_choices},
        {"sweep", '\0', "SWEEP", "only this sweep's events"}},
       add},
      {"webhooks list", "Server", "", 0, 0, "list webhooks and how they fare", "", "sweepd webhooks list",
       listing_options(), list_webhooks},
      {"webhooks test", "Server", "WEBHOOK", 1, 1, "send a webhook a message without events",
       "Exit code 0 if it was taken.", "sweepd webhooks test 3fk9", {}, test},
      {"webhooks remove", "Server", "WEBHOOK", 1, 1, "tell an address nothing more", "",
       "sweepd webhooks remove 3fk9 --yes", changing_options(), remove},
  };
}

}  // namespace sweepd::cli
