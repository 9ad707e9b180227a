// Text -> AST, for documents that clients send and for the schema files in the binary. The PEGTL
// grammar is in the .cpp and nowhere else (it compiles slowly). Pure.
#pragma once

#include "controller/base/result.hpp"
#include "controller/wandb/graphql_ast.hpp"

#include <string_view>
#include <vector>

namespace sweepd::wandb::graphql {

/// Braces, brackets and parentheses within each other; deeper is refused before it is understood.
inline constexpr std::size_t syntax_depth_max = 64;

/// Errors: invalid, "syntax error at line:column: ...", `where` is "line:column".
result<document> parse_document(std::string_view text);

/// A schema file. Not for text from outside.
result<std::vector<type_def>> parse_schema(std::string_view text);

}  // namespace sweepd::wandb::graphql
