#include "controller/wandb/environment.hpp"

#include "controller/base/base64.hpp"
#include "controller/base/digest.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

constexpr char foreign = '@';  ///< W&B refuses it nowhere, but no client makes it up

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

result<void> check_name(std::string_view name, const char* what) {
  const bool good = !name.empty() && name.size() <= http::name_bytes_max && name != "." && name != ".." &&
                    std::all_of(name.begin(), name.end(), name_char);
  if (good) return {};
  return fail(errc::invalid, std::string(what) + " names are letters, digits, '_', '-' and '.', 128 at most");
}

}  // namespace

result<void> environment::need(http::need what) const {
  if (http::allows(what, ctx.who.role)) return {};
  return fail(errc::forbidden, "the key's role does not allow this");
}

std::string environment::default_entity() const {
  return ctx.who.project == "*" ? "local" : split_project(ctx.who.project).first;
}

result<std::string> environment::project(const std::string& entity, const std::string& project) const {
  const auto e = entity.empty() ? default_entity() : entity;
  auto p = project;
  if (p.empty()) p = ctx.who.project == "*" ? std::string(no_project) : split_project(ctx.who.project).second;
  if (auto good = check_name(e, "entity"); !good) return failed(good);
  if (auto good = check_name(p, "project"); !good) return failed(good);
  auto path = e + "/" + p;
  if (!ctx.who.sees(path)) return fail(errc::not_found, "there is no project '" + path + "'");
  return path;
}

std::string global_id(std::string_view kind, std::string_view name, std::string_view project_path) {
  const auto [entity, project] = split_project(project_path);
  auto text = std::string(kind) + ":v1:" + std::string(name);
  if (!project.empty()) text += ":" + project + ":" + entity;
  return base64(text);
}

std::optional<std::pair<std::string, std::string>> parts_of_id(std::string_view id) {
  const auto text = unbase64(id);
  if (!text) return std::nullopt;
  const auto mark = text->find(":v1:");
  if (mark == std::string::npos) return std::nullopt;
  const auto rest = text->substr(mark + 4);
  return std::pair{text->substr(0, mark), rest.substr(0, rest.find(':'))};
}

result<std::string> name_in(std::string_view kind, std::string_view id) {
  const auto parts = parts_of_id(id);
  if (!parts || parts->first != kind)
    return fail(errc::invalid, "'" + std::string(id.substr(0, 64)) + "' is not the id of a " + std::string(kind));
  return parts->second;
}

std::string text_in(const bj::object& o, std::string_view key) {
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}

std::optional<bool> flag_in(const bj::object& o, std::string_view key) {
  const auto* v = o.if_contains(key);
  if (v == nullptr || !v->is_bool()) return std::nullopt;
  return v->get_bool();
}

std::optional<std::int64_t> number_in(const bj::object& o, std::string_view key) {
  const auto* v = o.if_contains(key);
  if (v == nullptr || !v->is_int64()) return std::nullopt;
  return v->get_int64();
}

bool given(const bj::object& o, std::string_view key) {
  const auto* v = o.if_contains(key);
  return v != nullptr && !v->is_null();
}

const bj::object& input_of(const call& c) { return c.arguments.at("input").as_object(); }

std::pair<std::string, std::string> split_project(std::string_view path) {
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {std::string(path), {}};
  return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

run_id id_of_run(const core::state& s, std::string_view project, std::string_view name) {
  run_id plain{std::string(name)};
  const auto* taken = core::find(s, plain);
  if (taken == nullptr || core::find(s, taken->sweep)->project == project) return plain;
  return run_id{plain.value + foreign + sha256_hex(std::string(project)).substr(0, 12)};
}

std::string name_of_run(const run_id& id) { return id.value.substr(0, id.value.find(foreign)); }

const core::run* find_run(const core::state& s, const http::principal& who, std::string_view project,
                          std::string_view name) {
  if (!who.sees(project)) return nullptr;
  const auto* r = core::find(s, id_of_run(s, project, name));
  if (r == nullptr || r->deleted || core::find(s, r->sweep)->project != project) return nullptr;
  return r;
}

const core::sweep* find_sweep(const core::state& s, const http::principal& who, std::string_view project,
                              std::string_view name) {
  const auto* sw = core::find(s, sweep_id{std::string(name)});
  if (sw == nullptr || sw->project != project || !who.sees(project) || core::is_home(*sw)) return nullptr;
  return sw;
}

asio::awaitable<result<void>> submit_each(call& c, std::vector<core::command> commands) {
  for (auto& command : commands) {
    auto who = c.env.ctx.caller();
    auto told = co_await c.env.svc.controller.submit(std::move(command), std::move(who));
    if (!told) co_return failed(told);
  }
  co_return result<void>{};
}

bj::value time_value(const std::optional<instant>& t) {
  if (!t || *t == instant{}) return nullptr;
  const auto day = std::chrono::floor<std::chrono::days>(*t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(*t - day));
  char out[32];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return bj::value(out);
}

run_id run_of(const call& c) { return run_id{text_in(c.parent, "_run")}; }
sweep_id sweep_of(const call& c) { return sweep_id{text_in(c.parent, "_sweep")}; }
std::string project_of(const call& c) { return text_in(c.parent, "_project"); }

}  // namespace sweepd::wandb
