// Artifacts in the clients' own words: pending, uploaded, committed, found again.
#include "controller/base/base64.hpp"
#include "controller/base/digest.hpp"
#include "controller/wandb/artifact_purge.hpp"
#include "controller/wandb/artifact_storage.hpp"
#include "controller/wandb/manifest.hpp"
#include "tests/wandb/bench.hpp"

namespace sweepd::test {
namespace {

constexpr const char* upsert_run =
    "mutation U($name: String) { upsertBucket(input: {name: $name, modelName: \"p\", host: \"h\"}) { bucket { id } } }";
constexpr const char* create =
    "mutation CreateArtifact($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { id state"
    " artifactSequence { latestArtifact { id } } } } }";
// As 0.16 writes it: without a type.
constexpr const char* create_manifest =
    "mutation CreateArtifactManifest($digest: String!, $artifactID: ID!, $includeUpload: Boolean!) {"
    " createArtifactManifest(input: {name: \"wandb_manifest.json\", digest: $digest, artifactID: $artifactID,"
    " entityName: \"local\", projectName: \"p\", runName: \"r\"}) { artifactManifest { id file { id"
    " uploadUrl @include(if: $includeUpload) } } } }";
constexpr const char* create_files =
    "mutation CreateArtifactFiles($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) { files {"
    " edges { node { displayName uploadUrl uploadHeaders storagePath artifact { id } } } } } }";
constexpr const char* commit =
    "mutation CommitArtifact($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { id digest state } } }";
constexpr const char* by_name =
    "query($name: String!) { project(name: \"p\", entityName: \"local\") { artifactCollectionMembership(name: $name) {"
    " versionIndex aliases { alias } artifact { id state size fileCount versionIndex"
    " currentManifest { file { directUrl } } files(first: 10) { edges { node { name sizeBytes directUrl } } } } } } }";

std::string base64_md5(std::string_view text) {
  const auto hex = md5_hex(text);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return base64(bytes);
}

std::string manifest_of(std::string_view path, std::string_view content) {
  bj::object whole{{"version", 1}, {"storagePolicy", "wandb-storage-policy-v1"}, {"storagePolicyConfig", bj::object()}};
  whole["contents"] = bj::object{{path, bj::object{{"digest", base64_md5(content)}, {"size", content.size()}}}};
  return bj::serialize(whole);
}

/// A run "r" of project local/p, and the steps of its artifacts.
struct logging : bench {
  logging() { data(upsert_run, {{"name", "r"}}); }

  bj::object input(const std::string& digest) {
    bj::object in;
    in["entityName"] = "local";
    in["projectName"] = "p";
    in["runName"] = "r";
    in["artifactTypeName"] = "dataset";
    in["artifactCollectionNames"] = bj::array{"data"};
    in["digest"] = digest;
    in["digestAlgorithm"] = "MANIFEST_MD5";
    in["enableDigestDeduplication"] = true;
    in["aliases"] = bj::array{bj::object{{"artifactCollectionName", "data"}, {"alias", "best"}}};
    return in;
  }
  bj::value made(const std::string& digest) {
    return data(create, {{"input", input(digest)}}).at("createArtifact").at("artifact");
  }
  bj::value announce(const bj::value& id, const std::string& digest) {
    return data(create_manifest, {{"artifactID", id}, {"digest", digest}, {"includeUpload", !digest.empty()}})
        .at("createArtifactManifest").at("artifactManifest");
  }
  bj::value ask_for(const bj::value& id, const std::string& name, std::string_view content) {
    bj::object spec{{"artifactID", id}, {"name", name}, {"md5", base64_md5(content)}};
    bj::object in{{"artifactFiles", bj::array{spec}}, {"storageLayout", "V2"}};
    return data(create_files, {{"input", in}}).at("createArtifactFiles").at("files").at("edges").at(0).at("node");
  }
  void store_bytes(std::string_view content) {
    auto parts = wandb::artifact_parts("local/p", md5_hex(content), std::string(content), clock.now());
    REQUIRE(wait_for(controller.put_files(std::move(parts))));
  }
  /// The whole way.
  bj::value log(std::string_view path, std::string_view content, const std::string& digest = {}) {
    const auto id = made(digest.empty() ? "digest of " + std::string(content) : digest).at("id");
    ask_for(id, std::string(path), content);
    store_bytes(content);
    const auto m = manifest_of(path, content);
    announce(id, base64_md5(m));
    store_bytes(m);
    data(commit, {{"id", id}});
    return id;
  }
  bj::value found(const std::string& name) {
    return data(by_name, {{"name", name}}).at("project").at("artifactCollectionMembership");
  }
};

}  // namespace

TEST_CASE_FIXTURE(logging, "artifacts: one is PENDING and unknown by name until its last byte is stored") {
  const auto one = made("d0");
  CHECK(one.at("state") == "PENDING");
  CHECK(one.at("artifactSequence").at("latestArtifact").is_null());
  const auto id = one.at("id");
  CHECK_FALSE(announce(id, "").at("file").as_object().contains("uploadUrl"));
  const auto node = ask_for(id, "dir/a.txt", "hello");
  CHECK(node.at("artifact").at("id") == id);
  CHECK(node.at("uploadUrl").as_string().starts_with("http://sweepd.test:8088/storage/artifacts/local/p/"));
  const auto m = manifest_of("dir/a.txt", "hello");
  CHECK(announce(id, base64_md5(m)).at("file").at("uploadUrl").is_string());
  CHECK(text(ask(wandb::the_engine(), commit, {{"id", id}}).body).find("manifest is not stored") != std::string::npos);
  store_bytes(m);
  const auto refused = ask(wandb::the_engine(), commit, {{"id", id}});
  CHECK(refused.status == 409);
  CHECK(text(refused.body).find("1 of 1 files of the artifact are not stored, or not whole, the first is 'dir/a.txt'") !=
        std::string::npos);
  CHECK(found("data:latest").is_null());
  store_bytes("hello");
  CHECK(data(commit, {{"id", id}}).at("commitArtifact").at("artifact").at("state") == "COMMITTED");
  const auto got = found("data:best");
  CHECK(got.at("versionIndex") == 0);
  CHECK(text(got.at("aliases")) == R"([{"alias":"best"},{"alias":"latest"},{"alias":"v0"}])");
  const auto& a = got.at("artifact");
  CHECK(a.at("size") == 5);
  CHECK(a.at("fileCount") == 1);
  CHECK(a.at("files").at("edges").at(0).at("node").at("name") == "dir/a.txt");
  CHECK(a.at("currentManifest").at("file").at("directUrl").is_string());
}

TEST_CASE_FIXTURE(logging, "artifacts: what is stored is not sent again, and an equal artifact is the same one") {
  const auto id = log("a.txt", "hello");
  const auto again = made("digest of hello");
  CHECK(again.at("id") == id);
  CHECK(again.at("state") == "COMMITTED");
  const auto other = made("another").at("id");
  CHECK(ask_for(other, "b.txt", "hello").at("uploadUrl").is_null());
  CHECK(ask_for(other, "c.txt", "news").at("uploadUrl").is_string());
}

TEST_CASE_FIXTURE(logging, "artifacts: an incremental manifest builds on its base, and reads as one") {
  const auto base = log("a.txt", "first");
  const auto id = made("next").at("id");
  const auto m = manifest_of("b.txt", "second");
  data("mutation($in: CreateArtifactManifestInput!) { createArtifactManifest(input: $in) { artifactManifest { id } } }",
       {{"in", bj::object{{"name", "m"}, {"digest", base64_md5(m)}, {"artifactID", id}, {"baseArtifactID", base},
                          {"entityName", "local"}, {"projectName", "p"}, {"runName", "r"}, {"type", "INCREMENTAL"}}}});
  store_bytes(m);
  store_bytes("second");
  data(commit, {{"id", id}});
  const auto a = found("data:v1").at("artifact");
  CHECK(a.at("fileCount") == 2);
  CHECK(a.at("size") == 11);
  CHECK(a.at("files").at("edges").as_array().size() == 2);
}

TEST_CASE_FIXTURE(logging, "artifacts: runs say what they logged and used, artifacts by whom") {
  const auto id = log("a.txt", "hello");
  data(upsert_run, {{"name", "reader"}});
  data("mutation($id: ID!) { useArtifact(input: {artifactID: $id, entityName: \"local\", projectName: \"p\","
       " runName: \"reader\", usedAs: \"input\"}) { artifact { id digest } } }", {{"id", id}});
  const auto got = data("query($id: ID!) { artifact(id: $id) { createdBy { __typename ... on Run { name } }"
                        " usedBy { edges { node { name } } } } project(name: \"p\", entityName: \"local\") {"
                        " run(name: \"r\") { outputArtifacts { edges { node { id } } } }"
                        " other: run(name: \"reader\") { inputArtifacts { totalCount } outputArtifacts { totalCount } } } }",
                        {{"id", id}});
  CHECK(text(got.at("artifact")) == R"({"createdBy":{"__typename":"Run","name":"r"},"usedBy":{"edges":[{"node":{"name":"reader"}}]}})");
  CHECK(got.at("project").at("run").at("outputArtifacts").at("edges").at(0).at("node").at("id") == id);
  CHECK(text(got.at("project").at("other")) == R"({"inputArtifacts":{"totalCount":1},"outputArtifacts":{"totalCount":0}})");
}

TEST_CASE_FIXTURE(logging, "artifacts: an agent's key logs and uses, and deletes nothing; others' projects have none") {
  who.role = core::role::agent;
  const auto id = log("a.txt", "hello");
  constexpr const char* remove =
      "mutation($id: ID!) { deleteArtifact(input: {artifactID: $id, deleteAliases: true}) { artifact { state } } }";
  CHECK(ask(wandb::the_engine(), remove, {{"id", id}}).status == 403);
  who.project = "other/project";
  CHECK(data("query($id: ID!) { artifact(id: $id) { id } }", {{"id", id}}).at("artifact").is_null());
  CHECK(ask(wandb::the_engine(), commit, {{"id", id}}).status == 404);
  who = {};
  who.key_id = "local";
  who.role = core::role::operator_;
  CHECK(data(remove, {{"id", id}}).at("deleteArtifact").at("artifact").at("state") == "DELETED");
  CHECK(found("data:latest").is_null());
}

TEST_CASE_FIXTURE(logging, "artifacts: a link takes exactly the bytes that it was made for") {
  const auto id = made("d").at("id");
  const std::string url(ask_for(id, "a.txt", "hello").at("uploadUrl").as_string());
  const auto route = [&](std::string_view method, std::string_view body, const std::string& link) {
    const auto query = link.find('?');
    http::request r;
    r.method = method;
    r.body = body;
    for (std::string_view rest = std::string_view(link).substr(query + 1); !rest.empty();) {
      const auto pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
      r.query.emplace_back(std::string(pair.substr(0, pair.find('='))), std::string(pair.substr(pair.find('=') + 1)));
    }
    http::request_context ctx{r, who, {}};
    ctx.path = {{"entity", "local"}, {"project", "p"}, {"md5", link.substr(query - 32, 32)}};
    for (const auto& row : wandb::artifact_storage_routes())
      if (row.method == method && row.pattern.starts_with("/storage")) return wait_for(row.run(ctx, services)).status;
    return 0;
  };
  CHECK(route("PUT", "jello", url) == 400);
  CHECK(route("GET", "", url) == 403);  // a permission to write is none to read
  CHECK(route("PUT", "hello", url.substr(0, url.size() - 1) + "x") == 403);
  CHECK(route("PUT", "hello", url) == 200);
  CHECK(ask_for(id, "a.txt", "hello").at("uploadUrl").is_null());
  clock.advance(std::chrono::hours(25));
  CHECK(route("PUT", "hello", url) == 403);
}

TEST_CASE_FIXTURE(logging, "artifacts: a link is found by its own collection's name, shows what it links, and goes alone") {
  const auto id = log("a.txt", "hello");
  const char* link =
      "mutation($id: ID!) { linkArtifact(input: {artifactID: $id, artifactPortfolioName: \"good\", entityName: \"local\","
      " projectName: \"p\", aliases: [{artifactCollectionName: \"good\", alias: \"prod\"}]}) { versionIndex artifactMembership {"
      " artifactCollection { __typename id name } } } }";
  const auto made_link = data(link, {{"id", id}}).at("linkArtifact");
  CHECK(made_link.at("versionIndex") == 0);
  const auto& collection = made_link.at("artifactMembership").at("artifactCollection");
  CHECK(collection.at("__typename") == "ArtifactPortfolio");
  auto got = found("good:prod");
  CHECK(got.at("artifact").at("id") == id);
  CHECK(text(got.at("aliases")) == R"([{"alias":"prod"},{"alias":"latest"},{"alias":"v0"}])");
  CHECK(got.at("artifact").at("files").at("edges").at(0).at("node").at("name") == "a.txt");
  const char* change = "mutation($id: ID!, $c: String!) { addAliases(input: {artifactID: $id, aliases: [{artifactCollectionName: $c,"
                       " alias: \"new\"}]}) { success } }";
  data(change, {{"id", id}, {"c", "good"}});
  CHECK(found("good:new").at("artifact").at("id") == id);
  CHECK(found("data:new").is_null());
  CHECK(ask(wandb::the_engine(), change, {{"id", id}, {"c", "nowhere"}}).status == 404);
  const auto members = data("query($id: ID!) { artifact(id: $id) { artifactMemberships { edges { node { artifactCollection {"
                            " __typename name } } } } } }", {{"id", id}}).at("artifact").at("artifactMemberships").at("edges");
  CHECK(members.as_array().size() == 2);
  const auto inside = data("query { project(name: \"p\", entityName: \"local\") { artifactCollection(name: \"good\") { artifacts { edges {"
                           " version node { id } } } } } }").at("project").at("artifactCollection").at("artifacts").at("edges");
  CHECK(inside.at(0).at("version") == "v0");
  CHECK(inside.at(0).at("node").at("id") == id);
  data("mutation($id: ID!, $c: ID!) { unlinkArtifact(input: {artifactID: $id, artifactPortfolioID: $c}) { success } }",
       {{"id", id}, {"c", collection.at("id")}});
  CHECK(found("good:v0").is_null());
  CHECK(found("data:v0").at("artifact").at("id") == id);
}

TEST_CASE_FIXTURE(logging, "artifacts: what only a deleted one had goes from the store, what others have stays") {
  const auto stored = [&](std::string_view content) {
    return services.reader.find_files(core::artifact_files_of("local/p"), {md5_hex(content)}).value().front().has_value();
  };
  const char* remove =
      "mutation($id: ID!) { deleteArtifact(input: {artifactID: $id, deleteAliases: true}) { artifact { state } } }";
  const auto gone = log("a.txt", "only here");
  const auto shared_by = log("b.txt", "shared");
  const auto stays = log("c.txt", "shared", "another digest");  // the same content under another name
  const auto half = made("half").at("id");
  data(remove, {{"id", gone}});
  CHECK(wait_for(wandb::purge_deleted(services, "local/p")) == 0);  // one is being written
  CHECK(stored("only here"));
  data(remove, {{"id", half}});
  data(remove, {{"id", shared_by}});
  wait_for(wandb::purge_deleted(services, "local/p"));
  CHECK_FALSE(stored("only here"));
  CHECK_FALSE(stored(manifest_of("a.txt", "only here")));
  CHECK_FALSE(stored(manifest_of("b.txt", "shared")));
  CHECK(stored("shared"));
  CHECK(stored(manifest_of("c.txt", "shared")));
  CHECK(found("data:latest").at("artifact").at("id") == stays);
  CHECK(wait_for(wandb::purge_deleted(services, "local/p")) == 0);  // nothing is left to do
}

TEST_CASE("manifest: refused with the place when it is not one") {
  const auto why = [](const char* t) { return wandb::manifest::parse(t).error().where; };
  CHECK(why(R"({"version":2,"contents":{}})") == "/version");
  CHECK(why(R"({"version":1})") == "/contents");
  CHECK(why(R"({"version":1,"contents":{"../x":{"digest":"1B2M2Y8AsgTpgAmY7PhCfg=="}}})") == "/contents/../x");
  CHECK(why(R"({"version":1,"contents":{"x":{"digest":"short"}}})") == "/contents/x/digest");
  const auto good = wandb::manifest::parse(
      R"({"version":1,"contents":{"x":{"digest":"1B2M2Y8AsgTpgAmY7PhCfg==","size":7},"y":{"digest":"etag","ref":"s3://b/y","size":5}}})");
  REQUIRE(good);
  CHECK(good->bytes() == 12);
  CHECK(wandb::manifest::parse(good->print())->entries().size() == 2);
}

}  // namespace sweepd::test
