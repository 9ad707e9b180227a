// Artifacts and their collections as GraphQL objects; see rows.hpp. Hidden members: "_artifact", the id,
// and "_collection", the name.
#pragma once

#include "controller/core/types.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace sweepd::wandb {

namespace bj = boost::json;

/// With the aliases that it has wherever it is linked. A link has no row of its own: it is shown as what it links.
bj::object artifact_row(const core::artifact_registry& all, const core::artifact& a);
bj::object collection_row(const std::string& project, const std::string& name, const core::artifact_collection& c);
bj::object artifact_type_row(const std::string& project, const std::string& type, instant created);
/// ArtifactSequence, or where it consists of links ArtifactPortfolio.
const char* kind_of(const core::artifact_collection& c);
/// A version as a member of the collection that its row is of: its own, or one that it is linked in.
bj::object membership_row(const core::artifact_registry& all, const core::artifact& a);

/// Under these names a run's `about` remembers what it logged and used.
inline constexpr std::string_view made_prefix = "made:";
inline constexpr std::string_view used_prefix = "used:";
std::string made_key(const artifact_id& id);
std::string used_key(const artifact_id& id);

}  // namespace sweepd::wandb
