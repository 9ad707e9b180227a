// What the resolvers that change artifacts share: the artifact that an id means, and the answer with its row.
#pragma once

#include "controller/wandb/environment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sweepd::wandb {

/// Collections, types, aliases: shown, and parts of "name:alias".
result<void> check_artifact_name(std::string_view name, const std::string& where);

/// A list of objects as the one text in each. Errors: invalid.
result<std::vector<std::string>> names_in(const bj::object& in, std::string_view list, std::string_view member);

/// What becomes of the aliases that an input names, each with the collection in which it is meant: the artifact's
/// own, or one where it is linked. Errors: not_found, for a collection that it is not in.
enum class alias_change { add, drop, replace };
result<std::vector<core::command>> alias_edits(const core::artifact_registry& all, const core::artifact& a,
                                               const bj::object& in, alias_change how);

/// The artifact with that global id, if the caller may see it and it was not deleted. Errors: not_found.
result<const core::artifact*> seen_artifact(const core::state& s, const environment& env, const std::string& id);
asio::awaitable<result<core::artifact>> the_artifact(call& c, std::string id);

/// {"artifact": its row}
resolved answer_with(call& c, artifact_id id);
/// The same, after a change of it.
resolved submit_change(call& c, artifact_id id, core::command command);

}  // namespace sweepd::wandb
