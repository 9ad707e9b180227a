#include "strategies/custom.hpp"

#include "strategies/nearest.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

/// What is written for a top-level name: the value in {"value": ...}, or all of it.
const bj::value& unwrapped(const bj::value& v) {
  const auto* wrapped = v.if_object();
  if (wrapped == nullptr || wrapped->size() != 1) return v;
  const auto* inner = wrapped->if_contains("value");
  return inner == nullptr ? v : *inner;
}

/// Looks the leaf up in what was given; null when it is not there.
const bj::value* given_for(const leaf& l, const bj::object& given) {
  const auto* at = given.if_contains(l.path.front());
  if (at == nullptr) return nullptr;
  at = &unwrapped(*at);
  for (std::size_t depth = 1; depth < l.path.size(); ++depth) {
    const auto* group = at->if_object();
    at = group == nullptr ? nullptr : group->if_contains(l.path[depth]);
    if (at == nullptr) return nullptr;
  }
  return at;
}

/// Refuses names that lead to no parameter. `path` holds the steps so far.
result<void> check_names(const space& s, const bj::value& at, std::vector<std::string>& path,
                         const std::string& place) {
  const auto begins = [&](const leaf& l) {
    return l.path.size() >= path.size() && std::equal(path.begin(), path.end(), l.path.begin());
  };
  const bool is_leaf = std::ranges::any_of(
      s.leaves(), [&](const leaf& l) { return begins(l) && l.path.size() == path.size(); });
  if (is_leaf) return {};
  const auto* group = at.if_object();
  if (group == nullptr) return fail(errc::invalid, "is a group: write a map of its parameters", place);
  std::set<std::string_view> known;
  for (const auto& l : s.leaves())
    if (begins(l)) known.insert(l.path[path.size()]);
  for (const auto& entry : *group) {
    const std::string name(entry.key());
    const auto here = place + "/" + name;
    if (!known.contains(name)) {
      const std::vector<std::string_view> names(known.begin(), known.end());
      return fail(errc::invalid, "the sweep has no such parameter" + did_you_mean(name, names), here);
    }
    path.push_back(name);
    auto good = check_names(s, path.size() == 1 ? unwrapped(entry.value()) : entry.value(), path, here);
    path.pop_back();
    if (!good) return good;
  }
  return {};
}

}  // namespace

void custom::observe(std::span<const observation>) {}

result<std::vector<suggestion>> custom::suggest(const ask&) {
  return fail(errc::conflict, "method custom takes its configurations from outside; push them");
}

result<bj::object> pushed_config(const space& s, const bj::object& given, std::string_view path) {
  const std::string place(path);
  std::vector<std::string> steps;
  if (auto good = check_names(s, given, steps, place); !good)
    return tl::unexpected(std::move(good).error());
  std::vector<bj::value> values;
  for (const auto& l : s.leaves()) {
    if (const auto* v = given_for(l, given)) {
      values.push_back(*v);
    } else if (l.what.constant()) {
      values.push_back(l.what.choices().front());
    } else {
      std::string where = place;
      for (const auto& step : l.path) where += "/" + step;
      return fail(errc::invalid, "is missing: every parameter needs a value", std::move(where));
    }
  }
  return s.assemble(values);
}

}  // namespace sweepd::strategies
