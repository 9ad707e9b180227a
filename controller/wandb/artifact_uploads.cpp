// An artifact on its way in: its files and manifests announced, where they are to be put, and the commit, which
// looks whether all of it is there. Until then it is PENDING, and nobody finds it by name.
#include "controller/base/digest.hpp"
#include "controller/http/file_name.hpp"
#include "controller/wandb/artifact_access.hpp"
#include "controller/wandb/artifact_files.hpp"
#include "controller/wandb/artifact_purge.hpp"
#include "controller/wandb/artifact_rows.hpp"
#include "controller/wandb/artifact_storage.hpp"
#include "controller/wandb/links.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/wandb.hpp"

#include <cstdlib>

namespace sweepd::wandb {
namespace {

constexpr std::size_t files_max = 10'000;

/// The manifest's file as its client uploads it.
bj::object manifest_row(const link_maker& links, const core::artifact& a, std::size_t at, const std::string& md5) {
  bj::object file;
  file["id"] = global_id("ArtifactFile", md5.empty() ? a.id.value : md5);
  file["name"] = "wandb_manifest.json";
  file["displayName"] = "wandb_manifest.json";
  if (!md5.empty()) file["uploadUrl"] = links.artifact_file(access::upload, a.project, md5);
  file["uploadHeaders"] = bj::array();
  return {{"id", global_id("ArtifactManifest", a.id.value + "/" + std::to_string(at))}, {"file", std::move(file)}};
}

resolved announce(call& c, core::artifact a, std::optional<std::size_t> at, core::artifact_manifest m,
                  const std::string& digest) {
  if (!digest.empty()) {
    const auto md5 = hex_of_md5(digest);
    if (!md5) co_return fail(errc::invalid, "must be the base64 of an MD5", "digest");
    m.digest = *md5;
  }
  SWEEPD_CO_TRY(const auto links, co_await links_for(c.env));
  core::cmd::put_manifest put;
  put.artifact = a.id;
  put.place = at;
  put.manifest = m;
  core::command command = std::move(put);
  SWEEPD_CO_TRY(const auto done, co_await http::submit<core::answer::done>(c.env.ctx, c.env.svc, std::move(command)));
  bj::object out;
  out["artifactManifest"] = manifest_row(links, a, static_cast<std::size_t>(std::stoul(done.message)), m.digest);
  co_return bj::value(std::move(out));
}

resolved create_manifest(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(auto a, co_await the_artifact(c, text_in(in, "artifactID")));
  core::artifact_manifest m;
  m.type = text_in(in, "type");
  if (const auto base = text_in(in, "baseArtifactID"); m.type == "INCREMENTAL" && !base.empty()) {
    SWEEPD_CO_TRY(m.base, name_in("Artifact", base));
  }
  // Clients create their manifest twice, without a digest and then with it: one and the same. Only patches
  // have each their own.
  std::optional<std::size_t> at;
  if (m.type != "PATCH") at = 0;
  const auto digest = text_in(in, "digest");
  co_return co_await announce(c, std::move(a), at, std::move(m), digest);
}

resolved update_manifest(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto name, name_in("ArtifactManifest", text_in(in, "artifactManifestID")));
  const auto slash = name.find('/');
  const auto id = global_id("Artifact", name.substr(0, slash));
  SWEEPD_CO_TRY(auto a, co_await the_artifact(c, id));
  const auto at = slash == std::string::npos ? a.manifests.size()
                                             : static_cast<std::size_t>(std::strtoul(name.c_str() + slash + 1, nullptr, 10));
  if (at >= a.manifests.size()) co_return fail(errc::not_found, "the artifact has no such manifest");
  auto m = a.manifests[at];
  const auto digest = text_in(in, "digest");
  co_return co_await announce(c, std::move(a), at, std::move(m), digest);
}

/// One file that is asked for: where it goes, or nowhere, because it is there.
struct wanted_file {
  core::artifact of;
  std::string name, md5;
};

asio::awaitable<result<std::vector<wanted_file>>> wanted_files(call& c, const bj::array& specs) {
  auto look = [&](const core::state& s, moment) -> result<std::vector<wanted_file>> {
    std::vector<wanted_file> out;
    for (const auto& spec : specs) {
      const auto& o = spec.as_object();
      SWEEPD_TRY(const auto* a, seen_artifact(s, c.env, text_in(o, "artifactID")));
      if (a->state != core::artifact_state::pending)
        return fail(errc::conflict, "artifact '" + a->id.value + "' is committed: it does not change any more");
      wanted_file one{*a, text_in(o, "name"), hex_of_md5(text_in(o, "md5")).value_or("")};
      if (auto good = http::check_file_name(one.name, "artifactFiles.name"); !good) return failed(good);
      if (one.md5.empty()) return fail(errc::invalid, "must be the base64 of an MD5", "artifactFiles.md5");
      out.push_back(std::move(one));
    }
    return out;
  };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved create_files(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& specs = input_of(c).at("artifactFiles").as_array();
  if (specs.size() > files_max) co_return fail(errc::too_large, "are more than 10000", "artifactFiles");
  SWEEPD_CO_TRY(const auto wanted, co_await wanted_files(c, specs));
  SWEEPD_CO_TRY(const auto links, co_await links_for(c.env));
  auto find = [&]() -> result<std::vector<bool>> {
    std::vector<bool> there;
    for (const auto& one : wanted) {
      SWEEPD_TRY(const auto found, c.env.svc.reader.find_files(core::artifact_files_of(one.of.project), {one.md5}));
      there.push_back(found.front().has_value());
    }
    return there;
  };
  SWEEPD_CO_TRY(const auto there, co_await off_strand(c.env.svc, std::move(find)));
  bj::array edges;
  const core::artifact_registry no_links;  // a pending one has none
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& one = wanted[i];
    bj::object node;
    node["id"] = global_id("ArtifactFile", one.md5 + "/" + one.name);
    node["name"] = one.name;
    node["displayName"] = one.name;
    node["storagePath"] = one.md5;
    node["uploadUrl"] = there[i] ? bj::value(nullptr) : bj::value(links.artifact_file(access::upload, one.of.project, one.md5));
    node["uploadHeaders"] = bj::array();
    node["artifact"] = artifact_row(no_links, one.of);
    edges.push_back({{"node", std::move(node)}, {"cursor", one.name}});
  }
  auto files = empty_connection();
  files["totalCount"] = edges.size();
  files["edges"] = std::move(edges);
  co_return bj::value(bj::object{{"files", std::move(files)}});
}

/// The manifests of a pending artifact with those that they build on.
result<std::vector<manifest_source>> sources_of(const core::state& s, const core::artifact& a) {
  std::vector<manifest_source> out;
  for (const auto& m : a.manifests) {
    if (m.digest.empty()) continue;
    manifest_source one{m.digest, {}, m.type == "PATCH"};
    if (!m.base.empty()) {
      const auto* base = s.artifacts.find(artifact_id{m.base});
      if (base == nullptr || base->project != a.project || base->state != core::artifact_state::committed)
        return fail(errc::not_found, "there is no artifact '" + m.base + "' to build on");
      one.base_md5 = base->manifest;
    }
    out.push_back(std::move(one));
  }
  return out;
}

resolved commit(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  SWEEPD_CO_TRY(const auto a, co_await the_artifact(c, text_in(input_of(c), "artifactID")));
  if (a.state == core::artifact_state::committed) co_return co_await answer_with(c, a.id);
  auto look = [&](const core::state& s, moment) { return sources_of(s, a); };
  SWEEPD_CO_TRY(const auto sources, co_await view(c.env.svc, std::move(look)));
  auto check = [&]() -> result<manifest> {
    SWEEPD_TRY(auto whole, assemble(c.env.svc.reader, a.project, sources));
    if (auto good = all_stored(c.env.svc.reader, a.project, whole); !good) return failed(good);
    return whole;
  };
  SWEEPD_CO_TRY(const auto whole, co_await off_strand(c.env.svc, std::move(check)));
  core::cmd::commit_artifact commit;
  commit.artifact = a.id;
  commit.size = whole.bytes();
  commit.files = whole.entries().size();
  commit.manifest = sources.front().md5;
  if (sources.size() > 1 || !sources.front().base_md5.empty()) {
    const auto text = whole.print();
    commit.manifest = md5_hex(text);
    auto parts = artifact_parts(a.project, commit.manifest, text, c.env.svc.clock.now());
    auto stored = co_await c.env.svc.controller.put_files(std::move(parts));
    if (!stored) co_return failed(stored);
  }
  core::command command = std::move(commit);
  auto answer = co_await submit_change(c, a.id, std::move(command));
  if (answer) co_await purge_later(c.env.svc, a.project);  // what was deleted meanwhile had to wait for this one
  co_return answer;
}

constexpr graphql::resolver_row table[] = {
    {"Mutation.createArtifactManifest", create_manifest},
    {"Mutation.updateArtifactManifest", update_manifest},
    {"Mutation.createArtifactFiles", create_files},
    {"Mutation.commitArtifact", commit},
};

}  // namespace

std::span<const graphql::resolver_row> artifact_uploads() { return table; }

}  // namespace sweepd::wandb
