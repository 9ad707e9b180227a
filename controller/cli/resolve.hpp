// Finds the sweep, run, agent or key a person means: by its id, by a unique beginning of it, or by
// the last part of a path as W&B prints it (entity/project/ID). The server knows whole ids only, so
// beginnings are looked up in its lists.
#pragma once

#include "controller/cli/context.hpp"

#include <string>
#include <vector>

namespace sweepd::cli {

/// The sweep object. Errors: not_found; a usage error that lists the candidates when several match.
result<json::object> resolve_sweep(context& c, const std::string& word);
/// The run object.
result<json::object> resolve_run(context& c, const std::string& word);
result<json::object> resolve_agent(context& c, const std::string& word);
result<json::object> resolve_key(context& c, const std::string& word);
result<json::object> resolve_webhook(context& c, const std::string& word);

/// A sweep or a run: whichever the word names. Both: a usage error.
struct sweep_or_run {
  bool is_run = false;
  json::object item;
};
result<sweep_or_run> resolve_sweep_or_run(context& c, const std::string& word);

/// The whole id of the sweep named by --sweep; "" when the option is not given.
result<std::string> sweep_option(context& c);
/// The same for --agent.
result<std::string> agent_option(context& c);

/// "/sweeps/ID" and the like, encoded.
std::string path_of(std::string_view collection, const json::object& item);

}  // namespace sweepd::cli
