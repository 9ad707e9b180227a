#include "controller/wandb/graphql_schema.hpp"

#include "controller/wandb/graphql_grammar.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace sweepd::wandb::graphql {
namespace {

/// GraphQL specification, sections 3.5 and 4.2.
constexpr std::string_view built_in = R"(
scalar String scalar Int scalar Float scalar Boolean scalar ID
type __Schema {
  description: String
  types: [__Type!]!
  queryType: __Type!
  mutationType: __Type
  subscriptionType: __Type
  directives: [__Directive!]!
}
type __Type {
  kind: __TypeKind!
  name: String
  description: String
  specifiedByURL: String
  fields(includeDeprecated: Boolean = false): [__Field!]
  interfaces: [__Type!]
  possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean = false): [__InputValue!]
  ofType: __Type
}
type __Field {
  name: String!
  description: String
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  type: __Type!
  isDeprecated: Boolean!
  deprecationReason: String
}
type __InputValue {
  name: String!
  description: String
  type: __Type!
  defaultValue: String
  isDeprecated: Boolean!
  deprecationReason: String
}
type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
type __Directive {
  name: String!
  description: String
  locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  isRepeatable: Boolean!
}
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION
}
)";

[[noreturn]] void broken(const std::string& what) { throw std::logic_error("GraphQL schema: " + what); }

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

schema::schema(std::span<const std::string_view> files) {
  const auto add = [&](std::string_view text) {
    auto parsed = parse_schema(text);
    if (!parsed) broken(parsed.error().message);
    for (auto& t : *parsed) types_.push_back(std::move(t));
  };
  for (const auto text : files) add(text);
  add(built_in);
  for (const auto& t : types_)
    if (!by_name_.emplace(t.name, &t).second) broken(t.name + " is there twice");
  const auto known = [&](const std::string& name, const std::string& by) {
    if (!by_name_.contains(name)) broken(by + " names '" + name + "', which is not there");
  };
  const auto inputs = [&](const std::vector<input_def>& of, const std::string& by) {
    for (const auto& i : of) {
      known(i.type.base(), by + "." + i.name);
      if (!is_input(i.type)) broken(by + "." + i.name + " is not an input type");
    }
  };
  for (const auto& t : types_) {
    inputs(t.inputs, t.name);
    for (const auto& f : t.fields) {
      known(f.type.base(), t.name + "." + f.name);
      inputs(f.arguments, t.name + "." + f.name);
    }
    for (const auto& i : t.interfaces) known(i, t.name);
    if (t.is == type_def::kind::union_)
      for (const auto& m : t.members) known(m, t.name);
  }
}

const type_def* schema::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

const field_def* schema::field(const type_def& of, std::string_view name) {
  const auto it = std::find_if(of.fields.begin(), of.fields.end(), [&](const auto& f) { return f.name == name; });
  return it == of.fields.end() ? nullptr : &*it;
}

const input_def* schema::input(const std::vector<input_def>& of, std::string_view name) {
  const auto it = std::find_if(of.begin(), of.end(), [&](const auto& i) { return i.name == name; });
  return it == of.end() ? nullptr : &*it;
}

bool schema::is_leaf(const type_def& t) {
  return t.is == type_def::kind::scalar || t.is == type_def::kind::enum_;
}

bool schema::is_composite(const type_def& t) { return !is_leaf(t) && t.is != type_def::kind::input; }

bool schema::is_input(const type_ref& t) const {
  const auto* base = find(t.base());
  return base != nullptr && !is_composite(*base);
}

bool schema::is_a(std::string_view name, const type_def& of) const {
  if (name == of.name) return true;
  const auto* t = find(name);
  if (t == nullptr) return false;
  if (of.is == type_def::kind::interface_)
    return std::find(t->interfaces.begin(), t->interfaces.end(), of.name) != t->interfaces.end();
  if (of.is == type_def::kind::union_)
    return std::find(of.members.begin(), of.members.end(), name) != of.members.end();
  return false;
}

bool schema::overlap(const type_def& a, const type_def& b) const {
  if (&a == &b) return true;
  const auto of_a = possible(a);
  return std::any_of(of_a.begin(), of_a.end(), [&](const type_def* t) { return is_a(t->name, b); });
}

std::vector<const type_def*> schema::possible(const type_def& t) const {
  if (t.is == type_def::kind::object) return {&t};
  std::vector<const type_def*> out;
  for (const auto& each : types_)
    if (each.is == type_def::kind::object && is_a(each.name, t)) out.push_back(&each);
  return out;
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known) {
  constexpr std::size_t length_max = 64;  // of what is compared: it comes from outside
  if (wrong.size() > length_max) return "";
  std::string_view best;
  std::size_t least = wrong.size() / 3 + 1;
  for (const auto k : known) {
    const auto d = distance(wrong, k);
    if (d < least || (d == least && best.empty())) best = k, least = d;
  }
  return best.empty() ? "" : " Did you mean '" + std::string(best) + "'?";
}

}  // namespace sweepd::wandb::graphql
