// Artifacts, written: created, used, described, aliased, deleted. Who may work on runs may log and use
// artifacts; to delete them takes an operator.
#include "controller/wandb/artifact_access.hpp"
#include "controller/wandb/artifact_purge.hpp"
#include "controller/wandb/artifact_rows.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>

namespace sweepd::wandb {
namespace {

constexpr std::size_t text_bytes_max = 64u << 10;
constexpr std::size_t metadata_bytes_max = 2u << 20;

resolved create_type(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto project, c.env.project(text_in(in, "entityName"), text_in(in, "projectName")));
  const auto name = text_in(in, "name");
  if (auto good = check_artifact_name(name, "name"); !good) co_return failed(good);
  // A type is there as soon as something is of it.
  co_return bj::value(bj::object{{"artifactType", artifact_type_row(project, name, c.env.svc.clock.now())}});
}

result<core::artifact> described(const environment& env, const bj::object& in) {
  core::artifact row;
  row.id = artifact_id{service::fresh_id()};
  SWEEPD_TRY(row.project, env.project(text_in(in, "entityName"), text_in(in, "projectName")));
  row.type = text_in(in, "artifactTypeName");
  row.collection = text_in(in, "artifactCollectionName");
  if (row.collection.empty() && given(in, "artifactCollectionNames"))
    for (const auto& name : in.at("artifactCollectionNames").as_array()) row.collection = std::string(name.as_string());
  if (auto good = check_artifact_name(row.type, "artifactTypeName"); !good) return failed(good);
  if (auto good = check_artifact_name(row.collection, "artifactCollectionName"); !good) return failed(good);
  if (text_in(in, "digestAlgorithm") != "MANIFEST_MD5")
    return fail(errc::invalid, "this server knows MANIFEST_MD5 only", "digestAlgorithm");
  row.digest = text_in(in, "digest");
  row.description = text_in(in, "description");
  row.metadata = text_in(in, "metadata");
  if (auto good = http::check_text(row.digest, http::name_bytes_max, "digest"); !good) return failed(good);
  if (auto good = http::check_text(row.description, text_bytes_max, "description", true); !good) return failed(good);
  if (row.metadata.size() > metadata_bytes_max) return fail(errc::too_large, "is longer than 2 MB", "metadata");
  row.client_id = text_in(in, "clientID");
  row.shared_id = text_in(in, "distributedID");
  row.history_step = number_in(in, "historyStep");
  row.ttl_seconds = number_in(in, "ttlDurationSeconds");
  if (row.ttl_seconds && *row.ttl_seconds < 0) row.ttl_seconds.reset();  // "as the collection says"
  SWEEPD_TRY(row.aliases, names_in(in, "aliases", "alias"));
  SWEEPD_TRY(row.tags, names_in(in, "tags", "tagName"));
  return row;
}

/// Remembers with a run that it made or used the artifact. not_found, when there is no such run.
asio::awaitable<result<core::command>> note_with_run(call& c, std::string project, std::string name, std::string key,
                                                     std::string how) {
  auto look = [&](const core::state& s, moment) -> result<run_id> {
    const auto* r = find_run(s, c.env.ctx.who, project, name);
    if (r == nullptr) return fail(errc::not_found, "there is no run '" + name + "' in " + project);
    return r->id;
  };
  core::cmd::describe_run note;
  SWEEPD_CO_TRY(note.run, co_await view(c.env.svc, std::move(look)));
  note.about[key] = how;
  co_return core::command(std::move(note));
}

resolved create(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  core::cmd::create_artifact make;
  SWEEPD_CO_TRY(make.row, described(c.env, in));
  make.reuse = flag_in(in, "enableDigestDeduplication").value_or(false);
  const auto project = make.row.project;
  const auto run = text_in(in, "runName");
  if (!run.empty()) {
    auto look = [&](const core::state& s, moment) -> std::string {
      const auto* r = find_run(s, c.env.ctx.who, project, run);
      return r == nullptr ? std::string() : r->id.value;
    };
    SWEEPD_CO_TRY(make.row.run, co_await view(c.env.svc, std::move(look)));
    if (make.row.run.empty()) co_return fail(errc::not_found, "there is no run '" + run + "' in " + project);
  }
  core::command command = std::move(make);
  SWEEPD_CO_TRY(const auto done, co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command)));
  const artifact_id id{done.id};
  if (!run.empty()) {
    SWEEPD_CO_TRY(auto note, co_await note_with_run(c, project, run, made_key(id), ""));
    auto who = c.env.ctx.caller();
    auto told = co_await c.env.svc.controller.submit(std::move(note), std::move(who));
    if (!told) co_return failed(told);
  }
  co_return co_await answer_with(c, id);
}

resolved use(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto a, co_await the_artifact(c, text_in(in, "artifactID")));
  SWEEPD_CO_TRY(const auto project, c.env.project(text_in(in, "entityName"), text_in(in, "projectName")));
  const auto how = text_in(in, "usedAs");
  if (auto good = http::check_text(how, http::name_bytes_max, "usedAs"); !good) co_return failed(good);
  SWEEPD_CO_TRY(auto note, co_await note_with_run(c, project, text_in(in, "runName"), used_key(a.id), how));
  auto who = c.env.ctx.caller();
  auto told = co_await c.env.svc.controller.submit(std::move(note), std::move(who));
  if (!told) co_return failed(told);
  co_return co_await answer_with(c, a.id);
}

resolved update(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto a, co_await the_artifact(c, text_in(in, "artifactID")));
  core::cmd::edit_artifact edit;
  edit.artifact = a.id;
  if (given(in, "description")) edit.description = text_in(in, "description");
  if (given(in, "metadata")) edit.metadata = text_in(in, "metadata");
  edit.ttl_seconds = number_in(in, "ttlDurationSeconds");
  if (edit.description)
    if (auto good = http::check_text(*edit.description, text_bytes_max, "description", true); !good) co_return failed(good);
  if (edit.metadata && edit.metadata->size() > metadata_bytes_max)
    co_return fail(errc::too_large, "is longer than 2 MB", "metadata");
  SWEEPD_CO_TRY(edit.add_tags, names_in(in, "tagsToAdd", "tagName"));
  SWEEPD_CO_TRY(edit.drop_tags, names_in(in, "tagsToDelete", "tagName"));
  auto look = [&](const core::state& s, moment) { return alias_edits(s.artifacts, a, in, alias_change::replace); };
  SWEEPD_CO_TRY(auto commands, co_await view(c.env.svc, std::move(look)));
  commands.emplace_back(std::move(edit));
  if (auto told = co_await submit_each(c, std::move(commands)); !told) co_return failed(told);
  co_return co_await answer_with(c, a.id);
}

resolved remove(call& c) {
  if (auto may = c.env.need(http::need::operator_); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto a, co_await the_artifact(c, text_in(in, "artifactID")));
  core::cmd::delete_artifact gone;
  gone.artifact = a.id;
  gone.with_aliases = flag_in(in, "deleteAliases").value_or(false);
  core::command command = std::move(gone);
  auto answer = co_await submit_change(c, a.id, std::move(command));
  if (answer) co_await purge_later(c.env.svc, a.project);
  co_return answer;
}

constexpr graphql::resolver_row table[] = {
    {"Mutation.createArtifactType", create_type},
    {"Mutation.createArtifact", create},
    {"Mutation.useArtifact", use},
    {"Mutation.updateArtifact", update},
    {"Mutation.deleteArtifact", remove},
};

}  // namespace

std::span<const graphql::resolver_row> artifact_mutations() { return table; }

}  // namespace sweepd::wandb
