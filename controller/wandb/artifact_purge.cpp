#include "controller/wandb/artifact_purge.hpp"

#include "controller/wandb/artifact_files.hpp"
#include "controller/wandb/environment.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <set>

namespace sweepd::wandb {
namespace {

/// What the state knows of a project's artifacts.
struct inventory {
  std::vector<core::artifact> deleted;  ///< and not purged
  std::vector<core::artifact> left;     ///< by id
};

inventory inventory_of(const core::state& s, const std::string& project) {
  inventory out;
  for (const auto& [id, a] : s.artifacts.by_id) {
    if (a.project != project || !a.source.empty()) continue;
    if (a.state != core::artifact_state::deleted)
      out.left.push_back(a);
    else if (!a.purged)
      out.deleted.push_back(a);
  }
  const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
  std::sort(out.left.begin(), out.left.end(), by_id);
  std::sort(out.deleted.begin(), out.deleted.end(), by_id);
  return out;
}

/// Every digest that an artifact's manifests name, and theirs. A pending one's manifests may not be stored yet.
result<std::set<std::string>> digests_of(core::reader& from, const core::artifact& a) {
  std::set<std::string> manifests, out;
  if (!a.manifest.empty()) manifests.insert(a.manifest);
  for (const auto& m : a.manifests)
    if (!m.digest.empty()) manifests.insert(m.digest);
  for (const auto& md5 : manifests) {
    out.insert(md5);
    SWEEPD_TRY(const auto stored, from.find_files(core::artifact_files_of(a.project), {md5}));
    if (!stored.front()) continue;
    SWEEPD_TRY(const auto m, load_manifest(from, a.project, md5));
    for (const auto& [path, one] : m.entries())
      if (one.stored_here()) out.insert(hex_of_md5(one.digest).value_or(""));
  }
  return out;
}

/// The commands that purge, each with what only its artifact had. One deleted earlier takes what two of them shared.
result<std::vector<core::cmd::purge_artifact>> purges(core::reader& from, const inventory& all) {
  std::set<std::string> needed;
  std::vector<artifact_id> beside;
  for (const auto& a : all.left) {
    SWEEPD_TRY(auto own, digests_of(from, a));
    needed.merge(own);
    beside.push_back(a.id);
  }
  std::vector<core::cmd::purge_artifact> out;
  for (const auto& a : all.deleted) {
    core::cmd::purge_artifact c;
    c.artifact = a.id;
    c.beside = beside;
    SWEEPD_TRY(const auto own, digests_of(from, a));
    std::vector<std::string> names;
    for (const auto& md5 : own)
      if (needed.insert(md5).second) names.push_back(md5);
    SWEEPD_TRY(const auto stored, from.find_files(core::artifact_files_of(a.project), names));
    for (std::size_t i = 0; i < names.size(); ++i)
      if (stored[i]) {
        c.files.push_back(names[i]);
        c.bytes += stored[i]->size;
      }
    out.push_back(std::move(c));
  }
  return out;
}

asio::awaitable<void> purge_alone(http::services& svc, std::string project) {
  co_await purge_deleted(svc, std::move(project));
}

}  // namespace

asio::awaitable<std::size_t> purge_deleted(http::services& svc, std::string project) {
  std::size_t purged = 0;
  auto look = [&](const core::state& s, moment) { return inventory_of(s, project); };
  const auto all = co_await view(svc, std::move(look));
  if (!all || all->deleted.empty()) co_return purged;
  auto work = [&] { return purges(svc.reader, *all); };
  auto commands = co_await off_strand(svc, std::move(work));
  if (!commands) co_return purged;  // a manifest that cannot be read: nothing is judged, nothing goes
  for (auto& one : *commands) {
    core::command command = std::move(one);
    service::caller who;
    const auto told = co_await svc.controller.submit(std::move(command), std::move(who));
    purged += told ? 1 : 0;
  }
  co_return purged;
}

asio::awaitable<void> purge_later(http::services& svc, std::string project) {
  const auto here = co_await asio::this_coro::executor;
  auto task = purge_alone(svc, std::move(project));
  asio::co_spawn(here, std::move(task), asio::detached);
}

}  // namespace sweepd::wandb
