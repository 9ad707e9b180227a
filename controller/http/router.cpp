#include "controller/http/router.hpp"

#include "controller/base/digest.hpp"
#include "controller/http/target.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace sweepd::http {
namespace {

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

/// "{sweep}" -> "sweep", "{path...}" -> "path"
std::string_view name_of(std::string_view segment) {
  segment.remove_prefix(1);
  segment.remove_suffix(1);
  if (segment.ends_with("...")) segment.remove_suffix(3);
  return segment;
}

[[noreturn]] void bad_pattern(const route& r, const char* why) {
  throw std::logic_error("route " + std::string(r.method) + " " + std::string(r.pattern) + ": " +
                         why);
}

/// Which segments are literals, the first one first: the larger, the more specific.
std::vector<bool> literals_of(const std::vector<std::string_view>& segments) {
  std::vector<bool> out;
  for (const auto segment : segments) out.push_back(!is_parameter(segment));
  return out;
}

/// Does a path of at least as many segments as the pattern begin as it says?
bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string>& path) {
  if (path.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (is_parameter(pattern[i]) ? path[i].empty() : path[i] != pattern[i]) return false;
  return true;
}

std::string rest_of(const std::vector<std::string>& path, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < path.size(); ++i) {
    if (i > from) out += '/';
    out += path[i];
  }
  return out;
}

}  // namespace

bool principal::sees(std::string_view project_name) const {
  return project == "*" || project == project_name;
}

bool allows(need what, core::role whose) {
  using core::role;
  switch (what) {
    case need::open:
    case need::viewer: return true;
    case need::agent: return whose != role::viewer;
    case need::operator_: return whose == role::operator_ || whose == role::admin;
    case need::admin: return whose == role::admin;
  }
  return false;
}

const std::string& request_context::operator[](std::string_view name) const {
  static const std::string none;
  const auto found = path.find(name);
  return found == path.end() ? none : found->second;
}

service::caller request_context::caller() const {
  core::actor actor;
  actor.what = who.role == core::role::agent ? core::actor_kind::agent : core::actor_kind::user;
  actor.id = who.key_id;
  service::caller out(std::move(actor));
  out.idempotency_key = req.header("idempotency-key");
  if (out.idempotency_key.empty()) return out;
  std::string text = req.method + '\n' + req.path + '\n';
  for (const auto& [name, value] : req.query) text += name + '=' + value + '\n';
  out.fingerprint = sha256_hex(text + '\n' + req.body);
  return out;
}

router::entry router::compile(const route& r) {
  entry e;
  e.of = &r;
  auto rest = r.pattern;
  if (!rest.starts_with('/')) bad_pattern(r, "a pattern starts with '/'");
  rest.remove_prefix(1);
  while (!rest.empty()) {
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto segment = rest.substr(0, slash);
    if (segment.empty() || e.takes_rest) bad_pattern(r, "an empty segment, or one after {...}");
    if (is_parameter(segment)) {
      if (!segment.ends_with('}') || name_of(segment).empty())
        bad_pattern(r, "a parameter is {name}");
      e.takes_rest = segment.ends_with("...}");
    }
    e.segments.push_back(segment);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  return e;
}

/// The node below `of` for that segment of a pattern; made if there is none.
std::size_t router::child(std::size_t of, std::string_view segment) {
  const bool any = is_parameter(segment);
  if (any && tree_[of].parameter != 0) return tree_[of].parameter;
  if (!any)
    for (const auto& [text, to] : tree_[of].literals)
      if (text == segment) return to;
  const auto made = tree_.size();
  tree_.emplace_back();
  if (any) tree_[of].parameter = made;
  else tree_[of].literals.emplace_back(segment, made);
  return made;
}

void router::add(entry e) {
  const auto number = entries_.size();
  if (e.takes_rest) {
    open_ended_.push_back(number);
  } else {
    std::size_t at = 0;
    for (const auto segment : e.segments) at = child(at, segment);
    tree_[at].ends_here.push_back(number);
  }
  entries_.push_back(std::move(e));
}

router::router(std::vector<std::span<const route>> tables) : tables_(std::move(tables)), tree_(1) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const auto& table : tables_) {
    for (const auto& r : table) {
      if (!seen.emplace(r.method, r.pattern).second) bad_pattern(r, "is in the tables twice");
      add(compile(r));
    }
  }
  std::stable_sort(open_ended_.begin(), open_ended_.end(), [&](std::size_t a, std::size_t b) {
    return literals_of(entries_[a].segments) > literals_of(entries_[b].segments);
  });
}

template <class Look>
bool router::walk(std::size_t at, std::size_t depth, const std::vector<std::string>& path, Look& look) const {
  const auto& here = tree_[at];
  if (depth == path.size()) {
    for (const auto number : here.ends_here)
      if (look(entries_[number])) return true;
    return false;
  }
  for (const auto& [text, to] : here.literals)
    if (text == path[depth] && walk(to, depth + 1, path, look)) return true;
  return here.parameter != 0 && !path[depth].empty() && walk(here.parameter, depth + 1, path, look);
}

template <class Look>
bool router::each_fitting(const std::vector<std::string>& path, Look look) const {
  if (walk(0, 0, path, look)) return true;
  for (const auto number : open_ended_)
    if (fits(entries_[number].segments, path) && look(entries_[number])) return true;
  return false;
}

router::match router::find(std::string_view method, std::string_view path) const {
  const auto segments = split_path(path);
  return segments ? find(method, *segments) : match{};
}

router::match router::find(std::string_view method, const std::vector<std::string>& path) const {
  match out;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const auto take = [&](const entry& e) {
    if (e.of->method != wanted) return false;
    out.found = e.of;
    for (std::size_t i = 0; i < e.segments.size(); ++i) {
      if (!is_parameter(e.segments[i])) continue;
      const bool rest = e.takes_rest && i + 1 == e.segments.size();
      out.path.emplace(name_of(e.segments[i]), rest ? rest_of(path, i) : path[i]);
    }
    return true;
  };
  if (each_fitting(path, take)) return out;
  std::set<std::string_view> allowed;
  each_fitting(path, [&](const entry& e) {
    allowed.insert(e.of->method);
    return false;
  });
  if (allowed.contains("GET")) allowed.insert("HEAD");
  for (const auto m : allowed) out.allow += (out.allow.empty() ? "" : ", ") + std::string(m);
  return out;
}

std::vector<const route*> router::all() const {
  std::vector<const route*> out;
  for (const auto& table : tables_)
    for (const auto& r : table) out.push_back(&r);
  return out;
}

}  // namespace sweepd::http
