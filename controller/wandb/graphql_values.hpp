// Input coercion: variables and literals -> JSON values of the declared types (GraphQL specification,
// section 3, "Input Coercion", and 6.1.2). A single value where a list is wanted becomes a list of it.
#pragma once

#include "controller/base/json_text.hpp"
#include "controller/wandb/graphql_schema.hpp"

#include <boost/json.hpp>

namespace sweepd::wandb::graphql {

namespace bj = boost::json;

/// The variables of an operation: what was sent, coerced, with defaults; absent ones are left out.
/// Errors: invalid, `where` is "line:column" of the variable.
result<bj::object> coerce_variables(const schema& s, const operation& op, const bj::object& given);

/// The arguments of a field or directive, with defaults; absent ones are left out.
result<bj::object> coerce_arguments(const schema& s, const std::vector<input_def>& declared,
                                    const std::vector<argument>& written, const bj::object& variables);

/// Checks a literal against a type as far as that goes without the variables' values.
result<void> check_literal(const schema& s, const type_ref& t, const literal& v, const std::string& what);

/// "line:column"
std::string to_string(const place& at);
/// As it would be written in a document.
std::string to_string(const literal& v);

}  // namespace sweepd::wandb::graphql
