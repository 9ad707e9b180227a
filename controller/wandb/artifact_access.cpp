#include "controller/wandb/artifact_access.hpp"

#include "controller/wandb/artifact_rows.hpp"

#include <map>

namespace sweepd::wandb {
namespace {

constexpr std::size_t names_max = 1'000;

/// The row of the artifact in that collection; null: it is not in it. `project` empty: in any project.
const core::artifact* row_in(const core::artifact_registry& all, const core::artifact& a, std::string_view project,
                             std::string_view collection) {
  const auto fits = [&](const core::artifact& row) {
    return row.collection == collection && (project.empty() || row.project == project);
  };
  if (fits(a)) return &a;
  if (const auto it = all.links.find(a.id); it != all.links.end())
    for (const auto& id : it->second)
      if (fits(*all.find(id))) return all.find(id);
  return nullptr;
}

}  // namespace

result<void> check_artifact_name(std::string_view name, const std::string& where) {
  if (name.empty() || name.find_first_of("/:") != std::string_view::npos)
    return fail(errc::invalid, "must not be empty or contain '/' or ':'", where);
  return http::check_text(name, http::name_bytes_max, where);
}

result<std::vector<std::string>> names_in(const bj::object& in, std::string_view list, std::string_view member) {
  std::vector<std::string> out;
  if (!given(in, list)) return out;
  for (const auto& one : in.at(list).as_array()) {
    auto name = text_in(one.as_object(), member);
    if (auto good = check_artifact_name(name, std::string(list)); !good) return failed(good);
    if (core::version_of_alias(name) && list == "aliases") continue;  // versions are numbered here
    out.push_back(std::move(name));
  }
  if (out.size() > names_max) return fail(errc::too_large, "are more than 1000", std::string(list));
  return out;
}

result<std::vector<core::command>> alias_edits(const core::artifact_registry& all, const core::artifact& a,
                                               const bj::object& in, alias_change how) {
  std::vector<core::command> out;
  if (!given(in, "aliases")) return out;
  SWEEPD_TRY([[maybe_unused]] const auto checked, names_in(in, "aliases", "alias"));
  std::map<artifact_id, std::vector<std::string>> by_row;
  for (const auto& one : in.at("aliases").as_array()) {
    const auto& o = one.as_object();
    const auto collection = text_in(o, "artifactCollectionName");
    const auto entity = text_in(o, "entityName"), project = text_in(o, "projectName");
    const auto path = entity.empty() || project.empty() ? std::string() : entity + "/" + project;
    const auto* row = row_in(all, a, path, collection);
    if (row == nullptr) return fail(errc::not_found, "the artifact is not in the collection '" + collection + "'", "aliases");
    auto& names = by_row[row->id];
    if (auto name = text_in(o, "alias"); !core::version_of_alias(name)) names.push_back(std::move(name));
  }
  if (by_row.empty()) by_row[a.id];  // none are left to it
  for (auto& [id, names] : by_row) {
    core::cmd::edit_artifact edit;
    edit.artifact = id;
    if (how == alias_change::add)
      edit.add_aliases = std::move(names);
    else if (how == alias_change::drop)
      edit.drop_aliases = std::move(names);
    else
      edit.aliases = std::move(names);
    out.emplace_back(std::move(edit));
  }
  return out;
}

result<const core::artifact*> seen_artifact(const core::state& s, const environment& env, const std::string& id) {
  SWEEPD_TRY(const auto name, name_in("Artifact", id));
  const auto* a = s.artifacts.find(artifact_id{name});
  if (a == nullptr || a->state == core::artifact_state::deleted || !a->source.empty() || !env.ctx.who.sees(a->project))
    return fail(errc::not_found, "there is no artifact '" + name + "'");
  return a;
}

asio::awaitable<result<core::artifact>> the_artifact(call& c, std::string id) {
  auto look = [&](const core::state& s, moment) -> result<core::artifact> {
    SWEEPD_TRY(const auto* a, seen_artifact(s, c.env, id));
    return *a;
  };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved answer_with(call& c, artifact_id id) {
  auto look = [id](const core::state& s, moment) { return artifact_row(s.artifacts, *s.artifacts.find(id)); };
  SWEEPD_CO_TRY(auto row, co_await view(c.env.svc, std::move(look)));
  co_return bj::value(bj::object{{"artifact", std::move(row)}});
}

resolved submit_change(call& c, artifact_id id, core::command command) {
  auto told = co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command));
  if (!told) co_return failed(told);
  co_return co_await answer_with(c, id);
}

}  // namespace sweepd::wandb
