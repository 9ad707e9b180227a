// Questions asked of a tree that read_yaml() made: where is a path, what is it as JSON, what was
// wrong.
#include "controller/config/yaml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sweepd::config {
namespace {

namespace bj = boost::json;

struct step {
  const yaml_node* node = nullptr;
  place at;
  place key_at;
  std::size_t left = 0;  ///< characters of the path that found nothing
};

place place_of(const yaml_entry& e) {
  return e.value.what == yaml_node::kind::scalar ? e.value.at : e.at;
}

/// Takes "[2]" or "2" (as a whole component) off the front of `path`.
bool take_index(std::string_view& path, std::size_t& index) {
  const bool bracket = path.starts_with('[');
  const auto digits = bracket ? path.substr(1) : path;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (ec != std::errc{}) return false;
  auto rest = digits.substr(static_cast<std::size_t>(end - digits.data()));
  if (bracket) {
    if (!rest.starts_with(']')) return false;
    rest.remove_prefix(1);
  } else if (!rest.empty() && rest.front() != '.' && rest.front() != '[') {
    return false;
  }
  path = rest;
  return true;
}

/// Follows `path` as far as it leads; of several ways (keys with dots) the one that leads furthest.
step walk(const yaml_node& node, place at, place key_at, std::string_view path) {
  if (path.starts_with('.')) path.remove_prefix(1);
  step best{&node, at, key_at, path.size()};
  if (path.empty()) return best;
  if (node.what == yaml_node::kind::list) {
    std::size_t index = 0;
    if (take_index(path, index) && index < node.items.size())
      best = walk(node.items[index], node.items[index].at, node.items[index].at, path);
    return best;
  }
  for (const auto& e : node.entries) {
    if (e.key.empty() || !path.starts_with(e.key)) continue;
    const auto rest = path.substr(e.key.size());
    if (!rest.empty() && rest.front() != '.' && rest.front() != '[') continue;
    const auto found = walk(e.value, place_of(e), e.at, rest);
    if (found.left < best.left) best = found;
  }
  return best;
}

}  // namespace

const yaml_entry* yaml_node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &yaml_entry::key);
  return found == entries.end() ? nullptr : &*found;
}

std::string where(std::string_view source, place at) {
  return std::string(source) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

place locate(const yaml_node& root, std::string_view path) {
  return walk(root, root.at, root.at, path).at;
}

place locate_key(const yaml_node& root, std::string_view path) {
  return walk(root, root.at, root.at, path).key_at;
}

const yaml_node* find_path(const yaml_node& root, std::string_view path) {
  const auto found = walk(root, root.at, root.at, path);
  return found.left == 0 ? found.node : nullptr;
}

bj::value to_json(const yaml_node& node) {
  switch (node.what) {
    case yaml_node::kind::scalar:
      return node.value;
    case yaml_node::kind::list: {
      bj::array out;
      for (const auto& item : node.items) out.push_back(to_json(item));
      return out;
    }
    case yaml_node::kind::map: {
      bj::object out;
      for (const auto& e : node.entries) out[e.key] = to_json(e.value);
      return out;
    }
  }
  return nullptr;
}

bj::value json_safe(bj::value v) {
  if (v.is_double()) {
    const double d = v.get_double();
    if (std::isnan(d)) return "NaN";
    if (std::isinf(d)) return d > 0 ? "Infinity" : "-Infinity";
  } else if (v.is_array()) {
    for (auto& item : v.get_array()) item = json_safe(std::move(item));
  } else if (v.is_object()) {
    for (auto& [key, item] : v.get_object()) item = json_safe(std::move(item));
  }
  return v;
}

void findings::add(place at, std::string_view path, std::string text) {
  add(at, problem{config::where(source_, at),
                  path.empty() ? std::move(text) : std::string(path) + ": " + text});
}

void findings::add(place at, problem p) {
  const std::pair<place, problem> found{at, std::move(p)};
  if (std::ranges::find(found_, found) == found_.end()) found_.push_back(found);
}

std::vector<problem> findings::problems() const {
  auto sorted = found_;
  std::ranges::stable_sort(sorted, {}, &std::pair<place, problem>::first);
  std::vector<problem> out;
  for (auto& [at, p] : sorted) out.push_back(std::move(p));
  return out;
}

error to_error(const std::vector<problem>& problems) {
  if (problems.empty()) return {errc::internal, "no problem to report", {}};
  error e{errc::invalid, problems.front().message, problems.front().where};
  if (problems.size() > 1) e.message += " (and " + std::to_string(problems.size() - 1) + " more)";
  return e;
}

}  // namespace sweepd::config
