// The rules are those of the GraphQL specification, section 5, that protect the executor or help a
// person: what is merely untidy (an unused fragment or variable) is let through.
#include "controller/wandb/graphql_validate.hpp"

#include "controller/wandb/graphql_values.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sweepd::wandb::graphql {
namespace {

/// How much a selection set comes to. Saturates well above every limit.
struct weight {
  std::size_t depth = 0, fields = 0, aliases = 0;
};
constexpr std::size_t weight_max = 1'000'000;
std::size_t capped(std::size_t n) { return std::min(n, weight_max); }

class checker {
 public:
  checker(const schema& s, const document& d, const operation& op, const document_limits& limits)
      : s_(s), d_(d), op_(op), limits_(limits) {
    for (const auto& f : d.fragments)
      if (!fragments_.emplace(f.name, &f).second) say("there are two fragments '" + f.name + "'", f.at);
  }

  std::vector<problem> run() {
    check_variables();
    const auto* root = s_.find(op_.kind == "mutation" ? "Mutation" : "Query");
    if (op_.kind == "subscription") {
      say("subscriptions are not served", op_.at);
    } else {
      check_directives(op_.directives);
      const auto w = check(op_.selections, *root);
      limit("is nested", w.depth, limits_.depth_max, " levels deep");
      limit("selects", w.fields, limits_.fields_max, " fields");
      limit("uses", w.aliases, limits_.aliases_max, " aliases");
    }
    return std::move(problems_);
  }

 private:
  void say(std::string message, place at) {
    if (problems_.size() < limits_.problems_max)
      problems_.push_back({std::move(message), at});
    else if (problems_.size() == limits_.problems_max)
      problems_.push_back({"there are more problems; the first " + std::to_string(limits_.problems_max) +
                               " are listed",
                           at});
  }
  void limit(const char* verb, std::size_t n, std::size_t most, const char* unit) {
    if (n > most)
      say("the operation " + std::string(verb) + " more than " + std::to_string(most) + unit, op_.at);
  }

  void check_variables() {
    for (const auto& v : op_.variables) {
      const auto* t = s_.find(v.type.base());
      if (t == nullptr) {
        std::vector<std::string_view> known;
        for (const auto& each : s_.types()) known.push_back(each.name);
        say("variable '$" + v.name + "' is of the unknown type '" + v.type.base() + "'." +
                did_you_mean(v.type.base(), known),
            v.at);
        continue;
      }
      if (!s_.is_input(v.type)) {
        say("variable '$" + v.name + "' cannot be of the output type '" + v.type.base() + "'", v.at);
        continue;
      }
      if (!variables_.emplace(v.name, &v).second) say("variable '$" + v.name + "' is declared twice", v.at);
      if (v.fallback)
        if (auto good = check_literal(s_, v.type, *v.fallback, "variable '$" + v.name + "'"); !good)
          say(good.error().message, v.at);
    }
  }

  void check_variables_in(const literal& v, const type_ref& t, bool has_default) {
    if (v.is == literal::kind::variable) {
      const auto it = variables_.find(v.text);
      if (it == variables_.end()) {
        if (std::none_of(op_.variables.begin(), op_.variables.end(), [&](const auto& d) { return d.name == v.text; }))
          say("variable '$" + v.text + "' is not declared", v.at);
        return;
      }
      if (!fits(it->second->type, t, it->second->fallback.has_value() || has_default))
        say("variable '$" + v.text + "' is of type " + to_string(it->second->type) + ", " + to_string(t) +
                " is wanted here",
            v.at);
    }
    if (t.is_list()) {
      for (const auto& i : v.items) check_variables_in(i, t.of.front(), false);
      if (v.is != literal::kind::list && !v.members.empty()) check_variables_in(v, t.of.front(), false);
      return;
    }
    const auto* base = s_.find(t.name);
    for (const auto& [key, item] : v.members)
      if (const auto* field = schema::input(base->inputs, key))
        check_variables_in(item, field->type, field->fallback.has_value());
  }

  /// May a variable of type `from` stand where `to` is wanted? (5.8.5, and a single value for a list.)
  bool fits(const type_ref& from, const type_ref& to, bool has_default) const {
    if (to.required && !from.required && !has_default) return false;
    if (to.is_list()) return fits(from.is_list() ? from.of.front() : from, to.of.front(), !from.is_list());
    if (from.is_list()) return false;
    return from.name == to.name || texts_alike(from.name, to.name);
  }
  /// Client versions declare the same variable as String, ID, JSONString or JSON.
  static bool texts_alike(const std::string& a, const std::string& b) {
    static const std::set<std::string_view> texts{"String", "ID", "JSONString", "JSON", "DateTime"};
    static const std::set<std::string_view> numbers{"Int", "Int64", "Duration"};
    return (texts.contains(a) && texts.contains(b)) || (numbers.contains(a) && numbers.contains(b)) ||
           (b == "Float" && a == "Int");
  }

  void check_arguments(const std::vector<argument>& written, const std::vector<input_def>& declared,
                       const std::string& of, place at) {
    std::set<std::string_view> seen;
    for (const auto& a : written) {
      const auto* d = schema::input(declared, a.name);
      if (d == nullptr) {
        std::vector<std::string_view> known;
        for (const auto& each : declared) known.push_back(each.name);
        say(of + " has no argument '" + a.name + "'." + did_you_mean(a.name, known), a.at);
        continue;
      }
      if (!seen.insert(a.name).second) say("argument '" + a.name + "' of " + of + " is given twice", a.at);
      if (auto good = check_literal(s_, d->type, a.value, "argument '" + a.name + "' of " + of); !good)
        say(good.error().message, a.at);
      check_variables_in(a.value, d->type, d->fallback.has_value());
    }
    for (const auto& d : declared)
      if (d.type.required && !d.fallback && !seen.contains(d.name))
        say("argument '" + d.name + "' of " + of + " is required (" + to_string(d.type) + ")", at);
  }

  void check_directives(const std::vector<directive>& all) {
    static const std::vector<input_def> condition{{"if", "", {"Boolean", {}, true}, std::nullopt}};
    for (const auto& d : all) {
      if (d.name != "skip" && d.name != "include") {
        say("there is no directive '@" + d.name + "'." + did_you_mean(d.name, {"skip", "include"}), d.at);
        continue;
      }
      check_arguments(d.arguments, condition, "'@" + d.name + "'", d.at);
    }
  }

  const field_def* known_field(const selection& f, const type_def& on) {
    static const field_def type_name{"__typename", "", {}, {"String", {}, true}};
    static const field_def whole_schema{"__schema", "", {}, {"__Schema", {}, true}};
    static const field_def one_type{
        "__type", "", {{"name", "", {"String", {}, true}, std::nullopt}}, {"__Type", {}, false}};
    if (f.name == "__typename") return &type_name;
    if (on.name == "Query" && f.name == "__schema") return &whole_schema;
    if (on.name == "Query" && f.name == "__type") return &one_type;
    if (const auto* found = schema::field(on, f.name)) return found;
    std::vector<std::string_view> known;
    for (const auto& each : on.fields) known.push_back(each.name);
    say("type '" + on.name + "' has no field '" + f.name + "'." + did_you_mean(f.name, known), f.at);
    return nullptr;
  }

  weight check_field(const selection& f, const type_def& on) {
    weight out{1, 1, f.alias != f.name ? std::size_t{1} : 0};
    const auto* field = known_field(f, on);
    if (field == nullptr) return out;
    const auto name = "'" + on.name + "." + f.name + "'";
    check_arguments(f.arguments, field->arguments, name, f.at);
    const auto& type = *s_.find(field->type.base());
    if (schema::is_leaf(type)) {
      if (!f.selections.empty()) say(name + " is of type " + type.name + " and has no fields to select", f.at);
      return out;
    }
    if (f.selections.empty()) say(name + " is of type " + type.name + ": say which of its fields", f.at);
    const auto within = check(f.selections, type);
    out.depth += within.depth;
    out.fields += within.fields;
    out.aliases += within.aliases;
    return out;
  }

  const type_def* condition(const std::string& on, const type_def& within, place at) {
    if (on.empty()) return &within;
    const auto* t = s_.find(on);
    if (t == nullptr || !schema::is_composite(*t)) {
      std::vector<std::string_view> known;
      for (const auto& each : s_.types())
        if (schema::is_composite(each)) known.push_back(each.name);
      say("a fragment is on the unknown type '" + on + "'." + did_you_mean(on, known), at);
      return nullptr;
    }
    if (!s_.overlap(within, *t))
      say("a fragment on '" + on + "' can never apply within '" + within.name + "'", at);
    return t;
  }

  weight check_spread(const selection& f, const type_def& within) {
    const auto it = fragments_.find(f.name);
    if (it == fragments_.end()) {
      std::vector<std::string_view> known;
      for (const auto& [name, fragment] : fragments_) known.push_back(name);
      say("there is no fragment '" + f.name + "'." + did_you_mean(f.name, known), f.at);
      return {};
    }
    const auto* on = condition(it->second->on, within, f.at);
    if (on == nullptr) return {};
    if (const auto known = weights_.find(f.name); known != weights_.end()) return known->second;
    if (!open_.insert(f.name).second) {
      say("fragment '" + f.name + "' contains itself", f.at);
      return {};
    }
    check_directives(it->second->directives);
    const auto w = check(it->second->selections, *on);
    open_.erase(f.name);
    return weights_[f.name] = w;
  }

  weight check(const std::vector<selection>& all, const type_def& on) {
    weight out;
    for (const auto& sel : all) {
      check_directives(sel.directives);
      weight w;
      if (sel.is == selection::kind::field) {
        w = check_field(sel, on);
      } else if (sel.is == selection::kind::spread) {
        w = check_spread(sel, on);
      } else if (const auto* type = condition(sel.on, on, sel.at)) {
        w = check(sel.selections, *type);
      }
      out.depth = capped(std::max(out.depth, w.depth));
      out.fields = capped(out.fields + w.fields);
      out.aliases = capped(out.aliases + w.aliases);
    }
    return out;
  }

  const schema& s_;
  const document& d_;
  const operation& op_;
  const document_limits& limits_;
  std::map<std::string_view, const fragment*> fragments_;
  std::map<std::string_view, const variable*> variables_;
  std::map<std::string_view, weight> weights_;
  std::set<std::string_view> open_;
  std::vector<problem> problems_;
};

}  // namespace

tl::expected<const operation*, problem> choose_operation(const document& d, const std::string& name) {
  const operation* found = nullptr;
  std::vector<std::string_view> known;
  for (const auto& op : d.operations) {
    known.push_back(op.name);
    if (name.empty() || op.name == name) {
      if (found != nullptr)
        return tl::unexpected<problem>({name.empty() ? "there are several operations: say which one in operationName"
                                                     : "there are two operations '" + name + "'",
                                        op.at});
      found = &op;
    }
  }
  if (found == nullptr)
    return tl::unexpected<problem>(
        {name.empty() ? std::string("the document holds no operation")
                      : "there is no operation '" + name + "'." + did_you_mean(name, known),
         {1, 1}});
  return found;
}

std::vector<problem> validate(const schema& s, const document& d, const operation& op,
                              const document_limits& limits) {
  return checker(s, d, op, limits).run();
}

}  // namespace sweepd::wandb::graphql
