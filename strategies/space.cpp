#include "strategies/space.hpp"

#include "strategies/schema.hpp"

#include <algorithm>
#include <string_view>

namespace sweepd::strategies {
namespace {

namespace bj = boost::json;

result<void> flatten(const bj::object& parameters, const std::string& place,
                     std::vector<std::string>& path, std::vector<leaf>& out) {
  if (path.size() > nesting_depth_max)
    return fail(errc::invalid,
                "is nested deeper than " + std::to_string(nesting_depth_max) + " levels", place);
  if (parameters.empty()) return fail(errc::invalid, "must name at least one parameter", place);
  std::vector<const bj::key_value_pair*> sorted;
  for (const auto& entry : parameters) sorted.push_back(&entry);
  std::ranges::sort(sorted, {}, [](const auto* entry) { return std::string_view(entry->key()); });
  for (const auto* entry : sorted) {
    const auto here = join_path(place, entry->key());
    path.emplace_back(entry->key());
    const auto* group = entry->value().if_object();
    if (group != nullptr && intended_kind(*group) == kind::nested) {
      problem_list problems;
      check_as(kind::nested, *group, here, problems);
      if (!problems.empty())
        return fail(errc::invalid, problems.items().front().text, problems.items().front().path);
      auto done =
          flatten(group->at("parameters").get_object(), join_path(here, "parameters"), path, out);
      if (!done) return done;
    } else {
      SWEEPD_TRY(auto made, parameter::make(entry->value(), here));
      out.push_back({path, std::move(made)});
    }
    path.pop_back();
  }
  return {};
}

}  // namespace

std::string name_of(const leaf& l) {
  std::string out;
  for (const auto& step : l.path) out += (out.empty() ? "" : ".") + step;
  return out;
}

std::string place_of(const leaf& l) {
  std::string out;
  for (const auto& step : l.path) out += (out.empty() ? "parameters." : ".parameters.") + step;
  return out;
}

const bj::value* value_in(const bj::object& config, const leaf& l) {
  const bj::object* at = &config;
  const bj::value* found = nullptr;
  for (std::size_t depth = 0; depth < l.path.size(); ++depth) {
    found = at == nullptr ? nullptr : at->if_contains(l.path[depth]);
    if (depth == 0 && found != nullptr) {
      const auto* wrapped = found->if_object();
      found = wrapped == nullptr ? nullptr : wrapped->if_contains("value");
    }
    if (found == nullptr) return nullptr;
    at = found->if_object();
  }
  return found;
}

result<space> space::make(const bj::object& parameters) {
  space out;
  std::vector<std::string> path;
  auto done = flatten(parameters, "parameters", path, out.leaves_);
  if (!done) return tl::unexpected(std::move(done).error());
  return out;
}

bj::object space::assemble(std::span<const bj::value> values) const {
  bj::object out;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const auto& path = leaves_[i].path;
    bj::object* at = &out;
    for (std::size_t depth = 0; depth < path.size(); ++depth) {
      // The first level wraps what it holds in "value"; deeper ones do not.
      bj::value* slot = &(*at)[path[depth]];
      if (depth == 0) {
        if (!slot->is_object()) slot->emplace_object();
        slot = &slot->get_object()["value"];
      }
      if (depth + 1 == path.size()) {
        *slot = values[i];
      } else {
        if (!slot->is_object()) slot->emplace_object();
        at = &slot->get_object();
      }
    }
  }
  return out;
}

}  // namespace sweepd::strategies
