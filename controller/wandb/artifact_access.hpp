// What the resolvers that change artifacts share: the artifact that an id means, and the answer with its row.
#pragma once

#include "controller/wandb/environment.hpp"

#include <string>
#include <string_view>

namespace sweepd::wandb {

/// Collections, types, aliases: shown, and parts of "name:alias".
result<void> check_artifact_name(std::string_view name, const std::string& where);

/// The artifact with that global id, if the caller may see it and it was not deleted. Errors: not_found.
result<const core::artifact*> seen_artifact(const core::state& s, const environment& env, const std::string& id);
asio::awaitable<result<core::artifact>> the_artifact(call& c, std::string id);

/// {"artifact": its row}
resolved answer_with(call& c, artifact_id id);
/// The same, after a change of it.
resolved submit_change(call& c, artifact_id id, core::command command);

}  // namespace sweepd::wandb
