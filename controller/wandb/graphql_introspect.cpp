// __schema and __type, resolved lazily: a type reference travels as its text in the hidden member
// "ref" ("[String!]!"), and each step down peels one wrapper off (GraphQL specification, section 4).
#include "controller/wandb/graphql_exec.hpp"
#include "controller/wandb/graphql_values.hpp"

namespace sweepd::wandb::graphql {
namespace {

using kind = type_def::kind;

constexpr std::string_view kind_name(kind k) {
  switch (k) {
    case kind::scalar: return "SCALAR";
    case kind::object: return "OBJECT";
    case kind::interface_: return "INTERFACE";
    case kind::union_: return "UNION";
    case kind::enum_: return "ENUM";
    case kind::input: return "INPUT_OBJECT";
  }
  return "";
}

bj::value text_or_null(const std::string& s) { return s.empty() ? bj::value(nullptr) : bj::value(s); }

bj::object type_row(const schema& s, std::string_view ref) {
  bj::object out;
  out["ref"] = ref;
  if (ref.ends_with('!') || ref.starts_with('[')) {
    out["kind"] = ref.ends_with('!') ? "NON_NULL" : "LIST";
    return out;
  }
  const auto& t = *s.find(ref);
  out["kind"] = kind_name(t.is);
  out["name"] = t.name;
  out["description"] = text_or_null(t.description);
  return out;
}

const type_def* type_in(const call& c) {
  return c.types.find(c.parent.at("ref").as_string());
}

bj::object input_row(const schema& s, const input_def& i) {
  bj::object out;
  out["name"] = i.name;
  out["description"] = text_or_null(i.description);
  out["type"] = type_row(s, to_string(i.type));
  out["defaultValue"] = i.fallback ? bj::value(to_string(*i.fallback)) : bj::value(nullptr);
  out["isDeprecated"] = false;
  return out;
}

asio::awaitable<result<bj::value>> whole_schema(call& c) {
  bj::object out;
  bj::array all;
  for (const auto& t : c.types.types()) all.push_back(type_row(c.types, t.name));
  out["types"] = std::move(all);
  out["queryType"] = type_row(c.types, "Query");
  out["mutationType"] = c.types.find("Mutation") != nullptr ? bj::value(type_row(c.types, "Mutation")) : bj::value();
  bj::array directives;
  for (const auto* d : {"include", "skip"}) {
    const input_def condition{"if", "", {"Boolean", {}, true}, std::nullopt};
    directives.push_back({{"name", d},
                          {"locations", {"FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"}},
                          {"args", bj::array{input_row(c.types, condition)}},
                          {"isRepeatable", false}});
  }
  out["directives"] = std::move(directives);
  co_return bj::value(std::move(out));
}

asio::awaitable<result<bj::value>> one_type(call& c) {
  const auto name = c.arguments.at("name").as_string();
  if (c.types.find(name) == nullptr) co_return bj::value(nullptr);
  co_return bj::value(type_row(c.types, name));
}

asio::awaitable<result<bj::value>> type_fields(call& c) {
  const auto* t = type_in(c);
  if (t == nullptr || (t->is != kind::object && t->is != kind::interface_)) co_return bj::value(nullptr);
  bj::array out;
  for (const auto& f : t->fields) {
    bj::array args;
    for (const auto& a : f.arguments) args.push_back(input_row(c.types, a));
    out.push_back({{"name", f.name},
                   {"description", text_or_null(f.description)},
                   {"args", std::move(args)},
                   {"type", type_row(c.types, to_string(f.type))},
                   {"isDeprecated", false}});
  }
  co_return bj::value(std::move(out));
}

asio::awaitable<result<bj::value>> type_interfaces(call& c) {
  const auto* t = type_in(c);
  if (t == nullptr || t->is != kind::object) co_return bj::value(nullptr);
  bj::array out;
  for (const auto& i : t->interfaces) out.push_back(type_row(c.types, i));
  co_return bj::value(std::move(out));
}

asio::awaitable<result<bj::value>> type_possible(call& c) {
  const auto* t = type_in(c);
  if (t == nullptr || (t->is != kind::interface_ && t->is != kind::union_)) co_return bj::value(nullptr);
  bj::array out;
  for (const auto* p : c.types.possible(*t)) out.push_back(type_row(c.types, p->name));
  co_return bj::value(std::move(out));
}

asio::awaitable<result<bj::value>> type_values(call& c) {
  const auto* t = type_in(c);
  if (t == nullptr || t->is != kind::enum_) co_return bj::value(nullptr);
  bj::array out;
  for (const auto& m : t->members) out.push_back({{"name", m}, {"isDeprecated", false}});
  co_return bj::value(std::move(out));
}

asio::awaitable<result<bj::value>> type_inputs(call& c) {
  const auto* t = type_in(c);
  if (t == nullptr || t->is != kind::input) co_return bj::value(nullptr);
  bj::array out;
  for (const auto& i : t->inputs) out.push_back(input_row(c.types, i));
  co_return bj::value(std::move(out));
}

asio::awaitable<result<bj::value>> type_of_type(call& c) {
  std::string_view ref = c.parent.at("ref").as_string();
  if (ref.ends_with('!'))
    ref.remove_suffix(1);
  else if (ref.starts_with('['))
    ref = ref.substr(1, ref.size() - 2);
  else
    co_return bj::value(nullptr);
  co_return bj::value(type_row(c.types, ref));
}

constexpr resolver_row table[] = {
    {"Query.__schema", whole_schema},         {"Query.__type", one_type},
    {"__Type.fields", type_fields},           {"__Type.interfaces", type_interfaces},
    {"__Type.possibleTypes", type_possible},  {"__Type.enumValues", type_values},
    {"__Type.inputFields", type_inputs},      {"__Type.ofType", type_of_type},
};

}  // namespace

std::span<const resolver_row> introspection_resolvers() { return table; }

}  // namespace sweepd::wandb::graphql
