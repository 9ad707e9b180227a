#include "controller/http/router.hpp"

#include "controller/base/digest.hpp"
#include "controller/http/target.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace sweepd::http {
namespace {

constexpr std::size_t segments_max = 63;  ///< one bit each in entry::literals

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
  if (e.segments.size() > segments_max) bad_pattern(r, "too many segments");
  for (std::size_t i = 0; i < e.segments.size(); ++i)
    if (!is_parameter(e.segments[i])) e.literals |= std::uint64_t{1} << (segments_max - i);
  return e;
}

bool router::fits(const entry& e, const std::vector<std::string>& path) {
  if (path.size() < e.segments.size()) return false;
  for (std::size_t i = 0; i < e.segments.size(); ++i) {
    if (is_parameter(e.segments[i]) ? path[i].empty() : path[i] != e.segments[i]) return false;
  }
  return true;
}

router::router(std::vector<std::span<const route>> tables) : tables_(std::move(tables)) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const auto& table : tables_) {
    for (const auto& r : table) {
      if (!seen.emplace(r.method, r.pattern).second) bad_pattern(r, "is in the tables twice");
      auto e = compile(r);
      if (e.takes_rest) {
        open_ended_.push_back(std::move(e));
        continue;
      }
      if (by_length_.size() <= e.segments.size()) by_length_.resize(e.segments.size() + 1);
      by_length_[e.segments.size()].push_back(std::move(e));
    }
  }
}

template <class Look>
void router::each_fitting(const std::vector<std::string>& path, Look look) const {
  if (path.size() < by_length_.size())
    for (const auto& e : by_length_[path.size()])
      if (fits(e, path)) look(e);
  for (const auto& e : open_ended_)
    if (fits(e, path)) look(e);
}

router::match router::find(std::string_view method, std::string_view path) const {
  const auto segments = split_path(path);
  return segments ? find(method, *segments) : match{};
}

router::match router::find(std::string_view method, const std::vector<std::string>& path) const {
  match out;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const entry* best = nullptr;
  each_fitting(path, [&](const entry& e) {
    if (e.of->method != wanted) return;
    if (best == nullptr || (!e.takes_rest && best->takes_rest) ||
        (e.takes_rest == best->takes_rest && e.literals > best->literals))
      best = &e;
  });
  if (best == nullptr) {
    std::set<std::string_view> allowed;
    each_fitting(path, [&](const entry& e) { allowed.insert(e.of->method); });
    if (allowed.contains("GET")) allowed.insert("HEAD");
    for (const auto m : allowed) out.allow += (out.allow.empty() ? "" : ", ") + std::string(m);
    return out;
  }
  out.found = best->of;
  for (std::size_t i = 0; i < best->segments.size(); ++i) {
    if (!is_parameter(best->segments[i])) continue;
    const bool rest = best->takes_rest && i + 1 == best->segments.size();
    out.path.emplace(name_of(best->segments[i]), rest ? rest_of(path, i) : path[i]);
  }
  return out;
}

std::vector<const route*> router::all() const {
  std::vector<const route*> out;
  for (const auto& table : tables_)
    for (const auto& r : table) out.push_back(&r);
  return out;
}

}  // namespace sweepd::http
