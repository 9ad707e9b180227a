// Executes a validated operation (GraphQL specification, section 6): fields in order, each by its
// resolver, or else as a member of its parent's JSON object; absent is null.
//
// A resolver is a free function in a table keyed by "Type.field". What it returns is a plain JSON
// value; for an interface or a union the object says its "__typename". Members that the schema does
// not know are carried along for the resolvers of the fields below, and never shown.
#pragma once

#include "controller/base/json_text.hpp"
#include "controller/wandb/graphql_validate.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sweepd::wandb {
struct environment;  ///< what resolvers may use; see environment.hpp
}

namespace sweepd::wandb::graphql {

namespace asio = boost::asio;
namespace bj = boost::json;

/// One field to be resolved. The references hold while the resolver runs.
struct call {
  environment& env;
  const schema& types;
  const bj::object& parent;
  bj::object arguments;
  /// The names selected below this field, to spare work that nobody asked for; nested ones as "a.b".
  std::vector<std::string> wanted;
  [[nodiscard]] bool wants(std::string_view name) const;
};

using resolver = asio::awaitable<result<bj::value>> (*)(call& c);
struct resolver_row {
  std::string_view field;  ///< "Query.viewer"
  resolver run;
};

/// A schema with its resolvers; immutable.
class engine {
 public:
  /// Throws std::logic_error when a row names no field of the schema or is there twice.
  engine(const schema& s, std::vector<std::span<const resolver_row>> tables);

  struct request {
    std::string query;
    std::string operation_name;
    bj::object variables;
  };
  /// What goes on the wire, and the HTTP status it deserves: 200 while some root field has data.
  struct answer {
    int status = 200;
    bj::object body;
  };
  asio::awaitable<answer> run(environment& env, request r) const;

 private:
  friend class execution;
  const schema& schema_;
  std::unordered_map<std::string, resolver> resolvers_;
};

/// Resolvers of __schema, __type and the types below them.
std::span<const resolver_row> introspection_resolvers();

}  // namespace sweepd::wandb::graphql
