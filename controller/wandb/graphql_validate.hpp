// Is a document good for the schema, and small enough to execute? Everything is judged before anything
// runs, so a mutation with a mistake in it changes nothing. Pure.
#pragma once

#include "controller/base/result.hpp"
#include "controller/wandb/graphql_schema.hpp"

#include <string>
#include <vector>

namespace sweepd::wandb::graphql {

/// Counted with every fragment written out where it is spread.
struct document_limits {
  std::size_t depth_max = 16;
  std::size_t fields_max = 1'000;
  std::size_t aliases_max = 20;
  std::size_t problems_max = 20;  ///< listed; beyond, one line says that there are more
};

struct problem {
  std::string message;
  place at;
};

/// The operation to execute. Errors: invalid, when `name` names none, or none is named and there are
/// several.
tl::expected<const operation*, problem> choose_operation(const document& d, const std::string& name);

/// All that is wrong with the operation and the fragments that it reaches; empty: it may run.
std::vector<problem> validate(const schema& s, const document& d, const operation& op,
                              const document_limits& limits = {});

}  // namespace sweepd::wandb::graphql
