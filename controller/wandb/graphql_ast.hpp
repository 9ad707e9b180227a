// What a GraphQL document and a schema file say, as plain data. Made by graphql_grammar.cpp, read by
// everything else of the engine; nothing here knows what the fields mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sweepd::wandb::graphql {

/// Where something stands in its text; both from 1.
struct place {
  std::size_t line = 0;
  std::size_t column = 0;
};

/// A literal as written; `variable` holds the name without '$'.
struct literal {
  enum class kind { variable, integer, real, text, boolean, null, name, list, object };
  kind is = kind::null;
  std::string text;                                      ///< of a text: without quotes, unescaped
  std::vector<literal> items;                            ///< of a list
  std::vector<std::pair<std::string, literal>> members;  ///< of an object
  place at;
};

/// `[String!]!`: `of` holds the element type of a list, else `name` is set.
struct type_ref {
  std::string name;
  std::vector<type_ref> of;
  bool required = false;
  [[nodiscard]] bool is_list() const { return !of.empty(); }
  [[nodiscard]] const std::string& base() const { return is_list() ? of.front().base() : name; }
};
std::string to_string(const type_ref& t);

struct argument {
  std::string name;
  literal value;
  place at;
};

struct directive {
  std::string name;
  std::vector<argument> arguments;
  place at;
};

struct selection {
  enum class kind { field, spread, inline_fragment };
  kind is = kind::field;
  std::string alias;  ///< the response key; equals `name` when none was written
  std::string name;   ///< of the field, or of the fragment that is spread
  std::string on;     ///< an inline fragment's type; empty: the enclosing one
  std::vector<argument> arguments;
  std::vector<directive> directives;
  std::vector<selection> selections;
  place at;
};

struct variable {
  std::string name;
  type_ref type;
  std::optional<literal> fallback;
  place at;
};

struct operation {
  std::string kind = "query";  ///< query, mutation, subscription
  std::string name;
  std::vector<variable> variables;
  std::vector<directive> directives;
  std::vector<selection> selections;
  place at;
};

struct fragment {
  std::string name;
  std::string on;
  std::vector<directive> directives;
  std::vector<selection> selections;
  place at;
};

struct document {
  std::vector<operation> operations;
  std::vector<fragment> fragments;
};

/// An argument of a field, or a field of an input type.
struct input_def {
  std::string name;
  std::string description;
  type_ref type;
  std::optional<literal> fallback;
};

struct field_def {
  std::string name;
  std::string description;
  std::vector<input_def> arguments;
  type_ref type;
};

struct type_def {
  enum class kind { scalar, object, interface_, union_, enum_, input };
  kind is = kind::object;
  std::string name;
  std::string description;
  std::vector<field_def> fields;         ///< of objects and interfaces
  std::vector<input_def> inputs;         ///< of input types
  std::vector<std::string> interfaces;   ///< that an object implements
  std::vector<std::string> members;      ///< a union's types, an enum's values
};

}  // namespace sweepd::wandb::graphql
