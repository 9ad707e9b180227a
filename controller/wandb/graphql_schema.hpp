// The types that a document may use: every .graphql file embedded in the binary, put together once
// and checked, with the introspection types and the built-in scalars beside them. Immutable
// afterwards; one for the process.
#pragma once

#include "controller/wandb/graphql_ast.hpp"

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sweepd::wandb::graphql {

class schema {
 public:
  /// Throws std::logic_error when the files contradict each other or name a type that is not there: a
  /// mistake in the program.
  explicit schema(std::span<const std::string_view> files);
  schema(const schema&) = delete;
  schema& operator=(const schema&) = delete;

  [[nodiscard]] const type_def* find(std::string_view name) const;
  /// In the order of the files.
  [[nodiscard]] const std::vector<type_def>& types() const { return types_; }

  [[nodiscard]] static const field_def* field(const type_def& of, std::string_view name);
  [[nodiscard]] static const input_def* input(const std::vector<input_def>& of, std::string_view name);
  [[nodiscard]] static bool is_leaf(const type_def& t);      ///< scalar or enum
  [[nodiscard]] static bool is_composite(const type_def& t); ///< object, interface or union
  [[nodiscard]] bool is_input(const type_ref& t) const;
  /// Is an object of type `name` also a `of`? Itself, an interface of it, or a union with it.
  [[nodiscard]] bool is_a(std::string_view name, const type_def& of) const;
  /// Can one object be both? What a fragment on `b` within `a` needs.
  [[nodiscard]] bool overlap(const type_def& a, const type_def& b) const;
  /// The object types that a composite type stands for.
  [[nodiscard]] std::vector<const type_def*> possible(const type_def& t) const;

 private:
  std::vector<type_def> types_;
  std::unordered_map<std::string_view, const type_def*> by_name_;
};

/// " Did you mean 'x'?" of the nearest name within an edit distance of a third; else "".
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known);

}  // namespace sweepd::wandb::graphql
