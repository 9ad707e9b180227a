// Artifacts: versions, aliases, what stands for what.
#include "tests/support/world.hpp"

#include <algorithm>

using namespace sweepd;
using namespace sweepd::core;

namespace {

cmd::create_artifact logged(world& w, const std::string& digest, std::vector<std::string> aliases = {}) {
  cmd::create_artifact c;
  c.row.id = artifact_id{w.id("art")};
  c.row.project = "local/p";
  c.row.collection = "data";
  c.row.type = "dataset";
  c.row.digest = digest;
  c.row.aliases = std::move(aliases);
  return c;
}

artifact_id commit(world& w, const std::string& digest, std::vector<std::string> aliases = {}) {
  const artifact_id id{w.ask(logged(w, digest, std::move(aliases))).id};
  w.ask(cmd::commit_artifact{id, "00", 3, 1});
  return id;
}

const artifact& named(world& w, const std::string& name) {
  const auto* a = w.s.artifacts.named("local/p", name);
  REQUIRE(a != nullptr);
  return *a;
}

}  // namespace

TEST_CASE("artifact: nobody finds it by name before it is committed; then it is v0 and latest") {
  world w;
  const artifact_id id{w.ask(logged(w, "d0", {"best"})).id};
  CHECK(w.s.artifacts.named("local/p", "data:latest") == nullptr);
  CHECK(w.s.artifacts.named("local/p", "data:best") == nullptr);
  CHECK(w.s.artifacts.find(id)->state == artifact_state::pending);
  CHECK_FALSE(w.s.artifacts.find(id)->version.has_value());
  w.ask(cmd::commit_artifact{id, "00", 3, 1});
  for (const auto* name : {"data", "data:latest", "data:v0", "data:best"}) CHECK(named(w, name).id == id);
  CHECK_FALSE(w.ask(cmd::commit_artifact{id, "00", 3, 1}).changed);
}

TEST_CASE("artifact: the next version takes the aliases that it names, and latest") {
  world w;
  const auto first = commit(w, "d0", {"best", "old"});
  const auto second = commit(w, "d1", {"best"});
  CHECK(named(w, "data:latest").id == second);
  CHECK(named(w, "data:best").id == second);
  CHECK(named(w, "data:v1").id == second);
  CHECK(named(w, "data:old").id == first);
  CHECK(named(w, "data:v0").aliases == std::vector<std::string>{"old"});
}

TEST_CASE("artifact: one with the same digest stands for a new one, and gets its aliases") {
  world w;
  const auto first = commit(w, "d0");
  commit(w, "d1");
  CHECK(w.ask(logged(w, "d0", {"again"})).id == first.value);
  CHECK(named(w, "data:again").id == first);
  CHECK(w.s.artifacts.collection("local/p", "data")->versions.size() == 2);
  auto anew = logged(w, "d0");
  anew.reuse = false;
  CHECK(w.ask(anew).id != first.value);
}

TEST_CASE("artifact: asked for again under the client's own id it is the same, pending or not") {
  world w;
  auto c = logged(w, "d0");
  c.row.client_id = "mine";
  const auto id = w.ask(c).id;
  c.row.id = artifact_id{w.id("art")};
  CHECK(w.ask(c).id == id);
  w.ask(cmd::commit_artifact{artifact_id{id}, "00", 3, 1});
  c.row.id = artifact_id{w.id("art")};
  CHECK(w.ask(c).id == id);
}

TEST_CASE("artifact: a committed one takes no manifest, and a name is of one type") {
  world w;
  const auto id = commit(w, "d0");
  CHECK(w.tell(cmd::put_manifest{id, 0, {}}).error().code == errc::conflict);
  auto c = logged(w, "d9");
  c.row.type = "model";
  CHECK(w.tell(c).error().code == errc::conflict);
}

TEST_CASE("artifact: writers of one artifact announce their manifests side by side") {
  world w;
  auto c = logged(w, "d0");
  c.row.shared_id = "together";
  const artifact_id id{w.ask(c).id};
  c.row.id = artifact_id{w.id("art")};
  CHECK(w.ask(c).id == id.value);
  CHECK(w.ask(cmd::put_manifest{id, std::nullopt, {"PATCH", "", ""}}).message == "0");
  CHECK(w.ask(cmd::put_manifest{id, std::nullopt, {"PATCH", "", ""}}).message == "1");
  w.ask(cmd::put_manifest{id, 0, {"PATCH", "aa", ""}});
  CHECK(w.s.artifacts.find(id)->manifests[0].digest == "aa");
  CHECK(w.tell(cmd::put_manifest{id, 7, {}}).error().code == errc::not_found);
}

TEST_CASE("artifact: edits move aliases and keep the rest; a deleted version's number is not given again") {
  world w;
  const auto first = commit(w, "d0", {"best"});
  const auto second = commit(w, "d1");
  cmd::edit_artifact e;
  e.artifact = first;
  e.description = "the first";
  e.add_aliases = {"latest"};
  e.drop_aliases = {"best"};
  e.add_tags = {"good"};
  w.ask(e);
  CHECK(named(w, "data:latest").id == first);
  CHECK(named(w, "data:latest").description == "the first");
  CHECK(w.s.artifacts.named("local/p", "data:best") == nullptr);
  CHECK(named(w, "data:v1").aliases.empty());
  CHECK(w.tell(cmd::delete_artifact{first, false}).error().code == errc::conflict);
  w.ask(cmd::delete_artifact{first, true});
  w.ask(cmd::delete_artifact{second, false});
  CHECK(w.s.artifacts.named("local/p", "data:v0") == nullptr);
  CHECK(w.s.artifacts.named("local/p", "data:latest") == nullptr);
  CHECK(w.tell(cmd::delete_artifact{first, true}).error().code == errc::not_found);
  CHECK(named(w, "data:" "v" + std::to_string(*w.s.artifacts.find(commit(w, "d2"))->version)).version == 2);
}

TEST_CASE("artifact: the registry is the same when it is made again from its rows") {
  world w;
  commit(w, "d0", {"best"});
  commit(w, "d1", {"best"});
  w.ask(cmd::delete_artifact{named(w, "data:v0").id, true});
  artifact_registry again;
  for (const auto& [id, row] : w.s.artifacts.by_id) again.put(row);
  const auto* was = w.s.artifacts.collection("local/p", "data");
  const auto* is = again.collection("local/p", "data");
  CHECK(is->versions == was->versions);
  CHECK(is->aliases == was->aliases);
  CHECK(is->next_version == was->next_version);
}

namespace {

cmd::link_artifact link_to(world& w, const artifact_id& source, const char* collection, const char* project = "local/q") {
  cmd::link_artifact c;
  c.row.id = artifact_id{w.id("link")};
  c.row.project = project;
  c.row.collection = collection;
  c.source = source;
  return c;
}

}  // namespace

TEST_CASE("artifact: a link has versions and aliases of its own collection, and stands for what it links") {
  world w;
  const auto first = commit(w, "d0");
  const auto second = commit(w, "d1");
  auto make = link_to(w, second, "good");
  make.row.aliases = {"prod"};
  w.ask(make);
  const auto& all = w.s.artifacts;
  for (const auto* name : {"good", "good:v0", "good:latest", "good:prod"}) {
    const auto* row = all.named("local/q", name);
    REQUIRE(row != nullptr);
    CHECK(all.behind(*row).id == second);
  }
  CHECK(all.collection("local/q", "good")->of_links);
  CHECK_FALSE(w.ask(link_to(w, second, "good")).changed);  // again: the same link
  w.ask(link_to(w, first, "good"));
  CHECK(all.behind(*all.named("local/q", "good:v1")).id == first);
  CHECK(all.named("local/q", "good:latest")->source == first.value);
  CHECK(all.links.at(second).size() == 1);
  w.ask(cmd::delete_artifact{all.named("local/q", "good:v0")->id, true});  // unlinked
  CHECK(all.named("local/q", "good:prod") == nullptr);
  CHECK(all.find(second)->state == artifact_state::committed);
  CHECK(all.links.at(second).empty());
}

TEST_CASE("artifact: links and artifacts are not in one collection, and a deleted artifact's links go with it") {
  world w;
  const auto a = commit(w, "d0");
  CHECK(w.tell(link_to(w, a, "data", "local/p")).error().code == errc::conflict);
  w.ask(link_to(w, a, "good", "local/p"));
  auto logged_there = logged(w, "d9");
  logged_there.row.collection = "good";
  CHECK(w.tell(logged_there).error().code == errc::conflict);
  const artifact_id pending{w.ask(logged(w, "d5")).id};
  CHECK(w.tell(link_to(w, pending, "good", "local/p")).error().code == errc::conflict);
  CHECK(w.tell(link_to(w, artifact_id{"gone"}, "good", "local/p")).error().code == errc::not_found);
  w.ask(cmd::delete_artifact{a, true});
  CHECK(w.s.artifacts.named("local/p", "good") == nullptr);
}

TEST_CASE("artifact: what a deleted one had goes only when all that is left was looked at, and nothing is half written") {
  world w;
  const auto kept = commit(w, "d0");
  const auto gone = commit(w, "d1");
  cmd::purge_artifact c{gone, {"aa", "bb"}, 7, {kept}};
  CHECK(w.tell(c).error().code == errc::conflict);  // it is not deleted
  w.ask(cmd::delete_artifact{gone, true});
  c.beside = {};
  CHECK(w.tell(c).error().code == errc::conflict);  // one was not looked at
  c.beside = {kept};
  const artifact_id half{w.ask(logged(w, "d2")).id};
  CHECK(w.tell(c).error().code == errc::conflict);
  w.pass(std::chrono::hours{25});
  CHECK(w.tell(c).error().code == errc::conflict);  // it was not looked at either
  c.beside = {half, kept};
  std::sort(c.beside.begin(), c.beside.end());
  CHECK(w.ask(c).changed);
  CHECK(w.s.artifacts.find(gone)->purged);
  CHECK_FALSE(w.ask(c).changed);
  CHECK(w.count<ev::artifact_purged>() == 1);
}
