#include "controller/wandb/graphql_exec.hpp"

#include "controller/wandb/graphql_grammar.hpp"
#include "controller/wandb/graphql_values.hpp"

#include <algorithm>
#include <stdexcept>

namespace sweepd::wandb::graphql {
namespace {

/// Items of one list that are completed; a resolver pages long before.
constexpr std::size_t list_items_max = 200'000;
constexpr std::size_t wanted_max = 2'000;

using maybe = std::optional<bj::value>;  ///< none: a null that the parent must take over

bj::object problem_row(const std::string& message, std::string_view code, std::optional<place> at,
                       const bj::array* path) {
  bj::object out;
  out["message"] = message;
  if (at) out["locations"] = bj::array{bj::object{{"line", at->line}, {"column", at->column}}};
  if (path != nullptr) out["path"] = *path;
  out["extensions"] = bj::object{{"code", code}};
  return out;
}

engine::answer refused(bj::array errors) {
  engine::answer out;
  out.status = 400;
  out.body["errors"] = std::move(errors);
  return out;
}

/// 5xx and 429 are for faults that heal: clients try those again.
bool heals(errc c) {
  return c == errc::busy || c == errc::unavailable || c == errc::disk_full || c == errc::internal;
}

}  // namespace

bool call::wants(std::string_view name) const {
  return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

/// One run of one operation.
class execution {
 public:
  execution(const engine& e, environment& env, const document& d, bj::object variables)
      : engine_(e), env_(env), doc_(d), variables_(std::move(variables)) {}

  asio::awaitable<maybe> object(const type_def& type, const std::vector<const selection*>& sets,
                                const bj::object& source, bj::array path);
  bj::array errors;
  std::optional<errc> first, healing;

 private:
  struct group {
    std::string key;
    std::vector<const selection*> fields;  ///< the same field, selected several times
  };
  [[nodiscard]] bool included(const std::vector<directive>& all) const;
  void collect(const type_def& type, const std::vector<selection>& from, std::vector<group>& into);
  void wanted_below(const std::vector<selection>& from, const std::string& prefix,
                    std::vector<std::string>& out) const;
  asio::awaitable<maybe> field(const type_def& type, const group& g, const bj::object& source,
                               const bj::array& path);
  asio::awaitable<maybe> complete(const type_ref& type, const group& g, bj::value v, bj::array path);
  asio::awaitable<maybe> complete_value(const type_ref& type, const group& g, bj::value v, bj::array path);
  maybe complete_leaf(const type_def& type, const group& g, bj::value v, const bj::array& path);
  void report(const error& e, const group& g, const bj::array& path);

  const engine& engine_;
  environment& env_;
  const document& doc_;
  bj::object variables_;
};

void execution::report(const error& e, const group& g, const bj::array& path) {
  if (!first) first = e.code;
  const auto text = e.where.empty() || e.code == errc::internal ? e.message : e.where + ": " + e.message;
  errors.push_back(problem_row(text, name(e.code), g.fields.front()->at, &path));
}

bool execution::included(const std::vector<directive>& all) const {
  for (const auto& d : all) {
    const auto& v = d.arguments.front().value;
    bool yes = v.text == "true";
    if (v.is == literal::kind::variable) {
      const auto* given = variables_.if_contains(v.text);
      yes = given != nullptr && given->is_bool() && given->get_bool();
    }
    if (yes == (d.name == "skip")) return false;
  }
  return true;
}

void execution::collect(const type_def& type, const std::vector<selection>& from, std::vector<group>& into) {
  for (const auto& s : from) {
    if (!included(s.directives)) continue;
    if (s.is == selection::kind::field) {
      auto it = std::find_if(into.begin(), into.end(), [&](const auto& g) { return g.key == s.alias; });
      if (it == into.end()) it = into.insert(into.end(), group{s.alias, {}});
      it->fields.push_back(&s);
      continue;
    }
    const auto* below = &s.selections;
    const auto* on = &s.on;
    if (s.is == selection::kind::spread) {
      const auto f = std::find_if(doc_.fragments.begin(), doc_.fragments.end(),
                                  [&](const auto& each) { return each.name == s.name; });
      below = &f->selections;
      on = &f->on;
    }
    if (on->empty() || engine_.schema_.is_a(type.name, *engine_.schema_.find(*on)))
      collect(type, *below, into);
  }
}

void execution::wanted_below(const std::vector<selection>& from, const std::string& prefix,
                             std::vector<std::string>& out) const {
  for (const auto& s : from) {
    if (out.size() >= wanted_max || !included(s.directives)) continue;
    if (s.is == selection::kind::field) {
      out.push_back(prefix + s.name);
      wanted_below(s.selections, prefix + s.name + ".", out);
    } else if (s.is == selection::kind::inline_fragment) {
      wanted_below(s.selections, prefix, out);
    } else {
      const auto f = std::find_if(doc_.fragments.begin(), doc_.fragments.end(),
                                  [&](const auto& each) { return each.name == s.name; });
      wanted_below(f->selections, prefix, out);
    }
  }
}

asio::awaitable<maybe> execution::object(const type_def& type, const std::vector<const selection*>& sets,
                                         const bj::object& source, bj::array path) {
  std::vector<group> groups;
  for (const auto* s : sets) collect(type, s->selections, groups);
  bj::object out;
  for (const auto& g : groups) {
    path.push_back(bj::value(g.key));
    auto value = co_await field(type, g, source, path);
    path.pop_back();
    if (!value) co_return std::nullopt;
    out[g.key] = std::move(*value);
  }
  co_return bj::value(std::move(out));
}

asio::awaitable<maybe> execution::field(const type_def& type, const group& g, const bj::object& source,
                                        const bj::array& path) {
  static const field_def whole_schema{"__schema", "", {}, {"__Schema", {}, true}};
  static const field_def one_type{
      "__type", "", {{"name", "", {"String", {}, true}, std::nullopt}}, {"__Type", {}, false}};
  const auto& f = *g.fields.front();
  if (f.name == "__typename") co_return bj::value(type.name);
  const auto* def = f.name == "__schema" ? &whole_schema
                    : f.name == "__type" ? &one_type
                                         : schema::field(type, f.name);
  const auto clash = std::find_if(g.fields.begin(), g.fields.end(), [&](const selection* s) {
    return s->name != f.name || s->arguments.size() != f.arguments.size() ||
           !std::equal(s->arguments.begin(), s->arguments.end(), f.arguments.begin(), [](const auto& a, const auto& b) {
             return a.name == b.name && to_string(a.value) == to_string(b.value);
           });
  });
  if (clash != g.fields.end()) {
    const error e{errc::invalid, "'" + g.key + "' stands for two different fields; use aliases", {}};
    report(e, g, path);
    co_return def->type.required ? maybe() : maybe(bj::value(nullptr));
  }
  bj::value value;
  const auto found = engine_.resolvers_.find(type.name + "." + f.name);
  if (found != engine_.resolvers_.end()) {
    auto arguments = coerce_arguments(engine_.schema_, def->arguments, f.arguments, variables_);
    if (!arguments) {
      report(arguments.error(), g, path);
      co_return def->type.required ? maybe() : maybe(bj::value(nullptr));
    }
    call c{env_, engine_.schema_, source, std::move(*arguments), {}};
    for (const auto* s : g.fields) wanted_below(s->selections, "", c.wanted);
    auto got = co_await found->second(c);
    if (!got) {
      if (heals(got.error().code) && !healing) healing = got.error().code;
      report(got.error(), g, path);
      co_return def->type.required ? maybe() : maybe(bj::value(nullptr));
    }
    value = std::move(*got);
  } else if (const auto* member = source.if_contains(f.name)) {
    value = *member;
  } else if (type.name == "Mutation") {
    const error e{errc::invalid, "this server does not offer '" + f.name + "'", {}};
    report(e, g, path);
    co_return bj::value(nullptr);
  }
  auto done = co_await complete(def->type, g, std::move(value), path);
  co_return done;
}

/// Completes, and takes over a null from below if the type allows it.
asio::awaitable<maybe> execution::complete(const type_ref& type, const group& g, bj::value v, bj::array path) {
  if (v.is_null()) {
    if (!type.required) co_return bj::value(nullptr);
    const error e{errc::internal, "there is no value for a field that must have one (" + to_string(type) + ")", {}};
    report(e, g, path);
    co_return std::nullopt;
  }
  auto done = co_await complete_value(type, g, std::move(v), std::move(path));
  if (!done && !type.required) co_return bj::value(nullptr);
  co_return done;
}

asio::awaitable<maybe> execution::complete_value(const type_ref& type, const group& g, bj::value v,
                                                 bj::array path) {
  if (type.is_list()) {
    if (!v.is_array() || v.get_array().size() > list_items_max) {
      const error e{errc::internal, "a list was to be given here", {}};
      report(e, g, path);
      co_return std::nullopt;
    }
    bj::array out;
    std::size_t i = 0;
    for (auto& item : v.get_array()) {
      path.push_back(bj::value(i++));
      auto one = co_await complete(type.of.front(), g, std::move(item), path);
      path.pop_back();
      if (!one) co_return std::nullopt;
      out.push_back(std::move(*one));
    }
    co_return bj::value(std::move(out));
  }
  const auto* t = engine_.schema_.find(type.name);
  if (schema::is_leaf(*t)) co_return complete_leaf(*t, g, std::move(v), path);
  if (v.is_object() && t->is != type_def::kind::object) {
    const auto* says = v.get_object().if_contains("__typename");
    const auto* real = says != nullptr && says->is_string() ? engine_.schema_.find(says->get_string()) : nullptr;
    t = real != nullptr && engine_.schema_.is_a(real->name, *t) ? real : nullptr;
  }
  if (t == nullptr || !v.is_object()) {
    const error e{errc::internal, "an object of type " + type.name + " was to be given here", {}};
    report(e, g, path);
    co_return std::nullopt;
  }
  auto done = co_await object(*t, g.fields, v.get_object(), std::move(path));
  co_return done;
}

maybe execution::complete_leaf(const type_def& type, const group& g, bj::value v, const bj::array& path) {
  const std::string_view name = type.name;
  if (name == "JSON") return v;
  const bool number = name == "Int" || name == "Int64" || name == "Duration" || name == "Float";
  if (number ? v.is_number() : name == "Boolean" ? v.is_bool() : v.is_string()) return v;
  if (name == "ID" && (v.is_int64() || v.is_uint64())) return bj::value(json::to_text(v));
  if (name == "JSONString") return bj::value(json::to_text(v));
  report(error{errc::internal, "a value of type " + type.name + " was to be given here", {}}, g, path);
  return std::nullopt;
}

engine::engine(const schema& s, std::vector<std::span<const resolver_row>> tables) : schema_(s) {
  tables.push_back(introspection_resolvers());
  for (const auto& table : tables)
    for (const auto& row : table) {
      const auto dot = row.field.find('.');
      const auto* type = s.find(row.field.substr(0, dot));
      const auto field = row.field.substr(dot + 1);
      const bool meta = field == "__schema" || field == "__type";
      if (type == nullptr || (!meta && schema::field(*type, field) == nullptr))
        throw std::logic_error("a resolver for '" + std::string(row.field) + "', which is not in the schema");
      if (!resolvers_.emplace(row.field, row.run).second)
        throw std::logic_error("two resolvers for '" + std::string(row.field) + "'");
    }
}

asio::awaitable<engine::answer> engine::run(environment& env, request r) const {
  auto doc = parse_document(r.query);
  if (!doc) {
    const auto& w = doc.error().where;
    const auto colon = w.find(':');
    const place at{std::stoul(w), std::stoul(w.substr(colon + 1))};
    co_return refused({problem_row(doc.error().message, "invalid", at, nullptr)});
  }
  const auto op = choose_operation(*doc, r.operation_name);
  if (!op) co_return refused({problem_row(op.error().message, "invalid", op.error().at, nullptr)});
  const auto problems = validate(schema_, *doc, **op);
  if (!problems.empty()) {
    bj::array rows;
    for (const auto& p : problems) rows.push_back(problem_row(p.message, "invalid", p.at, nullptr));
    co_return refused(std::move(rows));
  }
  auto variables = coerce_variables(schema_, **op, r.variables);
  if (!variables) {
    const auto& w = variables.error().where;
    const place at{std::stoul(w), std::stoul(w.substr(w.find(':') + 1))};
    co_return refused({problem_row(variables.error().message, "invalid", at, nullptr)});
  }
  execution x(*this, env, *doc, std::move(*variables));
  selection root;
  root.selections = (*op)->selections;
  const bj::object nothing;
  const std::vector<const selection*> sets{&root};
  bj::array path;
  auto data = co_await x.object(*schema_.find((*op)->kind == "mutation" ? "Mutation" : "Query"), sets, nothing,
                                std::move(path));
  answer out;
  const bool any = data && std::any_of(data->get_object().begin(), data->get_object().end(),
                                       [](const auto& m) { return !m.value().is_null(); });
  if (x.healing)
    out.status = http_status(*x.healing);
  else if (x.first && !any)
    out.status = http_status(*x.first);
  if (!x.errors.empty()) out.body["errors"] = std::move(x.errors);
  out.body["data"] = data ? std::move(*data) : bj::value(nullptr);
  co_return out;
}

}  // namespace sweepd::wandb::graphql
