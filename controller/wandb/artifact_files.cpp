#include "controller/wandb/artifact_files.hpp"

#include "controller/wandb/links.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>
#include <unordered_set>

namespace sweepd::wandb {
namespace {

/// Where an artifact's manifest is; digest "": it is not committed.
struct place {
  std::string project, manifest;
  instant updated;
};

asio::awaitable<result<place>> place_of(call& c) {
  auto look = [id = artifact_id{text_in(c.parent, "_artifact")}](const core::state& s, moment) -> result<place> {
    const auto* a = s.artifacts.find(id);
    if (a == nullptr) return fail(errc::not_found, "there is no such artifact");
    return place{a->project, a->manifest, a->updated};
  };
  co_return co_await view(c.env.svc, std::move(look));
}

bj::object file_row(const link_maker& links, const place& at, const std::string& path, const manifest_entry& one) {
  const auto md5 = one.stored_here() ? hex_of_md5(one.digest).value_or("") : std::string();
  const auto url = one.stored_here() ? links.artifact_file(access::download, at.project, md5) : one.ref;
  bj::object out;
  out["id"] = global_id("ArtifactFile", md5 + "/" + path);
  out["name"] = path;
  out["displayName"] = path;
  out["url"] = url;
  out["directUrl"] = url;
  out["storagePath"] = md5.empty() ? bj::value(nullptr) : bj::value(md5);
  out["uploadHeaders"] = bj::array();
  out["sizeBytes"] = one.size;
  out["mimetype"] = "application/octet-stream";
  out["updatedAt"] = time_value(at.updated);
  out["digest"] = one.digest;
  out["md5"] = md5.empty() ? bj::value(nullptr) : bj::value(one.digest);
  return out;
}

resolved files(call& c) {
  SWEEPD_CO_TRY(const auto at, co_await place_of(c));
  if (at.manifest.empty()) co_return bj::value(empty_connection());
  SWEEPD_CO_TRY(const auto links, co_await links_for(c.env));
  auto load = [&] { return load_manifest(c.env.svc.reader, at.project, at.manifest); };
  SWEEPD_CO_TRY(const auto all, co_await off_strand(c.env.svc, std::move(load)));
  std::vector<std::string> paths;
  if (given(c.arguments, "names")) {
    for (const auto& n : c.arguments.at("names").as_array())
      if (all.entries().contains(std::string(n.as_string()))) paths.emplace_back(n.as_string());
  } else {
    for (const auto& [path, one] : all.entries()) paths.push_back(path);
  }
  co_return bj::value(connection(paths, c.arguments, [&](std::size_t i) {
    return file_row(links, at, paths[i], all.entries().at(paths[i]));
  }));
}

/// The same for those that the client names, with their digests, from a manifest that it has.
resolved files_by_entries(call& c) {
  SWEEPD_CO_TRY(const auto at, co_await place_of(c));
  SWEEPD_CO_TRY(const auto links, co_await links_for(c.env));
  bj::array edges;
  if (given(c.arguments, "entries"))
    for (const auto& e : c.arguments.at("entries").as_array()) {
      manifest_entry one;
      one.digest = text_in(e.as_object(), "digest");
      one.ref = text_in(e.as_object(), "ref");
      if (one.stored_here() && !hex_of_md5(one.digest))
        co_return fail(errc::invalid, "must be the base64 of an MD5", "entries.digest");
      auto row = file_row(links, at, text_in(e.as_object(), "name"), one);
      edges.push_back({{"node", std::move(row)}, {"cursor", nullptr}});
    }
  auto out = empty_connection();
  out["totalCount"] = edges.size();
  out["edges"] = std::move(edges);
  co_return bj::value(std::move(out));
}

resolved current_manifest(call& c) {
  SWEEPD_CO_TRY(const auto at, co_await place_of(c));
  if (at.manifest.empty()) co_return bj::value(nullptr);
  SWEEPD_CO_TRY(const auto links, co_await links_for(c.env));
  const auto url = links.artifact_file(access::download, at.project, at.manifest);
  bj::object file;
  file["id"] = global_id("ArtifactFile", at.manifest);
  file["name"] = "wandb_manifest.json";
  file["displayName"] = "wandb_manifest.json";
  file["url"] = url;
  file["directUrl"] = url;
  co_return bj::value(bj::object{
      {"id", global_id("ArtifactManifest", at.manifest)}, {"type", "FULL"}, {"file", std::move(file)}});
}

constexpr graphql::resolver_row table[] = {
    {"Artifact.files", files},
    {"Artifact.filesByManifestEntries", files_by_entries},
    {"Artifact.currentManifest", current_manifest},
    {"ArtifactCollectionMembership.files", files},
};

}  // namespace

result<manifest> load_manifest(core::reader& from, const std::string& project, const std::string& md5) {
  SWEEPD_TRY(const auto found, from.find_files(core::artifact_files_of(project), {md5}));
  if (!found.front()) return fail(errc::conflict, "the artifact's manifest is not stored: upload it first");
  const auto size = found.front()->size;
  if (size > manifest_bytes_max)
    return fail(errc::too_large, "the artifact's manifest is over " + std::to_string(manifest_bytes_max) + " bytes");
  SWEEPD_TRY(const auto text, from.file(core::artifact_files_of(project), md5, 0, static_cast<std::size_t>(size)));
  return manifest::parse(text);
}

result<manifest> assemble(core::reader& from, const std::string& project, const std::vector<manifest_source>& parts) {
  manifest out;
  for (const auto& part : parts) {
    if (!part.on_top) out = manifest();
    if (!part.base_md5.empty()) {
      SWEEPD_TRY(auto base, load_manifest(from, project, part.base_md5));
      out.overlay(std::move(base));
    }
    SWEEPD_TRY(auto own, load_manifest(from, project, part.md5));
    out.overlay(std::move(own));
  }
  if (parts.empty()) return fail(errc::conflict, "the artifact has no manifest yet");
  return out;
}

result<void> all_stored(core::reader& from, const std::string& project, const manifest& m) {
  std::vector<std::string> paths, names;
  for (const auto& [path, one] : m.entries())
    if (one.stored_here()) {
      paths.push_back(path);
      names.push_back(hex_of_md5(one.digest).value_or(""));
    }
  SWEEPD_TRY(const auto found, from.find_files(core::artifact_files_of(project), names));
  std::size_t missing = 0;
  std::string first;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (found[i] && found[i]->size == m.entries().at(paths[i]).size) continue;
    if (missing++ == 0) first = paths[i];
  }
  if (missing == 0) return {};
  return fail(errc::conflict, std::to_string(missing) + " of " + std::to_string(paths.size()) +
                                  " files of the artifact are not stored, or not whole, the first is '" + first +
                                  "': it stays PENDING until they are");
}

std::span<const graphql::resolver_row> artifact_file_resolvers() { return table; }

}  // namespace sweepd::wandb
